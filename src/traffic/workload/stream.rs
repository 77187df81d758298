//! `tcp-stream`: the client sends messages without pause, the server takes what has come.
//!
//! Must not know threads or epoll. The invariant: a turn is one system call of at most one message, and nothing else; what
//! is sent is never written, what is received is never read.

use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sys::socket::send;

use super::room::Room;
use super::{SEND_FLAGS, Turn, refused};
use crate::traffic::flow::{Cause, Endpoint, Role};

/// One end of a stream.
#[derive(Debug)]
pub(in crate::traffic) struct Stream<'a> {
    endpoint: &'a Endpoint,
    message: &'a [u8],
    room: Room<'a>,
}

impl<'a> Stream<'a> {
    pub(super) fn new(endpoint: &'a Endpoint, message: &'a [u8], room: Room<'a>) -> Self {
        Self {
            endpoint,
            message,
            room,
        }
    }

    pub(super) fn turn(&self) -> Turn {
        let socket = self.endpoint.socket.as_raw_fd();
        let (answer, moved) = match self.endpoint.role {
            Role::Client => (
                send(socket, self.message, SEND_FLAGS),
                &self.endpoint.moved.sent,
            ),
            Role::Server => (self.room.receive(socket), &self.endpoint.moved.received),
        };
        match answer {
            Ok(0) => self.endpoint.over(Cause::Closed),
            Ok(bytes) => {
                moved.add(bytes as u64);
                if bytes < self.message.len() {
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
