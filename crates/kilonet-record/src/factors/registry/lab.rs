//! Keys of who is in a lab, and by which addresses.

use std::num::NonZeroU32;

use crate::factors::cell::Cell;
use crate::factors::choice::{Choice, Misfit};
use crate::factors::effect::Shown;
use crate::factors::evidence::Evidence;
use crate::factors::field::Place::{Front, Lab};
use crate::factors::field::Varies::{Anywhere, AtOneCount};
use crate::factors::field::{Field, count, count_of, take, words};
use crate::factors::key::{Group, Key, Needs, Table, Usual};
use crate::factors::pairs::pairs_of;
use crate::factors::pattern::Pattern;
use crate::factors::topology::{Joined, Testbed};
use crate::factors::traffic::Family;
use crate::factors::value::{Count, Share};
use crate::factors::wiring::{Macs, Stack};
use crate::units::Unit;

use super::fitting::{generators, most_containers, odd};
use super::names::{self, PATTERN, TOPOLOGY};
use super::shown::links;
use super::{sockets, spread};

pub static CONTAINERS: Key<Count<2, 1_000_000>> = Key::axis_of(
    names::CONTAINERS,
    Group::Lab,
    "Containers that exist; an even number if they talk in pairs.",
)
.also(&["count", "counts", "namespaces"])
.examples("`2,8,32`, `2..512` (doubles), `2..512 x4` or `2..1024 +64`")
.sets(|cell, containers| cell.containers = containers.0)
.fits(&[are_in_pairs])
.shows(spread::containers)
.fields(&[Field::integer(
    "containers",
    Unit::Plain,
    "Containers that are there.",
    |cell| count(cell.containers),
    take!(containers),
)
.within(1.0, 1e6)
.in_id(Front, |cell| Some(format!("c{}", cell.containers)))]);

fn are_in_pairs(choice: &Choice) -> Vec<Misfit> {
    if !choice.has(PATTERN, &Pattern::Pairs) {
        return Vec::new();
    }
    let counts = choice.levels(names::CONTAINERS);
    odd(counts.map(|at| (at.value.0, at)))
}

pub static ACTIVE: Key<Share> = Key::axis_of(names::ACTIVE, Group::Lab, "Containers that talk.")
    .examples("`all`, or counts up to that of the containers")
    .usual(Usual::Text("all"))
    .sets(|cell, active| cell.active = active.of(cell.containers))
    .settles(|cell| cell.pairs = u32::try_from(pairs_of(cell)).unwrap_or(u32::MAX))
    .fits(&[talk_in_pairs, are_there])
    .shows(sockets::talkers)
    .fields(&[
        Field::integer(
            "active",
            Unit::Plain,
            "Containers that talk.",
            |cell| count(cell.active),
            take!(active),
        )
        .within(1.0, 1e6)
        .labelled(AtOneCount, |level| format!("{level} active"))
        .level(|cell| Some(active(cell)))
        .in_id(Front, |cell| {
            (cell.active != cell.containers).then(|| format!("a{}", cell.active))
        }),
        Field::integer(
            "pairs",
            Unit::Plain,
            "Pairs that talk; where flows go both ways, each way is a pair of its own.",
            |cell| count(cell.pairs),
            take!(pairs),
        )
        .within(1.0, 4e9),
    ]);

fn active(cell: &Cell) -> String {
    if cell.active == cell.containers {
        "all".to_owned()
    } else {
        cell.active.to_string()
    }
}

fn talk_in_pairs(choice: &Choice) -> Vec<Misfit> {
    if !choice.has(PATTERN, &Pattern::Pairs) {
        return Vec::new();
    }
    let active = choice.levels(names::ACTIVE);
    odd(active.filter_map(|at| Some((at.value.count()?, at))))
}

fn are_there(choice: &Choice) -> Vec<Misfit> {
    let fewest = choice.values(names::CONTAINERS).map(|count| count.0).min();
    let misfit = fewest.and_then(|fewest| {
        let above = |active: &Share| active.count().is_some_and(|count| count > fewest);
        let at = choice.find(names::ACTIVE, above)?;
        let message = format!("{} active of {fewest} containers", at.value.of(fewest));
        let remedy = format!(
            "allowed: \"all\", or at most the smallest of `{}`, {fewest}",
            choice.path(names::CONTAINERS)
        );
        Some(at.misfit(message, remedy))
    });
    misfit.into_iter().collect()
}

pub static STACK: Key<Stack> = Key::single_of(
    Table::Lab,
    names::STACK,
    Group::Lab,
    "IP versions for which interfaces have addresses.",
)
.usual(Usual::Text("dual"))
.sets(|cell, stack| cell.stack = *stack)
.needs(Needs {
    applies: |cell| cell.topology.has_links(),
    lacking: "links that have addresses",
    allowed: "a topology that has links",
})
.stays()
.shows(addresses)
.fields(&[Field::text(
    "stack",
    "IP versions for which interfaces have addresses.",
    |cell| words(&cell.stack),
    take!(stack),
)
.labelled(Anywhere, |level| format!("{level} stack"))
.in_id(Lab, |cell| {
    (cell.stack != Stack::Dual).then(|| cell.stack.to_string())
})
.looked_past()]);

