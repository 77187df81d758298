//! What a lab is drawn with: namespaces of the host side with the steps that make them, and parts, each of which brings
//! one or two containers into being.
//!
//! Must not know topologies. The invariant: what set-up can raise is said here, and nothing else is.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::lab::address::{Assigned, Mac, family_of};
use crate::scenario::Family;

/// The default MTU of Ethernet, and of Docker's bridge.
pub(super) const ETHERNET_MTU: u32 = 1500;

/// The index given to a container's `eth0`, and to the device of a host side that its containers' links come behind.
/// Chosen rather than asked for, which saves a request; above the few devices that a kernel may put into every new
/// namespace (sit0, tunl0).
pub(super) const FIRST_INDEX: u32 = 100;

/// A namespace of a lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// One of the host side, by its number.
    Host(u32),
    /// One that holds containers, by its number.
    Container(u32),
}

/// Where what a seat receives is counted a second time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meter {
    /// The namespace that has the interface.
    pub place: Place,
    /// The interface's name.
    pub interface: Cow<'static, str>,
    /// Which of its counters it is.
    pub direction: Direction,
}

/// A counter of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// What came in.
    Received,
    /// What went out: at a bridge's port, what goes to the container behind it.
    Sent,
}

/// A device, and what is entered on it.
#[derive(Debug, Clone)]
pub struct Link {
    /// Its name.
    pub name: Cow<'static, str>,
    /// Its index.
    pub index: u32,
    /// Its hardware address; absent where the kernel may choose.
    pub mac: Option<Mac>,
    /// Bytes of its largest packet.
    pub mtu: u32,
    /// The index of the bridge that it is a port of.
    pub controller: Option<u32>,
    /// Bytes of the largest unit it takes whole, of IPv6 and of IPv4, where these are not the kernel's own.
    pub gso_max: Option<[u32; 2]>,
    /// Whether it segments and coalesces.
    pub offload: bool,
    /// Its addresses.
    pub addresses: Vec<Assigned>,
    /// Routes that lead out of it, in the order in which they can be made.
    pub routes: Vec<Route>,
    /// Permanent neighbour entries, where links are told who is where: resolving floods a bridge and fills a table that the whole machine shares, while
    /// permanent entries are exempt from its limit.
    pub neighbours: Vec<(IpAddr, Mac)>,
}

impl Link {
    /// A device with nothing on it.
    pub(super) fn bare(name: impl Into<Cow<'static, str>>, index: u32) -> Self {
        Self {
            name: name.into(),
            index,
            mac: None,
            mtu: ETHERNET_MTU,
            controller: None,
            gso_max: None,
            offload: true,
            addresses: Vec::new(),
            routes: Vec::new(),
            neighbours: Vec::new(),
        }
    }

    /// A container's `eth0`.
    pub(super) fn eth0(mac: Mac, mtu: u32) -> Self {
        Self {
            mac: Some(mac),
            mtu,
            ..Self::bare("eth0", FIRST_INDEX)
        }
    }
}

/// A way out of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// What it leads to.
    pub to: Assigned,
    /// The gateway; none where the destination is on the link itself.
    pub via: Option<IpAddr>,
}

impl Route {
    /// To everything, by a gateway.
    pub(super) fn default_via(gateway: IpAddr) -> Self {
        Self {
            to: everything(family_of(gateway)),
            via: Some(gateway),
        }
    }

    /// To what is on the link.
    pub(super) fn on_link(to: Assigned) -> Self {
        Self { to, via: None }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.to.address, self.to.prefix)?;
        match self.via {
            Some(via) => write!(out, " via {via}"),
            None => Ok(()),
        }
    }
}

/// The prefix of length 0.
pub(super) fn everything(family: Family) -> Assigned {
    let address = match family {
        Family::Ipv4 => Ipv4Addr::UNSPECIFIED.into(),
        Family::Ipv6 => Ipv6Addr::UNSPECIFIED.into(),
    };
    Assigned { address, prefix: 0 }
}

/// A namespace of the host side.
#[derive(Debug, Clone)]
pub struct Host {
    /// What it is called in errors: `bridge br0`, `the router`.
    pub name: String,
    /// What it is there for.
    pub role: Role,
    /// What is made before any container, in order.
    pub foundation: Vec<Step>,
    /// What is made once all containers are there, in order.
    pub finish: Vec<Step>,
}

/// What a namespace of the host side is there for.
#[derive(Debug, Clone)]
pub enum Role {
    /// Containers' links end in it: rules for their traffic belong here.
    Node {
        /// The name of the bridge whose ports these links are; none where it routes between them.
        bridge: Option<String>,
        /// What its containers' addresses are within.
        subnets: Vec<Assigned>,
    },
    /// It joins others, or holds the device that containers' own stand on. Rules have no place here.
    Beside,
    /// A place beyond the lab's router, with no containers of its own.
    Outside,
}

