//! The end that is called and answers.
//!
//! Must not know who calls. The invariant: it closes as soon as the whole response is handed to the kernel.

use std::os::fd::{AsFd, BorrowedFd};

use socket2::Socket;

use crate::traffic::flow::{Cause, Endpoint};
use crate::traffic::workload::line::{Line, Side, Step, Watch, round, take_call};
use crate::traffic::workload::room::Room;
use crate::traffic::workload::task::Task;
use crate::traffic::workload::turn::Turn;
use crate::traffic::workload::work::Work;

/// See the file's head.
#[derive(Debug)]
pub(super) struct Server<'a> {
    side: Side<'a>,
    listener: &'a Socket,
    request: usize,
    response: usize,
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
            listener,
            request: endpoint.orders.message_bytes.max(1) as usize,
            response: endpoint.orders.response_bytes().max(1) as usize,
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
            let mut line = Line::new(socket);
            line.missing = self.request;
            self.lines.push(line);
        })
    }

    fn go_on(&mut self) -> Result<bool, Cause> {
        let Self { side, lines, .. } = self;
        let response = self.response;
        round(lines, |line| step(side, line, response), drop)
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
