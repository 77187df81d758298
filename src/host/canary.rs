//! A fixed piece of work, timed: it shows whether the machine is as fast as before.
//!
//! What steal and other processes do not show is seen here: a neighbour on the other thread of a core, a lower clock, a
//! hypervisor that does not own up. Must not know what is measured beside it. The invariant: the work is always the same,
//! whatever it is timed for.

use std::hint::black_box;
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::random::SplitMix;
use crate::stats;

/// How often the work is done. The median is taken, so that one preemption, which every scheduler makes, is no slowness.
const TIMES: usize = 9;

/// Draws of a generator: computation that no cache and no other CPU has a part in.
const DRAWS: u32 = 300_000;

/// Datagrams sent and received again: system calls, and the kernel's copying.
const DATAGRAMS: u32 = 500;

/// Bytes of each.
const BYTES: usize = 1024;

/// How many times its median in the run the work may take. On an idle virtual machine one reading in a hundred was 1.3 times
/// the median, and the worst of 150 was 1.45 times.
const SLOW: f64 = 1.5;

/// Readings below which the run's median says little. They are taken before the first trial, for else a run of few trials, and
/// the first of each, would not be judged.
const LEAST_READINGS: usize = 10;

/// How long the work takes in a run.
#[derive(Debug, Clone, Default)]
pub struct Pace(Vec<f64>);

impl Pace {
    /// Enters readings, in nanoseconds.
    pub fn enter(&mut self, readings: impl IntoIterator<Item = u64>) {
        self.0
            .extend(readings.into_iter().map(|nanos| nanos as f64));
    }

    /// How many readings are missing before it is known what is usual.
    #[must_use]
    pub fn missing(&self) -> usize {
        LEAST_READINGS.saturating_sub(self.0.len())
    }

    /// What is usual in the run, in nanoseconds; absent before that is known.
    #[must_use]
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the median of numbers of this type"
    )]
    pub fn usual(&self) -> Option<u64> {
        let median = stats::median(&self.0).filter(|_| self.missing() == 0);
        median.map(|nanos| nanos as u64)
    }
}

/// The sentence on a reading that took far longer than is `usual`.
#[must_use]
pub fn complaint(nanos: u64, usual: u64) -> Option<String> {
    let times = nanos as f64 / usual as f64;
    (times > SLOW).then(|| {
        format!("a fixed piece of work took {times:.1} times as long as usual in this run")
    })
}

/// How long the work takes now.
///
/// # Errors
/// When there are no sockets to be had for it.
pub fn time() -> Result<Duration> {
    let refused = |error| Error::kernel("make", "a pair of sockets for the canary", error);
    let ends = UnixDatagram::pair().map_err(refused)?;
    let mut times = [Duration::ZERO; TIMES];
    for time in &mut times {
        *time = once(&ends).map_err(|error| Error::kernel("time", "the canary", error))?;
    }
    times.sort_unstable();
    Ok(times[TIMES / 2])
}

fn once((near, far): &(UnixDatagram, UnixDatagram)) -> std::io::Result<Duration> {
    let mut bytes = [0; BYTES];
    let begun = Instant::now();
    black_box(SplitMix::laid_over(black_box(0), DRAWS));
    for _ in 0..DATAGRAMS {
        near.send(&bytes)?;
        far.recv(&mut bytes)?;
    }
    Ok(begun.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_work_takes_time_and_can_be_done_again() {
        for _ in 0..2 {
            assert!(time().unwrap() > Duration::ZERO);
        }
    }

    #[test]
    fn what_is_usual_is_known_after_the_least_readings() {
        let mut pace = Pace::default();
        pace.enter([100, 90, 110, 100, 100, 95, 105, 100, 100]);
        assert_eq!((pace.missing(), pace.usual()), (1, None));
        pace.enter([100]);
        assert_eq!((pace.missing(), pace.usual()), (0, Some(100)));
    }

    #[test]
    fn what_is_far_slower_than_usual_is_said() {
        assert_eq!(complaint(149, 100), None);
        let said = complaint(233, 100).unwrap();
        assert!(said.contains("2.3 times as long"), "{said}");
    }
}
