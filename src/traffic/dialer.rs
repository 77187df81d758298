//! What a client makes one connection after another with, from whatever thread has its turn.
//!
//! Must not know what is done on a connection. The invariant: a socket is made inside the client's namespace, where it stays,
//! and a thread enters a namespace only from another one: that takes 1.2 to 1.9 microseconds, while making and closing a
//! socket take 7 and the connection 60 and more, so that sockets made in advance would not be worth their descriptors.

use std::cell::Cell;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::Arc;

use socket2::Socket;

use super::socket::Options;
use crate::lab::netns;
use crate::scenario::Workload;

thread_local! {
    /// The namespace that a dialer has moved this thread into, by its descriptor. Only threads of drivers dial, and they end
    /// before a descriptor is closed.
    static PLACE: Cell<Option<RawFd>> = const { Cell::new(None) };
}

/// Where a client is to call from, and whom.
#[derive(Debug)]
pub(super) struct Dialer {
    /// The client's namespace; none where every thread of the process is there already.
    pub(super) home: Option<Arc<OwnedFd>>,
    pub(super) from: IpAddr,
    pub(super) to: SocketAddr,
    pub(super) options: Options,
    /// What its connections are for.
    pub(super) workload: Workload,
}

impl Dialer {
    /// A socket that is calling; it does not wait for the answer.
    ///
    /// # Errors
    /// `EADDRNOTAVAIL` when every port between the two addresses is taken, `EMFILE` without a descriptor.
    pub(super) fn dial(&self) -> io::Result<Socket> {
        if let Some(home) = &self.home {
            enter(home)?;
        }
        self.options.dial((self.from, self.to), self.workload)
    }
}

fn enter(home: &OwnedFd) -> io::Result<()> {
    let there = Some(home.as_raw_fd());
    if PLACE.get() != there {
        netns::move_in(home)?;
        PLACE.set(there);
    }
    Ok(())
}
