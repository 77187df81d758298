//! A client's calls under way, where each request has a connection of its own.
//!
//! Must not know how its sockets are made, nor what is done on a connection. The invariant: what is due while there is no room for
//! another call grows late.

use std::iter;
use std::os::fd::BorrowedFd;

use super::diary::Diary;
use super::line::{Line, Side, Step, Watch, round};
use super::log::Log;
use super::pace::{Due, Pace};
use super::room::Room;
use super::turn::Turn;
use super::work::Work;
use crate::store::record::UnderWay;
use crate::traffic::dialer::Dialer;
use crate::traffic::flow::{Cause, Endpoint};
use crate::traffic::moment::Moment;

/// A call, and when it was meant to be made.
#[derive(Debug)]
struct Call {
    line: Line,
    intended: Moment,
}

/// Bytes of a connection that are to be sent, and that are to come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exchange {
    pub(super) unsent: usize,
    pub(super) missing: usize,
}

/// See the file's head.
#[derive(Debug)]
pub(super) struct Calls<'a> {
    side: Side<'a>,
    dialer: &'a Dialer,
    pace: Pace,
    under_way: Vec<Call>,
    diary: Diary<'a>,
}

impl<'a> Calls<'a> {
    pub(super) fn new(
        work: &'a Work,
        (endpoint, dialer): (&'a Endpoint, &'a Dialer),
        room: Room<'a>,
    ) -> Self {
        let side = Side::new(work, endpoint, room);
        let load = &endpoint.orders.load;
        Self {
            dialer,
            pace: Pace::of(&endpoint.orders, endpoint.flow),
            under_way: Vec::with_capacity(side.most),
            diary: Diary::new(endpoint, load.has_schedule()),
            side,
        }
    }

    /// Whether it is to close its connections first.
    pub(super) fn closes_first(&self) -> bool {
        self.side.endpoint.orders.load.clients_close()
    }

    pub(super) fn report_to(&mut self, watch: Watch) {
        self.side.watch = Some(watch);
    }

    pub(super) fn awaits<'s>(&'s self, tell: &mut dyn FnMut(BorrowedFd<'s>, bool)) {
        self.under_way
            .iter()
            .for_each(|call| call.line.awaits(tell));
    }

    pub(super) fn into_log(mut self) -> Log {
        let under_way = self.unended();
        Log {
            under_way,
            ..self.diary.into_log()
        }
    }

    /// What was meant to be made before the window closed and had not ended: calls, and what there was no room for yet. Of a client
    /// that has ended itself, its end is what there is to say.
    fn unended(&mut self) -> UnderWay {
        let endpoint = self.side.endpoint;
        let closed = endpoint.moved.edges().closed();
        let Some(closed) = closed.filter(|_| endpoint.end().is_none()) else {
            return UnderWay::default();
        };
        let calls = self.under_way.iter().map(|call| call.intended);
        let waiting = iter::from_fn(|| self.pace.overdue(closed));
        let intended = calls.chain(waiting).filter(|intended| *intended < closed);
        intended
            .map(|intended| UnderWay::aged(closed.nanos_since(intended)))
            .sum()
    }

    /// Makes the call that is due, or takes a step along each that is under way.
    pub(super) fn turn(
        &mut self,
        exchange: Exchange,
        step: impl Fn(&Side<'_>, &mut Line) -> Result<Step, Cause>,
    ) -> Turn {
        let turn = match self.due() {
            Some(Due::Since(intended)) => self.call(intended, exchange),
            Some(Due::At(next)) => self.go_on(Turn::Until(next), step),
            Some(Due::AfterReply) | None => self.go_on(Turn::Blocked, step),
        };
        turn.unwrap_or_else(|cause| self.side.endpoint.over(cause))
    }

    /// Whether a call is due; none is asked for while there is no room for one, and what is due meanwhile grows late.
    fn due(&mut self) -> Option<Due> {
        let under_way = self.under_way.len();
        (under_way < self.side.most).then(|| self.pace.due(Moment::now(), under_way))
    }

    fn call(&mut self, intended: Moment, exchange: Exchange) -> Result<Turn, Cause> {
        self.diary.sent(intended, Moment::now());
        let socket = self
            .dialer
            .dial()
            .map_err(|error| Cause::Unconnected(error.raw_os_error().unwrap_or(nix::libc::EIO)))?;
        let mut line = Line::new(socket);
        line.unsent = exchange.unsent;
        line.missing = exchange.missing;
        self.under_way.push(Call { line, intended });
        Ok(Turn::Ready)
    }

    /// Goes on with every call; `idle` is how the turn went if none can go on.
    fn go_on(
        &mut self,
        idle: Turn,
        step: impl Fn(&Side<'_>, &mut Line) -> Result<Step, Cause>,
    ) -> Result<Turn, Cause> {
        let Self {
            side,
            under_way,
            diary,
            ..
        } = self;
        let moved = round(
            under_way,
            |call| step(side, &mut call.line),
            |call| diary.answered([call.intended].into_iter()),
        )?;
        Ok(if moved { Turn::Ready } else { idle })
    }
}
