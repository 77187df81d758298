//! A cell: a point of the sweep, every factor fixed. Its serialized form is the `cell` of a record.

use std::fmt;
use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::beside::Beside;
use super::factor::factor;
use super::kept::{self, Kept};
use super::limits::Limits;
use super::load::{Load, SMALLEST_DATAGRAM};
use super::pattern::{Pattern, Talk};
use super::rules::Rules;
use super::topology::{Testbed, Topology};
use super::wiring::Wiring;

/// Whether a field may be left out of a record, because reading puts the same in its place.
pub fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

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
    /// The rules loaded into the lab.
    Firewall, "firewall" {
        /// No rules, and bridged frames are not shown to iptables.
        None = "none",
        /// Docker 1.12's, of 2016.
        Docker112 = "docker-1.12",
        /// Docker 20.10's.
        Docker2010 = "docker-20.10",
        /// Docker 29's, by iptables.
        Docker29 = "docker-29",
        /// Docker 29's, by nftables.
        Docker29Nft = "docker-29-nft",
        /// What kube-proxy and a bridge plugin load, by iptables.
        Kubernetes = "kubernetes",
        /// The same by nftables.
        KubernetesNft = "kubernetes-nft",
        /// One rule in each container that has connections tracked.
        Conntrack = "conntrack",
        /// The user's own rule set.
        Custom = "custom",
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
        /// From container to a port that their own host side publishes for another container, and back in.
        Hairpin = "hairpin",
        /// From container to a place beyond the lab's router.
        Outside = "outside",
    }
}

factor! {
    /// What a flow does, in netperf's and neper's words.
    Workload, "workload" {
        /// Bulk TCP from client to server.
        TcpStream = "tcp-stream",
        /// Requests and responses over a TCP connection that stays.
        TcpRr = "tcp-rr",
        /// A TCP connection for each request and its response.
        TcpCrr = "tcp-crr",
        /// Requests and responses in UDP datagrams.
        UdpRr = "udp-rr",
        /// UDP datagrams from client to server.
        UdpStream = "udp-stream",
        /// A TCP connection over which nothing is said.
        Idle = "idle",
    }
}

impl Workload {
    /// Whether each message of the client is answered by one of the server.
    #[must_use]
    pub fn has_responses(self) -> bool {
        match self {
            Self::TcpRr | Self::TcpCrr | Self::UdpRr => true,
            Self::TcpStream | Self::UdpStream | Self::Idle => false,
        }
    }

    /// Whether each message has a connection of its own.
    #[must_use]
    pub fn renews_connections(self) -> bool {
        self == Self::TcpCrr
    }

    /// Whether a flow may be told how many requests to have under way.
    #[must_use]
    pub fn has_outstanding(self) -> bool {
        self.has_responses() && !self.renews_connections()
    }

    /// Whether messages are UDP datagrams.
    #[must_use]
    pub fn is_datagrams(self) -> bool {
        match self {
            Self::UdpRr | Self::UdpStream => true,
            Self::TcpStream | Self::TcpRr | Self::TcpCrr | Self::Idle => false,
        }
    }

    /// Whether messages may be sent at a rate.
    #[must_use]
    pub fn has_rate(self) -> bool {
        self.has_responses() || self == Self::UdpStream
    }

    /// Bytes of a message from client to server, unless a scenario says otherwise: netperf's 128 KiB of a stream and 1 of
    /// a request; a datagram has room for its number, and one of a stream fits whole into a packet of an Ethernet by
    /// either protocol.
    #[must_use]
    pub fn usual_message_bytes(self) -> u32 {
        match self {
            Self::TcpStream => 128 << 10,
            // Of nothing that is ever sent.
            Self::TcpRr | Self::TcpCrr | Self::Idle => 1,
            Self::UdpRr => SMALLEST_DATAGRAM,
            Self::UdpStream => 1400,
        }
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
        /// Somebody else's iperf3, a server and a client for each pair, beside what crossed.
        Iperf3 = "iperf3",
        /// Somebody else's netperf, likewise, with a netserver for each client.
        Netperf = "netperf",
        /// Somebody else's sockperf, likewise, in its ping-pong mode.
        Sockperf = "sockperf",
    }
}

factor! {
    /// The protocols a lab's interfaces are given addresses of.
    Stack, "stack" {
        /// IPv4 and IPv6.
        Dual = "dual",
        /// Only the family of the traffic.
        Single = "single",
    }
}

