//! The pairs that a cell's pattern comes to.
//!
//! Pure; knows neither topologies nor traffic. Invariant: a pair is of two different active containers, and a cell's pairs
//! are the same, in the same order, whenever they are asked for.

use super::cell::Cell;
use super::pattern::{Direction, Pattern, count};
use crate::random::SplitMix;

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

impl Cell {
    /// Whether the flows of each pair go both ways.
    #[must_use]
    pub fn is_both_ways(&self) -> bool {
        self.talk.direction == Direction::Both
    }

    /// Twos that talk, by whichever ways; where flows go both, the two ways of one are two pairs.
    #[must_use]
    pub fn twos(&self) -> u32 {
        let ways = if self.is_both_ways() { 2 } else { 1 };
        self.pairs / ways
    }
}

/// How many pairs the pattern of a cell comes to, among the containers of it that talk, of which there is at least one.
#[must_use]
pub fn pairs_of(cell: &Cell) -> u64 {
    let ways = if cell.is_both_ways() { 2 } else { 1 };
    ways * count(cell.pattern, cell.active, cell.talk.peers)
}
