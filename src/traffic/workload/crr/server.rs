//! The end that is called and answers.
//!
//! Must not know who calls. The invariant: it closes as soon as the whole response is handed to the kernel.

use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use socket2::Socket;

use super::line::{Line, Side, Step, Watch, round};
use crate::traffic::flow::{Cause, Endpoint};
use crate::traffic::socket::accept_next;
use crate::traffic::workload::turn::Turn;
use crate::traffic::workload::work::Work;

/// See the file's head.
#[derive(Debug)]
pub(in crate::traffic) struct Server<'a> {
    side: Side<'a>,
    listener: &'a Socket,
    request: usize,
    response: usize,
    lines: Vec<Line>,
}

impl<'a> Server<'a> {
    pub(in crate::traffic::workload) fn new(
        work: &'a Work,
        (endpoint, listener): (&'a Endpoint, &'a Socket),
        room: usize,
    ) -> Self {
        let side = Side::new(work, endpoint, room);
        Self {
            listener,
            request: endpoint.orders.message_bytes.max(1) as usize,
            response: endpoint.orders.response_bytes().max(1) as usize,
            lines: Vec::with_capacity(side.most),
            side,
        }
    }

    pub(in crate::traffic::workload) fn report_to(&mut self, watch: Watch) {
        self.side.watch = Some(watch);
    }

    pub(in crate::traffic::workload) fn awaits<'s>(
        &'s self,
        tell: &mut impl FnMut(BorrowedFd<'s>, bool),
    ) {
        self.lines.iter().for_each(|line| line.awaits(tell));
        if self.has_room() {
            tell(self.listener.as_fd(), false);
        }
    }

    pub(in crate::traffic::workload) fn turn(&mut self) -> Turn {
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

    fn has_room(&self) -> bool {
        self.lines.len() < self.side.most
    }

    /// Takes one call, if there is one and room for it.
    fn accept(&mut self) -> Result<bool, Cause> {
        if !self.has_room() {
            return Ok(false);
        }
        match accept_next(self.listener) {
            Ok(socket) => {
                let mut line = Line::new(socket);
                line.missing = self.request;
                self.lines.push(line);
                Ok(true)
            }
            Err(Errno::EAGAIN) => Ok(false),
            // Its caller has given up, or a signal came.
            Err(Errno::ECONNABORTED | Errno::EINTR) => Ok(true),
            Err(errno) => Err(Cause::Unconnected(errno as i32)),
        }
    }

    fn go_on(&mut self) -> Result<bool, Cause> {
        let Self { side, lines, .. } = self;
        let response = self.response;
        round(lines, |line| step(side, line, response), drop)
    }
}

fn step(side: &Side<'_>, line: &mut Line, response: usize) -> Result<Step, Cause> {
    if line.missing > 0 {
        match side.receive(line) {
            Ok(0) => return Err(Cause::Closed),
            Ok(_) if line.missing > 0 => return Ok(Step::Moved),
            Ok(_) => {
                side.endpoint.moved.messages.add(1);
                line.unsent = response;
            }
            Err(errno) => return side.failed(line, errno),
        }
    }
    match side.send(line) {
        Ok(()) if line.unsent == 0 => Ok(Step::Done),
        Ok(()) => Ok(Step::Moved),
        Err(errno) => side.failed(line, errno),
    }
}
