//! The end that calls and asks.
//!
//! Must not know how its sockets are made. The invariant: a transaction is over when the whole response is there and the
//! server's end of the connection behind it.

use std::os::fd::BorrowedFd;

use super::line::{Line, Side, Step, Watch, round};
use crate::traffic::dialer::Dialer;
use crate::traffic::flow::{Cause, Endpoint};
use crate::traffic::moment::Moment;
use crate::traffic::workload::diary::Diary;
use crate::traffic::workload::log::Log;
use crate::traffic::workload::pace::{Due, Pace};
use crate::traffic::workload::turn::Turn;
use crate::traffic::workload::work::Work;

/// A call, and when it was meant to be made.
#[derive(Debug)]
struct Call {
    line: Line,
    intended: Moment,
}

/// See the file's head.
#[derive(Debug)]
pub(in crate::traffic) struct Client<'a> {
    side: Side<'a>,
    dialer: &'a Dialer,
    pace: Pace,
    request: usize,
    response: usize,
    calls: Vec<Call>,
    diary: Diary<'a>,
}

impl<'a> Client<'a> {
    pub(in crate::traffic::workload) fn new(
        work: &'a Work,
        (endpoint, dialer): (&'a Endpoint, &'a Dialer),
        room: usize,
    ) -> Self {
        let side = Side::new(work, endpoint, room);
        let load = &endpoint.orders.load;
        Self {
            dialer,
            pace: Pace::of(load, endpoint.flow),
            request: endpoint.orders.message_bytes.max(1) as usize,
            response: endpoint.orders.response_bytes().max(1) as usize,
            calls: Vec::with_capacity(side.most),
            diary: Diary::new(endpoint, load.rate.is_some()),
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
        self.calls.iter().for_each(|call| call.line.awaits(tell));
    }

    pub(in crate::traffic::workload) fn into_log(self) -> Log {
        self.diary.into_log()
    }

    pub(in crate::traffic::workload) fn turn(&mut self) -> Turn {
        let turn = match self.due() {
            Some(Due::Since(intended)) => self.call(intended),
            Some(Due::At(next)) => self.go_on(Turn::Until(next)),
            Some(Due::AfterReply) | None => self.go_on(Turn::Blocked),
        };
        turn.unwrap_or_else(|cause| self.side.endpoint.over(cause))
    }

    /// Whether a call is due; none is asked for while there is no room for one, and what is due meanwhile grows late.
    fn due(&mut self) -> Option<Due> {
        let under_way = self.calls.len();
        (under_way < self.side.most).then(|| self.pace.due(Moment::now(), under_way))
    }

    fn call(&mut self, intended: Moment) -> Result<Turn, Cause> {
        self.diary.sent(intended, Moment::now());
        let socket = self
            .dialer
            .dial()
            .map_err(|error| Cause::Unconnected(error.raw_os_error().unwrap_or(nix::libc::EIO)))?;
        let mut line = Line::new(socket);
        line.unsent = self.request;
        line.missing = self.response;
        self.calls.push(Call { line, intended });
        Ok(Turn::Ready)
    }

    /// Goes on with every call; `idle` is how the turn went if none can go on.
    fn go_on(&mut self, idle: Turn) -> Result<Turn, Cause> {
        let Self {
            side, calls, diary, ..
        } = self;
        let request = self.request;
        let moved = round(
            calls,
            |call| step(side, &mut call.line, request),
            |call| diary.answered([call.intended].into_iter()),
        )?;
        Ok(if moved { Turn::Ready } else { idle })
    }
}

fn step(side: &Side<'_>, line: &mut Line, request: usize) -> Result<Step, Cause> {
    if line.unsent > 0 {
        let unconnected = line.unsent == request;
        return match side.send(line) {
            // A look for the response at once would find nothing.
            Ok(()) if line.unsent == 0 => side.waits(line),
            Ok(()) => Ok(Step::Moved),
            Err(errno) => side.failed(line, errno).map_err(|cause| match cause {
                Cause::Refused(errno) if unconnected => Cause::Unconnected(errno),
                cause => cause,
            }),
        };
    }
    match side.receive(line) {
        Ok(0) if line.is_whole() => Ok(Step::Done),
        Ok(0) => Err(Cause::Closed),
        Ok(_) => Ok(Step::Moved),
        Err(errno) => side.failed(line, errno),
    }
}
