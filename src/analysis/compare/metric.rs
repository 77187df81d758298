//! The metrics of a comparison: what they are called, and which way is better.
//!
//! A table, a row for each metric. Must not know figures.

use std::str::FromStr;

use serde::Serialize;

use crate::analysis::Metric;
use crate::scenario::Cell;

/// Which way a metric gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More is better.
    Up,
    /// Less is better.
    Down,
}

/// What there is to a metric beside its figures.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Which.
    pub metric: Metric,
    /// What it is asked for by.
    pub word: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// Which way it gets better.
    pub better: Direction,
}

const fn row(metric: Metric, word: &'static str, name: &'static str, better: Direction) -> About {
    About {
        metric,
        word,
        name,
        better,
    }
}

/// Every metric, as [`Metric::ALL`] has them.
pub const METRICS: [About; Metric::ALL.len()] = {
    use Direction::{Down, Up};
    [
        row(Metric::Goodput, "goodput", "aggregate goodput", Up),
        row(
            Metric::BaselineRatio,
            "baseline-ratio",
            "goodput over lo's",
            Up,
        ),
        row(Metric::PairMin, "pair-min", "slowest pair", Up),
        row(Metric::PairP5, "pair-p5", "pair at the 5th percentile", Up),
        row(Metric::PairP50, "pair-p50", "median pair", Up),
        row(
            Metric::PairP95,
            "pair-p95",
            "pair at the 95th percentile",
            Up,
        ),
        row(Metric::PairMax, "pair-max", "fastest pair", Up),
        row(Metric::Jain, "jain", "fairness (Jain)", Up),
        row(Metric::Starved, "starved", "starved pairs", Down),
        row(
            Metric::CpuPerByte,
            "cpu-per-byte",
            "CPU time per byte",
            Down,
        ),
        row(
            Metric::Transactions,
            "transactions",
            "requests a second",
            Up,
        ),
        row(Metric::LatencyP50, "latency-p50", "median latency", Down),
        row(Metric::LatencyP99, "latency-p99", "latency p99", Down),
        row(Metric::LatencyP999, "latency-p999", "latency p99.9", Down),
        row(
            Metric::CpuPerTransaction,
            "cpu-per-transaction",
            "CPU time per request",
            Down,
        ),
        row(Metric::Datagrams, "datagrams", "datagrams a second", Up),
        row(Metric::Loss, "loss", "datagrams lost", Down),
        row(Metric::Setup, "setup", "set-up", Down),
        row(Metric::Teardown, "teardown", "teardown", Down),
        row(
            Metric::KernelMemory,
            "kernel-memory",
            "kernel memory per container",
            Down,
        ),
    ]
};

impl Metric {
    /// What there is to it beside figures.
    #[must_use]
    pub fn about(self) -> &'static About {
        // `METRICS` has every metric at its own place, which a test holds.
        &METRICS[self as usize]
    }
}

impl FromStr for Metric {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = METRICS.iter().find(|about| about.word == text);
        found.map(|about| about.metric).ok_or_else(|| {
            let words: Vec<_> = METRICS.iter().map(|about| about.word).collect();
            format!("no such metric; there are {}", words.join(", "))
        })
    }
}

/// What is compared unless something else is asked for: what got through, what it cost, how long it took.
pub(super) fn usual(cell: &Cell) -> &'static [Metric] {
    if cell.is_of_requests() {
        &[
            Metric::Transactions,
            Metric::CpuPerTransaction,
            Metric::LatencyP99,
        ]
    } else {
        &[Metric::Goodput, Metric::CpuPerByte, Metric::LatencyP99]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_its_row_at_its_place() {
        for metric in Metric::ALL {
            assert_eq!(metric.about().metric, metric);
            assert_eq!(metric.about().word.parse(), Ok(metric));
        }
        let unknown = "speed".parse::<Metric>().unwrap_err();
        assert!(unknown.contains("cpu-per-byte"), "{unknown}");
    }
}
