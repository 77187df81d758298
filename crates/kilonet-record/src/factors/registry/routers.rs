//! How many containers a router has, and so how many namespaces a lab's host side is made of.

use std::time::Duration;

use crate::factors::cell::Cell;
use crate::factors::choice::{Choice, Misfit};
use crate::factors::field::Field;
use crate::factors::field::Place::Lab;
use crate::factors::field::Varies::AtOneCount;
use crate::factors::key::{Group, Key, Needs, Usual};
use crate::factors::scalar::Kind;
use crate::factors::takes::Takes;
use crate::factors::topology::{Joined, PORTS_PER_ROUTER as USUAL};
use crate::factors::value::Count;

use super::fitting::{most_containers, odd};
use super::names::{self, RouterPorts, TOPOLOGY};
use super::spread;

/// Routers that addresses suffice for: each has a subnet of 2,048 of 10.0.0.0/8 at least.
const MOST_ROUTERS: u32 = 8192;

/// What a container adds to setting up a router for each that is there already (measured on 2 CPUs: 18 s for 4,000 behind one, 101 s
/// for 8,000), as far as there are more than usual.
const FOR_EACH_BEFORE: Duration = Duration::from_nanos(3_200);

pub static PORTS_PER_ROUTER: Key<RouterPorts> = Key::axis_of(
    names::PORTS_PER_ROUTER,
    Group::Lab,
    "Most containers behind one router: an even number. Setting up a router takes four times as long with twice as many.",
)
.usual(Usual::Number("1000"))
.kept()
.needs(Needs {
    applies: has_routers,
    lacking: "routers",
    allowed: "topology = \"routed\" or \"netkit\"",
})
.settles(as_usual_behind_one)
.fits(&[are_for_pairs, have_subnets])
.takes(|cell| Takes {
    setup: setup(cell),
    ..Takes::default()
})
.shows(|evidence| {
    let ports = has_routers(evidence.cell).then(|| PORTS_PER_ROUTER.of(evidence.cell))?;
    spread::behind_one(evidence, ports.0)
})
.fields(&[Field::kept("ports_per_router", Kind::Integer)
    .labelled(AtOneCount, |level| format!("{level} ports a router"))
    .in_id(Lab, |cell| {
        let ports = PORTS_PER_ROUTER.of(cell).0;
        (ports != USUAL).then(|| format!("rt{ports}"))
    })
    .looked_past()]);

fn has_routers(cell: &Cell) -> bool {
    cell.topology.joined() == Joined::Routers
}

/// A lab that is one router either way is the usual one.
fn as_usual_behind_one(cell: &mut Cell) {
    let ports = PORTS_PER_ROUTER.of(cell).0;
    if cell.containers <= ports.min(USUAL) {
        PORTS_PER_ROUTER.give(cell, &Count(USUAL));
    }
}

fn are_for_pairs(choice: &Choice) -> Vec<Misfit> {
    let ports = choice.levels(names::PORTS_PER_ROUTER);
    odd(ports.map(|at| (at.value.0, at)))
}

fn have_subnets(choice: &Choice) -> Vec<Misfit> {
    let routed = choice.find(TOPOLOGY, |topology| topology.joined() == Joined::Routers);
    let (Some(_), Some(most)) = (routed, most_containers(choice)) else {
        return Vec::new();
    };
    let levels = choice.levels(names::PORTS_PER_ROUTER);
    let misfits = levels.filter_map(|at| {
        let routers = most.div_ceil(at.value.0);
        (routers > MOST_ROUTERS).then(|| {
            let message = format!(
                "{most} containers need {routers} routers, and there are addresses for {MOST_ROUTERS}"
            );
            let least = most.div_ceil(MOST_ROUTERS).next_multiple_of(2);
            at.misfit(message, format!("allowed with them: {least} or more"))
        })
    });
    misfits.collect()
}

/// What there is to setting up routers that have more containers than usual.
fn setup(cell: &Cell) -> Duration {
    let ports = PORTS_PER_ROUTER.of(cell).0.min(cell.containers);
    if !has_routers(cell) || ports <= USUAL {
        return Duration::ZERO;
    }
    let before = FOR_EACH_BEFORE.saturating_mul(ports / 2);
    before.saturating_mul(cell.containers)
}

/// Containers of one namespace of the host side, where that is not for bridges to say; none where there are no such namespaces.
#[must_use]
pub fn per_host_side(cell: &Cell) -> Option<u32> {
    match cell.topology.joined() {
        Joined::Routers => Some(PORTS_PER_ROUTER.of(cell).0),
        Joined::OneNamespace
        | Joined::Seats
        | Joined::Pairs
        | Joined::Bridges
        | Joined::Nodes
        | Joined::Parent
        | Joined::Before => cell.topology.facts().per_host_side,
    }
}

/// Namespaces of the host side in which the links of a lab's containers end, where that is not for bridges to say.
#[must_use]
pub fn host_sides(cell: &Cell) -> u32 {
    per_host_side(cell).map_or(0, |each| cell.containers.div_ceil(each))
}

/// The namespace of the host side in which a container's link ends, and the place that it has there, where bridges do not say.
#[must_use]
pub fn host_side_of(cell: &Cell, container: u32) -> (u32, u32) {
    match per_host_side(cell) {
        Some(each) => (container / each, container % each),
        None => (0, container),
    }
}
