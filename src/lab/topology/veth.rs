//! Pairs of containers, each pair joined by one veth with no bridge between.

use super::parts::ETHERNET_MTU;
use super::{Contacts, End, Layout, Link, Part, seat_inside};
use crate::lab::address::Subnet;
use crate::scenario::Cell;
use crate::scenario::pairs;

pub(super) fn lay_out(cell: &Cell) -> Layout {
    let contacts = Contacts::of(cell);
    let cables: Vec<[End; 2]> = (0..cell.containers / 2)
        .map(|number| cable(cell, number, contacts.any(2 * number)))
        .collect();
    Layout {
        hosts: Vec::new(),
        seats: cables
            .iter()
            .flatten()
            .map(|end| seat_inside(end, cell))
            .collect(),
        parts: cables
            .into_iter()
            .map(|ends| Part::Cable(Box::new(ends)))
            .collect(),
        pairs: pairs(cell),
        entrances: Vec::new(),
    }
}

fn cable(cell: &Cell, number: u32, talks: bool) -> [End; 2] {
    [[1, 2], [2, 1]].map(|hosts| End {
        container: 2 * number + hosts[0] - 1,
        link: end(cell, number, hosts, talks),
    })
}

/// One end of the pair of this number, each of which is a host of the pair's own subnet.
pub(super) fn end(cell: &Cell, number: u32, [own, other]: [u32; 2], talks: bool) -> Link {
    let net = Subnet::of_cable(number);
    let peer = net.host(other, cell.stack, cell.family);
    let neighbours = peer
        .iter()
        .filter(|_| talks)
        .map(|peer| (peer.address, net.mac(other, cell.macs)));
    Link {
        addresses: net.host(own, cell.stack, cell.family),
        neighbours: neighbours.collect(),
        ..Link::eth0(net.mac(own, cell.macs), cell.mtu.unwrap_or(ETHERNET_MTU))
    }
}
