//! Connections under way, each one exchange, and what both of its ends have.
//!
//! The invariant: what is dropped before its exchange is whole is aborted.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags};
use nix::sys::socket::send;
use socket2::Socket;

use super::attempt::SEND_FLAGS;
use super::room::Room;
use super::work::Work;
use crate::traffic::flow::{Cause, Endpoint};
use crate::traffic::socket::accept_next;

/// Who is told what becomes of new sockets: a driver's epoll, under the token of the endpoint whose they are.
#[derive(Debug)]
pub(in crate::traffic) struct Watch {
    pub(in crate::traffic) epoll: Arc<Epoll>,
    pub(in crate::traffic) token: u64,
}

/// What is watched of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(super) enum Watched {
    Nothing,
    /// Whether something has come.
    Arrivals,
    /// Whether there is room or the call is answered, too.
    Both,
}

impl Watched {
    pub(super) fn events(self, token: u64) -> EpollEvent {
        let room = match self {
            Self::Both => EpollFlags::EPOLLOUT,
            Self::Nothing | Self::Arrivals => EpollFlags::empty(),
        };
        let arrivals = EpollFlags::EPOLLIN | EpollFlags::EPOLLRDHUP | EpollFlags::EPOLLET;
        EpollEvent::new(arrivals | room, token)
    }
}

/// One end of a connection under way.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) socket: Socket,
    /// Bytes that are still to be sent.
    pub(super) unsent: usize,
    /// Bytes that are still to come.
    pub(super) missing: usize,
    /// Whether the other end is to close it first, and has not yet.
    pub(super) unended: bool,
    pub(super) watched: Watched,
}

impl Line {
    pub(super) fn new(socket: Socket) -> Self {
        Self {
            socket,
            unsent: 0,
            missing: 0,
            unended: false,
            watched: Watched::Nothing,
        }
    }

    pub(super) fn is_whole(&self) -> bool {
        self.unsent == 0 && self.missing == 0 && !self.unended
    }

    /// What it waits for: where nothing is to be sent, for what is to come.
    pub(super) fn awaits<'s>(&'s self, tell: &mut dyn FnMut(BorrowedFd<'s>, bool)) {
        tell(self.socket.as_fd(), self.unsent > 0);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.is_whole() {
            // It fails only where the connection is gone.
            let _ = self.socket.set_linger(Some(Duration::ZERO));
        }
    }
}

/// How a step along a line went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// There may be another.
    Moved,
    /// Not before the kernel says so.
    Waits,
    /// The exchange is whole.
    Done,
}

/// What both ends of an exchange have.
#[derive(Debug)]
pub(super) struct Side<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) payload: &'a [u8],
    pub(super) room: Room<'a>,
    /// Connections under way at most.
    pub(super) most: usize,
    pub(super) watch: Option<Watch>,
}

impl<'a> Side<'a> {
    pub(super) fn new(work: &'a Work, endpoint: &'a Endpoint, room: Room<'a>) -> Self {
        Self {
            endpoint,
            payload: &work.payload,
            room,
            most: endpoint.orders.load.connections_at_once() as usize,
            watch: None,
        }
    }

    /// Sends as much of what is unsent as there is room for.
    pub(super) fn send(&self, line: &mut Line) -> nix::Result<()> {
        let part = &self.payload[..line.unsent];
        let sent = send(line.socket.as_raw_fd(), part, SEND_FLAGS)?;
        self.endpoint.moved.sent.add(sent as u64);
        line.unsent -= sent;
        Ok(())
    }

    /// Receives once; nothing where the other end has closed.
    pub(super) fn receive(&self, line: &mut Line) -> nix::Result<usize> {
        let bytes = self.room.receive(line.socket.as_raw_fd())?;
        self.endpoint.moved.received.add(bytes as u64);
        line.missing = line.missing.saturating_sub(bytes);
        Ok(bytes)
    }

    /// What comes of an error along a line.
    pub(super) fn failed(&self, line: &mut Line, errno: Errno) -> Result<Step, Cause> {
        match errno {
            Errno::EAGAIN => self.waits(line),
            Errno::EINTR => Ok(Step::Moved),
            _ => Err(Cause::Refused(errno as i32)),
        }
    }

    /// Has the line watched from now on, if it was not: what has come meanwhile is told at once.
    pub(super) fn waits(&self, line: &mut Line) -> Result<Step, Cause> {
        let wanted = if line.unsent > 0 {
            Watched::Both
        } else {
            Watched::Arrivals
        };
        if let Some(watch) = &self.watch
            && line.watched < wanted
        {
            let mut events = wanted.events(watch.token);
            let told = if line.watched == Watched::Nothing {
                watch.epoll.add(&line.socket, events)
            } else {
                watch.epoll.modify(&line.socket, &mut events)
            };
            told.map_err(|errno| Cause::Unconnected(errno as i32))?;
            line.watched = wanted;
        }
        Ok(Step::Waits)
    }
}

/// Takes a step along each line; what is done is taken out and handed to `done`. Returns whether anything moved.
pub(super) fn round<L>(
    lines: &mut Vec<L>,
    mut step: impl FnMut(&mut L) -> Result<Step, Cause>,
    mut done: impl FnMut(L),
) -> Result<bool, Cause> {
    let mut moved = false;
    let mut index = 0;
    while let Some(line) = lines.get_mut(index) {
        match step(line)? {
            Step::Done => done(lines.swap_remove(index)),
            Step::Moved => index += 1,
            Step::Waits => {
                index += 1;
                continue;
            }
        }
        moved = true;
    }
    Ok(moved)
}

/// Hands a call to a listener to `take`, if one has come. Returns whether another may have.
pub(super) fn take_call(listener: &Socket, take: impl FnOnce(Socket)) -> Result<bool, Cause> {
    match accept_next(listener) {
        Ok(socket) => {
            take(socket);
            Ok(true)
        }
        Err(Errno::EAGAIN) => Ok(false),
        // Its caller has given up, or a signal came.
        Err(Errno::ECONNABORTED | Errno::EINTR) => Ok(true),
        Err(errno) => Err(Cause::Unconnected(errno as i32)),
    }
}