/// Something made in a namespace of the host side. lo is up already.
#[derive(Debug, Clone)]
pub enum Step {
    /// A file below `/proc/sys/net` is written. Where the kernel has no such file, there is nothing to set.
    Set(&'static str, &'static str),
    /// A bridge is created, down.
    Bridge(Link, BridgeOptions),
    /// A device is created whose only merit is to be one: what is sent to it is dropped.
    Sink(Link),
    /// A veth is created, down, whose other end is in another namespace of the host side.
    Cable {
        /// The end that stays here.
        here: Link,
        /// The number of the other namespace.
        host: u32,
        /// The end over there; it is still to be raised.
        there: Link,
    },
    /// A device is raised, and what is entered on it is.
    Raise(Link),
    /// A VXLAN device is created, down.
    Tunnel(Link, Tunnel),
    /// The bridge is told who is behind which port. One that has entries goes through all of them for every port that it
    /// is given, so this comes after all of them.
    Pin(Vec<Entry>),
    /// What comes in by links that are there is redirected to others, before anything else of the namespace sees it.
    Redirect(Vec<Redirect>),
}

impl Step {
    /// The links that it speaks of.
    pub(super) fn links(&mut self) -> [Option<&mut Link>; 2] {
        match self {
            Self::Cable { here, there, .. } => [Some(here), Some(there)],
            Self::Bridge(link, _)
            | Self::Tunnel(link, _)
            | Self::Sink(link)
            | Self::Raise(link) => [Some(link), None],
            Self::Set(..) | Self::Pin(_) | Self::Redirect(_) => [None, None],
        }
    }
}

/// How a bridge is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BridgeOptions {
    /// Whether it watches who wants which multicast.
    pub snooping: bool,
    /// Seconds after which it forgets; the kernel's own where absent.
    pub ageing_s: Option<u32>,
    /// Whether it looks at VLANs.
    pub vlan_filtering: bool,
}

/// How a port of a bridge is set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PortOptions {
    /// Whether a frame may leave by the port it came by.
    pub hairpin: bool,
    /// Whether it is kept apart from other ports that are.
    pub isolated: bool,
}

/// Where a VXLAN device sends what it is given.
#[derive(Debug, Clone, Copy)]
pub struct Tunnel {
    /// The network's number.
    pub id: u32,
    /// The index of the link below.
    pub below: u32,
    /// Own address on it, and that of the other node.
    pub ends: [Ipv4Addr; 2],
    /// Whether it learns who is over there, or is not told and sends everything.
    pub learning: bool,
}

/// Who is behind a port.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The port's index.
    pub port: u32,
    /// Its name.
    pub name: Cow<'static, str>,
    /// The hardware address behind it.
    pub mac: Mac,
}

/// Whatever comes in by one link goes out by another, in the same namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// The indexes of the two.
    pub indexes: [u32; 2],
    /// Their names.
    pub names: [Cow<'static, str>; 2],
}

/// What set-up raises in one go.
#[derive(Debug, Clone)]
pub enum Part {
    /// A namespace with nothing but its lo.
    Bare(u32),
    /// Two containers with a veth from one to the other.
    Cable(Box<[End; 2]>),
    /// A container that is joined to the host side.
    Port(Box<Port>),
    /// A container whose device stands on one of the host side.
    Stacked(Box<Stacked>),
}

/// A container and its link.
#[derive(Debug, Clone)]
pub struct End {
    /// The container's number; its namespace has the same.
    pub container: u32,
    /// Its link.
    pub link: Link,
}

/// A container that a pair of devices joins to the host side.
#[derive(Debug, Clone)]
pub struct Port {
    /// What the pair is of.
    pub kind: Pairing,
    /// How it is set, where it is a bridge's.
    pub options: PortOptions,
    /// The namespace of the host side, by its number.
    pub host: u32,
    /// The end in it, up from the start: `v00042`.
    pub near: Link,
    /// The container and the end in it.
    pub far: End,
}

/// The kinds of devices that come in pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pairing {
    /// What one end is given comes in at the other.
    Veth,
    /// The same without a queue between, as a program in the kernel may redirect it (Linux 6.7).
    Netkit,
}

/// A container whose device stands on one of the host side.
#[derive(Debug, Clone)]
pub struct Stacked {
    /// The namespace of the host side, by its number.
    pub host: u32,
    /// The index of the device there.
    pub parent: u32,
    /// What the container's own device is.
    pub kind: Stacking,
    /// The container and its device.
    pub far: End,
}

/// The kinds of devices that stand on another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stacking {
    /// A MAC of its own; in bridge mode.
    Macvlan,
    /// An address of its own under the parent's MAC; switched.
    IpvlanL2,
    /// The same, routed.
    IpvlanL3,
}

impl Port {
    /// Where what the container receives is counted on the host side.
    pub(super) fn meter(&self) -> Meter {
        Meter {
            place: Place::Host(self.host),
            interface: self.near.name.clone(),
            direction: Direction::Sent,
        }
    }
}
