//! The clock of the kernel's log beside our own.
//!
//! The log is stamped by the scheduler's clock, which goes as fast as `CLOCK_MONOTONIC_RAW` and began a little earlier: 0.1 s on a
//! virtual machine with Linux 6.18, where the two drifted apart by less than 0.1 ms in 25 s; `CLOCK_MONOTONIC`, which is steered, is
//! off by seconds after months. By how much it is ahead cannot be asked, only narrowed down: a line was written before it was read,
//! and after the log had last been read to its end.
//!
//! The invariant: no time is told that the bounds exclude.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// Now, by the clock that the log is held against.
pub(super) fn now() -> Duration {
    // The clock is one that every kernel has: there is nothing it could fail of.
    clock_gettime(ClockId::CLOCK_MONOTONIC_RAW).map_or(Duration::ZERO, Duration::from)
}

/// By how much the log's clock is ahead of ours, as far as is known, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ahead {
    least: i64,
    most: i64,
}

impl Default for Ahead {
    fn default() -> Self {
        Self {
            least: i64::MIN,
            most: i64::MAX,
        }
    }
}

impl Ahead {
    /// Learns from a line with this stamp, written after the first instant and before the second.
    pub(super) fn learn(&mut self, stamp: Duration, (after, before): (Duration, Duration)) {
        self.least = self.least.max(signed(stamp) - signed(before));
        // The two drift apart in the end: what was learnt last is what holds.
        self.most = self.most.min(signed(stamp) - signed(after)).max(self.least);
    }

    /// Seconds from an instant of ours to a stamp of the log; negative where the stamp is before.
    pub(super) fn seconds(self, from: Duration, stamp: Duration) -> f64 {
        // The clocks began together, as far as they may have.
        let ahead = 0_i64.clamp(self.least, self.most);
        (signed(stamp) - ahead - signed(from)) as f64 / 1e9
    }
}

/// Nanoseconds: an `i64` has room for 292 years of them.
fn signed(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn the_clocks_are_taken_for_one_until_lines_say_otherwise() {
        let mut ahead = Ahead::default();
        assert!((ahead.seconds(at(1000), at(1250)) - 0.25).abs() < 1e-9);
        // Written between 1,000 and 1,020 ms of ours, and stamped 1,110: 90 to 110 ms ahead.
        ahead.learn(at(1110), (at(1000), at(1020)));
        assert!((ahead.seconds(at(2000), at(2190)) - 0.1).abs() < 1e-9);
        // That one was read at once.
        ahead.learn(at(1500), (at(1020), at(1400)));
        assert!((ahead.seconds(at(2000), at(1900)) + 0.2).abs() < 1e-9);
    }

    #[test]
    fn what_lies_within_the_bounds_is_not_moved() {
        let mut ahead = Ahead::default();
        ahead.learn(at(1010), (at(1000), at(1020)));
        assert!((ahead.seconds(at(1000), at(1010)) - 0.01).abs() < 1e-9);
    }
}
