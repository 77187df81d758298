//! The end that calls and asks.
//!
//! Must not know how its sockets are made. The invariant: a transaction is over when the whole response is there and, unless it
//! is to close first itself, the server's end of the connection behind it.

use std::os::fd::BorrowedFd;

use crate::traffic::dialer::Dialer;
use crate::traffic::flow::{Cause, Endpoint};
use crate::traffic::workload::calls::{Calls, Exchange};
use crate::traffic::workload::line::{Line, Side, Step, Watch};
use crate::traffic::workload::log::Log;
use crate::traffic::workload::room::Room;
use crate::traffic::workload::task::Task;
use crate::traffic::workload::turn::Turn;
use crate::traffic::workload::work::Work;

/// See the file's head.
#[derive(Debug)]
pub(super) struct Client<'a> {
    calls: Calls<'a>,
    /// A request and its response.
    exchange: Exchange,
}

impl<'a> Client<'a> {
    pub(super) fn new(
        work: &'a Work,
        (endpoint, dialer): (&'a Endpoint, &'a Dialer),
        room: Room<'a>,
    ) -> Self {
        Self {
            calls: Calls::new(work, (endpoint, dialer), room),
            exchange: Exchange {
                unsent: endpoint.orders.message_bytes.max(1) as usize,
                missing: endpoint.orders.response_bytes().max(1) as usize,
            },
        }
    }
}

impl Task for Client<'_> {
    fn turn(&mut self) -> Turn {
        let request = self.exchange.unsent;
        let step = |side: &Side<'_>, line: &mut Line| step(side, line, request);
        self.calls.turn(self.exchange, step)
    }

    fn awaits<'s>(&'s self, _endpoint: &'s Endpoint, tell: &mut dyn FnMut(BorrowedFd<'s>, bool)) {
        self.calls.awaits(tell);
    }

    fn report_to(&mut self, watch: Watch) {
        self.calls.report_to(watch);
    }

    fn into_log(self: Box<Self>) -> Log {
        self.calls.into_log()
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
    let closes_first = side.endpoint.orders.load.clients_close();
    match side.receive(line) {
        Ok(0) if line.is_whole() => Ok(Step::Done),
        Ok(0) => Err(Cause::Closed),
        Ok(_) if line.is_whole() && closes_first => Ok(Step::Done),
        Ok(_) => Ok(Step::Moved),
        Err(errno) => side.failed(line, errno),
    }
}
