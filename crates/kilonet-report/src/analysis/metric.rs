//! What there is to a metric beside its figures: what it is called and asked for by, and which way is better.
//!
//! A table, a row for each metric. Must not know figures.

use std::str::FromStr;

use serde::Serialize;

use crate::scenario::Cell;

/// A figure that every measured trial has (or lacks), and that is estimated over a cell's repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Goodput of all flows together, bits a second.
    Goodput,
    /// Aggregate over that of the same block's loopback baseline; 1 is as fast as lo.
    BaselineRatio,
    /// Slowest pair, bits a second.
    PairMin,
    /// 5th percentile of pairs, bits a second.
    PairP5,
    /// Median pair, bits a second.
    PairP50,
    /// 95th percentile of pairs, bits a second.
    PairP95,
    /// Fastest pair, bits a second.
    PairMax,
    /// Jain's index over pairs.
    Jain,
    /// Pairs that moved nothing.
    Starved,
    /// CPU time of the machine per payload byte, nanoseconds.
    CpuPerByte,
    /// Responses a second, all flows together.
    Transactions,
    /// Median of how long requests took, nanoseconds.
    LatencyP50,
    /// 99th percentile of that.
    LatencyP99,
    /// 99.9th percentile of that.
    LatencyP999,
    /// CPU time of the machine per response, nanoseconds.
    CpuPerTransaction,
    /// Datagrams a second that receivers took, all flows together.
    Datagrams,
    /// The share of datagrams that was lost, from 0 to 1.
    Loss,
    /// Set-up, nanoseconds.
    Setup,
    /// Teardown to the barrier, nanoseconds.
    Teardown,
    /// Kernel memory per container, bytes.
    KernelMemory,
}

impl Metric {
    /// Every metric.
    pub const ALL: [Self; 20] = [
        Self::Goodput,
        Self::BaselineRatio,
        Self::PairMin,
        Self::PairP5,
        Self::PairP50,
        Self::PairP95,
        Self::PairMax,
        Self::Jain,
        Self::Starved,
        Self::CpuPerByte,
        Self::Transactions,
        Self::LatencyP50,
        Self::LatencyP99,
        Self::LatencyP999,
        Self::CpuPerTransaction,
        Self::Datagrams,
        Self::Loss,
        Self::Setup,
        Self::Teardown,
        Self::KernelMemory,
    ];
}

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
    /// What it is called, in sentences as in headings.
    pub name: &'static str,
    /// Which way it gets better.
    pub better: Direction,
}

const fn up(metric: Metric, word: &'static str, name: &'static str) -> About {
    About {
        metric,
        word,
        name,
        better: Direction::Up,
    }
}

const fn down(metric: Metric, word: &'static str, name: &'static str) -> About {
    About {
        better: Direction::Down,
        ..up(metric, word, name)
    }
}

/// Every metric, as [`Metric::ALL`] has them.
pub const METRICS: [About; Metric::ALL.len()] = {
    use Metric::{
        BaselineRatio, CpuPerByte, CpuPerTransaction, Datagrams, Goodput, Jain, KernelMemory,
        LatencyP50, LatencyP99, LatencyP999, Loss, PairMax, PairMin, PairP5, PairP50, PairP95,
        Setup, Starved, Teardown, Transactions,
    };
    [
        up(Goodput, "goodput", "aggregate goodput"),
        up(BaselineRatio, "baseline-ratio", "the ratio to lo"),
        up(PairMin, "pair-min", "what the slowest pair gets"),
        up(PairP5, "pair-p5", "the 5th percentile of pairs"),
        up(PairP50, "pair-p50", "what the median pair gets"),
        up(PairP95, "pair-p95", "the 95th percentile of pairs"),
        up(PairMax, "pair-max", "what the fastest pair gets"),
        up(Jain, "jain", "fairness"),
        down(Starved, "starved", "starved pairs"),
        down(CpuPerByte, "cpu-per-byte", "CPU time per byte"),
        up(Transactions, "transactions", "requests answered"),
        down(LatencyP50, "latency-p50", "median latency"),
        down(LatencyP99, "latency-p99", "the 99th percentile of latency"),
        down(
            LatencyP999,
            "latency-p999",
            "the 99.9th percentile of latency",
        ),
        down(
            CpuPerTransaction,
            "cpu-per-transaction",
            "CPU time per request",
        ),
        up(Datagrams, "datagrams", "datagrams delivered"),
        down(Loss, "loss", "the share of datagrams lost"),
        down(Setup, "setup", "set-up"),
        down(Teardown, "teardown", "teardown"),
        down(KernelMemory, "kernel-memory", "kernel memory per container"),
    ]
};

impl Metric {
    /// What a cell's pairs get through, and what the whole machine spends on each unit of it: requests where they move nothing
    /// else, bytes otherwise.
    pub(crate) fn of_traffic(cell: &Cell) -> [Self; 2] {
        if cell.is_of_requests() {
            [Self::Transactions, Self::CpuPerTransaction]
        } else {
            [Self::Goodput, Self::CpuPerByte]
        }
    }

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
