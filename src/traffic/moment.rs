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

    /// How long after `earlier` this is; nothing where it is before.
    pub(super) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}
