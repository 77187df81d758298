//! Each container joined by a veth to a Linux bridge; several bridges when the count asks for it, pairs inside one.

use std::num::NonZeroU32;

use super::{
    BridgePlan, ETHERNET_MTU, Interface, Layout, Port, SeatPlan, Wiring, address_of, pairs,
};
use crate::lab::address::Subnet;
use crate::scenario::Cell;

/// The bridge is host 1 of its subnet; the containers follow.
const GATEWAY: u32 = 1;
const FIRST_CONTAINER: u32 = 2;

pub(super) fn lay_out(cell: &Cell) -> Layout {
    let per_bridge = cell
        .ports_per_bridge
        .map_or(cell.containers, NonZeroU32::get)
        .max(1);
    let bridges: Vec<BridgePlan> = (0..cell.containers.div_ceil(per_bridge))
        .map(|number| bridge(cell, number, per_bridge))
        .collect();
    let seats = bridges
        .iter()
        .flat_map(|bridge| &bridge.ports)
        .map(|port| SeatPlan {
            namespace: port.container,
            address: address_of(cell.family, &port.interface.addresses),
        })
        .collect();
    Layout {
        namespaces: cell.containers,
        seats,
        wiring: Wiring::Bridges(bridges),
        pairs: pairs(cell),
    }
}

fn bridge(cell: &Cell, number: u32, per_bridge: u32) -> BridgePlan {
    let net = Subnet::of_bridge(number);
    let first = number * per_bridge;
    let end = cell.containers.min(first + per_bridge);
    BridgePlan {
        name: format!("br{number}"),
        mac: net.mac(GATEWAY, cell.macs),
        addresses: net.host(GATEWAY, cell.stack, cell.family),
        mtu: cell.mtu.unwrap_or(ETHERNET_MTU),
        ports: (first..end)
            .map(|container| port(cell, net, container, first))
            .collect(),
    }
}

fn port(cell: &Cell, net: Subnet, container: u32, first: u32) -> Port {
    Port {
        name: format!("v{container:05}"),
        container,
        interface: interface(
            cell,
            net,
            container,
            container - first + FIRST_CONTAINER,
            first,
        ),
    }
}

fn interface(cell: &Cell, net: Subnet, container: u32, host: u32, first: u32) -> Interface {
    // Containers 2k and 2k + 1 talk; the last of an odd count has nobody to talk to.
    let partner = container ^ 1;
    let partner_host = partner - first + FIRST_CONTAINER;
    let partners = net.host(partner_host, cell.stack, cell.family);
    let talks = container.max(partner) < cell.active;
    let neighbours = partners
        .iter()
        .filter(|_| talks)
        .map(|one| (one.address, net.mac(partner_host, cell.macs)));
    Interface {
        mac: net.mac(host, cell.macs),
        mtu: cell.mtu.unwrap_or(ETHERNET_MTU),
        addresses: net.host(host, cell.stack, cell.family),
        gateways: net
            .host(GATEWAY, cell.stack, cell.family)
            .iter()
            .map(|one| one.address)
            .collect(),
        neighbours: neighbours.collect(),
    }
}
