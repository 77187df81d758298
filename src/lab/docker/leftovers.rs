//! What runs have left with the engine: found by label, removed if its owner is dead, and only then.
//!
//! Must not know how it was made.

use std::collections::HashMap;
use std::fs;

use bollard::query_parameters::{
    ListContainersOptions, ListImagesOptions, ListNetworksOptions, RemoveContainerOptions,
    RemoveImageOptions,
};
use futures::StreamExt;

use super::engine::{self, Engine};
use super::owner::{Directory, Fate, LABEL, Owner};
use crate::error::Result;

/// Things on an engine, by id.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Leftovers {
    containers: Vec<String>,
    networks: Vec<String>,
    images: Vec<String>,
}

/// How many of each were removed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Removed {
    /// Containers.
    pub containers: usize,
    /// Networks.
    pub networks: usize,
    /// Images.
    pub images: usize,
    /// Directories in which agents were to report.
    pub directories: usize,
}

impl Leftovers {
    /// What processes that are no more have left.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub fn find(engine: &Engine) -> Result<Self> {
        let this = Owner::this()?;
        let dead = |label: &str| Owner::fate(&this, label) == Fate::Dead;
        Ok(Self {
            images: images(engine, &dead)?,
            ..of(engine, &dead)?
        })
    }

    /// Removes it, and the directories in which agents of dead processes were to report.
    ///
    /// # Errors
    /// The first thing that the engine would not remove; the others are removed all the same.
    pub fn remove(&self, engine: &Engine) -> Result<Removed> {
        let outcomes = [
            remove_containers(engine, &self.containers),
            remove_networks(engine, &self.networks),
            remove_images(engine, &self.images),
        ];
        outcomes.into_iter().collect::<Result<Vec<()>>>()?;
        let directories = Directory::leftovers();
        let removed = directories
            .iter()
            .filter(|path| fs::remove_dir_all(path).is_ok());
        Ok(Removed {
            containers: self.containers.len(),
            networks: self.networks.len(),
            images: self.images.len(),
            directories: removed.count(),
        })
    }
}

/// Removes the containers and networks of one process.
pub(super) fn remove_all_of(engine: &Engine, owner: &Owner) -> Result<()> {
    let label = owner.label();
    let own = of(engine, &|other| other == label)?;
    let outcomes = [
        remove_containers(engine, &own.containers),
        remove_networks(engine, &own.networks),
    ];
    outcomes.into_iter().collect()
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

/// Containers and networks whose label is wanted.
fn of(engine: &Engine, wanted: &dyn Fn(&str) -> bool) -> Result<Leftovers> {
    let options = ListContainersOptions {
        all: true,
        filters: Some(labelled()),
        ..ListContainersOptions::default()
    };
    let containers = engine.wait(
        ("list", "containers"),
        engine.api().list_containers(Some(options)),
    )?;
    let options = ListNetworksOptions {
        filters: Some(labelled()),
    };
    let networks = engine.wait(
        ("list", "networks"),
        engine.api().list_networks(Some(options)),
    )?;
    let containers = containers
        .into_iter()
        .map(|it| (it.id, label_of(it.labels)));
    let networks = networks.into_iter().map(|it| (it.id, label_of(it.labels)));
    let pick = |(id, label): (Option<String>, String)| id.filter(|_| wanted(&label));
    Ok(Leftovers {
        containers: containers.filter_map(pick).collect(),
        networks: networks.filter_map(pick).collect(),
        images: Vec::new(),
    })
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

/// Side by side; all are tried, and the first refusal is the error. Once the engine does not answer for one, the others are
/// not asked for: each would keep its caller for as long again.
fn remove_containers(engine: &Engine, ids: &[String]) -> Result<()> {
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
    let outcomes = outcomes.into_iter().zip(ids);
    first_refusal(outcomes.map(|(outcome, id)| (outcome, format!("container {id}"))))
}

fn remove_networks(engine: &Engine, ids: &[String]) -> Result<()> {
    first_refusal(ids.iter().map(|id| {
        let outcome = engine.block_on(engine.api().remove_network(id));
        (outcome, format!("network {id}"))
    }))
}

fn remove_images(engine: &Engine, ids: &[String]) -> Result<()> {
    let options = || RemoveImageOptions {
        force: true,
        ..RemoveImageOptions::default()
    };
    first_refusal(ids.iter().map(|id| {
        let removing = engine.api().remove_image(id, Some(options()), None);
        (engine.block_on(removing).map(drop), format!("image {id}"))
    }))
}

fn first_refusal(
    outcomes: impl Iterator<Item = (Result<(), bollard::errors::Error>, String)>,
) -> Result<()> {
    let refusals: Vec<_> = outcomes
        .filter_map(|(outcome, object)| Some((outcome.err()?, object)))
        .collect();
    match refusals.into_iter().next() {
        Some((refusal, object)) => Err(engine::refusal("remove", &object, refusal)),
        None => Ok(()),
    }
}
