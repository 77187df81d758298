//! What a workload is to who drives it: how its ends are made, what their sockets are told, and what an end does in its turn.
//!
//! Must not know which workloads there are, nor threads or epoll. The invariant: what an end is at is chosen once, before its first
//! turn.

use std::fmt::Debug;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use socket2::Socket;

use super::line::Watch;
use super::log::Log;
use super::room::Room;
use super::turn::Turn;
use super::work::Work;
use crate::scenario::{Driver, Orders};
use crate::traffic::flow::{Endpoint, Role};

/// A workload, with both of its ends. What is measured of it is in the row of facts of its word.
pub(in crate::traffic) trait Workload: Debug + Sync {
    /// What a client is about to do; what it has no use for it receives into `room`.
    fn client<'a>(&self, work: &'a Work, endpoint: &'a Endpoint, room: Room<'a>) -> BoxedTask<'a>;

    /// What a server is about to do, likewise.
    fn server<'a>(&self, work: &'a Work, endpoint: &'a Endpoint, room: Room<'a>) -> BoxedTask<'a>;

    /// Tells a connected socket what it is for, beside whether it waits in its calls.
    ///
    /// # Errors
    /// When the kernel does not grant it.
    fn prepare(&self, _socket: &Socket, _orders: &Orders, _waits_in_calls: bool) -> io::Result<()> {
        Ok(())
    }

    /// Whether an end never has two things to wait for, and has calls that wait for the one.
    fn has_one_wait(&self, orders: &Orders, role: Role) -> bool {
        role == Role::Server || !orders.load.has_schedule() && orders.load.outstanding() == 1
    }
}

/// What an end of a flow is at, whatever its workload.
pub(in crate::traffic) type BoxedTask<'a> = Box<dyn Task + 'a>;

/// What an end of a flow is at, from turn to turn.
pub(in crate::traffic) trait Task: Debug + Send {
    /// Gives the endpoint one turn.
    fn turn(&mut self) -> Turn;

    /// Whether it waits for room in its endpoint's socket too.
    fn is_sending(&self) -> bool {
        false
    }

    /// Tells the sockets it waits for, and of each whether for room too.
    fn awaits<'s>(&'s self, endpoint: &'s Endpoint, tell: &mut dyn FnMut(BorrowedFd<'s>, bool)) {
        tell(endpoint.socket.as_fd(), self.is_sending());
    }

    /// Has the sockets that it makes itself reported too.
    fn report_to(&mut self, _watch: Watch) {}

    /// Whether the kernel reports to it by its socket's error queue, so that an error at the socket may be none.
    fn is_reported_to(&self) -> bool {
        false
    }

    /// What it has written down, once it has no more turns.
    fn into_log(self: Box<Self>) -> Log {
        Log::default()
    }
}

/// Whether an endpoint may wait inside its system calls: one that a thread of its own drives, and that has one wait.
pub(super) fn waits_in_calls(
    workload: &dyn Workload,
    orders: &Orders,
    (driver, role): (Driver, Role),
) -> bool {
    driver != Driver::Workers && workload.has_one_wait(orders, role)
}
