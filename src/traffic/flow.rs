//! A flow's two endpoints, each with the counter it publishes.
//!
//! Must not know who drives an endpoint, nor whether the other end of its flow is in the same process.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use serde::{Deserialize, Serialize};
use socket2::Socket;

use super::dialer::Dialer;
use super::ledger::{Ledger, Meter};
use super::moment::Moment;
use super::workload::{Log, Turn};
use crate::scenario::Orders;

/// Which end of its flow an endpoint is: the client calls, and sends first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Role {
    Client,
    Server,
}

/// What an endpoint makes further connections with, where each request has one of its own.
#[derive(Debug)]
pub(super) enum Redial {
    /// A client's.
    Calls(Dialer),
    /// A server's: it listens.
    Answers(Socket),
}

/// Why an endpoint moves nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Cause {
    /// The other end closed the connection.
    Closed,
    /// The kernel refused to send or receive, with this error number.
    Refused(i32),
    /// It refused another connection.
    Unconnected(i32),
}

/// When and why an endpoint stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct End {
    pub(super) at: Moment,
    pub(super) cause: Cause,
}

/// Where an endpoint's counter stands in the ledger of a trial.
pub(super) fn place(flow: usize, role: Role) -> usize {
    2 * flow + usize::from(role == Role::Client)
}

/// How many counters the ledger of so many flows has.
pub(super) fn places(flows: usize) -> usize {
    2 * flows
}

/// One end of a flow.
#[derive(Debug)]
pub(super) struct Endpoint {
    /// The connection that the flow came up with. Where each request has one of its own this one stays silent, and tells what
    /// the others are like.
    pub(super) socket: Socket,
    pub(super) redial: Option<Redial>,
    pub(super) role: Role,
    /// The flow's number among the planned ones of the trial.
    pub(super) flow: usize,
    /// What the flow does.
    pub(super) orders: Orders,
    pub(super) moved: Meter,
    end: OnceLock<End>,
    /// Histograms are large: this is handed on, and never copied.
    log: Mutex<Option<Log>>,
}

impl Endpoint {
    pub(super) fn new(
        socket: Socket,
        role: Role,
        (flow, orders): (usize, Orders),
        ledger: &Arc<Ledger>,
    ) -> Self {
        Self {
            socket,
            redial: None,
            role,
            flow,
            orders,
            moved: Meter::new(ledger, place(flow, role)),
            end: OnceLock::new(),
            log: Mutex::new(None),
        }
    }

    /// Gives it what it makes further connections with.
    pub(super) fn with(self, redial: Option<Redial>) -> Self {
        Self { redial, ..self }
    }

    /// What the kernel reports to from the start: a socket that listens, or the connection.
    pub(super) fn first(&self) -> &Socket {
        match &self.redial {
            Some(Redial::Answers(listener)) => listener,
            Some(Redial::Calls(_)) | None => &self.socket,
        }
    }

    /// Whether it sends without being asked.
    pub(super) fn sends_first(&self) -> bool {
        self.role == Role::Client && !self.orders.workload.is_silent()
    }

    /// Ends its turns for good, now, and remembers why; the first cause stays.
    #[cold]
    pub(super) fn over(&self, cause: Cause) -> Turn {
        self.end.get_or_init(|| End {
            at: Moment::now(),
            cause,
        });
        Turn::Over
    }

    /// Keeps what was written down, for who asks once it has no more turns.
    pub(super) fn keep(&self, log: Log) {
        *self.log() = Some(log);
    }

    /// Hands over what was written down.
    pub(super) fn take_log(&self) -> Option<Log> {
        self.log().take()
    }

    /// A thread that panicked left nothing half done here.
    fn log(&self) -> MutexGuard<'_, Option<Log>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When and why it stopped, if it did.
    pub(super) fn end(&self) -> Option<End> {
        self.end.get().copied()
    }
}
