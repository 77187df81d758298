//! The shapes of labs, and who wires them.
//!
//! Knows no text and no machine. Invariant: what a topology has or lacks follows from its row of facts, so that a new one cannot be
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
        /// Each container joined by a veth to the host side, where `tc` redirects what one of a pair sends to the other, with no bridge.
        TcRedirect = "tc-redirect",
        /// Each container joined by a veth to a Linux bridge.
        Bridge = "bridge",
        /// Each container joined by a veth to a router, with an address of its own and no subnet: Calico's way.
        Routed = "routed",
        /// Containers of two nodes, each node a bridge, joined by a VXLAN tunnel; the two of a pair are on different nodes.
        Vxlan = "vxlan",
        /// As `routed`, with netkit instead of veth.
        Netkit = "netkit",
        /// Each container a macvlan in bridge mode, all on one parent.
        Macvlan = "macvlan",
        /// Each container an ipvlan, all on one parent, switched by address.
        IpvlanL2 = "ipvlan-l2",
        /// Each container an ipvlan, all on one parent, routed.
        IpvlanL3 = "ipvlan-l3",
        /// Each container joined by a veth to the bridge of a user-defined network of the engine.
        UserBridge = "user-bridge",
        /// Containers in the engine's own namespace, as `--net=host` puts them.
        Host = "host",
    } only in records {
        /// What was there before, found by name and left as it was.
        Attached = "attached",
    }
}

factor! {
    /// What makes and joins the containers.
    #[derive(Default)]
    Testbed, "testbed" {
        /// kilonet, in this machine's kernel: a container is a namespace.
        #[default]
        Kernel = "kernel",
        /// A Docker engine: a container is one of the engine's.
        Docker = "docker",
    }
}

/// How containers are joined: what there is beside them, and who of them can reach whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// All in one namespace, over its lo.
    OneNamespace,
    /// Some in each namespace, over its lo; those of two namespaces not at all.
    Seats,
    /// Two and two, and nobody else.
    Pairs,
    /// By bridges, one or several, of which each is a host side that can route.
    Bridges,
    /// By the bridges of nodes, which a tunnel joins two and two.
    Nodes,
    /// By routers, one or several, of which each is a host side.
    Routers,
    /// By one parent that they are stacked on.
    Parent,
    /// As they were before.
    Before,
}

/// What links are made of, beside network namespaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    /// Virtual Ethernet pairs.
    Veth,
    /// Linux bridges.
    Bridge,
    /// VXLAN tunnels.
    Vxlan,
    /// Netkit pairs.
    Netkit,
    /// Macvlans on a parent.
    Macvlan,
    /// Ipvlans on a parent, which have its MAC address.
    Ipvlan,
    /// A device that only hands on.
    Ifb,
    /// Redirects by `tc`, from what comes in by one link to another link.
    Redirect,
}

/// What there is to a topology.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// Who can wire containers so.
    pub wired_by: &'static [Testbed],
    /// How they are joined.
    pub joined: Joined,
    /// By what.
    pub devices: &'static [Device],
    /// Containers of one namespace of the host side, where that is not for keys to say; none where there are no such namespaces.
    pub per_host_side: Option<u32>,
    /// Whether an engine is asked for a network of the run's own.
    pub own_network: bool,
    /// Where traffic goes, as sentences have it: `over a bridge`.
    pub told: &'static str,
}

impl Testbed {
    /// Whether it can wire containers in this shape.
    #[must_use]
    pub fn offers(self, topology: Topology) -> bool {
        topology.facts().wired_by.contains(&self)
    }

    /// The topologies that [`offers`](Self::offers) says it has.
    pub fn topologies(self) -> impl Iterator<Item = Topology> {
        let all = Topology::ALL.iter().copied();
        all.filter(move |topology| self.offers(*topology))
    }
}

/// Containers of one router, unless a scenario says otherwise: their links and routes grow into lists that each new one is put at the end of (measured on
/// 2 CPUs: 1.2 s for 1,000 behind one router, 18 s for 4,000, 101 s for 8,000), so that more containers get more routers.
pub const PORTS_PER_ROUTER: u32 = 1000;

/// The two of a redirected pair are behind one host side.
const _: () = assert!(PORTS_PER_ROUTER.is_multiple_of(2));

impl Topology {
    /// The lab whose figures are a node's ceiling, to which others are set in relation.
    pub const CEILING: Self = Self::Loopback;

