//! What the kernel says of a lab that flows have gone through: how its links and bridges are set by now, and what rules, tables and
//! protocols have counted since it was raised.
//!
//! Read once, when the window is over and its flows are closed, so that nothing of it falls into what is measured. Must not know
//! what it shows. The invariant: of many namespaces an even sample is read, and what a kernel does not say is absent.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;

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
            seen: Seen::default(),
        };
        for host in evenly(0..lab.hosts.len(), HOSTS) {
            look.see_host(visitor, host)?;
        }
        for (place, serves) in containers(lab) {
            look.see_container(visitor, place, serves)?;
        }
        for (host, ruleset) in evenly(lab.rules.host_sides.iter(), RULES) {
            setup::enter(visitor, &lab.hosts[*host as usize])?;
            let counted = counts::read(ruleset, cell.family)?;
            look.seen.rules = Some(
                look.seen
                    .rules
                    .map_or(counted, |rules| both(rules, counted)),
            );
        }
        Ok(look.seen)
    })
}

/// The veths of the lab as they were drawn, by where they are and their names.
fn drawn(lab: &Lab) -> BTreeMap<(Place, &str), &Link> {
    let ends = lab.layout.ends();
    ends.map(|(place, link)| ((place, link.name.as_ref()), link))
        .collect()
}

/// Namespaces of containers, and whether a server's traffic comes into them.
fn containers(lab: &Lab) -> BTreeMap<Place, bool> {
    let place = |container: u32| lab.layout.seats[container as usize].place;
    let pairs = evenly(lab.layout.pairs.iter(), PAIRS);
    let servers: BTreeSet<_> = lab.layout.pairs.iter().map(|(_, it)| place(*it)).collect();
    let talkers = pairs.flat_map(|(client, server)| [place(*client), place(*server)]);
    let others = evenly(lab.layout.seats.iter(), OTHERS).map(|seat| seat.place);
    let all = talkers.chain(others);
    let inside = all.filter(|place| matches!(place, Place::Container(_)));
    inside
        .map(|place| (place, servers.contains(&place)))
        .collect()
}

/// A look that goes on.
struct Look<'a> {
    lab: &'a Lab,
    cell: &'a Cell,
    drawn: BTreeMap<(Place, &'a str), &'a Link>,
    seen: Seen,
}

impl Look<'_> {
    fn see_host(&mut self, visitor: &Visitor, number: usize) -> Result<()> {
        setup::enter(visitor, &self.lab.hosts[number])?;
        self.seen.host_sides += 1;
        let links = Conversation::open()?.links()?;
        self.see_bridges(&links);
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
            let known = conversation.neighbours(self.cell.family)?;
            let seen = self.seen.neighbours.get_or_insert_default();
            seen.permanent += known.permanent;
            seen.asked += known.asked;
        }
        if self.lab.rules.inside.is_some() {
            self.seen.tracked = plus(self.seen.tracked, tracked());
        }
        Ok(())
    }

    fn see_bridges(&mut self, links: &[Listed]) {
        let ports = self.lab.layout.ports();
        let ports: HashSet<&str> = ports.map(|port| port.near.name.as_ref()).collect();
        let is_containers = |link: &&Listed| ports.contains(link.name.as_str());
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
