//! Times and how often each was met: the hot recorder that a flow fills, and what it becomes once nobody fills it.
//!
//! The invariant: recording neither allocates nor fails; what is read later has lost nothing but the digits beyond the
//! third.

use std::borrow::Borrow;

use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};

/// Times are told apart to this many nanoseconds where three digits would be finer: a clock's reading takes longer.
const FINEST_NS: u64 = 8;
/// Times beyond this many nanoseconds, over a minute, are recorded as this.
const LONGEST_NS: u64 = 1 << 36;
/// Digits that are kept.
const DIGITS: u8 = 3;

/// A histogram of times that one thread fills. Its counters are 100 KB of address space, of which only pages that were
/// counted in are memory.
#[derive(Debug)]
pub struct Recorder(Histogram<u32>);

impl Recorder {
    /// An empty one; absent where there is no memory for it.
    #[must_use]
    pub fn new() -> Option<Self> {
        Histogram::new_with_bounds(FINEST_NS, LONGEST_NS, DIGITS)
            .ok()
            .map(Self)
    }

    /// Counts one time, in nanoseconds.
    pub fn record(&mut self, nanos: u64) {
        self.0.saturating_record(nanos);
    }

    /// What was counted.
    #[must_use]
    pub fn latencies(&self) -> Latencies {
        let mut all = Histogram::new_from(&self.0);
        for step in self.0.iter_recorded() {
            let times = u64::from(step.count_at_value());
            all.saturating_record_n(step.value_iterated_to(), times);
        }
        Latencies(all)
    }
}

/// Times that were recorded, of one flow or of many. Their counters are 200 KB; [`Packed`](super::Packed) keeps them in a few.
#[derive(Debug, Clone, PartialEq)]
pub struct Latencies(Histogram<u64>);

impl Latencies {
    /// All together; absent without any.
    #[must_use]
    pub fn merged(all: impl IntoIterator<Item = impl Borrow<Self>>) -> Option<Self> {
        let mut all = all.into_iter();
        let mut sum = all.next()?.borrow().clone();
        for one in all {
            // All were made with the same bounds, so that each has a place for what another has.
            let _ = sum.0.add(&one.borrow().0);
        }
        Some(sum)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The time, in nanoseconds, that the share `q` of them does not exceed; absent without any.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<u64> {
        (!self.0.is_empty()).then(|| self.0.value_at_quantile(q))
    }

    /// The arithmetic mean in nanoseconds; absent without any.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (!self.0.is_empty()).then(|| self.0.mean())
    }

    /// The longest, in nanoseconds; absent without any.
    #[must_use]
    pub fn max(&self) -> Option<u64> {
        (!self.0.is_empty()).then(|| self.0.max())
    }

    /// All of them in hdrhistogram's V2 encoding, deflated; absent where that fails.
    pub(super) fn encoded(&self) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let encoding = V2DeflateSerializer::new().serialize(&self.0, &mut bytes);
        encoding.is_ok().then_some(bytes)
    }

    /// Those that such bytes are of; absent where they are of none.
    pub(super) fn decoded(mut bytes: &[u8]) -> Option<Self> {
        Deserializer::new().deserialize(&mut bytes).ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::allocations;

    fn recorded(times: impl IntoIterator<Item = u64>) -> Latencies {
        let mut recorder = Recorder::new().unwrap();
        times.into_iter().for_each(|nanos| recorder.record(nanos));
        recorder.latencies()
    }

    #[test]
    fn quantiles_keep_three_digits() {
        let found = recorded((1..=1000).map(|micros| micros * 1000));
        for (q, expected) in [(0.5, 500_000), (0.99, 990_000), (0.999, 999_000)] {
            let quantile = found.quantile(q).unwrap();
            assert!(
                quantile.abs_diff(expected) <= expected / 1000,
                "{q}: {quantile}"
            );
        }
        assert_eq!(found.count(), 1000);
        assert!(found.max().unwrap().abs_diff(1_000_000) <= 1000);
        assert!((found.mean().unwrap() - 500_500.0).abs() < 500.0);
    }

    #[test]
    fn recording_asks_for_no_memory() {
        let mut recorder = Recorder::new().unwrap();
        let times = (0..100_000).map(|n: u64| n * n * n);
        let asked = allocations::during(|| times.for_each(|nanos| recorder.record(nanos)));
        assert_eq!((asked, recorder.latencies().count()), (0, 100_000));
    }

    #[test]
    fn nothing_recorded_has_no_quantiles() {
        let found = recorded([]);
        assert_eq!(
            (found.count(), found.quantile(0.5), found.max()),
            (0, None, None)
        );
        assert_eq!(found.mean(), None);
        assert!(Latencies::merged([] as [Latencies; 0]).is_none());
    }

    #[test]
    fn a_time_beyond_all_bounds_is_counted() {
        let found = recorded([0, u64::MAX]);
        assert_eq!(found.count(), 2);
        assert!(found.max().unwrap() >= LONGEST_NS);
    }

    #[test]
    fn merging_adds_counts_and_keeps_the_longest() {
        let sum = Latencies::merged(&[recorded([10_000; 3]), recorded([50_000_000])]).unwrap();
        assert_eq!(sum.count(), 4);
        assert!(sum.max().unwrap().abs_diff(50_000_000) <= 50_000);
    }
}
