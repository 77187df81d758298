//! Containers of nodes that come in twos: each node a namespace with a bridge, the two joined by a veth and over it a VXLAN
//! tunnel, which is a port of both bridges. The two of a pair are on different nodes.
//!
//! The subnet spans both nodes: their bridges are hosts 1 and 2, and the containers follow. The veth below carries 50 bytes
//! more than the containers' links, the tunnel's headers, so that these have the MTU that was asked for. (An overlay that
//! has to do with 1,500 below leaves them 1,450: ask for that.)

use std::num::NonZeroU32;

use super::parts::{ETHERNET_MTU, FIRST_INDEX};
use super::switch::{BEYOND_INDEX, Next, Station, Switches};
use super::{Contacts, Host, Layout, Link, Step, Tunnel};
use crate::lab::address::Subnet;
use crate::scenario::{Cell, Entries, Family, Stack};

/// The first container on the first of two nodes is host 3.
const FIRST_CONTAINER: u32 = 3;
/// Outer Ethernet, IPv4, UDP and VXLAN headers (RFC 7348).
const HEADERS: u32 = 50;
const TUNNEL: &str = "vxlan";
const BELOW_INDEX: u32 = FIRST_INDEX - 1;

pub(super) fn lay_out(cell: &Cell) -> Layout {
    let switches = Switches {
        cell,
        stations: (0..cell.containers)
            .map(|container| station(cell, container))
            .collect(),
        contacts: Contacts::of(cell),
        beyond: Some(TUNNEL),
        next: Next::Other,
    };
    let ports = switches.ports();
    let mut hosts = switches.hosts(&ports);
    for (couple, nodes) in (0..).zip(hosts.as_chunks_mut::<2>().0) {
        tunnel_between(nodes, couple, cell);
    }
    Layout::of_ports(hosts, ports, cell)
}

fn station(cell: &Cell, container: u32) -> Station {
    let ports = cell.ports_per_bridge.map_or(1, NonZeroU32::get);
    let (pair, end) = (container / 2, container % 2);
    let (couple, slot) = (pair / ports, pair % ports);
    Station {
        bridge: 2 * couple + end,
        slot,
        net: Subnet::of_bridge(couple),
        host: FIRST_CONTAINER + 2 * slot + end,
        gateway: 1 + end,
    }
}

fn tunnel_between(nodes: &mut [Host; 2], couple: u32, cell: &Cell) {
    let ends = [below(couple, 1, cell), below(couple, 2, cell)];
    let cable = Step::Cable {
        here: ends[0].clone(),
        host: 2 * couple + 1,
        there: ends[1].clone(),
    };
    // The first node comes before the second, whose end of the veth is there then.
    nodes[0].foundation.push(cable);
    let net = Subnet::of_uplink(couple);
    for (node, own) in nodes.iter_mut().zip([1, 2]) {
        let device = Link {
            mtu: cell.mtu.unwrap_or(ETHERNET_MTU),
            controller: Some(FIRST_INDEX),
            ..Link::bare(TUNNEL, BEYOND_INDEX)
        };
        let tunnel = Tunnel {
            id: couple + 1,
            below: BELOW_INDEX,
            ends: [net.v4(own), net.v4(3 - own)],
            learning: cell.wiring.entries == Entries::Learned,
        };
        node.foundation.extend([
            Step::Raise(ends[own as usize - 1].clone()),
            Step::Tunnel(device.clone(), tunnel),
            Step::Raise(device),
        ]);
    }
}

/// One end of the veth below, which speaks IPv4 whatever the containers speak.
fn below(couple: u32, own: u32, cell: &Cell) -> Link {
    let net = Subnet::of_uplink(couple);
    let only_ipv4 = |host| net.host(host, Stack::Single, Family::Ipv4);
    let other = 3 - own;
    Link {
        mac: Some(net.mac(own, cell.macs)),
        mtu: cell.mtu.unwrap_or(ETHERNET_MTU) + HEADERS,
        addresses: only_ipv4(own),
        neighbours: only_ipv4(other)
            .iter()
            .map(|one| (one.address, net.mac(other, cell.macs)))
            .collect(),
        ..Link::bare("below", BELOW_INDEX)
    }
}
