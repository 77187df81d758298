//! What a flow has moved, by the counters of both of its ends.
//!
//! Must not know when a window is. The invariant: what a flow's client has is its own; what a server has is its own unless that
//! serves many flows together.

use super::flow::{Role, place};
use super::ledger::Ledger;
use super::numbered::Numbered;
use crate::scenario::Orders;

/// What a flow has moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Moved {
    /// Payload the server received.
    pub(super) to_server: u64,
    /// Payload the client received.
    pub(super) to_client: u64,
    /// Responses the client received whole.
    pub(super) transactions: u64,
    /// Numbered datagrams.
    pub(super) numbered: Numbered,
}

impl Moved {
    /// What a flow has moved so far.
    pub(super) fn read(ledger: &Ledger, flow: usize) -> Self {
        let client = ledger.counter(place(flow, Role::Client));
        let server = ledger.counter(place(flow, Role::Server));
        Self {
            // First: the bytes of those are then counted too.
            transactions: client.messages.read(),
            to_server: server.received.read(),
            to_client: client.received.read(),
            numbered: Numbered::read(client, server),
        }
    }

    /// Payload received by either end.
    pub(super) fn payload(self) -> u64 {
        self.to_server + self.to_client
    }

    /// What was counted from an earlier figure to this one.
    pub(super) fn after(self, earlier: Self) -> Self {
        Self {
            to_server: self.to_server - earlier.to_server,
            to_client: self.to_client - earlier.to_client,
            transactions: self.transactions - earlier.transactions,
            numbered: self.numbered.since(earlier.numbered),
        }
    }

    /// What the flow has moved itself: where one server takes the requests of many, which it does not tell apart, those that the
    /// flow's client has the answers to, and which so were received whole.
    pub(super) fn of_its_own(self, orders: &Orders) -> Self {
        if orders.is_served_together() {
            Self {
                to_server: self.transactions * u64::from(orders.sent_bytes()),
                ..self
            }
        } else {
            self
        }
    }
}
