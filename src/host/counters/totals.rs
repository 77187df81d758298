//! What the whole machine has counted so far, of what goes wrong outside of windows too: read at the edges of a trial's phases, and
//! with all else at the edges of its window.
//!
//! Must not know trials. The invariant: a reading is three small files, and a counter that cannot be read, or not in the columns
//! that are known, is absent and no error: who needs it says that it is (`noise::warnings`).

use std::time::{Duration, Instant};

use super::neighbours::neighbour_overflows;
use super::softnet::Softnet;
use crate::store::record::{Counter, Counts};

/// A reading.
#[derive(Debug, Clone)]
pub struct Totals {
    taken: Instant,
    softnet: Option<Vec<Softnet>>,
    neighbour_overflows: Option<u64>,
}

/// What was counted between two readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Time between them, by the monotonic clock.
    pub elapsed: Duration,
    /// Packets through the CPUs' backlogs; absent where either reading has none.
    pub softnet: Option<Softnet>,
    /// Times the IPv4 or IPv6 neighbour table was full, in any namespace of the machine; absent likewise, and the kernel says it in
    /// the initial namespace only (see [`super::hold_neighbours`]).
    pub neighbour_overflows: Option<u64>,
}

impl Counted {
    /// What went wrong, by the list of counters.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let softnet = self.softnet;
        let counts = [
            (
                Counter::BacklogDrops,
                softnet.map(|packets| packets.dropped),
            ),
            (
                Counter::SoftirqSqueezes,
                softnet.map(|packets| packets.squeezed),
            ),
            (Counter::NeighbourOverflows, self.neighbour_overflows),
        ];
        let known = counts
            .into_iter()
            .filter_map(|(counter, number)| Some((counter, number?)));
        known.collect()
    }
}

impl Totals {
    /// Reads it.
    #[must_use]
    pub fn take() -> Self {
        Self::begun(Instant::now())
    }

    /// Reads it as the rest of a reading that began at an instant.
    pub(super) fn begun(taken: Instant) -> Self {
        Self {
            taken,
            softnet: Softnet::read(),
            neighbour_overflows: neighbour_overflows(),
        }
    }

    /// What was counted from `earlier` to this reading.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Counted {
        let softnet = self.softnet.as_ref().zip(earlier.softnet.as_ref());
        let overflows = self.neighbour_overflows.zip(earlier.neighbour_overflows);
        Counted {
            elapsed: self.taken.saturating_duration_since(earlier.taken),
            softnet: softnet.map(|(now, before)| Softnet::growth(now, before)),
            neighbour_overflows: overflows.map(|(now, before)| now.saturating_sub(before)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(after: Duration, dropped: Option<u64>, overflows: Option<u64>) -> Totals {
        let packets = |dropped| {
            vec![Softnet {
                dropped,
                ..Softnet::default()
            }]
        };
        Totals {
            taken: Instant::now() + after,
            softnet: dropped.map(packets),
            neighbour_overflows: overflows,
        }
    }

    #[test]
    fn what_either_reading_lacks_is_absent() {
        let first = reading(Duration::ZERO, Some(3), Some(10));
        let later = reading(Duration::from_secs(1), Some(5), Some(14));
        let counted = later.since(&first);
        assert_eq!(counted.softnet.map(|it| it.dropped), Some(2));
        assert_eq!(counted.neighbour_overflows, Some(4));
        let counts = counted.counts();
        assert_eq!(counts.of(Counter::BacklogDrops), Some(2));
        assert_eq!(counts.of(Counter::NeighbourOverflows), Some(4));
        assert!(counted.elapsed >= Duration::from_secs(1));

        let blind = reading(Duration::ZERO, None, None);
        for counted in [later.since(&blind), blind.since(&first)] {
            assert_eq!((counted.softnet, counted.neighbour_overflows), (None, None));
            assert_eq!(counted.counts(), Counts::default());
        }
    }
}
