//! The pairs of every pattern, held against what the pattern's name promises.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

fn cell(axes: &str) -> Cell {
    let text = format!("[axes]\ntopology = \"loopback\"\n{axes}");
    let scenario = Scenario::parse(&text, "test").unwrap_or_else(|error| panic!("{error}\n{text}"));
    scenario.cells[0].clone()
}

fn of(pattern: Pattern, active: u32, seed: u64) -> Vec<(u32, u32)> {
    let axes = format!("pattern = \"{pattern}\"\ncontainers = {active}\n[trial]\nseed = {seed}");
    pairs(&cell(&axes))
}

fn drawn_by(active: u32, peers: u32, seed: u64) -> Vec<(u32, u32)> {
    let axes = format!(
        "pattern = \"all-to-all\"\npeers = {peers}\ncontainers = {active}\n[trial]\nseed = {seed}"
    );
    pairs(&cell(&axes))
}

/// How often each container is at this end of a pair.
fn degrees(ends: impl Iterator<Item = u32>) -> BTreeMap<u32, u32> {
    let mut degrees = BTreeMap::new();
    for container in ends {
        *degrees.entry(container).or_default() += 1;
    }
    degrees
}

/// Every container once.
fn once_each(active: u32) -> BTreeMap<u32, u32> {
    (0..active).map(|container| (container, 1)).collect()
}

proptest! {
    #[test]
    fn a_pair_is_of_two_different_active_containers_and_cells_count_them(
        half in 1u32..40, idle in 0u32..5, pattern in prop::sample::select(Pattern::ALL), both: bool, seed in 0..u64::MAX / 2,
    ) {
        let active = 2 * half;
        let direction = if both { "both" } else { "one-way" };
        let cell = cell(&format!(
            "pattern = \"{pattern}\"\ndirection = \"{direction}\"\ncontainers = {}\nactive = {active}\n[trial]\nseed = {seed}",
            active + 2 * idle,
        ));
        let pairs = pairs(&cell);
        prop_assert_eq!(pairs.len(), cell.pairs as usize);
        for (client, server) in pairs {
            prop_assert!(client != server && client.max(server) < active, "{client} to {server} of {active}");
        }
    }

    #[test]
    fn who_is_drawn_follows_from_the_seed_alone(active in 8u32..60, peers in 1u32..5, seed in 0..u64::MAX / 2) {
        prop_assert_eq!(of(Pattern::Permutation, active, seed), of(Pattern::Permutation, active, seed));
        prop_assert_eq!(drawn_by(active, peers, seed), drawn_by(active, peers, seed));
    }

    #[test]
    fn a_ring_and_a_permutation_go_through_everybody_and_come_back(active in 2u32..200, seed in 0..u64::MAX / 2) {
        for pattern in [Pattern::Ring, Pattern::Permutation] {
            let next: BTreeMap<u32, u32> = of(pattern, active, seed).into_iter().collect();
            let walk: BTreeSet<u32> = (0..active).scan(0, |at, _| {
                *at = next[&*at];
                Some(*at)
            }).collect();
            prop_assert_eq!(walk.len(), active as usize, "{}", pattern);
            prop_assert_eq!(degrees(next.into_values()), once_each(active));
        }
    }

    #[test]
    fn all_to_all_is_every_two_once_each_way(active in 2u32..30) {
        let pairs = of(Pattern::AllToAll, active, 1);
        let distinct: BTreeSet<_> = pairs.iter().collect();
        prop_assert_eq!((pairs.len(), distinct.len()), ((active * (active - 1)) as usize, pairs.len()));
    }

    #[test]
    fn each_container_sends_to_so_many_different_peers(active in 3u32..60, lot: u32, seed in 0..u64::MAX / 2) {
        let peers = 1 + lot % (active - 1);
        let pairs = drawn_by(active, peers, seed);
        let distinct: BTreeSet<_> = pairs.iter().collect();
        prop_assert_eq!(distinct.len(), pairs.len());
        let senders = degrees(pairs.iter().map(|(client, _)| *client));
        prop_assert_eq!(senders, (0..active).map(|container| (container, peers)).collect());
    }
}

#[test]
fn everybody_calls_the_first_or_the_first_calls_everybody() {
    assert_eq!(of(Pattern::Incast, 4, 1), [(1, 0), (2, 0), (3, 0)]);
    assert_eq!(of(Pattern::Outcast, 4, 1), [(0, 1), (0, 2), (0, 3)]);
}

#[test]
fn every_other_container_is_as_likely_to_be_drawn() {
    let mut seen = BTreeMap::new();
    for seed in 0..2000 {
        for pair in drawn_by(5, 2, seed) {
            *seen.entry(pair).or_insert(0) += 1;
        }
    }
    assert_eq!(seen.len(), 20);
    // 1000 expected of each; five standard deviations are 112.
    assert!(
        seen.values().all(|count| (880..1120).contains(count)),
        "{seen:?}"
    );
}

#[test]
fn another_seed_draws_another_order() {
    assert_ne!(
        of(Pattern::Permutation, 50, 1),
        of(Pattern::Permutation, 50, 2)
    );
    assert_ne!(drawn_by(50, 3, 1), drawn_by(50, 3, 2));
}

#[test]
fn the_way_back_is_one_more_pair_after_its_other() {
    let cell = cell("direction = \"both\"\ncontainers = 4");
    assert_eq!(cell.pairs, 4);
    assert_eq!(pairs(&cell), [(0, 1), (1, 0), (2, 3), (3, 2)]);
}

#[test]
fn what_a_pattern_does_not_have_makes_no_cell_of_its_own() {
    let same = [
        (
            "pattern = \"all-to-all\"\ndirection = \"both\"",
            "pattern = \"all-to-all\"",
        ),
        ("[trial]\nseed = 7", "[trial]\nseed = 8"),
        (
            "pattern = \"ring\"\n[trial]\nseed = 7",
            "pattern = \"ring\"\n[trial]\nseed = 8",
        ),
    ];
    for (one, other) in same {
        assert_eq!(
            cell(&format!("containers = 4\n{one}")),
            cell(&format!("containers = 4\n{other}"))
        );
    }
    let drawn = |seed| {
        cell(&format!(
            "containers = 4\npattern = \"permutation\"\n[trial]\nseed = {seed}"
        ))
    };
    assert_eq!(drawn(7).talk.pattern_seed, Some(7));
    assert_ne!(drawn(7), drawn(8));
}
