//! What was read of the machine around a window.
//!
//! Must not know what is made of it.

use crate::host::counters::{Conntrack, Delta, ForeignDelta, TcpMemory};
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
    /// What connection tracking counted where there are rules.
    pub(in crate::testbed) conntrack: Option<Conntrack>,
    /// Containers that it was read in; 0 where it was host sides.
    pub(in crate::testbed) tracked_containers: u32,
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
