//! Bridges and the containers behind them, however these are spread: what `bridge` and `vxlan` have in common.
//!
//! Each bridge has a namespace of its own, which alone makes set-up linear. It stays down until all its ports are on it: a
//! live one floods what each new port announces.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::parts::{ETHERNET_MTU, FIRST_INDEX};
use super::{
    BridgeOptions, Contacts, End, Entry, Host, Link, Pairing, Port, PortOptions, Role, Route, Step,
};
use crate::lab::address::{Assigned, Mac, Subnet};
use crate::scenario::Cell;
use crate::scenario::registry::links::{HAIRPIN, ISOLATION, SNOOPING, VLAN_FILTERING};

/// The index of a bridge's port to others, or to another node.
pub(super) const BEYOND_INDEX: u32 = FIRST_INDEX - 2;

/// Where a container is attached, and what it is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Station {
    /// The bridge, by its number.
    pub(super) bridge: u32,
    /// The port, from 0.
    pub(super) slot: u32,
    /// The subnet.
    pub(super) net: Subnet,
    /// The container's number in it.
    pub(super) host: u32,
    /// The bridge's number in it.
    pub(super) gateway: u32,
}

/// The bridges of a cell.
pub(super) struct Switches<'a> {
    pub(super) cell: &'a Cell,
    /// One for each container.
    pub(super) stations: Vec<Station>,
    pub(super) contacts: Contacts,
    /// The name of each bridge's port to the others; none where they are not one segment.
    pub(super) beyond: Option<&'static str>,
    /// Whom a container hands what is for another.
    pub(super) next: Next,
}

/// Whom a container hands what is for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// The other itself.
    Other,
    /// The other itself where they are behind one bridge, and else its gateway.
    Routed,
    /// Its gateway.
    Gateway,
    /// Its gateway on the way there, and the other itself on the way back: a published port of their own host side.
    Either,
}

