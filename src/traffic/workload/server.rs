//! The end that is called where each request has a connection of its own: what it does on one, and a server that takes the calls of
//! one flow.
//!
//! ```text
//! accept -> receive the request -> send the response -> close, or where the client closes first: receive the end -> close
//! ```
//!
//! Must not know who calls. The invariant: it closes as soon as the whole response is handed to the kernel, or as the client has
//! closed.

use std::os::fd::{AsFd, BorrowedFd};

use socket2::Socket;

use super::line::{Line, Side, Step, Watch, round, take_call};
use super::room::Room;
use super::task::Task;
use super::turn::Turn;
use super::work::Work;
use crate::scenario::{Closing, Orders};
use crate::traffic::flow::{Cause, Endpoint};

/// What is done on a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Service {
    /// Bytes of a request; none where a connection is all that is asked for.
    request: usize,
    /// Bytes of a response, likewise.
    response: usize,
    closes: Closing,
}

impl Service {
    pub(super) fn of(orders: &Orders) -> Self {
        let has_requests = orders.workload.has_responses();
        let bytes = |bytes: u32| {
            if has_requests {
                bytes.max(1) as usize
            } else {
                0
            }
        };
        Self {
            request: bytes(orders.message_bytes),
            response: bytes(orders.response_bytes()),
            closes: orders.load.closes,
        }
    }

    /// A connection that was just taken; absent where that was all, and it is closed.
    pub(super) fn open(self, side: &Side<'_>, socket: Socket) -> Option<Line> {
        let mut line = Line::new(socket);
        line.missing = self.request;
        line.unended = match self.closes {
            Closing::Server => false,
            Closing::Client => true,
        };
        if self.request == 0 {
            side.endpoint.moved.messages.add(1);
        }
        (!line.is_whole()).then_some(line)
    }

    /// Takes a step along one.
    pub(super) fn step(self, side: &Side<'_>, line: &mut Line) -> Result<Step, Cause> {
        if line.missing > 0 {
            match side.receive(line) {
                Ok(0) => return Err(Cause::Closed),
                Ok(_) if line.missing > 0 => return Ok(Step::Moved),
                Ok(_) => {
                    side.endpoint.moved.messages.add(1);
                    line.unsent = self.response;
                }
                Err(errno) => return side.failed(line, errno),
            }
        }
        if line.unsent > 0 {
            return match side.send(line) {
                Ok(()) if line.is_whole() => Ok(Step::Done),
                // A look for the client's end at once would find nothing.
                Ok(()) if line.unsent == 0 => side.waits(line),
                Ok(()) => Ok(Step::Moved),
                Err(errno) => side.failed(line, errno),
            };
        }
        match side.receive(line) {
            Ok(0) => {
                line.unended = false;
                Ok(Step::Done)
            }
            // A byte that came all the same is counted, and shows.
            Ok(_) => Ok(Step::Moved),
            Err(errno) => side.failed(line, errno),
        }
    }
}

/// The server of one flow.
#[derive(Debug)]
pub(super) struct Server<'a> {
    side: Side<'a>,
    service: Service,
    listener: &'a Socket,
    lines: Vec<Line>,
}

impl<'a> Server<'a> {
    pub(super) fn new(
        work: &'a Work,
        (endpoint, listener): (&'a Endpoint, &'a Socket),
        room: Room<'a>,
    ) -> Self {
        let side = Side::new(work, endpoint, room);
        Self {
            service: Service::of(&endpoint.orders),
            listener,
            lines: Vec::with_capacity(side.most),
            side,
        }
    }

    fn has_room(&self) -> bool {
        self.lines.len() < self.side.most
    }

    /// Takes one call, if there is one and room for it.
    fn accept(&mut self) -> Result<bool, Cause> {
        if !self.has_room() {
            return Ok(false);
        }
        take_call(self.listener, |socket| {
            self.lines.extend(self.service.open(&self.side, socket));
        })
    }

    fn go_on(&mut self) -> Result<bool, Cause> {
        let Self {
            side,
            service,
            lines,
            ..
        } = self;
        round(lines, |line| service.step(side, line), drop)
    }
}

impl Task for Server<'_> {
    fn report_to(&mut self, watch: Watch) {
        self.side.watch = Some(watch);
    }

    fn awaits<'s>(&'s self, _endpoint: &'s Endpoint, tell: &mut dyn FnMut(BorrowedFd<'s>, bool)) {
        self.lines.iter().for_each(|line| line.awaits(tell));
        if self.has_room() {
            tell(self.listener.as_fd(), false);
        }
    }

    fn turn(&mut self) -> Turn {
        let turn = self.accept().and_then(|accepted| {
            let moved = self.go_on()?;
            Ok(if accepted || moved {
                Turn::Ready
            } else {
                Turn::Blocked
            })
        });
        turn.unwrap_or_else(|cause| self.side.endpoint.over(cause))
    }
}
