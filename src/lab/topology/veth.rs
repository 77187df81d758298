//! Pairs of containers, each pair joined by one veth with no bridge between.

use super::{Cable, ETHERNET_MTU, Interface, Layout, SeatPlan, Wiring, address_of, pairs};
use crate::lab::address::Subnet;
use crate::scenario::Cell;

pub(super) fn lay_out(cell: &Cell) -> Layout {
    let cables: Vec<Cable> = (0..cell.containers / 2)
        .map(|number| cable(cell, number))
        .collect();
    let seats = cables
        .iter()
        .flat_map(|cable| &cable.ends)
        .zip(0..)
        .map(|(end, namespace)| SeatPlan {
            namespace,
            address: address_of(cell.family, &end.addresses),
        })
        .collect();
    Layout {
        namespaces: cell.containers,
        seats,
        wiring: Wiring::Cables(cables),
        pairs: pairs(cell),
    }
}

fn cable(cell: &Cell, number: u32) -> Cable {
    let talks = 2 * number < cell.active;
    Cable {
        ends: [
            end(cell, number, [1, 2], talks),
            end(cell, number, [2, 1], talks),
        ],
    }
}

fn end(cell: &Cell, number: u32, [own, other]: [u32; 2], talks: bool) -> Interface {
    let net = Subnet::of_cable(number);
    let peer = net.host(other, cell.stack, cell.family);
    let neighbours = peer
        .iter()
        .filter(|_| talks)
        .map(|peer| (peer.address, net.mac(other, cell.macs)));
    Interface {
        mac: net.mac(own, cell.macs),
        mtu: cell.mtu.unwrap_or(ETHERNET_MTU),
        addresses: net.host(own, cell.stack, cell.family),
        gateways: Vec::new(),
        neighbours: neighbours.collect(),
    }
}
