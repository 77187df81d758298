//! The flows that are to be brought up, and how they are measured.
//!
//! Must not know how flows are made. The invariant: a flow's orders are its own, or else those of all.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::BorrowedFd;
use std::time::Duration;

use crate::scenario::{Buffers, Congestion, Driver, Load, Orders, Workload};

/// How long the controlling thread waits at most before it asks again whether to end early.
pub(super) const PATIENCE: Duration = Duration::from_millis(50);

/// One end of a flow: a container, the namespace it lives in, and its address there.
#[derive(Debug, Clone, Copy)]
pub struct Seat<'a> {
    /// Number of the container, from 0.
    pub container: u32,
    /// The namespace its sockets are made in.
    pub namespace: BorrowedFd<'a>,
    /// The address it sends from or listens on.
    pub address: IpAddr,
}

/// A flow to be brought up: `client` sends, `server` receives.
#[derive(Debug, Clone, Copy)]
pub struct FlowPlan<'a> {
    /// Pair, from 0.
    pub pair: u32,
    /// Stream of the pair, from 0.
    pub stream: u32,
    /// Who sends.
    pub client: Seat<'a>,
    /// Who receives.
    pub server: Seat<'a>,
    /// Where the client calls, when that is not at the server's own address.
    pub door: Option<Door>,
    /// What it does, where that is not what the settings say.
    pub orders: Option<Orders>,
}

/// A published port that a flow goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Door {
    /// Where the client calls.
    pub call: SocketAddr,
    /// The port of the server that this leads to.
    pub listen: u16,
}

/// How the flows of a trial are made, driven and measured.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What runs the flows.
    pub driver: Driver,
    /// What the flows do, all but those that have orders of their own.
    pub workload: Workload,
    /// Bytes of a message from client to server, at least 1; what UDP carries where it is a datagram.
    pub message_bytes: u32,
    /// What is asked of them beside that.
    pub load: Load,
    /// Congestion control to ask for.
    pub congestion: Congestion,
    /// Socket buffers to ask for.
    pub buffers: Buffers,
    /// How long the flows run before the window opens.
    pub warmup: Duration,
    /// Length of the window.
    pub measure: Duration,
    /// Length of a sample; the window is one sample where this is longer.
    pub sample: Duration,
    /// How long bringing all flows up may take.
    pub connect: Duration,
}

impl FlowPlan<'_> {
    pub(super) fn orders(&self, settings: &Settings) -> Orders {
        self.orders.unwrap_or(settings.orders())
    }
}

impl Settings {
    pub(super) fn orders(&self) -> Orders {
        Orders {
            workload: self.workload,
            message_bytes: self.message_bytes,
            load: self.load,
        }
    }
}

/// A planned flow by name.
#[derive(Debug, Clone, Copy)]
pub(super) struct FlowName {
    pub(super) pair: u32,
    pub(super) stream: u32,
    pub(super) client: u32,
    pub(super) server: u32,
    /// What it does.
    pub(super) orders: Orders,
}

impl FlowName {
    pub(super) fn of(plan: &FlowPlan<'_>, settings: &Settings) -> Self {
        Self {
            orders: plan.orders(settings),
            pair: plan.pair,
            stream: plan.stream,
            client: plan.client.container,
            server: plan.server.container,
        }
    }
}
