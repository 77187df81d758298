//! What runs have left with the engine: found by label, removed if its owner is dead, and only then.
//!
//! Must not know how it was made.

use std::collections::HashMap;

use bollard::query_parameters::{
    ListContainersOptions, ListImagesOptions, ListNetworksOptions, RemoveContainerOptions,
    RemoveImageOptions,
};
use futures::StreamExt;

use super::engine::{self, Engine};
use super::owner::{Fate, LABEL, Owner};
use crate::error::{Error, Result};
use crate::swept::Swept;

/// Removes what processes that are no more have left with the engine. Every kind is tried, whatever came of the others.
#[must_use]
pub fn remove_leftovers(engine: &Engine) -> Swept {
    let this = match Owner::this() {
        Ok(this) => this,
        Err(error) => return Swept::refused(error),
    };
    let dead = |label: &str| Owner::fate(&this, label) == Fate::Dead;
    let swept = |noun, found: Result<Vec<String>>, remove: fn(&Engine, &[String]) -> _| match found
    {
        Ok(ids) => Swept::of(noun, remove(engine, &ids)),
        Err(error) => Swept::refused(error),
    };
    let containers = swept("container", containers(engine, &dead), remove_containers);
    // In this order: a network is not removed while a container is in it, nor an image while one is made of it.
    let networks = swept("network", networks(engine, &dead), remove_networks);
    let images = swept("image", images(engine, &dead), remove_images);
    containers.and(networks).and(images)
}

/// Removes the containers and networks of one process; all are tried, and the first refusal is the error.
pub(super) fn remove_all_of(engine: &Engine, owner: &Owner) -> Result<()> {
    let label = owner.label();
    let own = |other: &str| other == label;
    let containers = remove_containers(engine, &containers(engine, &own)?);
    let networks = remove_networks(engine, &networks(engine, &own)?);
    containers.into_iter().chain(networks).collect()
}

/// What asks for all things with our label.
fn labelled() -> HashMap<String, Vec<String>> {
    HashMap::from([("label".to_owned(), vec![LABEL.to_owned()])])
}

fn label_of(labels: Option<HashMap<String, String>>) -> String {
    labels
        .and_then(|mut labels| labels.remove(LABEL))
        .unwrap_or_default()
}

/// Containers whose label is wanted, by id.
fn containers(engine: &Engine, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<String>> {
    let options = ListContainersOptions {
        all: true,
        filters: Some(labelled()),
        ..ListContainersOptions::default()
    };
    let listing = engine.api().list_containers(Some(options));
    let found = engine.wait(("list", "containers"), listing)?.into_iter();
    let wanted = found.filter(|it| wanted(&label_of(it.labels.clone())));
    Ok(wanted.filter_map(|it| it.id).collect())
}

/// The same of networks.
fn networks(engine: &Engine, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<String>> {
    let options = ListNetworksOptions {
        filters: Some(labelled()),
    };
    let listing = engine.api().list_networks(Some(options));
    let found = engine.wait(("list", "networks"), listing)?.into_iter();
    let wanted = found.filter(|it| wanted(&label_of(it.labels.clone())));
    Ok(wanted.filter_map(|it| it.id).collect())
}

fn images(engine: &Engine, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<String>> {
    let options = ListImagesOptions {
        filters: Some(labelled()),
        ..ListImagesOptions::default()
    };
    let images = engine.wait(("list", "images"), engine.api().list_images(Some(options)))?;
    let wanted = images
        .into_iter()
        .filter(|it| it.labels.get(LABEL).is_some_and(|label| wanted(label)));
    Ok(wanted.map(|image| image.id).collect())
}

/// Side by side; all are tried. Once the engine does not answer for one, the others are not asked for: each would keep its
/// caller for as long again.
fn remove_containers(engine: &Engine, ids: &[String]) -> Vec<Result<()>> {
    let options = || RemoveContainerOptions {
        force: true,
        v: true,
        ..RemoveContainerOptions::default()
    };
    let removing = ids
        .iter()
        .map(|id| engine.api().remove_container(id, Some(options())));
    let removing = futures::stream::iter(removing.collect::<Vec<_>>());
    let mut removing = removing.buffered(engine::AT_ONCE);
    let outcomes = engine.block_on(async {
        let mut outcomes = Vec::with_capacity(ids.len());
        while let Some(outcome) = removing.next().await {
            let silent = matches!(outcome, Err(bollard::errors::Error::RequestTimeoutError));
            outcomes.push(outcome);
            if silent {
                break;
            }
        }
        outcomes
    });
    let unasked = ids.len() - outcomes.len();
    let asked = outcomes.into_iter().zip(ids);
    let asked = asked.map(|(outcome, id)| said(outcome, &format!("container {id}")));
    let unasked = (unasked > 0).then(|| {
        let reason = "they were not removed, because the engine does not answer";
        Err(Error::refused(
            "remove",
            format!("{unasked} containers more"),
            reason,
        ))
    });
    asked.chain(unasked).collect()
}

fn remove_networks(engine: &Engine, ids: &[String]) -> Vec<Result<()>> {
    let outcomes = ids.iter().map(|id| {
        let outcome = engine.block_on(engine.api().remove_network(id));
        said(outcome, &format!("network {id}"))
    });
    outcomes.collect()
}

fn remove_images(engine: &Engine, ids: &[String]) -> Vec<Result<()>> {
    let options = || RemoveImageOptions {
        force: true,
        ..RemoveImageOptions::default()
    };
    let outcomes = ids.iter().map(|id| {
        let removing = engine.api().remove_image(id, Some(options()), None);
        said(engine.block_on(removing), &format!("image {id}"))
    });
    outcomes.collect()
}

fn said<T>(outcome: Result<T, bollard::errors::Error>, object: &str) -> Result<()> {
    outcome
        .map(drop)
        .map_err(|refusal| engine::refusal("remove", object, refusal))
}
