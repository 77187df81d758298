//! The key of the way from client to server, and where there is such a way.

use crate::factors::choice::{Choice, Misfit};
use crate::factors::factor::Factor;
use crate::factors::field::Place::Links;
use crate::factors::field::Varies::Anywhere;
use crate::factors::field::{Field, take, words};
use crate::factors::key::{Group, Key, Part, Usual};
use crate::factors::pattern::{Direction, Pattern};
use crate::factors::rules::{Firewall, MOST_PUBLISHED};
use crate::factors::takes::Takes;
use crate::factors::topology::Testbed;
use crate::factors::traffic::Path;

use super::fitting::{
    OWN_TABLE, alone, bridgeless, datagrams, most_containers, not_of_engine, quoted, strange,
    with_host_side,
};
use super::names::{self, CROSSING, DIRECTION, FIREWALL, PATTERN, STREAMS, TESTBED, TOPOLOGY};
use super::shown;

pub static PATH: Key<Path> =
    Key::axis_of(names::PATH, Group::Traffic, "Path from client to server.")
        .about(Part::Lab)
        .usual(Usual::Text("direct"))
        .sets(|cell, path| cell.path = *path)
        .only_where(|cell| cell.topology.has_router())
        .fits(&[
            stays_with_the_engine,
            has_a_router,
            has_a_bridge,
            has_one_host_side,
            has_published_ports,
            has_enough_ports,
            goes_both_ways,
            is_of_two,
            leads_to_servers,
            is_of_tcp,
            is_of_the_generators,
        ])
        .takes(|cell| Takes {
            namespaces: match cell.path {
                Path::Published | Path::Outside => 1,
                Path::Direct | Path::Hairpin => 0,
            },
            ..Takes::default()
        })
        .shows(shown::carried_on)
        .fields(&[Field::text(
            "path",
            "Path from client to server.",
            |cell| words(&cell.path),
            take!(path),
        )
        .labelled(Anywhere, path_in_words)
        .told(path_in_words)
        .in_id(Links, |cell| {
            (cell.path != Path::Direct).then(|| cell.path.to_string())
        })
        .looked_past()]);

fn stays_with_the_engine(choice: &Choice) -> Vec<Misfit> {
    let outside = choice.find(names::PATH, |path| *path == Path::Outside);
    let remedy = "allowed with it: direct, published, hairpin; each table of [[axes]] may have testbeds of its own";
    not_of_engine(choice, outside, ToString::to_string, remedy)
}

fn has_a_router(choice: &Choice) -> Vec<Misfit> {
    if choice.find(TOPOLOGY, |it| it.has_router()).is_some() {
        return Vec::new();
    }
    let detours = choice.levels(names::PATH);
    let misfits = detours.filter(|at| at.value != Path::Direct).map(|at| {
        at.misfit(
            "none of the topologies has a router for this path",
            format!("allowed: \"direct\", or topology = {}", with_host_side()),
        )
    });
    misfits.collect()
}

fn has_a_bridge(choice: &Choice) -> Vec<Misfit> {
    bridgeless(choice, names::PATH, |path| path == Path::Hairpin)
}

/// A container knows no port that is published on another host side than its own.
fn has_one_host_side(choice: &Choice) -> Vec<Misfit> {
    if !choice.has(CROSSING, &true) {
        return Vec::new();
    }
    let hairpins = choice.levels(names::PATH);
    let misfits = hairpins.filter(|at| at.value == Path::Hairpin).map(|at| {
        at.misfit(
            "a pair that crosses bridges has two host sides",
            format!("allowed with crossing = false; {OWN_TABLE}"),
        )
    });
    misfits.collect()
}

