//! What was read of the machine around a window.
//!
//! Must not know what is made of it.

use crate::host::counters::{Delta, ForeignDelta, TcpMemory};
use crate::lab::conntrack::Conntrack;
use crate::lab::tracking::Tracking;
use crate::store::record::TrackedConnections;
use crate::traffic::Tallies;

use super::consumption::Consumption;

/// What was read of the machine around the window.
#[derive(Debug)]
pub(in crate::testbed) struct Edges {
    /// Its counters.
    pub(in crate::testbed) machine: Delta,
    /// Other people's processes.
    pub(in crate::testbed) foreign: ForeignDelta,
    /// The marks of TCP's memory pool, where they are known.
    pub(in crate::testbed) tcp_memory: Option<TcpMemory>,
    /// Connection tracking, where there are rules.
    pub(in crate::testbed) tracked: Option<Tracked>,
    /// The interfaces.
    pub(in crate::testbed) witnessed: Vec<Witnessed>,
    /// What the processes of the containers used, where each has its own.
    pub(in crate::testbed) containers: Option<Consumption>,
}

/// What came in by the interfaces of some containers and what their sockets took, over the same time.
#[derive(Debug)]
pub(in crate::testbed) struct Witnessed {
    /// The containers.
    pub(in crate::testbed) containers: Vec<u32>,
    /// Bytes in, headers included.
    pub(in crate::testbed) bytes: u64,
    /// Packets these came in.
    pub(in crate::testbed) packets: u64,
    /// What the sockets counted meanwhile.
    pub(in crate::testbed) at_sockets: Tallies,
    /// Payload of datagrams that had been sent before, and that the sockets had neither taken nor missed.
    pub(in crate::testbed) pending: u64,
}

/// What connection tracking showed.
#[derive(Debug)]
pub(in crate::testbed) struct Tracked {
    /// What was counted in all namespaces together.
    pub(in crate::testbed) counted: Conntrack,
    /// Containers that it was read in; 0 where it was host sides.
    pub(in crate::testbed) containers: u32,
    /// The fullest table of them.
    pub(in crate::testbed) fullest: TrackedConnections,
}

impl Tracked {
    /// Between two readings of the same namespaces; absent where there is none, and where nobody tracks on a host side that was
    /// there before.
    pub(in crate::testbed) fn of(
        tracking: &Tracking,
        opened: &[Conntrack],
        closed: &[Conntrack],
    ) -> Option<Self> {
        let both = opened.iter().zip(closed);
        let fullest = both.clone().max_by_key(|(_, now)| now.entries)?;
        if tracking.is_found
            && both
                .clone()
                .all(|(then, now)| then.entries + now.entries == 0)
        {
            return None;
        }
        Some(Self {
            counted: Conntrack::sum(both.map(|(then, now)| now.since(then)))?,
            containers: tracking.containers,
            fullest: TrackedConnections {
                before: fullest.0.entries,
                after: fullest.1.entries,
                max: tracking.size.max,
                closed_stay_s: tracking.size.closed_stay_s,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::tracking::Size;

    #[test]
    fn counters_are_of_all_tables_and_connections_of_the_fullest() {
        let entries = |entries, drops| Conntrack {
            entries,
            drops,
            ..Conntrack::default()
        };
        let tracking = Tracking {
            size: Size {
                max: Some(5000),
                closed_stay_s: Some(120),
            },
            ..Tracking::default()
        };
        let opened = [entries(10, 1), entries(30, 0)];
        let closed = [entries(5000, 8), entries(40, 0)];
        let tracked = Tracked::of(&tracking, &opened, &closed).unwrap();
        assert_eq!((tracked.counted.entries, tracked.counted.drops), (5040, 7));
        let fullest = TrackedConnections {
            before: 10,
            after: 5000,
            max: Some(5000),
            closed_stay_s: Some(120),
        };
        assert_eq!(tracked.fullest, fullest);
        assert!(Tracked::of(&tracking, &[], &[]).is_none());

        let none = [Conntrack::default(); 2];
        assert!(Tracked::of(&tracking, &none, &none).is_some());
        let found = Tracking {
            is_found: true,
            ..tracking
        };
        assert!(Tracked::of(&found, &none, &none).is_none());
        assert!(Tracked::of(&found, &opened, &closed).is_some());
    }
}
