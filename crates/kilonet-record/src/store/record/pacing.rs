//! The part of a record that is about streams at a rate: what they were offered, and which of them kept it.
//!
//! Must not know who measured it.

use serde::{Deserialize, Serialize};

use crate::factors::is_default;

/// The pairs that the cell's own rate in bits a second is offered to, over the window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Pacing {
    /// Payload of the messages that were due in the window, be they sent or not, in bits a second, all pairs together.
    pub offered_bps: f64,
    /// Payload that their receivers took.
    pub achieved_bps: f64,
    /// Pairs whose receivers took at least [`KEPT`] of what was due, but for one message of each flow, which may lie across an
    /// edge of the window.
    pub kept_pairs: u32,
    /// The others; in a record only where there were such.
    #[serde(skip_serializing_if = "is_default", default)]
    pub missed_pairs: u32,
    /// What the pair got that got the smallest share of what it was offered, over what it was offered.
    pub least_ratio: f64,
}

/// The share of what was due that a pair has to get to count as one that kept its rate.
pub const KEPT: f64 = 0.99;

impl Pacing {
    /// The share of the pairs that kept their rate.
    #[must_use]
    pub fn kept_ratio(&self) -> f64 {
        let pairs = f64::from(self.kept_pairs) + f64::from(self.missed_pairs);
        f64::from(self.kept_pairs) / pairs.max(1.0)
    }
}