fn has_published_ports(choice: &Choice) -> Vec<Misfit> {
    let of_engine = choice
        .values(TESTBED)
        .all(|testbed| testbed == Testbed::Docker);
    let firewall = choice.find(FIREWALL, |firewall| !firewall.publishes());
    let Some(firewall) = firewall.filter(|_| !of_engine) else {
        return Vec::new();
    };
    let by_port = choice.levels(names::PATH);
    let misfits = by_port.filter(|at| at.value.is_by_port()).map(|at| {
        let publishing = Firewall::ALL.iter().copied().filter(|one| one.publishes());
        let message = format!(
            "firewall \"{}\" has no rules that publish ports",
            firewall.value
        );
        let remedy = format!(
            "allowed with firewall = {}; {OWN_TABLE}",
            quoted(publishing)
        );
        at.misfit(message, remedy)
    });
    misfits.collect()
}

/// A flow by a published port has one of its own.
fn has_enough_ports(choice: &Choice) -> Vec<Misfit> {
    let containers = most_containers(choice);
    let streams = choice.values(STREAMS).map(|streams| streams.0).max();
    let flows = containers.unwrap_or(0) / 2 * streams.unwrap_or(0);
    if flows <= MOST_PUBLISHED {
        return Vec::new();
    }
    let by_port = choice.levels(names::PATH);
    let misfits = by_port.filter(|at| at.value.is_by_port()).map(|at| {
        at.misfit(
            format!("{flows} flows, each by a published port of its own"),
            format!("allowed: up to {MOST_PUBLISHED}, that is half the containers times `streams`"),
        )
    });
    misfits.collect()
}

fn path_in_words(level: &str) -> String {
    match level {
        "direct" => "container to container".to_owned(),
        "published" => "by a published port".to_owned(),
        "outside" => "to the outside".to_owned(),
        other => format!("by a {other}"),
    }
}

/// On the other paths one of each pair is in the place of somebody who only calls, or only answers.
fn goes_both_ways(choice: &Choice) -> Vec<Misfit> {
    let detour = choice.find(names::PATH, |path| *path != Path::Direct);
    let stray = detour.filter(|_| choice.has(DIRECTION, &Direction::Both));
    let misfit = stray.map(|at| {
        let message = format!("the path {} goes one way only", at.value);
        at.misfit(message, "allowed with direction = \"both\": \"direct\"")
    });
    misfit.into_iter().collect()
}

fn is_of_two(choice: &Choice) -> Vec<Misfit> {
    let by_port = choice.find(names::PATH, |path| path.is_by_port());
    let what = by_port.as_ref().map(|at| format!("the path {}", at.value));
    alone(choice, by_port, &what.unwrap_or_default())
}

/// One who is outside may answer many: all clients call one address then.
fn leads_to_servers(choice: &Choice) -> Vec<Misfit> {
    let outside = choice.find(names::PATH, |path| *path == Path::Outside);
    let leads_there = [Pattern::Pairs, Pattern::Incast];
    let other = choice.find(PATTERN, |pattern| !leads_there.contains(pattern));
    let misfit = outside.zip(other).map(|(at, pattern)| {
        let message = format!(
            "the path outside leads to servers that only answer, and containers of {} call as well",
            pattern.value
        );
        at.misfit(
            message,
            format!("allowed with it: pattern = {}", quoted(leads_there)),
        )
    });
    misfit.into_iter().collect()
}

/// The rules that publish ports do so for TCP.
fn is_of_tcp(choice: &Choice) -> Vec<Misfit> {
    let Some(workload) = datagrams(choice) else {
        return Vec::new();
    };
    let by_port = choice.levels(names::PATH);
    let misfits = by_port.filter(|at| at.value.is_by_port()).map(|at| {
        at.misfit(
            format!("ports are published for TCP, which {workload} does not use"),
            "allowed with it: \"direct\", \"outside\"",
        )
    });
    misfits.collect()
}

fn is_of_the_generators(choice: &Choice) -> Vec<Misfit> {
    strange(choice, names::PATH, |(_, abilities)| {
        abilities.paths.to_vec()
    })
}
