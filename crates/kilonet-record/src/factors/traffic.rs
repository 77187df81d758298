//! Traffic: by which protocol and which way its flows go, and what runs them.
//!
//! Knows no text of a scenario and no machine.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::factor::factor;

factor! {
    /// The protocol the traffic uses.
    Family, "family" {
        /// Internet Protocol version 4.
        Ipv4 = "ipv4",
        /// Internet Protocol version 6.
        Ipv6 = "ipv6",
    }
}

factor! {
    /// The way from client to server.
    #[derive(Default)]
    Path, "path" {
        /// From container to container.
        #[default]
        Direct = "direct",
        /// From beyond the lab's router to a port that the host side publishes for the container.
        Published = "published",
        /// From a container to a port that its own host side publishes for another container.
        Hairpin = "hairpin",
        /// From container to a server beyond the lab's router.
        Outside = "outside",
    }
}

factor! {
    /// What runs the flows.
    Driver, "driver" {
        /// One blocking thread per endpoint: the kernel's scheduler shares the CPUs as it does among containers.
        Threads = "threads",
        /// One pinned thread per CPU with epoll, fair by construction: the least harness in the data path.
        Workers = "workers",
        /// One process per container, in control groups of its own, with one blocking thread per endpoint: closest to a real
        /// container.
        Processes = "processes",
        /// iperf3: a server and a client for each pair, counted at the interfaces.
        Iperf3 = "iperf3",
        /// netperf, likewise, with a netserver for each client.
        Netperf = "netperf",
        /// sockperf, likewise, in its ping-pong mode.
        Sockperf = "sockperf",
    }
}

/// A TCP congestion control algorithm by its kernel name (`cubic`, `bbr`, `reno`), at most 15 bytes.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Congestion(pub String);

impl fmt::Display for Congestion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.0)
    }
}

/// The size of a socket's send and receive buffer.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Buffers {
    /// Left to the kernel's tuning.
    #[default]
    Auto,
    /// `SO_SNDBUF` and `SO_RCVBUF` set to this many bytes (the kernel doubles what it is asked for).
    Bytes(u32),
}

impl fmt::Display for Buffers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => out.pad("auto"),
            Self::Bytes(bytes) => out.pad(&crate::units::Bytes(u64::from(*bytes)).to_string()),
        }
    }
}
