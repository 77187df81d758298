//! What to build, before anything is built: pure, one file per topology.
//!
//! Must not know the kernel. The invariant: every container of the cell has exactly one seat.

mod bridge;
mod contacts;
mod ipvlan;
mod loopback;
mod macvlan;
mod outside;
mod parts;
mod routed;
mod shared;
mod switch;
mod veth;
mod veths;
mod vxlan;

use std::net::IpAddr;

pub use parts::{
    BridgeOptions, Direction, End, Entry, Host, Link, Meter, Pairing, Part, Place, Port,
    PortOptions, Role, Route, Stacked, Stacking, Step, Tunnel,
};

pub use veths::Veths;

pub(super) use outside::FORWARDING;

use super::address::{Assigned, family_of, lo};
use crate::scenario::pattern::pairs;
use crate::scenario::{Cell, Entries, Family, Path, Topology, Wiring};
use contacts::Contacts;

/// A lab on paper.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The namespaces of the host side, in the order of their numbers.
    pub hosts: Vec<Host>,
    /// What brings the containers into being. Each namespace that holds containers is in exactly one, and they are numbered
    /// from 0 without a gap.
    pub parts: Vec<Part>,
    /// One per container, in their order.
    pub seats: Vec<SeatPlan>,
    /// Who talks to whom: client and server.
    pub pairs: Vec<(u32, u32)>,
    /// Where the client of each pair calls, when its server's port is published: an address of the host side. Otherwise
    /// empty.
    pub entrances: Vec<IpAddr>,
}

/// Where a container's traffic begins or ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatPlan {
    /// The namespace its sockets are made in.
    pub place: Place,
    /// The address its traffic uses.
    pub address: IpAddr,
    /// Where what it receives is counted a second time.
    pub meter: Meter,
}

impl Layout {
    /// Draws the lab of a cell.
    #[must_use]
    pub fn of(cell: &Cell) -> Self {
        let mut layout = Self::usual(cell);
        layout.set_links(&cell.wiring);
        layout
    }

    /// With links and bridges that are told who is where, and otherwise as the kernel makes them.
    fn usual(cell: &Cell) -> Self {
        let direct = match cell.topology {
            Topology::Loopback => loopback::lay_out(cell),
            // The engine's shapes are laid out as what they come to.
            Topology::Shared | Topology::Host | Topology::Attached => shared::lay_out(cell),
            Topology::Veth => veth::lay_out(cell),
            Topology::Bridge | Topology::UserBridge => bridge::lay_out(cell),
            Topology::Routed => routed::lay_out(cell, Pairing::Veth),
            Topology::Netkit => routed::lay_out(cell, Pairing::Netkit),
            Topology::Vxlan => vxlan::lay_out(cell),
            Topology::Macvlan => macvlan::lay_out(cell),
            Topology::IpvlanL2 => ipvlan::lay_out(cell, Stacking::IpvlanL2),
            Topology::IpvlanL3 => ipvlan::lay_out(cell, Stacking::IpvlanL3),
        };
        match cell.path {
            Path::Direct => direct,
            Path::Published | Path::Outside => outside::join(direct, cell),
            Path::Hairpin => Self {
                entrances: bridge::gateways(cell),
                ..direct
            },
        }
    }

    /// Sets every link as the cell has it.
    fn set_links(&mut self, wiring: &Wiring) {
        let learned = wiring.entries == Entries::Learned;
        let usual = Wiring::default().gso_bytes();
        let units = Some(wiring.gso_bytes()).filter(|units| *units != usual);
        self.for_each_link(|link| {
            link.gso_max = units;
            link.offload = !wiring.offload_off;
            if learned {
                link.neighbours.clear();
            }
        });
        for step in self.hosts.iter_mut().flat_map(|host| &mut host.finish) {
            if let (Step::Pin(entries), true) = (step, learned) {
                entries.clear();
            }
        }
    }

    fn for_each_link(&mut self, mut act: impl FnMut(&mut Link)) {
        for part in &mut self.parts {
            match part {
                Part::Bare(_) => {}
                Part::Cable(ends) => ends.iter_mut().for_each(|end| act(&mut end.link)),
                Part::Stacked(stacked) => act(&mut stacked.far.link),
                Part::Port(port) => {
                    act(&mut port.near);
                    act(&mut port.far.link);
                }
            }
        }
        for host in &mut self.hosts {
            for step in host.foundation.iter_mut().chain(&mut host.finish) {
                step.links().into_iter().flatten().for_each(&mut act);
            }
        }
    }

    /// The namespace of the host side by which a container is joined; none where it has no such.
    #[must_use]
    pub fn host_of(&self, container: u32) -> Option<u32> {
        let ports = self.ports();
        let own = ports.filter(|port| port.far.container == container);
        own.map(|port| port.host).next()
    }

    /// The containers that are joined to the host side, and how.
    pub fn ports(&self) -> impl Iterator<Item = &Port> {
        self.parts.iter().filter_map(|part| match part {
            Part::Port(port) => Some(port.as_ref()),
            Part::Bare(_) | Part::Cable(_) | Part::Stacked(_) => None,
        })
    }

    /// Namespaces that only hold containers, each with nothing but its lo, over which they talk.
    fn over_lo(namespaces: u32, namespace_of: impl Fn(u32) -> u32, cell: &Cell) -> Self {
        let seat = |container| {
            let place = Place::Container(namespace_of(container));
            SeatPlan {
                place,
                address: lo(cell.family),
                meter: Meter {
                    place,
                    interface: "lo".into(),
                    direction: Direction::Received,
                },
            }
        };
        Self {
            hosts: Vec::new(),
            parts: (0..namespaces).map(Part::Bare).collect(),
            seats: (0..cell.containers).map(seat).collect(),
            pairs: pairs(cell),
            entrances: Vec::new(),
        }
    }

    /// Containers that are joined to the host side, one after another.
    fn of_ports(hosts: Vec<Host>, ports: Vec<Port>, cell: &Cell) -> Self {
        let seat = |port: &Port| SeatPlan {
            place: Place::Container(port.far.container),
            address: address_of(cell.family, &port.far.link.addresses),
            meter: port.meter(),
        };
        Self {
            hosts,
            seats: ports.iter().map(seat).collect(),
            parts: ports
                .into_iter()
                .map(|port| Part::Port(Box::new(port)))
                .collect(),
            pairs: pairs(cell),
            entrances: Vec::new(),
        }
    }
}

/// A seat whose bytes are counted at its own interface.
fn seat_inside(end: &End, cell: &Cell) -> SeatPlan {
    let place = Place::Container(end.container);
    SeatPlan {
        place,
        address: address_of(cell.family, &end.link.addresses),
        meter: Meter {
            place,
            interface: end.link.name.clone(),
            direction: Direction::Received,
        },
    }
}

/// The one address of `family` among those assigned.
fn address_of(family: Family, assigned: &[Assigned]) -> IpAddr {
    assigned
        .iter()
        .map(|one| one.address)
        .find(|address| family_of(*address) == family)
        .unwrap_or_else(|| lo(family))
}

#[cfg(test)]
mod tests;
