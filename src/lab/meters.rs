//! What crossed for each pair, by the interfaces that it came in by.
//!
//! Where `witness` samples some receivers to hold a count against, this reads them all and is the count. A namespace's
//! `/proc/net/dev` is opened inside it and read again through the same descriptor. The invariant: one reading for each pair,
//! in their order.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Seek};

use procfs::FromBufRead;
use procfs::net::InterfaceDeviceStatus;

use super::Lab;
use super::netns;
use super::topology::{Direction, Place};
use super::witness::Reading;
use crate::error::{Error, Result};

/// The interfaces of all servers of a lab. Its descriptors pin namespaces, so it must be gone before teardown.
#[derive(Debug)]
pub struct Meters {
    pairs: usize,
    places: Vec<Metered>,
}

/// A namespace in which some pairs are metered.
#[derive(Debug)]
struct Metered {
    /// Its `/proc/net/dev`.
    devices: File,
    /// For each pair its number, the interface and which of its counters.
    meters: Vec<(usize, String, Direction)>,
}

impl Meters {
    /// Opens the interfaces of the servers of all pairs; with `answered`, those of the clients as well, to which responses
    /// come. Two that are one are read once.
    ///
    /// # Errors
    /// When descriptors have run out.
    pub fn of(lab: &Lab, answered: bool) -> Result<Self> {
        let mut places: BTreeMap<Place, Vec<_>> = BTreeMap::new();
        for (pair, (client, server)) in lab.pairs().iter().enumerate() {
            let (client, server) = (lab.meter(*client), lab.meter(*server));
            let back = Some(client).filter(|client| answered && *client != server);
            for meter in [server].into_iter().chain(back) {
                let what = (pair, meter.interface.to_string(), meter.direction);
                places.entry(meter.place).or_default().push(what);
            }
        }
        netns::visit(|visitor| {
            let opened = places.into_iter().map(|(place, meters)| {
                visitor
                    .enter(lab.namespace(place))
                    .map_err(|source| Error::kernel("enter", "a namespace of the lab", source))?;
                let devices = File::open("/proc/thread-self/net/dev").map_err(|source| {
                    Error::kernel("open", "/proc/net/dev of a namespace of the lab", source)
                })?;
                Ok(Metered { devices, meters })
            });
            Ok(Self {
                pairs: lab.pairs().len(),
                places: opened.collect::<Result<_>>()?,
            })
        })
    }

    /// Reads what came in for each pair.
    ///
    /// # Errors
    /// When the kernel does not answer.
    pub fn read(&mut self) -> Result<Vec<Reading>> {
        let mut readings = vec![Reading::default(); self.pairs];
        for place in &mut self.places {
            place.read(&mut readings)?;
        }
        Ok(readings)
    }
}

impl Metered {
    fn read(&mut self, readings: &mut [Reading]) -> Result<()> {
        const WHAT: &str = "the interfaces of a lab";
        self.devices
            .rewind()
            .map_err(|source| Error::kernel("read", WHAT, source))?;
        let status = InterfaceDeviceStatus::from_buf_read(BufReader::new(&self.devices))
            .map_err(|error| Error::refused("read", WHAT, error.to_string()))?;
        for (pair, interface, direction) in &self.meters {
            let device = status.0.get(interface).ok_or_else(|| {
                Error::refused("read", WHAT, format!("{interface} is not there any more"))
            })?;
            let (bytes, packets) = match direction {
                Direction::Received => (device.recv_bytes, device.recv_packets),
                Direction::Sent => (device.sent_bytes, device.sent_packets),
            };
            let reading = &mut readings[*pair];
            reading.bytes += bytes;
            reading.packets += packets;
        }
        Ok(())
    }
}
