//! The second witness of a trial's bytes: what the receiving interfaces counted.
//!
//! Every port of a bridge is read in one dump of its host side. Where each receiver has a namespace to itself, a sample of
//! them is read, spread evenly, since each costs a request. A reading carries its own time, so that it can be made into a
//! rate of its own: thousands of interfaces cannot be read at one instant.

use std::collections::HashSet;
use std::time::Instant;

use super::Lab;
use super::netlink::message::{ETH0, LO, port_index};
use super::netlink::{Conversation, LinkBytes};
use super::netns::Visitor;
use super::topology::Wiring;
use crate::error::{Error, Result};

/// Receivers' namespaces read at most, one request (about 20 microseconds) each.
const SAMPLE: usize = 64;

/// Interfaces that some receivers' bytes come in by.
pub struct Watched {
    conversation: Conversation,
    /// Interfaces that count, by index.
    indexes: HashSet<u32>,
    /// Which of its counters holds what the containers receive.
    direction: fn(LinkBytes) -> u64,
    /// The receiving containers behind them.
    servers: Vec<u32>,
}

/// What a group of interfaces had counted at an instant.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    /// When.
    pub at: Instant,
    /// Bytes into the receivers since the interfaces were made, headers included.
    pub bytes: u64,
}

/// The interfaces of a lab that are read, in groups.
pub struct Witness(Vec<Watched>);

impl Witness {
    /// Chooses the interfaces and opens a conversation with each of their namespaces.
    ///
    /// # Errors
    /// When descriptors have run out.
    pub fn of(lab: &Lab) -> Result<Self> {
        std::thread::scope(|scope| {
            let choose = scope.spawn(|| watch(lab, &Visitor::new()?).map(Self));
            choose.join().unwrap_or_else(|_| {
                Err(Error::refused(
                    "watch",
                    "interfaces",
                    "the visitor panicked",
                ))
            })
        })
    }

    /// Reads every group, in order.
    ///
    /// # Errors
    /// When the kernel does not answer.
    pub fn read(&mut self) -> Result<Vec<Reading>> {
        self.0.iter_mut().map(Watched::read).collect()
    }

    /// The receiving containers of each group, in the order of the readings.
    pub fn servers(&self) -> impl Iterator<Item = &[u32]> {
        self.0.iter().map(|group| group.servers.as_slice())
    }
}

impl Watched {
    fn read(&mut self) -> Result<Reading> {
        let before = Instant::now();
        let links = self.conversation.link_bytes()?;
        let at = before + before.elapsed() / 2;
        let counted = links
            .into_iter()
            .filter(|(index, _)| self.indexes.contains(index));
        Ok(Reading {
            at,
            bytes: counted.map(|(_, bytes)| (self.direction)(bytes)).sum(),
        })
    }
}

fn watch(lab: &Lab, visitor: &Visitor) -> Result<Vec<Watched>> {
    let servers: Vec<u32> = lab.layout.pairs.iter().map(|(_, server)| *server).collect();
    match &lab.layout.wiring {
        Wiring::Bridges(_) => watch_ports(lab, visitor, &servers),
        Wiring::Cables(_) => watch_inside(lab, visitor, &servers, ETH0),
        Wiring::Lo => watch_inside(lab, visitor, &servers, LO),
    }
}

/// Opens a conversation with a namespace of the lab.
fn converse(visitor: &Visitor, namespace: &super::netns::Namespace) -> Result<Conversation> {
    visitor
        .enter(namespace)
        .map_err(|source| Error::kernel("enter", "a namespace of the lab", source))?;
    Conversation::open()
}

/// One group per bridge: what goes out of a port goes into its container.
fn watch_ports(lab: &Lab, visitor: &Visitor, servers: &[u32]) -> Result<Vec<Watched>> {
    let Wiring::Bridges(bridges) = &lab.layout.wiring else {
        return Ok(Vec::new());
    };
    let servers: HashSet<u32> = servers.iter().copied().collect();
    let mut watched = Vec::new();
    for (bridge, host) in bridges.iter().zip(&lab.hosts) {
        let ports: Vec<_> = (0..)
            .zip(&bridge.ports)
            .filter(|(_, port)| servers.contains(&port.container))
            .collect();
        if !ports.is_empty() {
            watched.push(Watched {
                conversation: converse(visitor, host)?,
                indexes: ports
                    .iter()
                    .map(|(number, _)| port_index(*number))
                    .collect(),
                direction: |bytes| bytes.sent,
                servers: ports.iter().map(|(_, port)| port.container).collect(),
            });
        }
    }
    Ok(watched)
}

/// One group per namespace, for a sample of the receivers' namespaces.
fn watch_inside(
    lab: &Lab,
    visitor: &Visitor,
    servers: &[u32],
    interface: u32,
) -> Result<Vec<Watched>> {
    let mut groups: Vec<(u32, Vec<u32>)> = Vec::new();
    for server in servers {
        let namespace = lab.layout.seats[*server as usize].namespace;
        match groups.last_mut() {
            Some((last, members)) if *last == namespace => members.push(*server),
            _ => groups.push((namespace, vec![*server])),
        }
    }
    let step = groups.len().div_ceil(SAMPLE).max(1);
    let sampled = groups.into_iter().step_by(step);
    sampled
        .map(|(namespace, servers)| {
            let conversation = converse(visitor, &lab.containers[namespace as usize])?;
            let indexes = HashSet::from([interface]);
            Ok(Watched {
                conversation,
                indexes,
                direction: |bytes| bytes.received,
                servers,
            })
        })
        .collect()
}
