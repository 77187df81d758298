//! Each container joined by a veth to a Linux bridge; several bridges when the count asks for it.
//!
//! A pair is behind one bridge, or, where bridges are joined and pairs cross, behind two that follow each other. Bridges are
//! joined by way of one more namespace, so that all pairs have equally far: with a bridge in it, to which each has a trunk,
//! or as a router. A bridge is host 1 of its subnet; the containers follow.

use std::net::IpAddr;
use std::num::NonZeroU32;

use super::parts::{ETHERNET_MTU, FIRST_INDEX};
use super::switch::{BEYOND_INDEX, Next, Station, Switches, options_of, unseen_by_iptables};
use super::{Contacts, Entry, Host, Layout, Link, Port, Role, Step, address_of, outside};
use crate::lab::address::Subnet;
use crate::scenario::pairs;
use crate::scenario::{Cell, Join, Path};

const GATEWAY: u32 = 1;
const FIRST_CONTAINER: u32 = 2;
/// The name of a bridge's port to the bridge between.
const TRUNK: &str = "trunk";

pub(super) fn lay_out(cell: &Cell) -> Layout {
    let wiring = &cell.wiring;
    let switches = Switches {
        cell,
        stations: (0..cell.containers)
            .map(|container| station(cell, container))
            .collect(),
        contacts: Contacts::of(cell),
        beyond: wiring.is_one_segment().then_some(TRUNK),
        next: match cell.path {
            Path::Direct if wiring.join == Join::Routed => Next::Routed,
            Path::Direct => Next::Other,
            Path::Published | Path::Outside => Next::Gateway,
            Path::Hairpin => Next::Either,
        },
    };
    let ports = switches.ports();
    let hosts = switches.hosts(&ports);
    let mut layout = Layout::of_ports(hosts, ports, cell);
    match wiring.join {
        Join::None => {}
        Join::Trunk => join_by_trunks(&mut layout, &switches),
        Join::Routed => outside::wire_up(&mut layout, router_between(), cell),
    }
    layout
}

/// Each pair's own bridge, by its address: where its client calls when the server's port is published to containers.
pub(super) fn gateways(cell: &Cell) -> Vec<IpAddr> {
    let of_pair = |(client, _)| {
        let station = station(cell, client);
        let gateway = station.net.host(GATEWAY, cell.stack, cell.family);
        address_of(cell.family, &gateway)
    };
    pairs(cell).into_iter().map(of_pair).collect()
}

/// Pairs fill bridges in order, two ports each. Where they cross, the odd container has the port that would be its own on the
/// next bridge.
fn station(cell: &Cell, container: u32) -> Station {
    let bridges = cell.bridges.map_or(1, NonZeroU32::get);
    let ports = cell.ports_per_bridge;
    let ports = ports.map_or(cell.containers, NonZeroU32::get).max(1);
    let (home, slot) = (container / ports, container % ports);
    let crosses = cell.wiring.crossing && container % 2 == 1;
    let bridge = if crosses { (home + 1) % bridges } else { home };
    Station {
        bridge,
        slot,
        net: Subnet::of_bridge(bridge),
        host: slot + FIRST_CONTAINER,
        gateway: GATEWAY,
    }
}

fn router_between() -> Host {
    Host {
        foundation: outside::forwarding().to_vec(),
        ..between("the router between")
    }
}

fn between(name: &str) -> Host {
    Host {
        name: name.to_owned(),
        role: Role::Beside,
        foundation: Vec::new(),
        finish: Vec::new(),
    }
}

/// One more bridge, with a veth to each of the others.
fn join_by_trunks(layout: &mut Layout, switches: &Switches<'_>) {
    let cell = switches.cell;
    let number = u32::try_from(layout.hosts.len()).unwrap_or(u32::MAX);
    let mut core = between("the bridge between");
    let link = Link {
        mtu: cell.mtu.unwrap_or(ETHERNET_MTU),
        ..Link::bare("core", FIRST_INDEX)
    };
    core.foundation = unseen_by_iptables();
    core.foundation
        .push(Step::Bridge(link.clone(), options_of(cell)));
    core.foundation
        .push(Step::Set("ipv6/conf/default/disable_ipv6", "1"));
    for (node, host) in (0..).zip(&mut layout.hosts) {
        let [here, there] = trunk(cell, node);
        core.foundation.push(Step::Raise(there.clone()));
        host.foundation.push(Step::Cable {
            here: here.clone(),
            host: number,
            there,
        });
        host.foundation.push(Step::Raise(here));
    }
    core.finish = vec![
        Step::Pin(across(layout.ports(), switches)),
        Step::Raise(link),
    ];
    layout.hosts.push(core);
}

/// A trunk's end on the bridge and that on the bridge between, each a port.
fn trunk(cell: &Cell, node: u32) -> [Link; 2] {
    let (name, index) = far_end(node);
    [(TRUNK.to_owned(), BEYOND_INDEX), (name, index)].map(|(name, index)| Link {
        mtu: cell.mtu.unwrap_or(ETHERNET_MTU),
        controller: Some(FIRST_INDEX),
        ..Link::bare(name, index)
    })
}

fn far_end(node: u32) -> (String, u32) {
    (format!("node{node}"), FIRST_INDEX + 1 + node)
}

/// Behind which trunk each is that talks across.
fn across<'a>(ports: impl Iterator<Item = &'a Port>, switches: &Switches<'_>) -> Vec<Entry> {
    let talkers = ports.filter(|port| switches.elsewhere(port.far.container).next().is_some());
    let entries = talkers.filter_map(|port| {
        let (name, index) = far_end(port.host);
        Some(Entry {
            port: index,
            name: name.into(),
            mac: port.far.link.mac?,
        })
    });
    entries.collect()
}
