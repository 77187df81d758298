//! Pairs of containers, each joined by a veth to a host side, in which `tc` redirects what comes in by the one's veth out by the other's:
//! no bridge between, as where a sandbox of a virtual machine is joined to its pod.
//!
//! A frame is taken at the ingress of its veth, before a bridge, a route or a rule could see it. The two of a pair have a subnet of
//! their own, as on one veth. A host side has no address and speaks no IPv6, so that nothing but what is redirected leaves it.

use super::parts::{ETHERNET_MTU, FIRST_INDEX};
use super::veth::end;
use super::{Contacts, End, Host, Layout, Link, Pairing, Port, PortOptions, Redirect, Role, Step};
use crate::scenario::Cell;
use crate::scenario::registry::routers::host_side_of;

pub(super) fn lay_out(cell: &Cell) -> Layout {
    let contacts = Contacts::of(cell);
    let ports: Vec<Port> = (0..cell.containers)
        .map(|container| port(cell, container, contacts.any(container)))
        .collect();
    // The two of a pair are neighbours in the list, and on one host side.
    let hosts = ports.chunk_by(|one, next| one.host == next.host).map(host);
    Layout::of_ports(hosts.collect(), ports, cell)
}

fn port(cell: &Cell, container: u32, talks: bool) -> Port {
    let (pair, own) = (container / 2, 1 + container % 2);
    let (host, slot) = host_side_of(cell, container);
    Port {
        kind: Pairing::Veth,
        options: PortOptions::default(),
        host,
        near: Link {
            mtu: cell.mtu.unwrap_or(ETHERNET_MTU),
            ..Link::bare(format!("v{container:05}"), FIRST_INDEX + 1 + slot)
        },
        far: End {
            container,
            link: end(cell, pair, [own, 3 - own], talks),
        },
    }
}

fn host(ports: &[Port]) -> Host {
    let pairs = ports.as_chunks::<2>().0.iter();
    let both_ways = pairs.flat_map(|[one, other]| [redirect(one, other), redirect(other, one)]);
    Host {
        name: format!("host side {}", ports[0].host),
        // No rule would see what is redirected.
        role: Role::Beside,
        foundation: vec![Step::Set("ipv6/conf/default/disable_ipv6", "1")],
        finish: vec![Step::Redirect(both_ways.collect())],
    }
}

fn redirect(from: &Port, to: &Port) -> Redirect {
    Redirect {
        indexes: [from, to].map(|port| port.near.index),
        names: [from, to].map(|port| port.near.name.clone()),
    }
}