impl Switches<'_> {
    /// The ports, in the order of the containers.
    pub(super) fn ports(&self) -> Vec<Port> {
        (0..)
            .zip(&self.stations)
            .map(|(container, station)| self.port(container, station))
            .collect()
    }

    /// The bridges, each in its namespace, in the order of their numbers.
    pub(super) fn hosts(&self, ports: &[Port]) -> Vec<Host> {
        let bridges = self.stations.iter().map(|station| station.bridge + 1);
        let mut behind = vec![Vec::new(); bridges.max().unwrap_or(0) as usize];
        for port in ports {
            behind[port.host as usize].push(port);
        }
        behind.iter().map(|ports| self.host(ports)).collect()
    }

    fn host(&self, ports: &[&Port]) -> Host {
        let station = self.stations[ports[0].far.container as usize];
        let link = self.bridge(&station);
        let name = link.name.to_string();
        let mut foundation = unseen_by_iptables();
        foundation.push(Step::Bridge(link.clone(), options_of(self.cell)));
        // The ports that come next get no IPv6: each would announce itself to all the others. The bridge keeps its own.
        foundation.push(Step::Set("ipv6/conf/default/disable_ipv6", "1"));
        let raised = Link {
            neighbours: self.routed_to(ports),
            ..link
        };
        Host {
            foundation,
            finish: vec![Step::Pin(self.entries(ports)), Step::Raise(raised)],
            name: format!("bridge {name}"),
            role: Role::Node {
                bridge: Some(name),
                subnets: station.net.prefixes(self.cell.stack, self.cell.family),
            },
        }
    }

    /// Its MAC is fixed, since a bridge otherwise takes its lowest port's, and stale ARP then stalls peers for up to 100 s
    /// (netavark).
    fn bridge(&self, station: &Station) -> Link {
        Link {
            mac: Some(self.mac(station, station.gateway)),
            mtu: self.mtu(),
            addresses: self.addresses(station, station.gateway),
            ..Link::bare(format!("br{}", station.bridge), FIRST_INDEX)
        }
    }

    /// Who is behind which port, of those that talk, and whom they talk to elsewhere.
    fn entries(&self, ports: &[&Port]) -> Vec<Entry> {
        let talkers = ports.iter().filter(|port| self.talks(port));
        let own = talkers.filter_map(|port| {
            Some(Entry {
                port: port.near.index,
                name: port.near.name.clone(),
                mac: port.far.link.mac?,
            })
        });
        let elsewhere = self.beyond.into_iter().flat_map(|name| {
            let others: BTreeSet<u32> = ports
                .iter()
                .flat_map(|port| self.elsewhere(port.far.container))
                .collect();
            others.into_iter().map(move |other| {
                let station = &self.stations[other as usize];
                Entry {
                    port: BEYOND_INDEX,
                    name: name.into(),
                    mac: self.mac(station, station.host),
                }
            })
        });
        own.chain(elsewhere).collect()
    }

    /// Those whom a container talks to that are behind other bridges than its own.
    pub(super) fn elsewhere(&self, container: u32) -> impl Iterator<Item = u32> {
        let bridge_of = |container: u32| self.stations[container as usize].bridge;
        let others = self.contacts.of_container(container).iter().copied();
        others.filter(move |other| bridge_of(*other) != bridge_of(container))
    }

    /// Whether a container's gateway has a part in its traffic.
    fn needs_gateway(&self, container: u32) -> bool {
        match self.next {
            Next::Other => false,
            Next::Routed => self.elsewhere(container).next().is_some(),
            Next::Gateway | Next::Either => self.contacts.any(container),
        }
    }

    /// The containers that the bridge's own host has to find, since their traffic goes through it.
    fn routed_to(&self, ports: &[&Port]) -> Vec<(IpAddr, Mac)> {
        let talkers = ports
            .iter()
            .filter(|port| self.needs_gateway(port.far.container));
        let known = talkers.flat_map(|port| {
            let mac = port.far.link.mac;
            let addresses = port.far.link.addresses.iter();
            addresses.filter_map(move |one| Some((one.address, mac?)))
        });
        known.collect()
    }

    fn port(&self, container: u32, station: &Station) -> Port {
        Port {
            kind: Pairing::Veth,
            options: PortOptions {
                hairpin: HAIRPIN.of(self.cell),
                isolated: ISOLATION.of(self.cell),
            },
            host: station.bridge,
            near: Link {
                mtu: self.mtu(),
                controller: Some(FIRST_INDEX),
                ..Link::bare(format!("v{container:05}"), FIRST_INDEX + 1 + station.slot)
            },
            far: End {
                container,
                link: self.eth0(container, station),
            },
        }
    }

    fn eth0(&self, container: u32, station: &Station) -> Link {
        let gateways = self.addresses(station, station.gateway);
        Link {
            addresses: self.addresses(station, station.host),
            routes: gateways
                .iter()
                .map(|one| Route::default_via(one.address))
                .collect(),
            neighbours: self.known_to(container, station),
            ..Link::eth0(self.mac(station, station.host), self.mtu())
        }
    }

    fn known_to(&self, container: u32, station: &Station) -> Vec<(IpAddr, Mac)> {
        let gateway = self
            .needs_gateway(container)
            .then_some((station, station.gateway));
        let others = self.contacts.of_container(container).iter();
        let others = others.map(|other| &self.stations[*other as usize]);
        let direct = others.filter(|other| match self.next {
            Next::Other | Next::Either => true,
            Next::Routed => other.bridge == station.bridge,
            Next::Gateway => false,
        });
        let direct = direct.map(|other| (other, other.host));
        let known = gateway
            .into_iter()
            .chain(direct)
            .flat_map(|(station, host)| {
                let mac = self.mac(station, host);
                let addresses = self.addresses(station, host).into_iter();
                addresses.map(move |one| (one.address, mac))
            });
        known.collect()
    }

    fn talks(&self, port: &Port) -> bool {
        self.contacts.any(port.far.container)
    }

    fn mtu(&self) -> u32 {
        self.cell.mtu.unwrap_or(ETHERNET_MTU)
    }

    /// Where bridges of several subnets are one segment, everybody is on everybody's link.
    fn addresses(&self, station: &Station, host: u32) -> Vec<Assigned> {
        let own = station.net.host(host, self.cell.stack, self.cell.family);
        if self.cell.wiring.is_one_segment() {
            own.into_iter().map(Assigned::among_all).collect()
        } else {
            own
        }
    }

    fn mac(&self, station: &Station, host: u32) -> Mac {
        station.net.mac(host, self.cell.macs)
    }
}

/// How the bridges of a cell are set.
pub(super) fn options_of(cell: &Cell) -> BridgeOptions {
    BridgeOptions {
        snooping: SNOOPING.of(cell),
        ageing_s: cell.wiring.ageing_s,
        vlan_filtering: VLAN_FILTERING.of(cell),
    }
}

/// Where `br_netfilter` is built in, it may be on in every new namespace.
pub(super) fn unseen_by_iptables() -> Vec<Step> {
    [
        "bridge/bridge-nf-call-iptables",
        "bridge/bridge-nf-call-ip6tables",
        "bridge/bridge-nf-call-arptables",
    ]
    .map(|name| Step::Set(name, "0"))
    .to_vec()
}
