//! What labs, drivers and rules may require of a machine, each requirement by name.
//!
//! Must not know how it is found out, nor which scenario requires what. The invariant: what is said of a requirement is said
//! for each by name, so that a new one cannot be forgotten.

use std::fmt;
use std::iter;

use super::factor::Factor;
use super::limits::Limits;
use super::topology::{Device, Topology};
use crate::error::Remedy;

/// Something that a machine has or lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requirement {
    /// That ordinary users may make namespaces.
    UserNamespaces,
    /// Control groups for containers, with limits such as these.
    Groups(Limits),
    /// Network namespaces.
    NetworkNamespaces,
    /// Links of the kind veth.
    Veth,
    /// Bridges.
    Bridge,
    /// Bridges that look at VLANs.
    VlanFiltering,
    /// Devices that drop what they are sent.
    Ifb,
    /// Redirects by `tc` from one link to another.
    Redirect,
    /// Links of the kind macvlan.
    Macvlan,
    /// Tunnels by VXLAN.
    Vxlan,
    /// Links of the kind ipvlan.
    Ipvlan,
    /// Links of the kind netkit.
    Netkit,
    /// Receive packet steering, with the right to set it.
    Rps,
    /// Kernel threads that poll a link.
    ThreadedNapi,
    /// IPv6.
    Ipv6,
    /// That bridged frames can be shown to rules.
    BridgedFrames,
    /// A congestion control of this name.
    Congestion(String),
    /// Links that take units of more than 64 KiB.
    BigTcp,
    /// The program `nft`.
    Nft,
    /// iptables over the newer tables.
    IptablesNft,
    /// iptables over the older tables.
    IptablesLegacy,
    /// iperf3.
    Iperf3,
    /// netperf, with its server.
    Netperf,
    /// sockperf.
    Sockperf,
    /// A Docker engine that answers.
    Engine,
    /// Two CPUs at least that kilonet may use.
    TwoCpus,
    /// The CPUs of a mask, in hexadecimal digits.
    CpusOfMask(String),
}

impl Requirement {
    /// What links of a shape are made of; what exists needs nothing to be made.
    #[must_use]
    pub fn of_links(topology: Topology) -> Vec<Self> {
        if topology.is_found() {
            return Vec::new();
        }
        let devices = topology.facts().devices.iter();
        let devices = devices.map(|device| match device {
            Device::Veth => Self::Veth,
            Device::Bridge => Self::Bridge,
            Device::Vxlan => Self::Vxlan,
            Device::Netkit => Self::Netkit,
            Device::Macvlan => Self::Macvlan,
            Device::Ipvlan => Self::Ipvlan,
            Device::Ifb => Self::Ifb,
            Device::Redirect => Self::Redirect,
        });
        iter::once(Self::NetworkNamespaces).chain(devices).collect()
    }

    /// It alone where it is asked for, else nothing.
    #[must_use]
    pub fn when(self, is_asked: bool) -> Vec<Self> {
        is_asked.then_some(self).into_iter().collect()
    }

    /// What `doctor` lists, in its order.
    #[must_use]
    pub fn of_doctor() -> Vec<Self> {
        vec![
            Self::UserNamespaces,
            Self::Groups(Limits::default()),
            Self::NetworkNamespaces,
            Self::Veth,
            Self::Bridge,
            Self::VlanFiltering,
            Self::Ifb,
            Self::Redirect,
            Self::Macvlan,
            Self::Vxlan,
            Self::Ipvlan,
            Self::Netkit,
            Self::Rps,
            Self::ThreadedNapi,
            Self::Ipv6,
            Self::BridgedFrames,
            Self::Congestion("cubic".to_owned()),
            Self::BigTcp,
            Self::Nft,
            Self::IptablesNft,
            Self::IptablesLegacy,
            Self::Iperf3,
            Self::Netperf,
            Self::Sockperf,
            Self::Engine,
        ]
    }

    /// Whether it is found out in a namespace that is thrown away.
    #[must_use]
    pub fn is_of_a_namespace(&self) -> bool {
        match self {
            Self::NetworkNamespaces
            | Self::Veth
            | Self::Bridge
            | Self::VlanFiltering
            | Self::Ifb
            | Self::Redirect
            | Self::Macvlan
            | Self::Vxlan
            | Self::Ipvlan
            | Self::Netkit
            | Self::Rps
            | Self::ThreadedNapi
            | Self::Ipv6
            | Self::BridgedFrames
            | Self::Congestion(_)
            | Self::BigTcp => true,
            Self::UserNamespaces
            | Self::Groups(_)
            | Self::Nft
            | Self::IptablesNft
            | Self::IptablesLegacy
            | Self::Iperf3
            | Self::Netperf
            | Self::Sockperf
            | Self::Engine
            | Self::TwoCpus
            | Self::CpusOfMask(_) => false,
        }
    }

