//! A flow's two endpoints, each with the counter it publishes, and the field of all flows of a trial.
//!
//! Must not know who drives an endpoint. The invariant: a counter has one writer, the thread that has the endpoint's turn,
//! and a cache line of its own, so counting costs a store and reading disturbs one line.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use nix::errno::Errno;
use nix::sys::eventfd::{EfdFlags, EventFd};
use socket2::Socket;

use super::gate::Gate;
use super::workload::Stream;
use crate::error::{Error, Result};

/// Bytes moved by one endpoint since it was made. 128: the neighbouring line is prefetched together with the one touched.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Counter(AtomicU64);

impl Counter {
    /// Adds what the only writer just moved; a plain store, since nobody else writes.
    pub(super) fn add(&self, bytes: usize) {
        self.0.store(
            self.0.load(Ordering::Relaxed) + bytes as u64,
            Ordering::Relaxed,
        );
    }

    /// The bytes so far.
    pub(super) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Which way an endpoint moves bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Sender,
    Receiver,
}

/// Why an endpoint moves nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// The other end closed the connection.
    Closed,
    /// The kernel refused to send or receive.
    Refused(Errno),
}

/// When and why an endpoint stopped.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    pub(super) at: Instant,
    pub(super) cause: Cause,
}

/// One end of a flow.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) socket: Socket,
    pub(super) role: Role,
    pub(super) moved: Counter,
    end: OnceLock<End>,
}

impl Endpoint {
    fn new(socket: Socket, role: Role) -> Self {
        Self {
            socket,
            role,
            moved: Counter::default(),
            end: OnceLock::new(),
        }
    }

    /// Remembers that the endpoint stopped, now; the first cause stays.
    pub(super) fn finish(&self, cause: Cause) {
        self.end.get_or_init(|| End {
            at: Instant::now(),
            cause,
        });
    }

    /// When and why it stopped, if it did.
    pub(super) fn end(&self) -> Option<End> {
        self.end.get().copied()
    }
}

/// The connected sockets of a flow.
#[derive(Debug)]
pub(super) struct Sockets {
    pub(super) sender: Socket,
    pub(super) receiver: Socket,
}

/// A connected flow.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) sender: Endpoint,
    pub(super) receiver: Endpoint,
}

/// Everything a driver drives and the window reads.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) flows: Vec<Flow>,
    pub(super) stream: Stream,
    pub(super) gate: Gate,
    /// Readable once the field is told to stop; what wakes a thread that waits in epoll.
    pub(super) alarm: EventFd,
}

impl Field {
    /// Takes the sockets in.
    ///
    /// # Errors
    /// When there is no descriptor left for the alarm.
    pub(super) fn new(sockets: Vec<Sockets>, stream: Stream) -> Result<Self> {
        let alarm = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)
            .map_err(|errno| Error::kernel("create", "the alarm of the drivers", errno.into()))?;
        let flows = sockets
            .into_iter()
            .map(|Sockets { sender, receiver }| Flow {
                sender: Endpoint::new(sender, Role::Sender),
                receiver: Endpoint::new(receiver, Role::Receiver),
            })
            .collect();
        Ok(Self {
            flows,
            stream,
            gate: Gate::default(),
            alarm,
        })
    }
}
