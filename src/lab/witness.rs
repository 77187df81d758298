//! The second witness of a trial's bytes: what the receiving interfaces counted.
//!
//! Read from each namespace's `/proc/net/dev`, opened inside it and read again through the same descriptor: netlink's
//! statistics wait for the kernel's network lock, which somebody else's set-up can hold for seconds. Every port of a bridge
//! is in one reading of its host side. Where each receiver has a namespace to itself, a sample of them is read, spread
//! evenly. A reading carries its own time, so that it can be made into a rate of its own: thousands of interfaces cannot be
//! read at one instant.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, Seek};
use std::time::Instant;

use procfs::FromBufRead;
use procfs::net::{DeviceStatus, InterfaceDeviceStatus};

use super::Lab;
use super::netns::{Namespace, Visitor};
use super::topology::Wiring;
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
    direction: fn(&DeviceStatus) -> u64,
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
        let failed = |source| Error::kernel("read", "the interfaces of a lab", source);
        let before = Instant::now();
        self.devices.rewind().map_err(failed)?;
        let status = InterfaceDeviceStatus::from_buf_read(BufReader::new(&self.devices)).map_err(
            |error| Error::refused("read", "the interfaces of a lab", error.to_string()),
        )?;
        let at = before + before.elapsed() / 2;
        let counted = status
            .0
            .values()
            .filter(|device| self.names.contains(&device.name));
        Ok(Reading {
            at,
            bytes: counted.map(self.direction).sum(),
        })
    }
}

fn watch(lab: &Lab, visitor: &Visitor) -> Result<Vec<Watched>> {
    let servers: Vec<u32> = lab.layout.pairs.iter().map(|(_, server)| *server).collect();
    match &lab.layout.wiring {
        Wiring::Bridges(_) => watch_ports(lab, visitor, &servers),
        Wiring::Cables(_) => watch_inside(lab, visitor, &servers, "eth0"),
        Wiring::Lo => watch_inside(lab, visitor, &servers, "lo"),
    }
}

/// The interfaces of a namespace of the lab, to be read from anywhere.
fn open(visitor: &Visitor, namespace: &Namespace) -> Result<File> {
    visitor
        .enter(namespace)
        .map_err(|source| Error::kernel("enter", "a namespace of the lab", source))?;
    File::open("/proc/thread-self/net/dev")
        .map_err(|source| Error::kernel("open", "/proc/net/dev of a namespace of the lab", source))
}

/// One group per bridge: what goes out of a port goes into its container.
fn watch_ports(lab: &Lab, visitor: &Visitor, servers: &[u32]) -> Result<Vec<Watched>> {
    let Wiring::Bridges(bridges) = &lab.layout.wiring else {
        return Ok(Vec::new());
    };
    let servers: HashSet<u32> = servers.iter().copied().collect();
    let mut watched = Vec::new();
    for (bridge, host) in bridges.iter().zip(&lab.hosts) {
        let ports: Vec<_> = bridge
            .ports
            .iter()
            .filter(|port| servers.contains(&port.container))
            .collect();
        if !ports.is_empty() {
            watched.push(Watched {
                devices: open(visitor, host)?,
                names: ports.iter().map(|port| port.name.clone()).collect(),
                direction: |device| device.sent_bytes,
                servers: ports.iter().map(|port| port.container).collect(),
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
    interface: &str,
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
            Ok(Watched {
                devices: open(visitor, &lab.containers[namespace as usize])?,
                names: HashSet::from([interface.to_owned()]),
                direction: |device| device.recv_bytes,
                servers,
            })
        })
        .collect()
}
