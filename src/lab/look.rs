//! What the kernel says of a lab that flows have gone through: how its links and bridges are set by now, and what rules, tables and
//! protocols have counted since it was raised.
//!
//! Read once, when the window is over and its flows are closed, so that nothing of it falls into what is measured. Must not know
//! what it shows. The invariant: of many namespaces an even sample is read, and what a kernel does not say is absent.

mod polling;
pub mod sockets;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::net::IpAddr;

use super::address::family_of;
use super::conntrack::Table;
use super::firewall::counts;
use super::netlink::Conversation;
use super::netlink::links::Listed;
use super::netns::Visitor;
use super::protocols::{paired, single};
use super::sample::evenly;
use super::topology::{Link, Place, Role};
use super::{Lab, netns, setup};
use crate::error::Result;
use crate::scenario::{Cell, Family, Wiring};
use crate::store::record::{ByProtocol, RulesSeen, Seen};

/// Pairs whose containers are read in, and other containers: they are all alike, so a few stand for them.
const PAIRS: usize = 16;
const OTHERS: usize = 16;
/// Host sides that are read in, and those of them whose rules are.
const HOSTS: usize = 8;
const RULES: usize = 4;

/// How MAC addresses begin that are derived, and the scope of addresses that are valid beyond a link.
const DERIVED: [u8; 2] = [0x02, 0x42];
const GLOBAL: &str = "00";

/// The link that every namespace has.
const LO: &str = "lo";

/// What is there of a namespace's protocols, as files.
const FILES: &str = "/proc/thread-self/net";

/// Reads it.
///
/// # Errors
/// When the kernel does not answer, and where a tool that lists rules is absent or complains.
pub fn look(lab: &Lab, cell: &Cell) -> Result<Seen> {
    netns::visit(|visitor| {
        let mut look = Look {
            lab,
            cell,
            drawn: drawn(lab),
            ports: ports(lab),
            given: given(lab, cell.family),
            came: BTreeMap::new(),
            seen: Seen::default(),
        };
        for host in evenly(0..lab.hosts.len(), HOSTS) {
            look.see_host(visitor, host)?;
        }
        for (place, serves) in containers(lab) {
            look.see_container(visitor, place, serves)?;
        }
        look.see_ways();
        for (host, ruleset) in evenly(lab.rules.host_sides.iter(), RULES) {
            setup::enter(visitor, &lab.hosts[*host as usize])?;
            let counted = counts::read(ruleset, cell.family)?;
            let counted = look.seen.rules.map_or(counted, |it| both(it, counted));
            look.seen.rules = Some(RulesSeen {
                of: u32::try_from(lab.rules.host_sides.len()).unwrap_or(u32::MAX),
                ..counted
            });
        }
        look.see_polling(visitor)?;
        Ok(look.seen)
    })
}

/// The veths of the lab as they were drawn, by where they are and their names.
fn drawn(lab: &Lab) -> BTreeMap<(Place, &str), &Link> {
    let ends = lab.layout.ends();
    ends.map(|(place, link)| ((place, link.name.as_ref()), link))
        .collect()
}

/// The names of containers' links in each namespace of the host side that has some.
fn ports(lab: &Lab) -> BTreeMap<usize, HashSet<&str>> {
    let mut ports = BTreeMap::<_, HashSet<_>>::new();
    for port in lab.layout.ports() {
        let of_host = ports.entry(port.host as usize).or_default();
        of_host.insert(port.near.name.as_ref());
    }
    ports
}

/// The neighbours of a protocol that containers were given for good.
fn given(lab: &Lab, family: Family) -> BTreeMap<Place, Vec<IpAddr>> {
    let of_link = |link: &Link| {
        let addresses = link.neighbours.iter().map(|(address, _)| *address);
        addresses.filter(|it| family_of(*it) == family).collect()
    };
    let links = lab.layout.own_links();
    links
        .map(|end| (Place::Container(end.container), of_link(&end.link)))
        .collect()
}

/// Where the two of a pair are.
fn places(lab: &Lab, (client, server): (u32, u32)) -> [Place; 2] {
    [client, server].map(|container| lab.layout.seats[container as usize].place)
}

/// Pairs that are looked at.
fn sampled_pairs(lab: &Lab) -> impl Iterator<Item = [Place; 2]> {
    evenly(lab.layout.pairs.iter(), PAIRS).map(|pair| places(lab, *pair))
}

/// An even sample of all containers' namespaces.
fn sample(lab: &Lab) -> impl Iterator<Item = Place> {
    let places = evenly(lab.layout.seats.iter(), OTHERS).map(|seat| seat.place);
    places.filter(|place| is_inside(*place))
}

fn is_inside(place: Place) -> bool {
    match place {
        Place::Container(_) => true,
        Place::Host(_) => false,
    }
}

/// Namespaces of containers that are looked at, and whether a server's traffic comes into them.
fn containers(lab: &Lab) -> BTreeMap<Place, bool> {
    let pairs = lab.layout.pairs.iter().map(|pair| places(lab, *pair));
    let servers: BTreeSet<_> = pairs.map(|[_, server]| server).collect();
    let all = sampled_pairs(lab).flatten().chain(sample(lab));
    let inside = all.filter(|place| is_inside(*place));
    inside
        .map(|place| (place, servers.contains(&place)))
        .collect()
}