factor! {
    /// Where a container's MAC address comes from.
    Macs, "macs" {
        /// `02:42:` and the IPv4 address, as Docker did up to version 27.
        Derived = "derived",
        /// Random, chosen by the kernel, as Docker does from version 28.
        Random = "random",
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

/// A point of the sweep. Only `scenario` makes these, and only from values it has checked, so every cell can be laid out:
/// counts are even where the pattern pairs, `active` is within `containers`, a bridge's ports are within what one holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cell {
    /// Shape of the lab.
    pub topology: Topology,
    /// Who wires it; absent in a record where kilonet does.
    #[serde(skip_serializing_if = "is_default", default)]
    pub testbed: Testbed,
    /// Protocol of the traffic.
    pub family: Family,
    /// Rules loaded.
    pub firewall: Firewall,
    /// The way from client to server; in a record only where it is not direct.
    #[serde(skip_serializing_if = "is_default", default)]
    pub path: Path,
    /// What a flow does.
    pub workload: Workload,
    /// What runs the flows.
    pub driver: Driver,
    /// What each container may use.
    #[serde(flatten)]
    pub limits: Limits,
    /// Who talks to whom.
    pub pattern: Pattern,
    /// What the pattern is beside its kind.
    #[serde(flatten)]
    pub talk: Talk,
    /// Containers that are there.
    pub containers: u32,
    /// Containers that talk.
    pub active: u32,
    /// Pairs that talk, as many as the pattern comes to; where flows go both ways, each way is a pair of its own.
    pub pairs: u32,
    /// Flows of each pair.
    pub streams: u32,
    /// Bytes of a message from client to server: what one send call is handed and one receive call has room for, or a
    /// request.
    pub message_bytes: u32,
    /// What there is to a load beside its messages.
    #[serde(flatten)]
    pub load: Load,
    /// What some pairs do instead; in a record only where there are such.
    #[serde(skip_serializing_if = "is_default", default)]
    pub beside: Beside,
    /// Congestion control asked for.
    pub congestion: Congestion,
    /// Socket buffers.
    pub buffers: Buffers,
    /// Protocols the interfaces have addresses of.
    pub stack: Stack,
    /// Where MAC addresses come from.
    pub macs: Macs,
    /// How links and bridges are set.
    #[serde(flatten)]
    pub wiring: Wiring,
    /// Bytes of the largest packet of a veth; absent where the topology has none (lo keeps its own 65,536).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mtu: Option<u32>,
    /// Containers that share one namespace; only for `shared`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub per_namespace: Option<NonZeroU32>,
    /// Bridges of the lab; only for `bridge` and `vxlan`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bridges: Option<NonZeroU32>,
    /// Ports of each bridge but the last, which may have fewer; only for `bridge` and `vxlan`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ports_per_bridge: Option<NonZeroU32>,
    /// What the rules are beside their profile.
    #[serde(flatten)]
    pub rules: Rules,
    /// What is kept by its key's name; in a record only what is not as usual.
    #[serde(flatten)]
    pub kept: Kept,
}

impl Cell {
    /// The cell that this one is compared with: the same traffic between one pair over loopback, the node's ceiling.
    #[must_use]
    pub fn baseline(&self) -> Self {
        let mut cell = Self {
            topology: Topology::Loopback,
            driver: self.driver.over_loopback(),
            testbed: Testbed::Kernel,
            firewall: Firewall::None,
            path: Path::Direct,
            pattern: Pattern::Pairs,
            limits: Limits::default(),
            talk: Talk::default(),
            containers: 2,
            active: 2,
            pairs: 1,
            beside: Beside::default(),
            macs: Macs::Derived,
            wiring: Wiring::default(),
            mtu: None,
            per_namespace: None,
            bridges: None,
            ports_per_bridge: None,
            rules: Rules::default(),
            ..self.clone()
        };
        kept::settle(&mut cell);
        cell
    }

    /// The same cell with no rules.
    #[must_use]
    pub fn without_rules(&self) -> Self {
        Self {
            firewall: Firewall::None,
            rules: Rules::default(),
            ..self.clone()
        }
    }

    /// Flows of the trial: pairs times streams.
    #[must_use]
    pub fn flows(&self) -> u32 {
        self.pairs * self.streams
    }

    /// Flows that are counted one by one: what somebody else's program has of a pair is counted as one, whatever its streams.
    #[must_use]
    pub fn counted_flows(&self) -> u32 {
        if self.driver.is_generator() {
            self.pairs
        } else {
            self.flows()
        }
    }
}
