//! Times and how often each was met: the hot recorder that a flow fills, and what it becomes once nobody fills it.
//!
//! The invariant: recording neither allocates nor fails; what is read later has lost nothing but the digits beyond the
//! third.

use std::borrow::Borrow;
use std::io::Read;

use flate2::read::ZlibDecoder;
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

    /// How many are longer than so many nanoseconds, to three digits.
    #[must_use]
    pub fn longer_than(&self, nanos: u64) -> u64 {
        self.count() - self.0.count_between(0, nanos)
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

    /// Those that such bytes are of; absent where they are of none, or of other bounds than all of these have.
    pub(super) fn decoded(bytes: &[u8]) -> Option<Self> {
        let plain = inflated(bytes)?;
        let (head, counts) = plain.split_at_checked(HEAD)?;
        // Before anything is made of it: the length that a head claims, and the bounds, are what memory is asked for by.
        if head != head_of(counts.len()) || !are_counts(counts) {
            return None;
        }
        let histogram = Deserializer::new().deserialize(&mut plain.as_slice());
        histogram.ok().map(Self)
    }
}

/// Bytes of a histogram at most, before it is deflated: each of its 27,000 counters takes nine at most.
const LARGEST: u64 = 1 << 18;
/// Bytes of the encoding before its counts.
const HEAD: usize = 40;
/// What the encoding begins with.
const PLAIN: u32 = 0x1c84_9313;
/// What the deflated encoding begins with; its length follows.
const DEFLATED: u32 = 0x1c84_9314;

fn inflated(bytes: &[u8]) -> Option<Vec<u8>> {
    let (head, deflated) = bytes.split_at_checked(8)?;
    let mut plain = Vec::new();
    let mut deflated = ZlibDecoder::new(deflated).take(LARGEST + 1);
    let read = deflated.read_to_end(&mut plain);
    let fits = plain.len() as u64 <= LARGEST;
    (head.starts_with(&DEFLATED.to_be_bytes()) && read.is_ok() && fits).then_some(plain)
}

/// The head of all that are encoded here, with so many bytes of counts.
fn head_of(counts: usize) -> Vec<u8> {
    // The third is by how much counts are shifted, the last what they are multiplied by.
    let words = [
        PLAIN,
        u32::try_from(counts).unwrap_or(u32::MAX),
        0,
        DIGITS.into(),
    ];
    let words = words.into_iter().flat_map(u32::to_be_bytes);
    let bounds = [FINEST_NS, LONGEST_NS, 1.0_f64.to_bits()];
    words
        .chain(bounds.into_iter().flat_map(u64::to_be_bytes))
        .collect()
}

/// More requests than a window has at most; counters that hold more would overflow when they are added up.
const MOST_COUNTED: u64 = 1 << 60;

/// Whether bytes are numbers as the encoding has them, of which those that count add up to no more than can have been.
fn are_counts(mut bytes: &[u8]) -> bool {
    let mut sum: u64 = 0;
    while let Some((number, rest)) = first_number(bytes) {
        bytes = rest;
        // The lowest bit tells a count from how many places are empty.
        let empty = number & 1 == 1;
        sum = sum.saturating_add(if empty { 0 } else { number >> 1 });
        // This many empty places have no number of the other sign.
        if number == u64::MAX {
            return false;
        }
    }
    bytes.is_empty() && sum <= MOST_COUNTED
}

/// The first number of some (seven bits a byte, the lowest first, in nine bytes at most), and what follows it.
fn first_number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let goes_on = |byte: &&u8| **byte & 0x80 != 0;
    let length = bytes.iter().take(8).take_while(goes_on).count() + 1;
    let (these, rest) = bytes.split_at_checked(length)?;
    let number = (0..).zip(these).fold(0, |number, (place, byte)| {
        let kept = if place == 8 { *byte } else { byte & 0x7f };
        number | u64::from(kept) << (7 * place)
    });
    Some((number, rest))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::allocations;

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
        assert_eq!(found.longer_than(900_500), 100);
        assert_eq!(found.longer_than(2_000_000), 0);
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

    /// What a stranger may have put in the place of a histogram: its head, its counts.
    fn encoded(head: &[u8], counts: &[u8]) -> Vec<u8> {
        let deflate = flate2::Compression::best();
        let mut deflated = flate2::write::ZlibEncoder::new(Vec::new(), deflate);
        deflated.write_all(head).unwrap();
        deflated.write_all(counts).unwrap();
        let deflated = deflated.finish().unwrap();
        let length = u32::try_from(deflated.len()).unwrap().to_be_bytes();
        [&DEFLATED.to_be_bytes()[..], &length, &deflated].concat()
    }

    #[test]
    fn what_claims_or_holds_too_much_is_no_histogram_and_takes_no_memory() {
        let sound = encoded(&head_of(1), &[2]);
        assert_eq!(Latencies::decoded(&sound).unwrap().count(), 1);
        let mut of_other_bounds = head_of(1);
        of_other_bounds[24] = 0x7f;
        let numbers = |count: usize| vec![2; count];
        let bad = [
            ("a bomb", encoded(&head_of(64 << 20), &vec![0; 64 << 20])),
            ("a length that is a lie", encoded(&head_of(1 << 31), &[2])),
            ("a range of its own", encoded(&of_other_bounds, &[2])),
            (
                "more places than there are",
                encoded(&head_of(60_000), &numbers(60_000)),
            ),
            ("the smallest number", encoded(&head_of(9), &[0xff; 9])),
            ("a number that is cut off", encoded(&head_of(1), &[0xff])),
            ("a count beyond all", encoded(&head_of(9), &[0xfe; 9])),
            ("nothing", Vec::new()),
            ("a head alone", sound[..8].to_vec()),
        ];
        for (what, bytes) in bad {
            assert_eq!(Latencies::decoded(&bytes), None, "{what}");
        }
    }

    #[test]
    fn merging_adds_counts_and_keeps_the_longest() {
        let sum = Latencies::merged(&[recorded([10_000; 3]), recorded([50_000_000])]).unwrap();
        assert_eq!(sum.count(), 4);
        assert!(sum.max().unwrap().abs_diff(50_000_000) <= 50_000);
    }
}
