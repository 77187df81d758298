//! What the checks of several keys ask of a table of axes, and the words that they share.
//!
//! Knows no entry. The invariant: every level of a table meets every level of its others, so that what one of them lacks, all do.

use crate::factors::choice::{Choice, Chosen, Misfit, Name};
use crate::factors::factor::Factor;
use crate::factors::generator::Abilities;
use crate::factors::load::{LARGEST_DATAGRAM, SMALLEST_DATAGRAM};
use crate::factors::pattern::Pattern;
use crate::factors::topology::{Joined, Testbed, Topology};
use crate::factors::traffic::Driver;
use crate::factors::workload::Workload;
use crate::units::counted;

use super::names::{BESIDE, CONTAINERS, DRIVER, MessageSize, PATTERN, TESTBED, TOPOLOGY, WORKLOAD};

pub(super) const OWN_TABLE: &str = "each table of [[axes]] may have rules of its own";

/// Levels as a file has them, one after the other.
pub(super) fn quoted<F: Factor>(levels: impl IntoIterator<Item = F>) -> String {
    let levels = levels.into_iter();
    let words = levels.map(|level| format!("\"{}\"", level.word()));
    words.collect::<Vec<_>>().join(", ")
}

/// What is said of odd numbers of what is in pairs; the many of one range are one mistake.
pub(super) fn odd<T>(counts: impl Iterator<Item = (u32, Chosen<T>)>) -> Vec<Misfit> {
    let odd = counts.filter(|(count, _)| count % 2 == 1);
    let mut odd: Vec<_> = odd.collect();
    odd.dedup_by_key(|(_, at)| at.written);
    let misfits = odd.into_iter().map(|(count, at)| {
        let message = format!("{count} is odd, and containers talk in pairs");
        at.misfit(message, "allowed: even numbers")
    });
    misfits.collect()
}

pub(super) fn most_containers(choice: &Choice) -> Option<u32> {
    choice.values(CONTAINERS).map(|count| count.0).max()
}

/// The first pattern in which one container talks to several.
pub(super) fn meshed(choice: &Choice) -> Option<Pattern> {
    let meshed = choice.find(PATTERN, |pattern| *pattern != Pattern::Pairs);
    meshed.map(|at| at.value)
}

/// What is said of a level that is for pairs of two alone, where there are others.
pub(super) fn alone<T>(choice: &Choice, at: Option<Chosen<T>>, what: &str) -> Vec<Misfit> {
    let both = at.zip(meshed(choice));
    let misfit = both.map(|(at, pattern)| {
        let message =
            format!("{what} needs containers that talk in pairs, and those of {pattern} do not");
        at.misfit(message, "allowed with it: pattern = \"pairs\"")
    });
    misfit.into_iter().collect()
}

/// Where the rules of a host side would have none to stand on.
pub(super) fn homeless(choice: &Choice) -> Option<Topology> {
    let homeless = choice.find(TOPOLOGY, |topology| !topology.has_router());
    homeless.map(|at| at.value)
}

/// The topologies that have a host side.
pub(super) fn with_host_side() -> String {
    let all = Topology::ALL.iter().copied();
    quoted(all.filter(|topology| topology.has_router()))
}

/// What is said of a level that needs a bridge, where a router is none: it has no device that stands for all its containers, nor an
/// address that they all know.
pub(super) fn bridgeless<F: Factor>(
    choice: &Choice,
    key: Name<F>,
    needs: fn(F) -> bool,
) -> Vec<Misfit> {
    let is_none =
        |topology: &Topology| topology.has_router() && topology.joined() != Joined::Bridges;
    let Some(topology) = choice.find(TOPOLOGY, is_none) else {
        return Vec::new();
    };
    let levels = choice.levels(key).filter(|at| needs(at.value));
    let misfits = levels.map(|at| {
        let what = at.value.word();
        let message = format!(
            "the topology {} has no bridge, which {what} needs",
            topology.value
        );
        at.misfit(
            message,
            format!("allowed with topology = \"bridge\"; {OWN_TABLE}"),
        )
    });
    misfits.collect()
}

/// Whether bridges are kilonet's own, or an engine's that is there without being asked for.
pub(super) fn is_default_bridge(topology: Topology) -> bool {
    let facts = topology.facts();
    facts.joined == Joined::Bridges && !facts.own_network
}

pub(super) fn has_engine(choice: &Choice) -> bool {
    choice.has(TESTBED, &Testbed::Docker)
}

/// What is said of a level that an engine decides itself, or that its containers cannot be driven by.
pub(super) fn not_of_engine<T>(
    choice: &Choice,
    at: Option<Chosen<T>>,
    what: impl Fn(&T) -> String,
    remedy: &str,
) -> Vec<Misfit> {
    let stray = at.filter(|_| has_engine(choice));
    let misfit = stray.map(|at| {
        let message = format!("the testbed docker has no {}", what(&at.value));
        at.misfit(message, remedy)
    });
    misfit.into_iter().collect()
}

/// The first workload of datagrams, of those that all pairs have and those that some do.
pub(super) fn datagrams(choice: &Choice) -> Option<Workload> {
    let beside = choice.values(BESIDE);
    let beside = beside.flat_map(|beside| beside.workloads().collect::<Vec<_>>());
    let mut all = choice.values(WORKLOAD).chain(beside);
    all.find(|workload| workload.is_datagrams())
}

/// Somebody else's generators among the drivers, each with what it can do.
pub(super) fn generators(choice: &Choice) -> impl Iterator<Item = (Driver, Abilities)> {
    let drivers = choice.values(DRIVER);
    drivers.filter_map(|driver| Some((driver, driver.abilities()?)))
}

/// What is said of a level that a generator does not have.
pub(super) fn lacks<T>(generator: Driver, at: &Chosen<T>, what: &str, allowed: &str) -> Misfit {
    at.misfit(format!("{generator} has no {what}"), allowed)
}

/// What is said of the first level of a key that a generator does not have among those that it has.
pub(super) fn strange<F: Factor + PartialEq>(
    choice: &Choice,
    key: Name<F>,
    had: impl Fn((Driver, &Abilities)) -> Vec<F>,
) -> Vec<Misfit> {
    let misfits = generators(choice).filter_map(|(tool, abilities)| {
        let had = had((tool, &abilities));
        let at = choice.find(key, |level| !had.contains(level))?;
        let words: Vec<_> = had.into_iter().map(Factor::word).collect();
        let allowed = format!("allowed with it: {}", words.join(", "));
        let what = format!("{} {}", key.word(), at.value.word());
        Some(lacks(tool, &at, &what, &allowed))
    });
    misfits.collect()
}

/// What is said of messages that no datagram carries.
pub(super) fn carried(choice: &Choice, key: Name<MessageSize>) -> Vec<Misfit> {
    let Some(workload) = choice.find(WORKLOAD, |workload| workload.is_datagrams()) else {
        return Vec::new();
    };
    let carried = SMALLEST_DATAGRAM..=LARGEST_DATAGRAM;
    let sizes = choice.levels(key);
    let strange = sizes.filter(|at| !carried.contains(&at.value.0));
    let misfits = strange.map(|at| {
        let size = counted(at.value.0, "byte");
        at.misfit(
            format!("{} has no datagram of {size}", workload.value),
            format!("allowed with it: {SMALLEST_DATAGRAM} to {LARGEST_DATAGRAM}"),
        )
    });
    misfits.collect()
}
