//! Each container a macvlan of its own on one parent, in bridge mode: what one sends to another goes from device to device,
//! with neither a bridge nor a veth between.
//!
//! The parent is a veth whose other end is idle, in the same namespace of the host side: it only has to be up. All
//! containers share one subnet and have no gateway, as they cannot reach the host side through their parent anyway.

use std::net::IpAddr;

use super::parts::{ETHERNET_MTU, FIRST_INDEX};
use super::{Contacts, End, Host, Layout, Link, Part, Role, Stacked, Stacking, Step, seat_inside};
use crate::lab::address::{Assigned, Mac, Subnet};
use crate::scenario::Cell;
use crate::scenario::pairs;

/// The first host of the subnet that is a container.
pub(super) const FIRST_CONTAINER: u32 = 2;
/// What the parent is in its own subnet's MACs: host 1.
const PARENT: u32 = 1;

pub(super) fn lay_out(cell: &Cell) -> Layout {
    stack(cell, Stacking::Macvlan, |container| {
        let mac = Subnet::whole().mac(container + FIRST_CONTAINER, cell.macs);
        (Some(mac), mac)
    })
}

/// A layout of containers on one parent. `macs` says, for each, its own MAC (none where it has the parent's) and that by
/// which others find it.
pub(super) fn stack(
    cell: &Cell,
    kind: Stacking,
    macs: impl Fn(u32) -> (Option<Mac>, Mac),
) -> Layout {
    let contacts = Contacts::of(cell);
    let ends: Vec<End> = (0..cell.containers)
        .map(|container| {
            let others = contacts.of_container(container).iter();
            let known = others.flat_map(|other| found(cell, *other, macs(*other).1));
            let link = Link {
                mac: macs(container).0,
                neighbours: known.collect(),
                ..eth0(cell, container)
            };
            End { container, link }
        })
        .collect();
    Layout {
        seats: ends.iter().map(|end| seat_inside(end, cell)).collect(),
        hosts: vec![node(cell)],
        parts: ends
            .into_iter()
            .map(|far| {
                Part::Stacked(Box::new(Stacked {
                    host: 0,
                    parent: FIRST_INDEX,
                    kind,
                    far,
                }))
            })
            .collect(),
        pairs: pairs(cell),
        entrances: Vec::new(),
    }
}

/// The parent's MAC.
pub(super) fn parent_mac(cell: &Cell) -> Mac {
    Subnet::whole().mac(PARENT, cell.macs)
}

fn node(cell: &Cell) -> Host {
    let mtu = cell.mtu.unwrap_or(ETHERNET_MTU);
    let parent = Link {
        mac: Some(parent_mac(cell)),
        mtu,
        ..Link::bare("parent", FIRST_INDEX)
    };
    let idle = Link {
        mtu,
        ..Link::bare("idle", FIRST_INDEX + 1)
    };
    Host {
        name: "the parent's node".to_owned(),
        role: Role::Beside,
        foundation: vec![
            Step::Cable {
                here: parent.clone(),
                host: 0,
                there: idle.clone(),
            },
            Step::Raise(idle),
            Step::Raise(parent),
        ],
        finish: Vec::new(),
    }
}

fn eth0(cell: &Cell, container: u32) -> Link {
    Link {
        mtu: cell.mtu.unwrap_or(ETHERNET_MTU),
        addresses: addresses(cell, container),
        ..Link::bare("eth0", FIRST_INDEX)
    }
}

/// A container's addresses, each with the MAC by which it is found.
fn found(cell: &Cell, container: u32, mac: Mac) -> impl Iterator<Item = (IpAddr, Mac)> {
    let own = addresses(cell, container).into_iter();
    own.map(move |one| (one.address, mac))
}

fn addresses(cell: &Cell, container: u32) -> Vec<Assigned> {
    Subnet::whole().host(container + FIRST_CONTAINER, cell.stack, cell.family)
}
