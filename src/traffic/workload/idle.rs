//! `idle`: a connection over which nothing is said.
//!
//! Must not know threads or epoll. The invariant: it never sends, and notices when the other end is gone.

use std::os::fd::AsRawFd;

use nix::sys::socket::{MsgFlags, recv};

use super::attempt::received;
use super::turn::Turn;
use crate::traffic::flow::Endpoint;

/// One end of it.
#[derive(Debug)]
pub(in crate::traffic) struct Idle<'a> {
    endpoint: &'a Endpoint,
}

impl<'a> Idle<'a> {
    pub(super) fn new(endpoint: &'a Endpoint) -> Self {
        Self { endpoint }
    }

    pub(super) fn turn(&self) -> Turn {
        let answer = recv(
            self.endpoint.socket.as_raw_fd(),
            &mut [0],
            MsgFlags::MSG_DONTWAIT,
        );
        // A byte that came all the same is counted, and shows.
        received(self.endpoint, answer).map_or_else(|turn| turn, |_| Turn::Ready)
    }
}
