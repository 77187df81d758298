//! `idle`: a connection over which nothing is said.
//!
//! Must not know threads or epoll. The invariant: it never sends, and notices when the other end is gone.

use std::os::fd::AsRawFd;

use nix::sys::socket::{MsgFlags, recv};

use super::attempt::received;
use super::room::Room;
use super::task::{BoxedTask, Task, Workload};
use super::turn::Turn;
use super::work::Work;
use crate::scenario::Orders;
use crate::traffic::flow::{Endpoint, Role};

/// See the file's head.
#[derive(Debug)]
pub(super) struct Idle;

impl Workload for Idle {
    fn client<'a>(
        &self,
        _work: &'a Work,
        endpoint: &'a Endpoint,
        _room: Room<'a>,
    ) -> BoxedTask<'a> {
        Box::new(Silent { endpoint })
    }

    fn server<'a>(
        &self,
        _work: &'a Work,
        endpoint: &'a Endpoint,
        _room: Room<'a>,
    ) -> BoxedTask<'a> {
        Box::new(Silent { endpoint })
    }

    /// It has its end alone to wait for, which the alarm tells.
    fn has_one_wait(&self, _orders: &Orders, _role: Role) -> bool {
        false
    }
}

/// One end of it.
#[derive(Debug)]
struct Silent<'a> {
    endpoint: &'a Endpoint,
}

impl Task for Silent<'_> {
    fn turn(&mut self) -> Turn {
        let answer = recv(
            self.endpoint.socket.as_raw_fd(),
            &mut [0],
            MsgFlags::MSG_DONTWAIT,
        );
        // A byte that came all the same is counted, and shows.
        received(self.endpoint, answer).map_or_else(|turn| turn, |_| Turn::Ready)
    }
}
