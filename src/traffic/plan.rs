//! The flows that are to be brought up, and how they are measured.
//!
//! Must not know how flows are made. The invariant: a flow is planned once, and is the same to whoever has an end of it and in the
//! row that is kept of it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::BorrowedFd;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::scenario::{Buffers, Cell, Congestion, Driver, Orders};

/// How long the controlling thread waits at most before it asks again whether to end early.
pub(super) const PATIENCE: Duration = Duration::from_millis(50);

/// The namespaces that the containers live in, by their numbers.
pub type Namespaces<'a> = &'a [BorrowedFd<'a>];

/// One end of a flow: a container, and its address there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// Number of the container, from 0.
    pub container: u32,
    /// The address it sends from or listens on.
    pub address: IpAddr,
}

/// A flow: `client` sends, `server` receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// Pair, from 0.
    pub pair: u32,
    /// Stream of the pair, from 0.
    pub stream: u32,
    /// Who sends.
    pub client: Seat,
    /// Who receives.
    pub server: Seat,
    /// Where the client calls, when that is not at the server's own address.
    pub door: Option<Door>,
    /// What it does.
    pub orders: Orders,
}

/// A published port that a flow goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Door {
    /// Where the client calls.
    pub call: SocketAddr,
    /// The port of the server that this leads to.
    pub listen: u16,
}

/// How the flows of a trial are made, driven and measured.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What runs the flows.
    pub driver: Driver,
    /// Congestion control to ask for.
    pub congestion: Congestion,
    /// Socket buffers to ask for.
    pub buffers: Buffers,
    /// How long the flows run before the window opens.
    pub warmup: Duration,
    /// Length of the window.
    pub measure: Duration,
    /// Length of a sample; the window is one sample where this is longer.
    pub sample: Duration,
    /// How long bringing all flows up may take.
    pub connect: Duration,
}

impl Flow {
    /// The flows of a cell, each pair's streams one after another: `pairs` has the client and the server of each. `door` says by
    /// which published port a flow goes that has none yet.
    ///
    /// # Errors
    /// Those of `door`.
    pub fn all_of(
        cell: &Cell,
        pairs: &[[Seat; 2]],
        door: impl Fn(&Self) -> Result<Option<Door>>,
    ) -> Result<Vec<Self>> {
        let pairs = (0..).zip(pairs).zip(cell.orders_of_pairs());
        let flows = pairs.flat_map(|((pair, [client, server]), orders)| {
            (0..cell.streams).map(move |stream| Self {
                pair,
                stream,
                client: *client,
                server: *server,
                door: None,
                orders,
            })
        });
        let flows = flows.map(|flow| {
            let door = door(&flow)?;
            Ok(Self { door, ..flow })
        });
        flows.collect()
    }

    /// Where its server listens; port 0 is one that the kernel chooses.
    pub(super) fn listens_at(&self) -> SocketAddr {
        let port = self.door.map_or(0, |door| door.listen);
        SocketAddr::new(self.server.address, port)
    }
}

impl fmt::Display for Flow {
    /// As errors name it: `3.0 from 10.0.0.1 to 10.0.0.2 by 10.0.0.9:5201`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (self.client.address, self.server.address);
        write!(out, "{}.{} from {from} to {to}", self.pair, self.stream)?;
        match self.door {
            Some(door) => write!(out, " by {}", door.call),
            None => Ok(()),
        }
    }
}
