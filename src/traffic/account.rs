//! An endpoint's account: what there is to say of it once its driver has been halted.
//!
//! Must not know the other end of the flow, which may be in another process. The invariant: figures are read from the socket
//! itself, after the last turn; what the kernel does not say is absent.

use serde::{Deserialize, Serialize};

use super::flow::{End, Endpoint, Redial, Role};
use super::one_port::NUMBER_BYTES;
use super::witness::{self, Arrived, Queue};
use super::workload::Log;

/// What an endpoint has to say at its end.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Account {
    /// The flow's number among the planned ones.
    pub(super) flow: usize,
    pub(super) role: Role,
    /// When and why it stopped, if it did.
    pub(super) end: Option<End>,
    /// What the kernel says came in; of servers only.
    pub(super) arrived: Option<Arrived>,
    /// What the kernel has of datagrams that were not read; of servers only.
    pub(super) queue: Option<Queue>,
    /// Segments retransmitted; of clients only.
    pub(super) retransmits: Option<u64>,
    /// Congestion control that took effect; of clients only.
    pub(super) congestion: Option<String>,
    /// What it wrote down.
    pub(super) log: Log,
    /// Size of the buffer it works with: a client's send buffer, a server's receive buffer.
    pub(super) buffer_bytes: Option<u64>,
    /// The client's port as this end knows it: its own, or its peer's.
    pub(super) client_port: Option<u16>,
    /// Connections that may wait to be accepted where it takes calls; of servers that do.
    pub(super) backlog: Option<u32>,
}

impl Account {
    /// Reads it from the endpoint, which hands over what it wrote down.
    pub(super) fn of(endpoint: &Endpoint) -> Self {
        let socket = &endpoint.socket;
        let blank = Self {
            flow: endpoint.flow,
            role: endpoint.role,
            end: endpoint.end(),
            arrived: None,
            queue: None,
            retransmits: None,
            congestion: None,
            log: endpoint.take_log().unwrap_or_default(),
            buffer_bytes: None,
            client_port: client_port(endpoint),
            backlog: None,
        };
        let bytes = |size: std::io::Result<usize>| size.ok().map(|bytes| bytes as u64);
        // A connection that stayed silent beside others does not know what came in on those.
        let is_silent = endpoint.orders.workload.renews_connections();
        let whole = (!is_silent).then_some(socket);
        // At a port that it shares, a flow's client has said its number first.
        let greeting = if endpoint.orders.load.shares_port() {
            NUMBER_BYTES as u64
        } else {
            0
        };
        match endpoint.role {
            Role::Client => Self {
                retransmits: whole.and_then(witness::retransmits),
                congestion: congestion(endpoint),
                buffer_bytes: bytes(socket.send_buffer_size()),
                ..blank
            },
            Role::Server => Self {
                arrived: whole
                    .and_then(witness::arrived)
                    .map(|arrived| arrived.without(greeting)),
                backlog: backlog(endpoint),
                queue: witness::queue(socket),
                buffer_bytes: bytes(socket.recv_buffer_size()),
                ..blank
            },
        }
    }
}

fn backlog(endpoint: &Endpoint) -> Option<u32> {
    match &endpoint.redial {
        Some(Redial::Answers(listener)) => witness::backlog(listener),
        Some(Redial::Calls(_)) | None => None,
    }
}

fn client_port(endpoint: &Endpoint) -> Option<u16> {
    let address = match endpoint.role {
        Role::Client => endpoint.socket.local_addr(),
        Role::Server => endpoint.socket.peer_addr(),
    };
    Some(address.ok()?.as_socket()?.port())
}

fn congestion(endpoint: &Endpoint) -> Option<String> {
    let name = endpoint.socket.tcp_congestion().ok()?;
    let name = name.split(|byte| *byte == 0).next()?;
    String::from_utf8(name.to_vec()).ok()
}
