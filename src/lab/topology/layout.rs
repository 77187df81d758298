//! A lab on paper: what is built, who sits where and who talks to whom.
//!
//! Must not know topologies. The invariant: every container of the cell has exactly one seat.

use std::net::IpAddr;
use std::slice;

use super::parts::{Direction, End, Host, Link, Meter, Part, Place, Port, Step};
use crate::lab::address::{Assigned, family_of, lo};
use crate::scenario::pairs;
use crate::scenario::{Cell, Entries, Family, Wiring};

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
    /// Sets every link as the cell has it.
    pub(super) fn set_links(&mut self, wiring: &Wiring) {
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

    /// The containers' own links, each with whose it is.
    pub(in crate::lab) fn own_links(&self) -> impl Iterator<Item = &End> {
        self.parts.iter().flat_map(|part| match part {
            Part::Bare(_) => &[][..],
            Part::Cable(ends) => &ends[..],
            Part::Port(port) => slice::from_ref(&port.far),
            Part::Stacked(stacked) => slice::from_ref(&stacked.far),
        })
    }

    /// The containers that are joined to the host side, and how.
    pub fn ports(&self) -> impl Iterator<Item = &Port> {
        self.parts.iter().filter_map(|part| match part {
            Part::Port(port) => Some(port.as_ref()),
            Part::Bare(_) | Part::Cable(_) | Part::Stacked(_) => None,
        })
    }

    /// Namespaces that only hold containers, each with nothing but its lo, over which they talk.
    pub(super) fn over_lo(namespaces: u32, namespace_of: impl Fn(u32) -> u32, cell: &Cell) -> Self {
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
    pub(super) fn of_ports(hosts: Vec<Host>, ports: Vec<Port>, cell: &Cell) -> Self {
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
pub(super) fn seat_inside(end: &End, cell: &Cell) -> SeatPlan {
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
pub(super) fn address_of(family: Family, assigned: &[Assigned]) -> IpAddr {
    assigned
        .iter()
        .map(|one| one.address)
        .find(|address| family_of(*address) == family)
        .unwrap_or_else(|| lo(family))
}
