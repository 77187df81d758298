//! The part of a record that says which limits of the machine its trial needed more of than they left, where something was refused.
//!
//! Must not know who sets limits, nor what is refused beyond them. The invariant: what is here was read after the trial, and
//! compared with what the plan says that the cell needs; no error has a part in it.

use serde::{Deserialize, Serialize};

use crate::factors::factor::factor;
use crate::units::Bytes;

factor!(
    /// What a limit is a limit of.
    Resource, "resource" {
        /// Open files.
        Descriptors = "descriptors",
        /// Threads, which count as processes do.
        Threads = "threads",
        /// Memory mappings; each thread's stack takes some.
        Mappings = "mappings",
        /// Network namespaces.
        Namespaces = "namespaces",
        /// Bytes of memory.
        Memory = "memory",
        /// Ports of one bridge.
        BridgePorts = "bridge_ports",
        /// Local ports of one address.
        LocalPorts = "local_ports",
        /// Neighbour entries that are not permanent; permanent ones are exempt.
        Neighbours = "neighbours",
        /// Bytes in TCP sockets.
        TcpMemory = "tcp_memory",
        /// Connections tracked in one namespace.
        Tracked = "tracked",
    }
);

impl Resource {
    /// So much of it, for people: bytes with their unit.
    #[must_use]
    pub fn show(self, figure: u64) -> String {
        match self {
            Self::Memory | Self::TcpMemory => Bytes(figure).to_string(),
            Self::Descriptors
            | Self::Threads
            | Self::Mappings
            | Self::Namespaces
            | Self::BridgePorts
            | Self::LocalPorts
            | Self::Neighbours
            | Self::Tracked => figure.to_string(),
        }
    }
}

/// A limit that left less than a trial needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exceeded {
    /// The name an administrator knows it by: `RLIMIT_NOFILE`, `cgroup pids`.
    pub limit: String,
    /// What it limits.
    pub resource: Resource,
    /// The limit, in pieces or bytes.
    pub have: u64,
    /// What was in use when the trial was over, by anyone the limit counts.
    pub used: u64,
    /// What the trial needs, by the plan.
    pub need: u64,
}

impl Exceeded {
    /// What is needed over what is left, of which it is one where it is none.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        let left = self.have.saturating_sub(self.used);
        self.need as f64 / left.max(1) as f64
    }
}