    /// The congestion control that it is.
    #[must_use]
    pub fn congestion(&self) -> Option<&str> {
        if let Self::Congestion(name) = self {
            Some(name)
        } else {
            None
        }
    }

    /// The programs that it takes.
    #[must_use]
    pub fn programs(&self) -> &'static [&'static str] {
        match self {
            Self::Nft => &["nft"],
            Self::IptablesNft => &["iptables-nft-restore", "ip6tables-nft-restore"],
            Self::IptablesLegacy => &["iptables-legacy-restore", "ip6tables-legacy-restore"],
            Self::Iperf3 => &["iperf3"],
            Self::Netperf => &["netperf", "netserver"],
            Self::Sockperf => &["sockperf"],
            Self::UserNamespaces
            | Self::Groups(_)
            | Self::NetworkNamespaces
            | Self::Veth
            | Self::Bridge
            | Self::VlanFiltering
            | Self::Ifb
            | Self::Redirect
            | Self::Macvlan
            | Self::Vxlan
            | Self::Ipvlan
            | Self::Netkit
            | Self::Rps
            | Self::ThreadedNapi
            | Self::Ipv6
            | Self::BridgedFrames
            | Self::Congestion(_)
            | Self::BigTcp
            | Self::Engine
            | Self::TwoCpus
            | Self::CpusOfMask(_) => &[],
        }
    }

    /// What is said of it where it works.
    #[must_use]
    pub fn works(&self) -> &'static str {
        match self {
            Self::NetworkNamespaces => "created and entered",
            Self::Rps | Self::ThreadedNapi | Self::Redirect => "a veth accepts it",
            Self::Nft | Self::IptablesNft | Self::IptablesLegacy => "rules are loaded",
            Self::Iperf3 => "the driver `iperf3`",
            Self::Netperf => "the driver `netperf`",
            Self::Sockperf => "the driver `sockperf`",
            Self::Veth
            | Self::Bridge
            | Self::VlanFiltering
            | Self::Ifb
            | Self::Macvlan
            | Self::Vxlan
            | Self::Ipvlan
            | Self::Netkit => "created",
            Self::UserNamespaces
            | Self::Groups(_)
            | Self::Ipv6
            | Self::BridgedFrames
            | Self::Congestion(_)
            | Self::BigTcp
            | Self::Engine
            | Self::TwoCpus
            | Self::CpusOfMask(_) => "there",
        }
    }

    /// Which key of a scenario requires it; absent where most scenarios do, or none.
    #[must_use]
    pub fn needed_by(&self) -> Option<String> {
        let keys = match self {
            Self::UserNamespaces
            | Self::NetworkNamespaces
            | Self::Veth
            | Self::Bridge
            | Self::Congestion(_) => None,
            Self::Groups(_) => Some("driver processes"),
            Self::VlanFiltering => Some("vlan_filtering = true"),
            Self::Ifb => return Some(topologies(Device::Ifb)),
            Self::Redirect => return Some(topologies(Device::Redirect)),
            Self::Macvlan => return Some(topologies(Device::Macvlan)),
            Self::Vxlan => return Some(topologies(Device::Vxlan)),
            Self::Ipvlan => return Some(topologies(Device::Ipvlan)),
            Self::Netkit => return Some(topologies(Device::Netkit)),
            Self::Rps | Self::CpusOfMask(_) => Some("rps"),
            Self::ThreadedNapi => Some("napi = \"threaded\""),
            Self::Ipv6 => Some("family ipv6"),
            Self::BridgedFrames => {
                Some("most firewalls, rules that match nothing, and path hairpin")
            }
            Self::BigTcp => Some("gso_max and gso_ipv4_max above 64 KiB"),
            Self::Nft => Some("backend nft"),
            Self::IptablesNft => Some("backend iptables-nft"),
            Self::IptablesLegacy => Some("backend iptables-legacy"),
            Self::Iperf3 => Some("driver iperf3"),
            Self::Netperf => Some("driver netperf"),
            Self::Sockperf => Some("driver sockperf"),
            Self::Engine => Some("testbed docker"),
            Self::TwoCpus => Some("pinning apart"),
        };
        keys.map(str::to_owned)
    }

    /// What helps where it does not work and nothing else is known.
    #[must_use]
    pub fn remedy(&self) -> String {
        let text = match self {
            Self::UserNamespaces | Self::NetworkNamespaces | Self::Groups(_) => "run as root",
            Self::Veth => "modprobe veth",
            Self::Bridge => "modprobe bridge",
            Self::VlanFiltering => "a kernel with CONFIG_BRIDGE_VLAN_FILTERING",
            Self::Ifb => "modprobe ifb",
            Self::Redirect => {
                "modprobe -a sch_ingress cls_u32 act_mirred, or a kernel with CONFIG_NET_SCH_INGRESS, \
                 CONFIG_NET_CLS_U32 and CONFIG_NET_ACT_MIRRED"
            }
            Self::Macvlan => "modprobe macvlan, or a kernel with CONFIG_MACVLAN",
            Self::Vxlan => "modprobe vxlan, or a kernel with CONFIG_VXLAN",
            Self::Ipvlan => "modprobe ipvlan, or a kernel with CONFIG_IPVLAN",
            Self::Netkit => "Linux 6.7 or newer, with CONFIG_NETKIT",
            Self::Rps => "run as root, on a kernel with CONFIG_RPS",
            Self::ThreadedNapi => "Linux 5.12 or newer",
            Self::Ipv6 => "boot without ipv6.disable=1, or modprobe ipv6",
            Self::BridgedFrames => "modprobe br_netfilter",
            Self::Congestion(name) => {
                return format!("modprobe tcp_{name}, or name another in the scenario");
            }
            Self::BigTcp => "Linux 5.19 for IPv6, 6.3 for IPv4",
            Self::Nft => return installed("nftables"),
            Self::IptablesNft | Self::IptablesLegacy => return installed("iptables"),
            Self::Iperf3 => return installed("iperf3"),
            Self::Netperf => return installed("netperf (of non-free in Debian)"),
            Self::Sockperf => return installed("sockperf"),
            Self::Engine => "start the engine",
            Self::TwoCpus => return Remedy::TwoCpus.to_string(),
            Self::CpusOfMask(_) => return Remedy::RpsMaskTooWide.to_string(),
        };
        text.to_owned()
    }
}

