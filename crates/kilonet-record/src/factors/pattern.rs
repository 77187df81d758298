//! Who talks to whom: the patterns, and how many pairs each comes to.
//!
//! Pure; knows neither topologies nor traffic. Invariant: what a pattern does not have is absent, so that equal cells are equal.

use serde::{Deserialize, Serialize};

use super::factor::is_default;

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
        /// Each container sends to one and receives from one, in one ring through all of them in random order.
        Permutation = "permutation",
        /// Each container sends to all others, or to `peers` of them chosen at random.
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
        /// Both ways, with separate flows: the reverse counts as a second pair.
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
