//! A moment that several processes can compare: the monotonic clock of the machine in nanoseconds.
//!
//! Must not know what happened at it. The invariant: two moments compare as the same clock's [`Instant`]s do; containers
//! share it unless they were given a time namespace, which no engine does unasked.
//!
//! [`Instant`]: std::time::Instant

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::units::nanos;

/// Nanoseconds since the machine started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Moment(u64);

impl Moment {
    pub(super) fn now() -> Self {
        // The clock is one that every kernel has: there is nothing it could fail of.
        let now = clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(Duration::ZERO, Duration::from);
        Self(nanos(now))
    }

    /// The moment so many nanoseconds after the machine started.
    pub(super) fn of_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the machine started.
    pub(super) fn nanos(self) -> u64 {
        self.0
    }

    /// The moment so many nanoseconds after this one; a fraction of one is cut off.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, and no schedule goes back"
    )]
    pub(super) fn plus(self, nanos: f64) -> Self {
        Self(self.0 + nanos as u64)
    }

    /// The moment so long after this one.
    pub(super) fn plus_time(self, time: Duration) -> Self {
        Self(self.0 + nanos(time))
    }

    /// Nanoseconds from `earlier` to this; 0 where it is before.
    pub(super) fn nanos_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// How long after `earlier` this is; nothing where it is before.
    pub(super) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.nanos_since(earlier))
    }
}
