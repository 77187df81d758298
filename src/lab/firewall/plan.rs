//! The rules of a whole lab: what each of its host sides is given, and each of its containers.
//!
//! Must not know the kernel. The invariant: a published port is one host side's alone, and the flows' own come first, so
//! that which port a flow goes by follows from its number.

use std::collections::HashMap;

use super::profile::Profile;
use super::ruleset::Ruleset;
use super::site::{Net, Proxy, Publication, Site};
use crate::error::Result;
use crate::lab::address::{Assigned, family_of};
use crate::lab::netlink::netfilter::Batch;
use crate::lab::topology::{Layout, Port, Role};
use crate::scenario::pairs;
use crate::scenario::{Cell, Path};

/// The first port that a host side publishes: above those that servers are known by, below those the kernel takes.
const FIRST_HOST_PORT: u16 = 10_000;
/// The port of a container that the first stream of a pair goes to; the next take the next.
const FIRST_PORT: u16 = 5_201;
/// The first of a container's ports that are published though no flow goes by them.
const FIRST_IDLE_PORT: u16 = 8_000;

/// The rules of a lab.
#[derive(Debug, Default)]
pub struct Plan {
    /// Rule sets of host sides, by their numbers.
    pub(in crate::lab) host_sides: Vec<(u32, Ruleset)>,
    /// What every container is given.
    pub(in crate::lab) inside: Option<Batch>,
}

impl Plan {
    /// The rules of a cell's lab.
    ///
    /// # Errors
    /// When a rule set of the user's own cannot be read.
    pub fn of(cell: &Cell, layout: &Layout) -> Result<Self> {
        let sites = if cell.has_rules() {
            sites(cell, layout)
        } else {
            Vec::new()
        };
        let mut host_sides = Vec::new();
        for (host, site) in sites {
            let ruleset = Ruleset::of(cell, &site)?;
            if !ruleset.scripts.is_empty() {
                host_sides.push((host, ruleset));
            }
        }
        Ok(Self {
            host_sides,
            inside: match Profile::of(cell.firewall) {
                Profile::Inside(batch) => Some(batch()),
                Profile::Tables(..) | Profile::Nft(_) | Profile::File | Profile::Without => None,
            },
        })
    }
}

/// Every host side that containers are joined to, as its rules see it.
fn sites(cell: &Cell, layout: &Layout) -> Vec<(u32, Site)> {
    let published = published(cell);
    let hosts = (0..).zip(&layout.hosts);
    let nodes = hosts.filter_map(|(number, host)| match &host.role {
        Role::Node { bridge, subnets } => Some((number, bridge.as_deref(), subnets)),
        Role::Beside | Role::Outside => None,
    });
    nodes
        .map(|(number, bridge, subnets)| {
            let ports: Vec<&Port> = layout.ports().filter(|port| port.host == number).collect();
            let containers: Vec<u32> = ports.iter().map(|port| port.far.container).collect();
            let site = Site {
                // Without a bridge, the links of all containers together are what a bridge would be.
                device: bridge.unwrap_or("v+").to_owned(),
                nets: subnets.iter().map(|subnet| net(*subnet, &ports)).collect(),
                published: behind(&published, &containers),
                containers,
                proxy: match cell.path {
                    Path::Hairpin => Proxy::Rules,
                    Path::Direct | Path::Published | Path::Outside => Proxy::Process,
                },
                services: cell.rules.services(),
            };
            (number, site)
        })
        .collect()
}

fn net(subnet: Assigned, ports: &[&Port]) -> Net {
    let family = family_of(subnet.address);
    let same = |one: &&Assigned| family_of(one.address) == family;
    let address = |port: &&Port| Some(port.far.link.addresses.iter().find(same)?.address);
    Net {
        family,
        subnet: (subnet.address, subnet.prefix),
        containers: ports.iter().filter_map(address).collect(),
    }
}

/// Those of a lab's published ports that lead to some of its containers, which are then counted by their place among these.
fn behind(published: &[Publication], containers: &[u32]) -> Vec<Publication> {
    let places: HashMap<usize, usize> = containers
        .iter()
        .enumerate()
        .map(|(place, number)| (*number as usize, place))
        .collect();
    let own = published.iter().filter_map(|port| {
        let container = *places.get(&port.container)?;
        Some(Publication { container, ..*port })
    });
    own.collect()
}

/// All published ports of a lab: those of flows in their order, then others of container after container.
fn published(cell: &Cell) -> Vec<Publication> {
    let flows = if cell.path.is_by_port() {
        cell.flows()
    } else {
        0
    };
    let all = cell.rules.published.unwrap_or(0);
    let pairs = pairs(cell);
    let of_flows = (0..flows.min(all)).map(|flow| {
        let (pair, stream) = (flow / cell.streams, flow % cell.streams);
        let (_, server) = pairs[pair as usize];
        publication(flow, server, FIRST_PORT, stream)
    });
    let idle = (flows..all).map(|port| {
        let turn = port - flows;
        let (round, container) = (turn / cell.containers, turn % cell.containers);
        publication(port, container, FIRST_IDLE_PORT, round)
    });
    of_flows.chain(idle).collect()
}

fn publication(number: u32, container: u32, first_port: u16, port: u32) -> Publication {
    Publication {
        container: container as usize,
        host_port: after(FIRST_HOST_PORT, number),
        port: after(first_port, port),
    }
}

fn after(first: u16, number: u32) -> u16 {
    first.saturating_add(u16::try_from(number).unwrap_or(u16::MAX))
}

/// The ports that a flow goes by: the one its client calls at the host side, and the one its server listens on.
#[must_use]
pub fn flow_ports(cell: &Cell, pair: u32, stream: u32) -> (u16, u16) {
    let flow = pair * cell.streams + stream;
    (after(FIRST_HOST_PORT, flow), after(FIRST_PORT, stream))
}
