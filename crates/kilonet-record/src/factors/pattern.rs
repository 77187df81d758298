//! Who talks to whom: the patterns, and the pairs that each comes to.
//!
//! Pure; knows neither topologies nor traffic. Invariant: a pair is of two different active containers, and a cell's pairs
//! are the same, in the same order, whenever they are asked for.

use serde::{Deserialize, Serialize};

use super::cell::{Cell, is_default};
use crate::random::SplitMix;

super::factor::factor! {
    /// Who talks to whom.
    Pattern, "pattern" {
        /// Container 2k sends to container 2k + 1.
        Pairs = "pairs",
        /// Each container sends to the next, and the last to the first.
        Ring = "ring",
        /// All others send to container 0.
        Incast = "incast",
        /// Container 0 sends to all others.
        Outcast = "outcast",
        /// Each container sends to one and receives from one, by lot: one ring through all of them in a random order.
        Permutation = "permutation",
        /// Each container sends to all others, or to so many of them by lot.
        AllToAll = "all-to-all",
    }
}

super::factor::factor! {
    /// Which ways of a pair have flows.
    #[derive(Default)]
    Direction, "direction" {
        /// From client to server.
        #[default]
        OneWay = "one-way",
        /// There and back, by flows of their own: the way back is one more pair, the reverse of its other.
        Both = "both",
    }
}

/// The factors of a pattern beside its kind. In a record only those that it has, and that are not at their default.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(default)]
pub struct Talk {
    /// Which ways of a pair have flows.
    #[serde(skip_serializing_if = "is_default")]
    pub direction: Direction,
    /// How many others each container sends to in `all-to-all`; absent where that is all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peers: Option<u32>,
    /// What lots are drawn from, the scenario's seed: every repeat has the same pairs. Absent where none are drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern_seed: Option<u64>,
}

/// The pairs of a cell: client and server, by container. Where flows go both ways, each pair is followed by its reverse.
#[must_use]
pub fn pairs(cell: &Cell) -> Vec<(u32, u32)> {
    let there = one_way(cell);
    match cell.talk.direction {
        Direction::OneWay => there,
        Direction::Both => there
            .into_iter()
            .flat_map(|(client, server)| [(client, server), (server, client)])
            .collect(),
    }
}

fn one_way(cell: &Cell) -> Vec<(u32, u32)> {
    let active = cell.active;
    let lots = || SplitMix::new(cell.talk.pattern_seed.unwrap_or_default());
    match cell.pattern {
        Pattern::Pairs => (0..active / 2)
            .map(|pair| (2 * pair, 2 * pair + 1))
            .collect(),
        Pattern::Ring => (0..active)
            .map(|client| (client, (client + 1) % active))
            .collect(),
        Pattern::Incast => (1..active).map(|client| (client, 0)).collect(),
        Pattern::Outcast => (1..active).map(|server| (0, server)).collect(),
        Pattern::Permutation => permutation(active, lots()),
        Pattern::AllToAll => match cell.talk.peers {
            None => (0..active)
                .flat_map(|client| others(client, active).map(move |server| (client, server)))
                .collect(),
            Some(peers) => drawn(active, peers, lots()),
        },
    }
}

/// Every container but this one.
fn others(container: u32, active: u32) -> impl Iterator<Item = u32> {
    (0..active).filter(move |other| *other != container)
}

/// A permutation of one cycle, each as likely as any other (Sattolo's algorithm), so that nobody is its own partner.
fn permutation(active: u32, mut lots: SplitMix) -> Vec<(u32, u32)> {
    let mut servers: Vec<u32> = (0..active).collect();
    for last in (1..servers.len()).rev() {
        servers.swap(last, lots.up_to(last - 1));
    }
    (0..).zip(servers).collect()
}

/// So many different peers for each container, in ascending order, drawn from the front of a shuffle (Fisher and Yates)
/// that goes no further than it must. It goes on from the order that the last one left, which is as good as any.
fn drawn(active: u32, peers: u32, mut lots: SplitMix) -> Vec<(u32, u32)> {
    let mut hat: Vec<u32> = (1..active).collect();
    let mut pairs = Vec::with_capacity((active * peers) as usize);
    for client in 0..active {
        for place in 0..peers as usize {
            let rest = hat.len() - 1 - place;
            hat.swap(place, place + lots.up_to(rest));
        }
        // The hat holds distances to go round, none of them 0.
        let mut servers: Vec<u32> = hat[..peers as usize]
            .iter()
            .map(|distance| (client + distance) % active)
            .collect();
        servers.sort_unstable();
        pairs.extend(servers.into_iter().map(|server| (client, server)));
    }
    pairs
}

/// Fills in what follows from a pattern, its pairs among it, and takes out what it does not have.
pub fn settle(cell: &mut Cell) {
    let talk = &mut cell.talk;
    talk.peers = talk.peers.filter(|_| cell.pattern == Pattern::AllToAll);
    let drawn = cell.pattern == Pattern::Permutation || talk.peers.is_some();
    talk.pattern_seed = talk.pattern_seed.filter(|_| drawn);
    if cell.pattern == Pattern::AllToAll && talk.peers.is_none() {
        // It goes both ways as it is.
        talk.direction = Direction::OneWay;
    }
    cell.pairs = u32::try_from(pairs_of(cell)).unwrap_or(u32::MAX);
}

/// How many pairs the pattern of a cell comes to, among the containers of it that talk, of which there is at least one.
#[must_use]
pub fn pairs_of(cell: &Cell) -> u64 {
    let ways = match cell.talk.direction {
        Direction::OneWay => 1,
        Direction::Both => 2,
    };
    ways * count(cell.pattern, cell.active, cell.talk.peers)
}

/// The pairs of a pattern among so many active containers, one way.
#[must_use]
pub fn count(pattern: Pattern, active: u32, peers: Option<u32>) -> u64 {
    let active = u64::from(active);
    match (pattern, peers) {
        (Pattern::Pairs, _) => active / 2,
        (Pattern::Ring | Pattern::Permutation, _) => active,
        (Pattern::Incast | Pattern::Outcast, _) => active - 1,
        (Pattern::AllToAll, None) => active * (active - 1),
        (Pattern::AllToAll, Some(peers)) => active * u64::from(peers),
    }
}
