//! The second witness of a trial's bytes: what the receiving interfaces counted.
//!
//! Read from each namespace's `/proc/net/dev`, opened inside it and read again through the same descriptor: netlink's
//! statistics wait for the kernel's network lock, which somebody else's set-up can hold for seconds. Every port of a
//! namespace of the host side is in one reading. Where each receiver has a namespace to itself, a sample of them is read, spread
//! evenly. Thousands of interfaces cannot be read at one instant: whoever asks may look at something else beside each of them.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::File;
use std::io::{BufReader, Seek};

use procfs::FromBufRead;
use procfs::net::InterfaceDeviceStatus;

use super::Lab;
use super::netns::{self, Visitor};
use super::sample::evenly;
use super::topology::{Direction, Place};
use crate::error::{Error, Result};

/// Receivers' namespaces read at most, about 20 microseconds each.
const SAMPLE: usize = 64;

/// Interfaces that some receivers' bytes come in by.
pub struct Watched {
    /// The namespace's `/proc/net/dev`. It pins the namespace, so a witness must be gone before teardown.
    devices: File,
    /// Interfaces that count, by name.
    names: HashSet<String>,
    /// Which of their counters holds what the containers receive.
    direction: Direction,
    /// The containers behind them, each once.
    containers: Vec<u32>,
}

/// What some interfaces had counted at an instant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reading {
    /// Bytes into the containers since the interfaces were made, headers included.
    pub bytes: u64,
    /// Packets that these came in; one of many segments counts once, as it has one header.
    pub packets: u64,
}

/// The interfaces of a lab that are read, in groups.
#[derive(Default)]
pub struct Witness(Vec<Watched>);

impl Witness {
    /// Chooses the interfaces and opens a conversation with each of their namespaces.
    ///
    /// # Errors
    /// When descriptors have run out.
    pub fn of(lab: &Lab) -> Result<Self> {
        netns::visit(|visitor| watch(lab, visitor).map(Self))
    }

    /// The interfaces of the servers of some pairs of client and server, each once. `interface` is what tells a container's
    /// from others; `open` gives the `/proc/net/dev` that it is in, and its name.
    ///
    /// # Errors
    /// Those of `open`.
    pub fn of_pairs<K: Ord>(
        pairs: &[(u32, u32)],
        interface: impl Fn(u32) -> K,
        open: impl Fn(u32) -> Result<(File, String)>,
    ) -> Result<Self> {
        let watched = grouped(pairs, interface).into_values().map(|containers| {
            let (devices, name) = open(containers[0])?;
            Ok(Watched {
                devices,
                names: HashSet::from([name]),
                direction: Direction::Received,
                containers,
            })
        });
        watched.collect::<Result<_>>().map(Self)
    }

    /// Reads every group, in order, and looks at something else just before and just after each, given its number.
    ///
    /// # Errors
    /// When the kernel does not answer.
    pub fn read<T>(&mut self, look: impl Fn(usize) -> T) -> Result<Vec<(Reading, [T; 2])>> {
        let groups = self.0.iter_mut().enumerate();
        let readings = groups.map(|(number, group)| {
            let before = look(number);
            Ok((group.read()?, [before, look(number)]))
        });
        readings.collect()
    }

    /// The containers of each group, in the order of the readings.
    pub fn containers(&self) -> impl Iterator<Item = &[u32]> {
        self.0.iter().map(|group| group.containers.as_slice())
    }
}

impl Watched {
    fn read(&mut self) -> Result<Reading> {
        let failed = |source| Error::kernel("read", "the interfaces of a lab", source);
        self.devices.rewind().map_err(failed)?;
        let status = InterfaceDeviceStatus::from_buf_read(BufReader::new(&self.devices)).map_err(
            |error| Error::refused("read", "the interfaces of a lab", error.to_string()),
        )?;
        let counted = status
            .0
            .values()
            .filter(|device| self.names.contains(&device.name));
        let counted = counted.map(|device| match self.direction {
            Direction::Received => (device.recv_bytes, device.recv_packets),
            Direction::Sent => (device.sent_bytes, device.sent_packets),
        });
        let (bytes, packets) = counted.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        Ok(Reading { bytes, packets })
    }
}

/// Servers by where they are read. One that several talk to is there once: its interface counts all of it. Clients that are
/// read in the same place are in the group too, since a response comes in by them as a request does by a server.
fn grouped<K: Ord>(pairs: &[(u32, u32)], place: impl Fn(u32) -> K) -> BTreeMap<K, Vec<u32>> {
    let mut groups: BTreeMap<K, BTreeSet<u32>> = BTreeMap::new();
    for (_, server) in pairs {
        groups.entry(place(*server)).or_default().insert(*server);
    }
    for (client, _) in pairs {
        if let Some(group) = groups.get_mut(&place(*client)) {
            group.insert(*client);
        }
    }
    let groups = groups.into_iter();
    groups
        .map(|(place, containers)| (place, containers.into_iter().collect()))
        .collect()
}

/// One group for each namespace in which a server's meter is: all of those on the host side, and a sample of the containers'.
fn watch(lab: &Lab, visitor: &Visitor) -> Result<Vec<Watched>> {
    let groups = grouped(&lab.layout.pairs, |container| lab.meter(container).place);
    let (hosts, containers): (Vec<_>, Vec<_>) = groups
        .into_iter()
        .partition(|(place, _)| matches!(place, Place::Host(_)));
    hosts
        .into_iter()
        .chain(evenly(containers, SAMPLE))
        .map(|(place, group)| open(lab, visitor, place, group))
        .collect()
}

/// The meters of some containers, all in one namespace, to be read from anywhere.
fn open(lab: &Lab, visitor: &Visitor, place: Place, containers: Vec<u32>) -> Result<Watched> {
    visitor
        .enter(lab.namespace(place))
        .map_err(|source| Error::kernel("enter", "a namespace of the lab", source))?;
    let devices = File::open("/proc/thread-self/net/dev").map_err(|source| {
        Error::kernel("open", "/proc/net/dev of a namespace of the lab", source)
    })?;
    let meters = containers.iter().map(|container| lab.meter(*container));
    Ok(Watched {
        devices,
        names: meters
            .clone()
            .map(|meter| meter.interface.to_string())
            .collect(),
        direction: meters
            .map(|meter| meter.direction)
            .next()
            .unwrap_or(Direction::Received),
        containers,
    })
}