/// Containers have addresses of both protocols, or of the traffic's alone.
fn addresses(evidence: &Evidence<'_>) -> Option<Shown> {
    let (cell, seen) = (evidence.cell, evidence.seen?);
    let addressed = seen.addressed?;
    let other = match cell.family {
        Family::Ipv4 => addressed.ipv6,
        Family::Ipv6 => addressed.ipv4,
    };
    let wanted = match cell.stack {
        Stack::Dual => seen.containers,
        Stack::Single => 0,
    };
    let reason = format!(
        "{other} of {} containers have addresses of the other protocol, and {wanted} were to; leave the lab's addresses as they were set up",
        seen.containers
    );
    let shown = Shown::by(
        "containers that have addresses of the other protocol",
        f64::from(other),
    );
    Some(shown.of(wanted).held_if(other == wanted, reason))
}

/// Derived addresses all begin alike, and of random ones one in 65,536 begins so.
fn mac_addresses(evidence: &Evidence<'_>) -> Option<Shown> {
    let cell = evidence.cell;
    let links = links(evidence).filter(|_| cell.topology.chooses_macs())?;
    let (derived, of) = (links.derived_macs, links.links);
    let shown = Shown::by("veths whose MAC address is derived", f64::from(derived));
    let held = match cell.macs {
        Macs::Derived => derived == of,
        Macs::Random => derived < of,
    };
    let reason = format!(
        "{derived} of {of} veths have a derived MAC address, and macs = \"{}\"; leave the lab's links as they were raised",
        cell.macs
    );
    Some(shown.held_if(held, reason))
}

pub static MACS: Key<Macs> =
    Key::single(Table::Lab, "macs", Group::Lab, "Where a container's MAC address comes from.")
        .usual(Usual::Text("derived"))
        .sets(|cell, macs| cell.macs = *macs)
        .needs(Needs {
            // An engine chooses them, each version in its own way.
            applies: |cell| cell.topology.chooses_macs() && cell.testbed != Testbed::Docker,
            lacking: "links whose MAC addresses are ours to choose",
            allowed: "testbed = \"kernel\", and a topology other than \"loopback\", \"shared\" and \"ipvlan\"",
        })
        .shows(mac_addresses)
.fields(&[Field::text(
            "macs",
            "Where MAC addresses come from.",
            |cell| words(&cell.macs),
            take!(macs),
        )
        .labelled(Anywhere, |level| format!("{level} MACs"))
        .in_id(Lab, |cell| (cell.macs != Macs::Derived).then(|| cell.macs.to_string()))
        .looked_past()]);

pub static PER_NAMESPACE: Key<Share> = Key::single_of(
    Table::Lab,
    names::PER_NAMESPACE,
    Group::Lab,
    "Containers that share one namespace in the topology `shared`: an even number, or \"all\".",
)
.usual(Usual::Number("2"))
.sets(|cell, seats| {
    let seats = seats.of(cell.containers).min(cell.containers);
    cell.per_namespace = NonZeroU32::new(seats);
})
.needs(Needs {
    applies: |cell| cell.topology.joined() == Joined::Seats,
    lacking: "containers that share a namespace",
    allowed: "topology = \"shared\"",
})
.fits(&[are_told_apart, share_in_pairs])
.read_back("Flows of different namespaces do not connect, and of one they do.")
.fields(&[Field::integer(
    "per_namespace",
    Unit::Plain,
    "Containers that share one namespace; only for `shared`.",
    |cell| count_of(cell.per_namespace.map(u32::from)),
    take!(per_namespace),
)
.labelled(AtOneCount, |level| format!("{level} a namespace"))
.in_id(Lab, |cell| {
    let unusual = cell.per_namespace.filter(|seats| seats.get() != 2);
    unusual.map(|seats| format!("n{seats}"))
})
.looked_past()]);

/// What several pairs of a generator send over one interface cannot be told apart.
fn are_told_apart(choice: &Choice) -> Vec<Misfit> {
    let several = most_containers(choice).is_some_and(|most| most > 2);
    let shares = choice.find(TOPOLOGY, |topology| topology.joined() == Joined::Seats);
    let seats = choice.find(names::PER_NAMESPACE, |seats| *seats != Share::Of(2));
    let (Some(_), Some(at), true) = (shares, seats, several) else {
        return Vec::new();
    };
    // Others find no address there.
    let over_lo = generators(choice).filter(|(_, abilities)| abilities.loopback);
    let each = over_lo.map(|(tool, _)| {
        let message = format!(
            "pairs of {tool} that share a namespace have one interface, and could not be told apart"
        );
        at.misfit(message, "allowed with it: 2")
    });
    each.collect()
}

fn share_in_pairs(choice: &Choice) -> Vec<Misfit> {
    let seats = choice.levels(names::PER_NAMESPACE);
    odd(seats.filter_map(|at| Some((at.value.count()?, at))))
}
