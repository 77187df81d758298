//! What the levels of a cell take of a machine beside what every lab and every flow does: estimates, from figures measured once
//! (Linux 6.18, 2 cores), which err upwards.
//!
//! Knows no key. The invariant: what an entry says nothing of is 0.

use std::time::Duration;

/// What a level takes beside the usual.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Takes {
    /// Network namespaces.
    pub namespaces: u64,
    /// Ports of each bridge.
    pub bridge_ports: u64,
    /// Bytes that kilonet itself has for each flow.
    pub flow_bytes: u64,
    /// Bytes that are in the queues of the two sockets of each flow over TCP.
    pub queued_bytes: u64,
    /// Windows of each trial at most, beside the first.
    pub windows: u32,
    /// Time of setting up a lab.
    pub setup: Duration,
}

impl Takes {
    /// What two take together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            namespaces: self.namespaces + other.namespaces,
            bridge_ports: self.bridge_ports + other.bridge_ports,
            flow_bytes: self.flow_bytes + other.flow_bytes,
            queued_bytes: self.queued_bytes + other.queued_bytes,
            windows: self.windows + other.windows,
            setup: self.setup.saturating_add(other.setup),
        }
    }
}
