//! What to build, before anything is built: pure, one file per topology.
//!
//! Must not know the kernel. The invariant: every container of the cell has exactly one seat.

mod bridge;
mod loopback;
mod shared;
mod veth;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::address::{Assigned, Mac};
use crate::scenario::{Cell, Family, Pattern, Topology};

/// A lab on paper.
#[derive(Debug, Clone)]
pub struct Layout {
    /// Namespaces that hold containers, numbered from 0.
    pub namespaces: u32,
    /// One per container, in their order.
    pub seats: Vec<SeatPlan>,
    /// What joins the namespaces.
    pub wiring: Wiring,
    /// Who talks to whom: client and server.
    pub pairs: Vec<(u32, u32)>,
}

/// Where a container sits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeatPlan {
    /// The namespace's number.
    pub namespace: u32,
    /// The address its traffic uses.
    pub address: IpAddr,
}

/// What joins the namespaces of a lab.
#[derive(Debug, Clone)]
pub enum Wiring {
    /// Nothing but each namespace's own lo.
    Lo,
    /// Namespaces 2k and 2k + 1 are the two ends of cable k.
    Cables(Vec<Cable>),
    /// Bridges, each in a host-side namespace of its own, with a port for every container.
    Bridges(Vec<BridgePlan>),
}

/// A veth between two containers.
#[derive(Debug, Clone)]
pub struct Cable {
    /// The even container's end and the odd one's.
    pub ends: [Interface; 2],
}

/// A bridge and its ports.
#[derive(Debug, Clone)]
pub struct BridgePlan {
    /// Its name: `br0`, `br1`, ...
    pub name: String,
    /// Fixed, since a bridge otherwise takes its lowest port's, and stale ARP then stalls peers for up to 100 s (netavark).
    pub mac: Mac,
    /// Its own addresses: the containers' gateways.
    pub addresses: Vec<Assigned>,
    /// Bytes of its largest packet.
    pub mtu: u32,
    /// One per container.
    pub ports: Vec<Port>,
}

/// A port of a bridge, and the container behind it.
#[derive(Debug, Clone)]
pub struct Port {
    /// The host-side end's name: `v00042`.
    pub name: String,
    /// The container's number; its namespace has the same.
    pub container: u32,
    /// The container's end.
    pub interface: Interface,
}

/// A container's `eth0`.
#[derive(Debug, Clone)]
pub struct Interface {
    /// Its hardware address.
    pub mac: Mac,
    /// Bytes of its largest packet.
    pub mtu: u32,
    /// Its addresses.
    pub addresses: Vec<Assigned>,
    /// Default routes.
    pub gateways: Vec<IpAddr>,
    /// Permanent neighbour entries: resolving floods the bridge and fills a table that the whole machine shares, while
    /// permanent entries are exempt from its limit. Only containers that talk have any.
    pub neighbours: Vec<(IpAddr, Mac)>,
}

impl Layout {
    /// Draws the lab of a cell.
    #[must_use]
    pub fn of(cell: &Cell) -> Self {
        match cell.topology {
            Topology::Loopback => loopback::lay_out(cell),
            Topology::Shared => shared::lay_out(cell),
            Topology::Veth => veth::lay_out(cell),
            Topology::Bridge => bridge::lay_out(cell),
        }
    }

    /// How many separate things set-up raises: a cable raises two namespaces, anything else one.
    #[must_use]
    pub fn units(&self) -> u32 {
        match self.wiring {
            Wiring::Cables(_) => self.namespaces / 2,
            Wiring::Lo | Wiring::Bridges(_) => self.namespaces,
        }
    }
}

/// The pairs of a cell's pattern.
fn pairs(cell: &Cell) -> Vec<(u32, u32)> {
    match cell.pattern {
        Pattern::Pairs => (0..cell.pairs)
            .map(|pair| (2 * pair, 2 * pair + 1))
            .collect(),
    }
}

/// The loopback address of a family.
fn lo_address(family: Family) -> IpAddr {
    match family {
        Family::Ipv4 => Ipv4Addr::LOCALHOST.into(),
        Family::Ipv6 => Ipv6Addr::LOCALHOST.into(),
    }
}

/// The default MTU of Ethernet, and of Docker's bridge.
const ETHERNET_MTU: u32 = 1500;

/// The one address of `family` among those assigned.
fn address_of(family: Family, assigned: &[Assigned]) -> IpAddr {
    assigned
        .iter()
        .map(|one| one.address)
        .find(|address| address.is_ipv4() == (family == Family::Ipv4))
        .unwrap_or_else(|| lo_address(family))
}

#[cfg(test)]
mod tests;
