//! `tcp-stream`: the client sends messages without pause, the server takes what has come.
//!
//! | file | one way to hand bytes over |
//! |---|---|
//! | `sendfile` | from a file in memory, page by page |
//! | `zerocopy` | the sender's own pages, with word of what became of them |
//! | `mapped` | the kernel's pages, mapped where the receiver sees them |
//! | `discard` | dropped by the kernel |
//!
//! Must not know threads or epoll. The invariant: a turn moves at most one message in one system call, and a way that has to
//! fall back on another one within the turn says how much it did so; what is sent is never written, what is received is
//! never read.

mod discard;
mod mapped;
mod sendfile;
mod source;
mod zerocopy;

use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sys::socket::send;
use socket2::Socket;

use super::attempt::{SEND_FLAGS, refused};
use super::log::Log;
use super::room::Room;
use super::turn::Turn;
use super::work::Work;
use crate::scenario::{Orders, Receiving, Sending};
use crate::traffic::flow::{Cause, Endpoint, Role};
use discard::Discard;
use mapped::Mapped;
use sendfile::MessageFile;
use zerocopy::Zerocopy;

pub(super) use source::Source;

/// Makes a connected socket ready for how these orders hand bytes over.
pub(in crate::traffic) fn prepare(socket: &Socket, orders: &Orders) -> nix::Result<()> {
    if orders.load.send == Sending::Zerocopy {
        zerocopy::announce(socket)?;
    }
    if orders.load.receive == Receiving::Zerocopy {
        mapped::await_messages(socket, orders.message_bytes)?;
    }
    Ok(())
}

/// One end of a stream.
#[derive(Debug)]
pub(in crate::traffic) struct Stream<'a> {
    endpoint: &'a Endpoint,
    message: &'a [u8],
    way: Way<'a>,
}

/// How an end hands its bytes over.
#[derive(Debug)]
enum Way<'a> {
    Send,
    Sendfile(&'a MessageFile),
    Zerocopy(Zerocopy),
    Receive(Room<'a>),
    Map(Mapped<'a>),
    Discard(Discard),
}

impl<'a> Stream<'a> {
    pub(super) fn new(work: &'a Work, endpoint: &'a Endpoint, room: usize) -> Self {
        let message = &work.payload[..endpoint.orders.message_bytes as usize];
        let load = &endpoint.orders.load;
        let room = work.rooms.room(room);
        let way = match endpoint.role {
            Role::Client => match (load.send, &work.source.0) {
                (Sending::Zerocopy, _) => Way::Zerocopy(Zerocopy::default()),
                (Sending::Sendfile, Some(file)) => Way::Sendfile(file),
                (Sending::Sendfile | Sending::Copy, _) => Way::Send,
            },
            Role::Server => match load.receive {
                Receiving::Copy => Way::Receive(room),
                Receiving::Zerocopy => Way::Map(Mapped::new(endpoint, room, message.len())),
                Receiving::Discard => Way::Discard(Discard(message.len())),
            },
        };
        Self {
            endpoint,
            message,
            way,
        }
    }

    /// Whether the kernel reports to it by its socket's error queue, so that an error at the socket may be none.
    pub(super) fn is_reported_to(&self) -> bool {
        matches!(self.way, Way::Zerocopy(_))
    }

    pub(super) fn into_log(self) -> Log {
        match self.way {
            Way::Zerocopy(zerocopy) => Log {
                completions: Some(zerocopy.completions()),
                ..Log::default()
            },
            Way::Map(mapped) => Log {
                mapped_bytes: Some(mapped.bytes()),
                ..Log::default()
            },
            Way::Send | Way::Sendfile(_) | Way::Receive(_) | Way::Discard(_) => Log::default(),
        }
    }

    pub(super) fn turn(&mut self) -> Turn {
        match self.hand_over() {
            Ok(0) => self.endpoint.over(Cause::Closed),
            Ok(bytes) => {
                let moved = match self.endpoint.role {
                    Role::Client => &self.endpoint.moved.sent,
                    Role::Server => &self.endpoint.moved.received,
                };
                moved.add(bytes as u64);
                if bytes < self.message.len() && !self.stops_early() {
                    Turn::Short
                } else {
                    Turn::Ready
                }
            }
            Err(Errno::EAGAIN) => Turn::Blocked,
            Err(errno) => refused(self.endpoint, errno),
        }
    }

    fn hand_over(&mut self) -> nix::Result<usize> {
        let socket = &self.endpoint.socket;
        match &mut self.way {
            Way::Send => send(socket.as_raw_fd(), self.message, SEND_FLAGS),
            Way::Sendfile(file) => file.send(socket, self.message.len()),
            Way::Zerocopy(zerocopy) => zerocopy.send(socket, self.message),
            Way::Receive(room) => room.receive(socket.as_raw_fd()),
            Way::Map(mapped) => mapped.receive(),
            Way::Discard(discard) => discard.receive(socket.as_raw_fd()),
        }
    }

    /// Whether less than a message may have been moved though there is more to move.
    fn stops_early(&self) -> bool {
        matches!(self.way, Way::Map(_))
    }
}
