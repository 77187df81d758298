//! What trials are judged by, each by its word: what its values are of, and which cells can have it.
//!
//! Must not know how a figure is read from a record. The invariant: whatever names a figure, in a scenario or on a command line,
//! names one of these.

use serde::Serialize;

use super::cell::Cell;
use super::quantity::Quantity;

/// Which way a figure gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More is better.
    Up,
    /// Less is better.
    Down,
}

/// A figure of a cell, as people ask for it.
#[derive(Debug, Clone, Copy)]
pub struct Measure {
    /// What it is asked for by.
    pub word: &'static str,
    /// What it is, in a sentence.
    pub about: &'static str,
    /// What its values are of.
    pub quantity: Quantity,
    /// Which way is better.
    pub better: Direction,
    /// Whether trials of a cell can have it.
    pub is_of: fn(&Cell) -> bool,
}

impl Measure {
    /// The one of a word.
    #[must_use]
    pub fn named(word: &str) -> Option<&'static Self> {
        ALL.iter().find(|measure| measure.word == word)
    }
}

/// A measure is its word.
impl PartialEq for Measure {
    fn eq(&self, other: &Self) -> bool {
        self.word == other.word
    }
}

impl Eq for Measure {}

const OF_ALL: fn(&Cell) -> bool = |_| true;
const OF_DATAGRAMS: fn(&Cell) -> bool = |cell| cell.workload.is_datagram_stream();
const OF_CONNECTIONS: fn(&Cell) -> bool = |cell| cell.workload.renews_connections();
/// Of pairs that do the cell's own workload.
const OF_PAIRS: fn(&Cell) -> bool = |cell| {
    let own = cell.workload;
    cell.has_goodput() && (own.has_messages() || !own.has_requests())
};

/// What there is of each, one after another, its sentence as a comment.
macro_rules! measures {
    ($(#[doc = $about:literal] $name:ident = ($word:literal, $quantity:ident, $better:ident, $is_of:expr);)+) => {
        $(
            #[doc = $about]
            pub const $name: Measure = Measure {
                word: $word,
                // A line of a comment begins with a blank.
                about: $about.trim_ascii_start(),
                quantity: Quantity::$quantity,
                better: Direction::$better,
                is_of: $is_of,
            };
        )+

        /// All of them, in the order in which reports list them.
        pub const ALL: &[Measure] = &[$($name),+];
    };
}

measures! {
    /// Goodput of all flows together.
    GOODPUT = ("goodput", Rate, Up, Cell::has_goodput);
    /// Goodput over that of the block's pair over loopback.
    BASELINE_RATIO = ("baseline-ratio", Share, Up, Cell::has_goodput);
    /// Goodput of the slowest pair.
    PAIR_MIN = ("pair-min", Rate, Up, OF_PAIRS);
    /// Goodput of pairs, 5th percentile.
    PAIR_P5 = ("pair-p5", Rate, Up, OF_PAIRS);
    /// Goodput of the median pair.
    PAIR_P50 = ("pair-p50", Rate, Up, OF_PAIRS);
    /// Goodput of pairs, 95th percentile.
    PAIR_P95 = ("pair-p95", Rate, Up, OF_PAIRS);
    /// Goodput of the fastest pair.
    PAIR_MAX = ("pair-max", Rate, Up, OF_PAIRS);
    /// Fairness among pairs, by Jain's index: 1 where all get the same.
    JAIN = ("jain", Share, Up, OF_ALL);
    /// Pairs that moved nothing.
    STARVED = ("starved", Number, Down, OF_ALL);
    /// Pairs whose receivers took at least 99 % of what their rate makes due.
    KEPT_RATE = ("kept-rate", Percent, Up, |cell| cell.load.rate_bps.is_some());
    /// CPU time of the whole machine for each byte of payload.
    CPU_PER_BYTE = ("cpu-per-byte", CpuPerByte, Down, Cell::has_goodput);
    /// Requests answered, all flows together.
    TRANSACTIONS = ("transactions", Count, Up, Cell::has_requests);
    /// Median latency of requests.
    LATENCY_P50 = ("latency-p50", Time, Down, Cell::has_requests);
    /// 99th percentile of latency.
    LATENCY_P99 = ("latency-p99", Time, Down, Cell::has_requests);
    /// 99.9th percentile of latency.
    LATENCY_P999 = ("latency-p999", Time, Down, Cell::has_requests);
    /// Share of connections that took longer than 1 s.
    ABOVE_1S = ("above-1s", Percent, Down, OF_CONNECTIONS);
    /// Share of connections that took longer than 3 s.
    ABOVE_3S = ("above-3s", Percent, Down, OF_CONNECTIONS);
    /// CPU time of the whole machine for each request.
    CPU_PER_TRANSACTION = ("cpu-per-transaction", Time, Down, Cell::has_requests);
    /// Datagrams received, all flows together.
    DATAGRAMS = ("datagrams", Count, Up, OF_DATAGRAMS);
    /// Share of datagrams that was lost.
    LOSS = ("loss", Percent, Down, OF_DATAGRAMS);
    /// TCP segments that senders sent again.
    RETRANSMITS = ("retransmits", Number, Down, OF_ALL);
    /// Time from the first act until the lab is ready.
    SETUP = ("setup", Time, Down, OF_ALL);
    /// Time until the kernel has destroyed the lab.
    TEARDOWN = ("teardown", Time, Down, OF_ALL);
    /// Kernel memory of each container.
    KERNEL_MEMORY = ("kernel-memory", Memory, Down, OF_ALL);
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::factors::factor::Factor;
    use crate::factors::repeats::Gauge;

    #[test]
    fn each_word_is_there_once_and_every_gauge_is_one() {
        let words: HashSet<_> = ALL.iter().map(|measure| measure.word).collect();
        assert_eq!(words.len(), ALL.len());
        for gauge in Gauge::ALL {
            assert!(Measure::named(gauge.word()).is_some(), "{gauge}");
        }
        assert!(Measure::named("speed").is_none());
    }
}
