//! What became of numbered datagrams, by both ends of a flow.
//!
//! Must not know how numbers are told. The invariant: what was sent is counted at the client and what came at the server,
//! neither from the other.

use super::ledger::Counter;
use crate::scenario::Orders;

/// A flow's counts of numbered datagrams so far; all 0 for other flows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Numbered {
    sent: u64,
    sent_along: u64,
    received: u64,
    received_along: u64,
    missing: u64,
    reordered: u64,
    duplicates: u64,
}

impl Numbered {
    /// As both ends have published them.
    pub(super) fn read(client: &Counter, server: &Counter) -> Self {
        Self {
            sent: client.datagrams.read(),
            sent_along: client.joined.read(),
            received: server.datagrams.read(),
            received_along: server.joined.read(),
            missing: server.missing.read(),
            reordered: server.reordered.read(),
            duplicates: server.duplicates.read(),
        }
    }

    pub(super) fn since(self, earlier: Self) -> Self {
        Self {
            sent: self.sent - earlier.sent,
            sent_along: self.sent_along - earlier.sent_along,
            received: self.received - earlier.received,
            received_along: self.received_along - earlier.received_along,
            // It falls when only late ones come.
            missing: self.missing.saturating_sub(earlier.missing),
            reordered: self.reordered - earlier.reordered,
            duplicates: self.duplicates - earlier.duplicates,
        }
    }
}

/// What became of a flow's datagrams over some time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Datagrams {
    /// Bytes of each.
    pub length: u32,
    /// Datagrams that the client handed to its kernel.
    pub sent: u64,
    /// Datagrams that the server took, each once.
    pub received: u64,
    /// Datagrams that the server found missing, as higher numbers came; all that were sent where none came.
    pub lost: u64,
    /// Datagrams that came after one that was sent later.
    pub reordered: u64,
    /// Datagrams that came again.
    pub duplicates: u64,
    /// Calls by which the client sent.
    pub sends: u64,
    /// Calls by which the server received any.
    pub receives: u64,
}

impl Datagrams {
    /// Those of a flow with these orders; absent where it has none.
    pub(super) fn of(counts: Numbered, orders: &Orders) -> Option<Self> {
        if !orders.workload.is_datagram_stream() {
            return None;
        }
        let lost = if counts.received == 0 {
            counts.sent
        } else {
            counts.missing
        };
        Some(Self {
            length: orders.message_bytes,
            sent: counts.sent,
            received: counts.received,
            lost,
            reordered: counts.reordered,
            duplicates: counts.duplicates,
            sends: counts.sent.saturating_sub(counts.sent_along),
            receives: counts.received.saturating_sub(counts.received_along),
        })
    }
}
