//! The shapes of labs, and who wires them.
//!
//! Knows no text and no machine. Invariant: what a topology has or lacks is said for each by name, so that a new one cannot be
//! forgotten.

use super::factor::{Factor, factor};

factor! {
    /// The shape of a lab.
    Topology, "topology" {
        /// Every container in one fresh namespace, talking over its lo: the node's ceiling.
        Loopback = "loopback",
        /// Containers that share a namespace, as Docker's `--net=container:` does.
        Shared = "shared",
        /// Each pair of containers joined by one veth, with no bridge between.
        Veth = "veth",
        /// Each container joined by a veth to a Linux bridge.
        Bridge = "bridge",
        /// Each container joined by a veth to a router, with an address of its own and no subnet: Calico's way.
        Routed = "routed",
        /// Containers of two nodes, each node a bridge, joined by a VXLAN tunnel; the two of a pair are on different nodes.
        Vxlan = "vxlan",
        /// As `routed`, with netkit in the place of veth.
        Netkit = "netkit",
        /// Each container a macvlan in bridge mode, all on one parent.
        Macvlan = "macvlan",
        /// Each container an ipvlan, all on one parent, switched by address.
        IpvlanL2 = "ipvlan-l2",
        /// Each container an ipvlan, all on one parent, routed.
        IpvlanL3 = "ipvlan-l3",
        /// Each container joined by a veth to a bridge that an engine makes for a network of the user's own.
        UserBridge = "user-bridge",
        /// Containers in the engine's own namespace, as `--net=host` puts them.
        Host = "host",
    } only in records {
        /// What was there before, found by name and left as it was.
        Attached = "attached",
    }
}

factor! {
    /// Who wires the containers.
    #[derive(Default)]
    Testbed, "testbed" {
        /// kilonet, in this machine's kernel: a container is a namespace.
        #[default]
        Kernel = "kernel",
        /// A Docker engine: a container is one of its own.
        Docker = "docker",
    }
}

impl Testbed {
    /// Whether it can wire containers in this shape.
    #[must_use]
    pub fn offers(self, topology: Topology) -> bool {
        match topology {
            Topology::Loopback
            | Topology::Routed
            | Topology::Vxlan
            | Topology::Netkit
            | Topology::Macvlan
            | Topology::IpvlanL2
            | Topology::IpvlanL3 => self == Self::Kernel,
            Topology::Attached => false,
            Topology::Shared | Topology::Veth | Topology::Bridge => true,
            Topology::UserBridge | Topology::Host => self == Self::Docker,
        }
    }

    /// The topologies that [`offers`](Self::offers) says it has.
    pub fn topologies(self) -> impl Iterator<Item = Topology> {
        let all = Topology::ALL.iter().copied();
        all.filter(move |topology| self.offers(*topology))
    }
}

/// Containers of one router: their links and routes grow into lists that each new one is put at the end of (measured on
/// 2 CPUs: 1.2 s for 1,000 behind one router, 18 s for 4,000, 101 s for 8,000), so that more containers get more routers.
pub const PORTS_PER_ROUTER: u32 = 1000;

impl Topology {
    /// Whether containers are joined to a host side that can route their traffic on.
    #[must_use]
    pub fn has_router(self) -> bool {
        match self {
            Self::Loopback
            | Self::Shared
            | Self::Host
            | Self::Veth
            | Self::Vxlan
            | Self::Macvlan
            | Self::IpvlanL2
            | Self::IpvlanL3
            | Self::Attached => false,
            Self::Bridge | Self::UserBridge | Self::Routed | Self::Netkit => true,
        }
    }
}

impl Topology {
    /// Whether what containers send each other crosses links, and not lo alone.
    #[must_use]
    pub fn has_links(self) -> bool {
        match self {
            Self::Loopback | Self::Shared | Self::Host => false,
            Self::Veth
            | Self::Bridge
            | Self::UserBridge
            | Self::Routed
            | Self::Vxlan
            | Self::Netkit
            | Self::Macvlan
            | Self::IpvlanL2
            | Self::IpvlanL3
            | Self::Attached => true,
        }
    }

    /// Whether all containers are in one namespace, however many they are.
    #[must_use]
    pub fn is_one_namespace(self) -> bool {
        match self {
            Self::Loopback | Self::Host => true,
            Self::Shared
            | Self::Veth
            | Self::Bridge
            | Self::UserBridge
            | Self::Routed
            | Self::Vxlan
            | Self::Netkit
            | Self::Macvlan
            | Self::IpvlanL2
            | Self::IpvlanL3
            | Self::Attached => false,
        }
    }

    /// Whether containers are behind bridges that can be set as a scenario wants them.
    #[must_use]
    pub fn has_bridges_of_ours(self) -> bool {
        match self {
            Self::Bridge | Self::Vxlan => true,
            Self::Loopback
            | Self::Shared
            | Self::Host
            | Self::Veth
            | Self::UserBridge
            | Self::Routed
            | Self::Netkit
            | Self::Macvlan
            | Self::IpvlanL2
            | Self::IpvlanL3
            | Self::Attached => false,
        }
    }

    /// Whether containers' links are veths.
    #[must_use]
    pub fn has_veths(self) -> bool {
        match self {
            Self::Veth | Self::Bridge | Self::UserBridge | Self::Routed | Self::Vxlan => true,
            Self::Loopback
            | Self::Shared
            | Self::Host
            | Self::Netkit
            | Self::Macvlan
            | Self::IpvlanL2
            | Self::IpvlanL3
            | Self::Attached => false,
        }
    }
}