/// A look that goes on.
struct Look<'a> {
    lab: &'a Lab,
    cell: &'a Cell,
    drawn: BTreeMap<(Place, &'a str), &'a Link>,
    ports: BTreeMap<usize, HashSet<&'a str>>,
    given: BTreeMap<Place, Vec<IpAddr>>,
    /// Bytes that came to veths of containers.
    came: BTreeMap<Place, u64>,
    seen: Seen,
}

impl Look<'_> {
    fn see_host(&mut self, visitor: &Visitor, number: usize) -> Result<()> {
        setup::enter(visitor, &self.lab.hosts[number])?;
        self.seen.host_sides += 1;
        let links = Conversation::open()?.links()?;
        self.see_bridges(number, &links);
        self.see_ports(number, &links);
        if matches!(self.lab.layout.hosts[number].role, Role::Node { .. }) {
            let routed = counted("snmp", "Ip:", "ForwDatagrams");
            let routed = plus(routed, listed("snmp6", "Ip6OutForwDatagrams"));
            self.seen.routed = plus(self.seen.routed, routed);
            self.seen.tracked = plus(self.seen.tracked, tracked());
        }
        Ok(())
    }

    fn see_container(&mut self, visitor: &Visitor, place: Place, serves: bool) -> Result<()> {
        setup::enter(visitor, self.lab.namespace(place))?;
        self.seen.containers += 1;
        let mut conversation = Conversation::open()?;
        let links = conversation.links()?;
        self.see_links(&conversation, &links, (place, serves));
        let received = self.seen.received.get_or_insert_default();
        *received = ByProtocol {
            ipv4_bytes: received.ipv4_bytes + counted("netstat", "IpExt:", "InOctets").unwrap_or(0),
            ipv6_bytes: received.ipv6_bytes + listed("snmp6", "Ip6InOctets").unwrap_or(0),
        };
        if self.cell.topology.has_links() {
            let seen = self.seen.addressed.get_or_insert_default();
            seen.ipv4 += u32::from(text("route").is_some_and(|text| has_way(&text)));
            seen.ipv6 += u32::from(text("if_inet6").is_some_and(|text| is_known_beyond(&text)));
            let given = self.given.get(&place).map_or(&[][..], Vec::as_slice);
            let known = conversation.neighbours(self.cell.family, given)?;
            let seen = self.seen.neighbours.get_or_insert_default();
            seen.permanent += known.permanent;
            seen.asked += known.asked;
            seen.missing += known.missing;
        }
        if self.lab.rules.inside.is_some() {
            self.seen.tracked = plus(self.seen.tracked, tracked());
        }
        Ok(())
    }

    fn see_bridges(&mut self, host: usize, links: &[Listed]) {
        let ports = self.ports.get(&host);
        let is_containers =
            |link: &&Listed| ports.is_some_and(|ports| ports.contains(link.name.as_str()));
        for bridge in links.iter().filter_map(|link| link.bridge) {
            let seen = self.seen.bridges.get_or_insert_default();
            seen.bridges += 1;
            seen.snooping += u32::from(bridge.snooping);
            seen.vlan_filtering += u32::from(bridge.vlan_filtering);
            seen.ageing_s = seen.ageing_s.max(u64::from(bridge.ageing_cs / 100));
        }
        let Some(seen) = &mut self.seen.bridges else {
            return;
        };
        for port in links.iter().filter(is_containers).filter_map(|it| it.port) {
            seen.ports += 1;
            seen.hairpin += u32::from(port.hairpin);
            seen.isolated += u32::from(port.isolated);
        }
    }

    /// Where containers' links end, and what goes elsewhere from there.
    fn see_ports(&mut self, host: usize, links: &[Listed]) {
        let Some(names) = self.ports.get(&host) else {
            return;
        };
        let seen = self.seen.ports.get_or_insert_default();
        seen.sides += 1;
        seen.of = u32::try_from(self.ports.len()).unwrap_or(u32::MAX);
        let is_bridge = |link: &&Listed| link.bridge.is_some();
        let bridges = u32::try_from(links.iter().filter(is_bridge).count()).unwrap_or(u32::MAX);
        seen.bridges += bridges;
        let mut ports = 0;
        for link in links
            .iter()
            .filter(|it| it.bridge.is_none() && it.name != LO)
        {
            if !names.contains(link.name.as_str()) {
                seen.left_bytes += link.counted.tx_bytes;
            } else if bridges == 0 || link.port.is_some() {
                ports += 1;
                seen.came_bytes += link.counted.rx_bytes;
            }
        }
        seen.ports += ports;
        seen.most = seen.most.max(ports);
    }

    /// What came to either of two that talk, of those that were both looked at.
    fn see_ways(&mut self) {
        let twos: BTreeSet<_> = sampled_pairs(self.lab)
            .map(|[one, other]| [one.min(other), one.max(other)])
            .collect();
        let both = |[one, other]: &[Place; 2]| Some([*self.came.get(one)?, *self.came.get(other)?]);
        let came: Vec<_> = twos.iter().filter_map(both).collect();
        if let Some(links) = &mut self.seen.links {
            for [one, other] in came {
                links.less_and_more_bytes[0] += one.min(other);
                links.less_and_more_bytes[1] += one.max(other);
            }
        }
    }

    fn see_links(
        &mut self,
        conversation: &Conversation,
        links: &[Listed],
        (place, serves): (Place, bool),
    ) {
        let usual = Wiring::default().gso_bytes();
        for link in links {
            let Some(drawn) = self.drawn.get(&(place, link.name.as_str())) else {
                continue;
            };
            let units = drawn.gso_max.unwrap_or(usual);
            let of_family = match self.cell.family {
                Family::Ipv6 => 0,
                Family::Ipv4 => 1,
            };
            let seen = self.seen.links.get_or_insert_default();
            seen.links += 1;
            seen.other_mtu += u32::from(link.mtu != drawn.mtu);
            let other = link.units[of_family].is_some_and(|bytes| bytes != units[of_family]);
            seen.other_units += u32::from(other);
            let segments = conversation.segments(&link.name);
            seen.other_offload += u32::from(segments.is_some_and(|it| it != drawn.offload));
            seen.astray += link.counted.rx_otherhost_dropped;
            seen.polled += u32::from(conversation.coalesces(&link.name) == Some(true));
            seen.derived_macs += u32::from(link.address.starts_with(&DERIVED));
            *self.came.entry(place).or_default() += link.counted.rx_bytes;
            if serves {
                seen.received_bytes += link.counted.rx_bytes;
                seen.received_packets += link.counted.rx_packets;
            }
        }
    }
}

