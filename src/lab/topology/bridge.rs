//! Each container joined by a veth to a Linux bridge; several bridges when the count asks for it, pairs inside one.
//!
//! Each bridge has a namespace of its own, which alone makes set-up linear. It is host 1 of its subnet; the containers
//! follow.

use std::net::IpAddr;
use std::num::NonZeroU32;

use super::parts::{ETHERNET_MTU, FIRST_INDEX};
use super::{End, Entry, Host, Layout, Link, Pairing, Port, Role, Route, Step, address_of, talks};
use crate::lab::address::{Assigned, Mac, Subnet};
use crate::scenario::{Cell, Path};

const GATEWAY: u32 = 1;
const FIRST_CONTAINER: u32 = 2;

pub(super) fn lay_out(cell: &Cell) -> Layout {
    let per_bridge = ports_of_each(cell);
    let ports: Vec<Port> = (0..cell.containers)
        .map(|container| Bridge::of(container / per_bridge, cell).port(container % per_bridge))
        .collect();
    let hosts = (0..)
        .zip(ports.chunks(per_bridge as usize))
        .map(|(number, ports)| Bridge::of(number, cell).host(ports))
        .collect();
    Layout::of_ports(hosts, ports, cell)
}

/// Each pair's own bridge, by its address: where its client calls when the server's port is published to containers.
pub(super) fn gateways(cell: &Cell) -> Vec<IpAddr> {
    let per_bridge = ports_of_each(cell);
    let of_pair = |pair| {
        let bridge = Bridge::of(2 * pair / per_bridge, cell);
        address_of(cell.family, &bridge.addresses(GATEWAY))
    };
    (0..cell.pairs).map(of_pair).collect()
}

fn ports_of_each(cell: &Cell) -> u32 {
    let ports = cell.ports_per_bridge;
    ports.map_or(cell.containers, NonZeroU32::get).max(1)
}

/// One of the bridges of a cell.
#[derive(Clone, Copy)]
struct Bridge<'a> {
    cell: &'a Cell,
    number: u32,
    net: Subnet,
}

impl<'a> Bridge<'a> {
    fn of(number: u32, cell: &'a Cell) -> Self {
        Self {
            cell,
            number,
            net: Subnet::of_bridge(number),
        }
    }

    /// The bridge in its namespace. It stays down until all its ports are on it: a live one floods what each new port
    /// announces.
    fn host(self, ports: &[Port]) -> Host {
        let link = self.link();
        let name = link.name.to_string();
        let mut foundation = unseen_by_iptables();
        foundation.push(Step::Bridge(link.clone()));
        // The ports that come next get no IPv6: each would announce itself to all the others. The bridge keeps its own.
        foundation.push(Step::Set("ipv6/conf/default/disable_ipv6", "1"));
        Host {
            foundation,
            finish: vec![
                Step::Pin(self.entries(ports)),
                Step::Raise(Link {
                    neighbours: self.routed_to(ports),
                    ..link
                }),
            ],
            name: format!("bridge {name}"),
            role: Role::Node {
                bridge: Some(name),
                subnets: self.net.prefixes(self.cell.stack, self.cell.family),
            },
        }
    }

    /// Its MAC is fixed, since a bridge otherwise takes its lowest port's, and stale ARP then stalls peers for up to 100 s
    /// (netavark).
    fn link(self) -> Link {
        Link {
            mac: Some(self.mac(GATEWAY)),
            mtu: self.mtu(),
            addresses: self.addresses(GATEWAY),
            ..Link::bare(format!("br{}", self.number), FIRST_INDEX)
        }
    }

    /// Who is behind which port, of those that talk.
    fn entries(self, ports: &[Port]) -> Vec<Entry> {
        let talkers = ports
            .iter()
            .filter(|port| talks(port.far.container, self.cell));
        let entries = talkers.filter_map(|port| {
            Some(Entry {
                port: port.near.index,
                name: port.near.name.clone(),
                mac: port.far.link.mac?,
            })
        });
        entries.collect()
    }

    /// The containers that the bridge's own host has to find, since their traffic goes through it.
    fn routed_to(self, ports: &[Port]) -> Vec<(IpAddr, Mac)> {
        let talkers = ports
            .iter()
            .filter(|port| self.cell.path != Path::Direct && talks(port.far.container, self.cell));
        let known = talkers.flat_map(|port| {
            let link = &port.far.link;
            let mac = link.mac;
            link.addresses
                .iter()
                .filter_map(move |one| Some((one.address, mac?)))
        });
        known.collect()
    }

    /// The port with this number, and the container behind it.
    fn port(self, number: u32) -> Port {
        let container = self.number * ports_of_each(self.cell) + number;
        Port {
            kind: Pairing::Veth,
            host: self.number,
            near: Link {
                mtu: self.mtu(),
                controller: Some(FIRST_INDEX),
                ..Link::bare(format!("v{container:05}"), FIRST_INDEX + 1 + number)
            },
            far: End {
                container,
                link: self.eth0(number, talks(container, self.cell)),
            },
        }
    }

    fn eth0(self, number: u32, talks: bool) -> Link {
        let gateways = self.addresses(GATEWAY);
        // Ports 2k and 2k + 1 of a bridge hold a pair; what leaves the bridge goes to its gateway. By a published port of
        // the own host side, the way there goes by the gateway and the way back does not.
        let partner = (number ^ 1) + FIRST_CONTAINER;
        let known: &[u32] = match self.cell.path {
            Path::Direct => &[partner],
            Path::Published | Path::Outside => &[GATEWAY],
            Path::Hairpin => &[GATEWAY, partner],
        };
        let known = known.iter().filter(|_| talks);
        let neighbours = known.flat_map(|host| {
            let addresses = self.addresses(*host).into_iter();
            addresses.map(|one| (one.address, self.mac(*host)))
        });
        Link {
            addresses: self.addresses(number + FIRST_CONTAINER),
            routes: gateways
                .iter()
                .map(|one| Route::default_via(one.address))
                .collect(),
            neighbours: neighbours.collect(),
            ..Link::eth0(self.mac(number + FIRST_CONTAINER), self.mtu())
        }
    }

    fn mtu(self) -> u32 {
        self.cell.mtu.unwrap_or(ETHERNET_MTU)
    }

    fn addresses(self, host: u32) -> Vec<Assigned> {
        self.net.host(host, self.cell.stack, self.cell.family)
    }

    fn mac(self, host: u32) -> Mac {
        self.net.mac(host, self.cell.macs)
    }
}

/// Where `br_netfilter` is built in, it may be on in every new namespace.
fn unseen_by_iptables() -> Vec<Step> {
    [
        "bridge/bridge-nf-call-iptables",
        "bridge/bridge-nf-call-ip6tables",
        "bridge/bridge-nf-call-arptables",
    ]
    .map(|name| Step::Set(name, "0"))
    .to_vec()
}
