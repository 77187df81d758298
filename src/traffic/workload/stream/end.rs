//! One end of a stream: it hands over, or takes, as much as it can in one system call.
//!
//! Must not know when it has its turn. The invariant: what moved is counted once.

use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sys::socket::send;

use super::discard::Discard;
use super::mapped::Mapped;
use super::sendfile::MessageFile;
use super::zerocopy::Zerocopy;
use crate::traffic::flow::{Cause, Endpoint, Role};
use crate::traffic::workload::attempt::{SEND_FLAGS, refused};
use crate::traffic::workload::log::Log;
use crate::traffic::workload::room::Room;
use crate::traffic::workload::task::Task;
use crate::traffic::workload::turn::Turn;
use crate::traffic::workload::work::Work;

/// One end of a stream.
#[derive(Debug)]
pub(super) struct Stream<'a> {
    pub(super) endpoint: &'a Endpoint,
    /// What is handed over at once, or what there is to take.
    pub(super) message: &'a [u8],
    way: Way<'a>,
}

/// How an end hands its bytes over.
#[derive(Debug)]
pub(super) enum Way<'a> {
    Send,
    Sendfile(&'a MessageFile),
    Zerocopy(Zerocopy),
    Receive(Room<'a>),
    Map(Mapped<'a>),
    Discard(Discard),
}

impl<'a> Stream<'a> {
    pub(super) fn new(work: &'a Work, endpoint: &'a Endpoint, way: Way<'a>) -> Self {
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

    /// Hands over what there is room for, or takes what has come, and counts it; returns how many bytes that was, or how the turn
    /// went without any.
    pub(super) fn move_some(&mut self) -> Result<usize, Turn> {
        match self.hand_over() {
            Ok(0) => Err(self.endpoint.over(Cause::Closed)),
            Ok(bytes) => {
                let moved = match self.endpoint.role {
                    Role::Client => &self.endpoint.moved.sent,
                    Role::Server => &self.endpoint.moved.received,
                };
                moved.add(bytes as u64);
                Ok(bytes)
            }
            Err(Errno::EAGAIN) => Err(Turn::Blocked),
            Err(errno) => Err(refused(self.endpoint, errno)),
        }
    }

    pub(super) fn log(self) -> Log {
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
        self.log()
    }

    fn turn(&mut self) -> Turn {
        match self.move_some() {
            Ok(bytes) if bytes < self.message.len() && !self.stops_early() => Turn::Short,
            Ok(_) => Turn::Ready,
            Err(turn) => turn,
        }
    }
}