fn text(file: &str) -> Option<String> {
    fs::read_to_string(format!("{FILES}/{file}")).ok()
}

/// Whether a table of ways by IPv4 has one, behind a line of names.
fn has_way(text: &str) -> bool {
    text.lines().skip(1).any(|line| !line.trim().is_empty())
}

/// Whether a list of addresses of IPv6 has one that is valid beyond a link: its scope is the fourth word of a line, its link's name the
/// last one.
fn is_known_beyond(text: &str) -> bool {
    let mut lines = text.lines().map(|line| line.split_whitespace());
    lines.any(|mut words| words.nth(3) == Some(GLOBAL) && words.last() != Some(LO))
}

/// A counter of a file that has a line of names and one of numbers for each protocol.
fn counted(file: &str, protocol: &str, name: &str) -> Option<u64> {
    of_two_lines(&text(file)?, protocol, name)
}

fn of_two_lines(text: &str, protocol: &str, name: &str) -> Option<u64> {
    let mut told = paired(text);
    told.find_map(|(of, figure, number)| ((of, figure) == (protocol, name)).then_some(number))
}

/// A counter of a file that has a line for each.
fn listed(file: &str, name: &str) -> Option<u64> {
    of_lines(&text(file)?, name)
}

fn of_lines(text: &str, name: &str) -> Option<u64> {
    single(text).find_map(|(_, figure, number)| (figure == name).then_some(number))
}

/// Connections in the table of the namespace.
fn tracked() -> Option<u64> {
    let counted = Table::open().ok()??.read().ok()?;
    Some(counted.entries)
}

/// What is known of two, or of the one of which it is known.
fn plus(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one + other),
        (known, None) | (None, known) => known,
    }
}

/// What the rules of two host sides counted; that one of them is not there is not hidden by the other.
fn both(one: RulesSeen, other: RulesSeen) -> RulesSeen {
    RulesSeen {
        passed: one.passed.zip(other.passed).map(|(one, other)| one + other),
        counted: plus(one.counted, other.counted),
        sides: one.sides + other.sides,
        of: one.of,
        leading: plus(one.leading, other.leading),
        services: plus(one.services, other.services),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_ways_are_told_from_those_of_lo_and_of_a_link() {
        let ipv6 = "fe800000000000000042acfffe110002 64 40 20 80     eth0\n00000000000000000000000000000001 01 80 10 80       lo\n";
        assert!(!is_known_beyond(ipv6));
        let beyond = "fd000000000000000000000000000002 64 40 00 80     eth0\n";
        assert!(is_known_beyond(&format!("{ipv6}{beyond}")));
        let names = "Iface\tDestination\tGateway\n";
        assert!(!has_way(names));
        assert!(has_way(&format!("{names}eth0\t00000000\t010011AC\n")));
    }

    #[test]
    fn counters_are_found_by_their_names() {
        let two = "Ip: Forwarding ForwDatagrams\nIp: 1 42\nTcp: A\nTcp: 7\n";
        assert_eq!(of_two_lines(two, "Ip:", "ForwDatagrams"), Some(42));
        assert_eq!(of_two_lines(two, "Udp:", "A"), None);
        let one = "Ip6InReceives \t3\nIp6InOctets \t900\n";
        assert_eq!(of_lines(one, "Ip6InOctets"), Some(900));
        assert_eq!(of_lines(one, "Ip6"), None);
    }
}
