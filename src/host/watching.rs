//! What watches a trial from its first act to its last: the machine's counters, those of the lab's host sides, the kernel's log, and why
//! packets are dropped.
//!
//! Must not know trials' phases, nor labs. The invariant: everything is opened once, a reading waits for nothing, and what reading
//! costs is known.

mod clock;
pub(crate) mod drops;
mod effort;
pub(crate) mod kernel_log;
mod kinds;

use crate::error::{Error, Result};

pub use drops::{Drops, Tally};
pub use effort::Effort;
pub use kernel_log::{KernelLog, Logged, Mark};

use super::cgroup::own_throttled_periods;
use super::counters::{Sides, Totals};
use crate::store::record::{Counter, Counts};
use crate::units::nanos;

/// What is open for as long as a run goes on.
#[derive(Debug, Default)]
pub struct Watching {
    /// Absent where it may not be read.
    log: Option<KernelLog>,
    /// Likewise.
    drops: Option<Drops>,
    lacks: Vec<Lack>,
}

/// Something that is not watched.
#[derive(Debug)]
pub struct Lack {
    /// In words.
    pub what: &'static str,
    /// What was refused, with what helps.
    pub why: Error,
}

impl Watching {
    /// Opens what this user may read.
    #[must_use]
    pub fn open() -> Self {
        let mut lacks = Vec::new();
        Self {
            log: opened(KernelLog::open(), "the kernel's log", &mut lacks),
            drops: opened(Drops::open(), "why packets were dropped", &mut lacks),
            lacks,
        }
    }

    /// What is not watched: for who begins a run, to be said once.
    #[must_use]
    pub fn lacks(&self) -> &[Lack] {
        &self.lacks
    }

    /// The kernel's log; absent where it may not be read.
    pub fn log(&mut self) -> Option<&mut KernelLog> {
        self.log.as_mut()
    }

    /// Who counts the packets that the kernel drops; absent where that may not be traced.
    #[must_use]
    pub fn drops(&self) -> Option<&Drops> {
        self.drops.as_ref()
    }
}

/// What could be opened; and of what could not, why.
fn opened<T>(tried: Result<T>, what: &'static str, lacks: &mut Vec<Lack>) -> Option<T> {
    tried.map_err(|why| lacks.push(Lack { what, why })).ok()
}

/// What had been counted at an instant.
#[derive(Debug, Clone)]
pub struct Reading {
    totals: Totals,
    /// Periods in which this process's control group was held back; absent where it has no such figure.
    throttled: Option<u64>,
    /// By the host sides of a lab; absent where there was none yet.
    sides: Option<Counts>,
}

impl Reading {
    /// Reads the machine's counters, and those of host sides.
    #[must_use]
    pub fn take(sides: Option<&mut Sides>) -> Self {
        Self {
            totals: Totals::take(),
            throttled: own_throttled_periods(),
            sides: sides.map(Sides::read),
        }
    }

    /// The machine's counters, and what host sides that are gone had counted in the end.
    #[must_use]
    pub fn after(last: &Self) -> Self {
        Self {
            totals: Totals::take(),
            throttled: own_throttled_periods(),
            sides: last.sides.clone(),
        }
    }

    /// What was counted from `earlier` to this reading, and how long it was, in nanoseconds. Host sides that were not there yet began
    /// at 0.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> (u64, Counts) {
        let counted = self.totals.since(&earlier.totals);
        let sides = match (&self.sides, &earlier.sides) {
            (Some(now), Some(before)) => now.since(before),
            (Some(now), None) => now.clone(),
            (None, _) => Counts::default(),
        };
        let throttled = self.throttled.zip(earlier.throttled);
        let throttled = throttled.map(|(now, before)| now.saturating_sub(before));
        let mut counts = counted.counts().beside(&sides);
        if let Some(periods) = throttled {
            counts.put(Counter::ThrottledPeriods, periods);
        }
        (nanos(counted.elapsed), counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(listen_drops: Option<u64>) -> Reading {
        let counts = |number| Counts::from_iter([(Counter::ListenDrops, number)]);
        Reading {
            totals: Totals::take(),
            throttled: None,
            sides: listen_drops.map(counts),
        }
    }

    #[test]
    fn host_sides_begin_at_0_and_count_nothing_more_once_they_are_gone() {
        let growth = |now: &Reading, earlier| now.since(earlier).1.of(Counter::ListenDrops);
        let (none, two, five) = (reading(None), reading(Some(2)), reading(Some(5)));
        assert_eq!(growth(&two, &none), Some(2));
        assert_eq!(growth(&five, &two), Some(3));
        assert_eq!(growth(&none, &none), None);
        assert_eq!(growth(&Reading::after(&five), &five), Some(0));
    }
}
