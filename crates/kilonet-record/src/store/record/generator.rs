//! What somebody else's generators said of a trial, beside what crossed in its window.
//!
//! The invariant: none of it is what kilonet counted.

use serde::{Deserialize, Serialize};

/// What the generators of a trial add up to, each over an interval of its own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Generator {
    /// The tool.
    pub name: String,
    /// Its version; absent where no pair says it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version: Option<String>,
    /// Sum of the goodput that the pairs say they have had, in bits a second; absent where none says it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sum_bps: Option<f64>,
    /// Sum of the requests a second that the pairs say were answered; absent where none says it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub transactions_per_s: Option<f64>,
    /// That sum over what crossed in the common window.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sum_over_crossed: Option<f64>,
    /// Pairs that say nothing, because they failed.
    pub failed: u32,
    /// What the pairs say of their datagrams; absent where none says anything.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub datagrams: Option<GeneratedDatagrams>,
}

/// What the generators of a trial say of their datagrams, all pairs together, each over its own time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct GeneratedDatagrams {
    /// What the clients say they sent.
    pub datagrams_sent: u64,
    /// What the servers say they received.
    pub datagrams_received: u64,
    /// What the servers found missing.
    pub lost_datagrams: u64,
    /// Those that came to the servers after one that was sent later.
    pub reordered: u64,
    /// How unevenly they came (RFC 3550's interarrival jitter), the mean over pairs, in nanoseconds.
    pub jitter_ns: u64,
}

impl GeneratedDatagrams {
    /// The share of them that the servers found missing; absent where there were none.
    #[must_use]
    pub fn loss_ratio(&self) -> Option<f64> {
        let known = self.datagrams_received + self.lost_datagrams;
        (known > 0).then(|| self.lost_datagrams as f64 / known as f64)
    }
}

/// What one process of somebody else's program printed: a line of `outputs/<trial>.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramOutput {
    /// Which: `iperf3, client of pair 3`.
    pub process: String,
    /// What it was started with.
    pub arguments: Vec<String>,
    /// What it printed.
    pub stdout: String,
    /// What it complained of.
    pub stderr: String,
    /// How it ended, where that was not with exit code 0.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub end: Option<String>,
}