    /// What there is to it: the one place that says what a topology is.
    #[must_use]
    pub fn facts(self) -> Facts {
        let of = |told, wired_by, joined, devices| Facts {
            wired_by,
            joined,
            devices,
            per_host_side: None,
            own_network: false,
            told,
        };
        let routed = |told, device| of(told, &[Testbed::Kernel], Joined::Routers, device);
        let kernel: &[Testbed] = &[Testbed::Kernel];
        let engine: &[Testbed] = &[Testbed::Docker];
        let both = Testbed::ALL;
        match self {
            Self::Loopback => of("over loopback", kernel, Joined::OneNamespace, &[]),
            Self::Shared => of("in a shared namespace", both, Joined::Seats, &[]),
            Self::Veth => of("over veth pairs", both, Joined::Pairs, &[Device::Veth]),
            Self::TcRedirect => Facts {
                // As many as a router's, with which set-up grows no faster than containers (measured on 2 busy CPUs: 3.3 s for 1,000,
                // 9.3 s for 4,000).
                per_host_side: Some(PORTS_PER_ROUTER),
                ..of(
                    "over tc redirects",
                    kernel,
                    Joined::Pairs,
                    &[Device::Veth, Device::Redirect],
                )
            },
            Self::Bridge => of(
                "over a bridge",
                both,
                Joined::Bridges,
                &[Device::Veth, Device::Bridge],
            ),
            Self::Routed => routed("through a router", &[Device::Veth, Device::Ifb]),
            Self::Vxlan => of(
                "through VXLAN tunnels",
                kernel,
                Joined::Nodes,
                &[Device::Veth, Device::Bridge, Device::Vxlan],
            ),
            Self::Netkit => routed("over netkit", &[Device::Netkit, Device::Ifb]),
            Self::Macvlan => of("over macvlans", kernel, Joined::Parent, &[Device::Macvlan]),
            Self::IpvlanL2 => of(
                "over ipvlans of layer 2",
                kernel,
                Joined::Parent,
                &[Device::Ipvlan],
            ),
            Self::IpvlanL3 => of(
                "over ipvlans of layer 3",
                kernel,
                Joined::Parent,
                &[Device::Ipvlan],
            ),
            Self::UserBridge => Facts {
                own_network: true,
                ..of(
                    "over a user-defined bridge",
                    engine,
                    Joined::Bridges,
                    &[Device::Veth, Device::Bridge],
                )
            },
            Self::Host => of("in the host's namespace", engine, Joined::OneNamespace, &[]),
            Self::Attached => of("between the attached containers", &[], Joined::Before, &[]),
        }
    }

    /// How its containers are joined.
    #[must_use]
    pub fn joined(self) -> Joined {
        self.facts().joined
    }

    fn has(self, device: Device) -> bool {
        self.facts().devices.contains(&device)
    }

    /// Whether containers are joined to a host side that can route their traffic on.
    #[must_use]
    pub fn has_router(self) -> bool {
        match self.joined() {
            Joined::Bridges | Joined::Routers => true,
            Joined::OneNamespace
            | Joined::Seats
            | Joined::Pairs
            | Joined::Nodes
            | Joined::Parent
            | Joined::Before => false,
        }
    }

    /// Whether what containers send each other crosses links, and not lo alone.
    #[must_use]
    pub fn has_links(self) -> bool {
        match self.joined() {
            Joined::OneNamespace | Joined::Seats => false,
            Joined::Pairs
            | Joined::Bridges
            | Joined::Nodes
            | Joined::Routers
            | Joined::Parent
            | Joined::Before => true,
        }
    }

    /// Whether its containers were there before, and nothing is made for them.
    #[must_use]
    pub fn is_found(self) -> bool {
        self.joined() == Joined::Before
    }

    /// Whether its links are made as a scenario wants them.
    #[must_use]
    pub fn makes_links(self) -> bool {
        self.has_links() && !self.is_found()
    }

    /// Whether its links have MAC addresses that can be chosen.
    #[must_use]
    pub fn chooses_macs(self) -> bool {
        self.makes_links() && !self.has(Device::Ipvlan)
    }

    /// Whether all containers are in one namespace, however many they are.
    #[must_use]
    pub fn is_one_namespace(self) -> bool {
        self.joined() == Joined::OneNamespace
    }

    /// Whether containers are behind bridges that can be set as a scenario wants them.
    #[must_use]
    pub fn has_bridges_of_ours(self) -> bool {
        self.has(Device::Bridge) && self.facts().wired_by.contains(&Testbed::Kernel)
    }

    /// Whether containers' links are veths.
    #[must_use]
    pub fn has_veths(self) -> bool {
        self.has(Device::Veth)
    }
}
