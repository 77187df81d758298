//! A flow's two endpoints, each with the counter it publishes, and the field of all endpoints that a process drives.
//!
//! Must not know who drives an endpoint, nor whether the other end of its flow is in the same process.

use std::sync::{Arc, OnceLock};

use nix::sys::eventfd::{EfdFlags, EventFd};
use serde::{Deserialize, Serialize};
use socket2::Socket;

use super::gate::Gate;
use super::ledger::{Ledger, Meter};
use super::moment::Moment;
use super::workload::Stream;
use crate::error::{Error, Result};

/// Which way an endpoint moves bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Role {
    Sender,
    Receiver,
}

/// Why an endpoint moves nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Cause {
    /// The other end closed the connection.
    Closed,
    /// The kernel refused to send or receive, with this error number.
    Refused(i32),
}

/// When and why an endpoint stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct End {
    pub(super) at: Moment,
    pub(super) cause: Cause,
}

/// Where an endpoint's counter stands in the ledger of a trial.
pub(super) fn place(flow: usize, role: Role) -> usize {
    2 * flow + usize::from(role == Role::Sender)
}

/// How many counters the ledger of so many flows has.
pub(super) fn places(flows: usize) -> usize {
    2 * flows
}

/// One end of a flow.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) socket: Socket,
    pub(super) role: Role,
    /// The flow's number among the planned ones of the trial.
    pub(super) flow: usize,
    pub(super) moved: Meter,
    end: OnceLock<End>,
}

impl Endpoint {
    pub(super) fn new(socket: Socket, role: Role, flow: usize, ledger: &Arc<Ledger>) -> Self {
        Self {
            socket,
            role,
            flow,
            moved: Meter::new(ledger, place(flow, role)),
            end: OnceLock::new(),
        }
    }

    /// Remembers that the endpoint stopped, now; the first cause stays.
    pub(super) fn finish(&self, cause: Cause) {
        self.end.get_or_init(|| End {
            at: Moment::now(),
            cause,
        });
    }

    /// When and why it stopped, if it did.
    pub(super) fn end(&self) -> Option<End> {
        self.end.get().copied()
    }
}

/// The connected sockets of a flow.
#[derive(Debug)]
pub(super) struct Sockets {
    pub(super) sender: Socket,
    pub(super) receiver: Socket,
}

impl Sockets {
    /// Both ends of the flow of this number.
    pub(super) fn endpoints(self, flow: usize, ledger: &Arc<Ledger>) -> [Endpoint; 2] {
        [
            Endpoint::new(self.receiver, Role::Receiver, flow, ledger),
            Endpoint::new(self.sender, Role::Sender, flow, ledger),
        ]
    }
}

/// Everything a driver drives.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) stream: Stream,
    pub(super) gate: Gate,
    /// Readable once the field is told to stop; what wakes a thread that waits in epoll.
    pub(super) alarm: EventFd,
}

impl Field {
    /// Takes the endpoints in.
    ///
    /// # Errors
    /// When there is no descriptor left for the alarm.
    pub(super) fn new(endpoints: Vec<Endpoint>, stream: Stream) -> Result<Self> {
        let alarm = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)
            .map_err(|errno| Error::kernel("create", "the alarm of the drivers", errno.into()))?;
        Ok(Self {
            endpoints,
            stream,
            gate: Gate::default(),
            alarm,
        })
    }
}
