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

use std::io;
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sys::socket::send;
use socket2::Socket;

use super::attempt::{SEND_FLAGS, refused};
use super::log::Log;
use super::room::Room;
use super::task::{BoxedTask, Task, Workload};
use super::turn::Turn;
use super::work::Work;
use crate::scenario::{Orders, Receiving, Sending};
use crate::traffic::flow::{Cause, Endpoint, Role};
use discard::Discard;
use mapped::Mapped;
use sendfile::MessageFile;
use zerocopy::Zerocopy;

pub(super) use source::Source;

/// See the file's head.
#[derive(Debug)]
pub(super) struct TcpStream;

impl Workload for TcpStream {
    fn client<'a>(&self, work: &'a Work, endpoint: &'a Endpoint, _room: Room<'a>) -> BoxedTask<'a> {
        let way = match (endpoint.orders.load.send, &work.source.0) {
            (Sending::Zerocopy, _) => Way::Zerocopy(Zerocopy::default()),
            (Sending::Sendfile, Some(file)) => Way::Sendfile(file),
            (Sending::Sendfile | Sending::Copy, _) => Way::Send,
        };
        Box::new(Stream::new(work, endpoint, way))
    }

    fn server<'a>(&self, work: &'a Work, endpoint: &'a Endpoint, room: Room<'a>) -> BoxedTask<'a> {
        let message = endpoint.orders.message_bytes as usize;
        let way = match endpoint.orders.load.receive {
            Receiving::Copy => Way::Receive(room),
            Receiving::Zerocopy => Way::Map(Mapped::new(endpoint, room, message)),
            Receiving::Discard => Way::Discard(Discard(message)),
        };
        Box::new(Stream::new(work, endpoint, way))
    }

    /// Has bytes handed over as these orders say.
    fn prepare(&self, socket: &Socket, orders: &Orders, _waits_in_calls: bool) -> io::Result<()> {
        if orders.load.send == Sending::Zerocopy {
            zerocopy::announce(socket)?;
        }
        if orders.load.receive == Receiving::Zerocopy {
            mapped::await_messages(socket, orders.message_bytes)?;
        }
        Ok(())
    }

    /// A client sends, whatever its load; to have pages mapped is no call that waits.
    fn has_one_wait(&self, orders: &Orders, role: Role) -> bool {
        role == Role::Client || orders.load.receive != Receiving::Zerocopy
    }
}

/// One end of a stream.
#[derive(Debug)]
struct Stream<'a> {
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
    fn new(work: &'a Work, endpoint: &'a Endpoint, way: Way<'a>) -> Self {
        Self {
            endpoint,
            message: &work.payload[..endpoint.orders.message_bytes as usize],
            way,
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

impl Task for Stream<'_> {
    fn is_reported_to(&self) -> bool {
        matches!(self.way, Way::Zerocopy(_))
    }

    fn into_log(self: Box<Self>) -> Log {
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

    fn turn(&mut self) -> Turn {
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
}