/// Those whose links take a device, as a scenario asks for them.
fn topologies(device: Device) -> String {
    let all = Topology::ALL.iter();
    let taking = all.filter(|topology| topology.facts().devices.contains(&device));
    let words: Vec<_> = taking.map(ToString::to_string).collect();
    let noun = if words.len() == 1 {
        "topology"
    } else {
        "topologies"
    };
    format!("{noun} {}", words.join(" and "))
}

/// Programs are looked for on PATH and in the folders of the system, and may be elsewhere.
fn installed(package: &str) -> String {
    format!("install {package}, or put the folder that it is in on PATH")
}

impl fmt::Display for Requirement {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::UserNamespaces => "user namespaces",
            Self::Groups(_) => "control groups",
            Self::NetworkNamespaces => "network namespaces",
            Self::Veth => "veth",
            Self::Bridge => "bridge",
            Self::VlanFiltering => "VLAN filtering",
            Self::Ifb => "ifb",
            Self::Redirect => "tc redirect",
            Self::Macvlan => "macvlan",
            Self::Vxlan => "vxlan",
            Self::Ipvlan => "ipvlan",
            Self::Netkit => "netkit",
            Self::Rps => "RPS",
            Self::ThreadedNapi => "threaded NAPI",
            Self::Ipv6 => "IPv6",
            Self::BridgedFrames => "br_netfilter",
            Self::Congestion(name) => return write!(out, "congestion control {name}"),
            Self::BigTcp => "BIG TCP",
            Self::Nft => "nft",
            Self::IptablesNft => "iptables-nft",
            Self::IptablesLegacy => "iptables-legacy",
            Self::Iperf3 => "iperf3",
            Self::Netperf => "netperf",
            Self::Sockperf => "sockperf",
            Self::Engine => "Docker engine",
            Self::TwoCpus => "two CPUs",
            Self::CpusOfMask(digits) => return write!(out, "the CPUs of the mask 0x{digits}"),
        };
        out.pad(name)
    }
}
