//! A place beyond the lab's router: one namespace, joined by a veth to each namespace of the host side.
//!
//! Works on any layout whose containers are joined to a host side. Each container is still there; but one end of each pair
//! sits outside. On the way out that is the server, which stands for the program that container 2k + 1 would have called;
//! what it receives is counted at the outside end of the veth, which carries nothing else in that direction. On the way to
//! a published port it is the client, in the place of container 2k. Either receives by the outside end, so that is where it is
//! counted.

use super::{Direction, Host, Layout, Link, Meter, Place, Role, Route, SeatPlan, Step, address_of};
use crate::lab::address::{Assigned, Subnet};
use crate::lab::topology::parts::{ETHERNET_MTU, FIRST_INDEX};
use crate::scenario::{Cell, Path};

/// The name of a host side's link to the outside.
const UPLINK: &str = "uplink";
/// Its index: below those of the links that a topology makes.
const UPLINK_INDEX: u32 = FIRST_INDEX - 1;
/// On the link's subnet, the host side and the outside.
const NEAR: u32 = 1;
const FAR: u32 = 2;

/// Joins a layout to an outside, and moves one end of each pair there.
pub(super) fn join(mut layout: Layout, cell: &Cell) -> Layout {
    let outside = Host {
        name: "the outside".to_owned(),
        role: Role::Outside,
        foundation: Vec::new(),
        finish: Vec::new(),
    };
    let number = index(layout.hosts.len());
    wire_up(&mut layout, outside, cell);
    match cell.path {
        Path::Published => seat_clients(&mut layout, cell, number),
        Path::Direct | Path::Hairpin | Path::Outside => seat_servers(&mut layout, cell, number),
    }
    layout
}

/// Joins each namespace of the host side to one more by a veth, and has it route by way of that.
pub(super) fn wire_up(layout: &mut Layout, mut hub: Host, cell: &Cell) {
    let number = index(layout.hosts.len());
    for (node, host) in (0..).zip(&mut layout.hosts) {
        let wire = Wire { cell, node };
        if let Role::Node { subnets, .. } = &host.role {
            hub.foundation.push(Step::Raise(wire.far(subnets)));
        }
        // First of all, so that devices made later take over that the namespace forwards, and so that the uplink keeps its
        // IPv6 where later ones do without.
        host.foundation.splice(0..0, wire.steps(number));
    }
    layout.hosts.push(hub);
}

fn seat_servers(layout: &mut Layout, cell: &Cell, outside: u32) {
    let hosts: Vec<u32> = layout.ports().map(|port| port.host).collect();
    for (client, server) in &layout.pairs {
        let wire = Wire {
            cell,
            node: hosts[*client as usize],
        };
        layout.seats[*server as usize] = wire.far_seat(outside);
    }
}

/// Seats the clients outside, and has them call the near end of the veth: the only address of the host side that is known
/// there.
fn seat_clients(layout: &mut Layout, cell: &Cell, outside: u32) {
    let hosts: Vec<u32> = layout.ports().map(|port| port.host).collect();
    for (client, server) in layout.pairs.clone() {
        let wire = Wire {
            cell,
            node: hosts[server as usize],
        };
        layout.seats[client as usize] = wire.far_seat(outside);
        layout
            .entrances
            .push(address_of(cell.family, &wire.addresses(NEAR)));
    }
}

/// Files below `/proc/sys/net` by which a namespace passes on what is not for itself.
pub(in crate::lab) const FORWARDING: [&str; 2] = ["ipv4/ip_forward", "ipv6/conf/all/forwarding"];

/// A namespace passes on what is not for itself. Links made later take the setting over.
pub(super) fn forwarding() -> [Step; 2] {
    FORWARDING.map(|file| Step::Set(file, "1"))
}

/// The veth between a namespace of the host side and the outside.
#[derive(Clone, Copy)]
struct Wire<'a> {
    cell: &'a Cell,
    node: u32,
}

impl Wire<'_> {
    fn steps(self, outside: u32) -> Vec<Step> {
        let near = self.end(NEAR, FAR, UPLINK.to_owned(), UPLINK_INDEX);
        let default = self.addresses(FAR);
        let near = Link {
            routes: default
                .iter()
                .map(|one| Route::default_via(one.address))
                .collect(),
            ..near
        };
        let mut steps = forwarding().to_vec();
        steps.push(Step::Cable {
            here: near.clone(),
            host: outside,
            there: self.far(&[]),
        });
        steps.push(Step::Raise(near));
        steps
    }

    /// The outside's end, and the way back from there.
    fn far(self, subnets: &[Assigned]) -> Link {
        let gateways = self.addresses(NEAR);
        let back = subnets.iter().filter_map(|to| {
            let same_family = |one: &&Assigned| one.address.is_ipv4() == to.address.is_ipv4();
            let via = gateways.iter().find(same_family)?.address;
            Some(Route {
                to: *to,
                via: Some(via),
            })
        });
        Link {
            routes: back.collect(),
            ..self.end(FAR, NEAR, self.far_name(), FIRST_INDEX + self.node)
        }
    }

    /// A seat at the outside's end.
    fn far_seat(self, outside: u32) -> SeatPlan {
        let place = Place::Host(outside);
        SeatPlan {
            place,
            address: address_of(self.cell.family, &self.addresses(FAR)),
            meter: Meter {
                place,
                interface: self.far_name().into(),
                direction: Direction::Received,
            },
        }
    }

    fn far_name(self) -> String {
        format!("node{}", self.node)
    }

    fn end(self, own: u32, other: u32, name: String, index: u32) -> Link {
        let (net, macs) = (Subnet::of_uplink(self.node), self.cell.macs);
        let others = self.addresses(other);
        Link {
            mac: Some(net.mac(own, macs)),
            mtu: self.cell.mtu.unwrap_or(ETHERNET_MTU),
            addresses: self.addresses(own),
            neighbours: others
                .iter()
                .map(|one| (one.address, net.mac(other, macs)))
                .collect(),
            ..Link::bare(name, index)
        }
    }

    fn addresses(self, host: u32) -> Vec<Assigned> {
        Subnet::of_uplink(self.node).host(host, self.cell.stack, self.cell.family)
    }
}

fn index(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
