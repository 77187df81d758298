//! What labs, drivers and rules may require of a machine, each requirement by name.
//!
//! Must not know how it is found out, nor which scenario requires what. The invariant: what is said of a requirement is said
//! for each by name in one row, so that a new one cannot be forgotten.

use std::borrow::Cow;
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
        self.facts().is_of_a_namespace
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
        self.facts().programs
    }

    /// What is said of it where it works.
    #[must_use]
    pub fn works(&self) -> &'static str {
        self.facts().works
    }

    /// Which key of a scenario requires it; absent where most scenarios do, or none.
    #[must_use]
    pub fn needed_by(&self) -> Option<String> {
        self.facts().needed_by.map(Cow::into_owned)
    }

    /// What helps where it does not work and nothing else is known.
    #[must_use]
    pub fn remedy(&self) -> String {
        self.facts().remedy.into_owned()
    }

    fn facts(&self) -> Facts {
        match self {
            Self::UserNamespaces => Facts::of_machine("user namespaces", "run as root"),
            Self::Groups(_) => Facts::of_machine("control groups", "run as root").needed_by("driver processes"),
            Self::NetworkNamespaces => Facts::of_namespace("network namespaces", "run as root").works("created and entered"),
            Self::Veth => Facts::of_namespace("veth", "modprobe veth").works("created"),
            Self::Bridge => Facts::of_namespace("bridge", "modprobe bridge").works("created"),
            Self::VlanFiltering => Facts::of_namespace("VLAN filtering", "a kernel with CONFIG_BRIDGE_VLAN_FILTERING")
                .works("created")
                .needed_by("vlan_filtering = true"),
            Self::Ifb => Facts::of_device(Device::Ifb, "ifb", "modprobe ifb"),
            Self::Redirect => Facts::of_device(
                Device::Redirect,
                "tc redirect",
                "modprobe -a sch_ingress cls_u32 act_mirred, or a kernel with CONFIG_NET_SCH_INGRESS, CONFIG_NET_CLS_U32 and \
                 CONFIG_NET_ACT_MIRRED",
            )
            .works(ACCEPTED),
            Self::Macvlan => Facts::of_device(Device::Macvlan, "macvlan", "modprobe macvlan, or a kernel with CONFIG_MACVLAN"),
            Self::Vxlan => Facts::of_device(Device::Vxlan, "vxlan", "modprobe vxlan, or a kernel with CONFIG_VXLAN"),
            Self::Ipvlan => Facts::of_device(Device::Ipvlan, "ipvlan", "modprobe ipvlan, or a kernel with CONFIG_IPVLAN"),
            Self::Netkit => Facts::of_device(Device::Netkit, "netkit", "Linux 6.7 or newer, with CONFIG_NETKIT"),
            Self::Rps => Facts::of_namespace("RPS", "run as root, on a kernel with CONFIG_RPS")
                .works(ACCEPTED)
                .needed_by("rps"),
            Self::ThreadedNapi => Facts::of_namespace("threaded NAPI", "Linux 5.12 or newer")
                .works(ACCEPTED)
                .needed_by("napi = \"threaded\""),
            Self::Ipv6 => Facts::of_namespace("IPv6", "boot without ipv6.disable=1, or modprobe ipv6").needed_by("family ipv6"),
            Self::BridgedFrames => Facts::of_namespace("br_netfilter", "modprobe br_netfilter")
                .needed_by("most firewalls, rules that match nothing, and path hairpin"),
            Self::Congestion(name) => Facts::of_namespace(
                format!("congestion control {name}"),
                format!("modprobe tcp_{name}, or name another in the scenario"),
            ),
            Self::BigTcp => Facts::of_namespace("BIG TCP", "Linux 5.19 for IPv6, 6.3 for IPv4")
                .needed_by("gso_max and gso_ipv4_max above 64 KiB"),
            Self::Nft => Facts::of_rules("nft", "nftables", &["nft"]),
            Self::IptablesNft => {
                Facts::of_rules("iptables-nft", "iptables", &["iptables-nft-restore", "ip6tables-nft-restore"])
            }
            Self::IptablesLegacy => {
                Facts::of_rules("iptables-legacy", "iptables", &["iptables-legacy-restore", "ip6tables-legacy-restore"])
            }
            Self::Iperf3 => Facts::of_generator("iperf3", "iperf3", &["iperf3"]).works("the driver `iperf3`"),
            Self::Netperf => Facts::of_generator("netperf", "netperf (of non-free in Debian)", &["netperf", "netserver"])
                .works("the driver `netperf`"),
            Self::Sockperf => Facts::of_generator("sockperf", "sockperf", &["sockperf"]).works("the driver `sockperf`"),
            Self::Engine => Facts::of_machine("Docker engine", "start the engine").needed_by("testbed docker"),
            Self::TwoCpus => Facts::of_machine("two CPUs", Remedy::TwoCpus.to_string()).needed_by("pinning apart"),
            Self::CpusOfMask(digits) => {
                let name = format!("the CPUs of the mask 0x{digits}");
                Facts::of_machine(name, Remedy::RpsMaskTooWide.to_string()).needed_by("rps")
            }
        }
    }
}

/// How it is said that a veth took a setting.
const ACCEPTED: &str = "a veth accepts it";

/// What there is to say of a requirement.
struct Facts {
    name: Cow<'static, str>,
    is_of_a_namespace: bool,
    programs: &'static [&'static str],
    works: &'static str,
    needed_by: Option<Cow<'static, str>>,
    remedy: Cow<'static, str>,
}

impl Facts {
    fn of_machine(
        name: impl Into<Cow<'static, str>>,
        remedy: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            name: name.into(),
            is_of_a_namespace: false,
            programs: &[],
            works: "there",
            needed_by: None,
            remedy: remedy.into(),
        }
    }

    fn of_namespace(
        name: impl Into<Cow<'static, str>>,
        remedy: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            is_of_a_namespace: true,
            ..Self::of_machine(name, remedy)
        }
    }

    /// A device that some topologies' links take.
    fn of_device(device: Device, name: &'static str, remedy: &'static str) -> Self {
        Self::of_namespace(name, remedy)
            .works("created")
            .needed_by(topologies(device))
    }

    /// Programs that load rules, a back end by their name.
    fn of_rules(name: &'static str, package: &str, programs: &'static [&'static str]) -> Self {
        Self {
            programs,
            ..Self::of_machine(name, installed(package))
        }
        .works("rules are loaded")
        .needed_by(format!("backend {name}"))
    }

    /// Programs that run flows, a driver by their name.
    fn of_generator(name: &'static str, package: &str, programs: &'static [&'static str]) -> Self {
        Self {
            programs,
            ..Self::of_machine(name, installed(package))
        }
        .needed_by(format!("driver {name}"))
    }

    fn works(mut self, how: &'static str) -> Self {
        self.works = how;
        self
    }

    fn needed_by(mut self, keys: impl Into<Cow<'static, str>>) -> Self {
        self.needed_by = Some(keys.into());
        self
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
        out.pad(&self.facts().name)
    }
}
