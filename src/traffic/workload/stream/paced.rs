//! A stream at a rate: each message has a time at which it is meant to be sent.
//!
//! ```text
//! wait until a message is due -> hand it over, as far as there is room -> it is sent once all of it is with the kernel
//! ```
//!
//! The kernel's own pacing (`SO_MAX_PACING_RATE`) would keep the rate as well, but takes what is due into the socket's queue, where
//! nobody sees how late it is. Here a message is as late as the kernel has taken the last byte of it: by a late timer, by want of
//! CPU, or by a socket that was full. What is due meanwhile stays due, and is sent as soon as there is room.
//!
//! Must not know how bytes are handed over. The invariant: the times follow from the rate alone; nothing that is waited for moves
//! them.

use std::os::fd::{AsFd, BorrowedFd};

use super::end::Stream;
use crate::traffic::flow::Endpoint;
use crate::traffic::moment::Moment;
use crate::traffic::workload::diary::Diary;
use crate::traffic::workload::log::Log;
use crate::traffic::workload::pace::{Due, Schedule};
use crate::traffic::workload::task::Task;
use crate::traffic::workload::turn::Turn;

/// See the file's head.
#[derive(Debug)]
pub(super) struct Paced<'a> {
    stream: Stream<'a>,
    /// A whole message.
    message: &'a [u8],
    schedule: Schedule,
    /// When the message under way was meant to be sent.
    under_way: Option<Moment>,
    /// Messages that were due within the window so far.
    due: u64,
    diary: Diary<'a>,
}

impl<'a> Paced<'a> {
    /// The client of a stream that has a rate; the stream as it is where it has none.
    pub(super) fn at_its_rate(stream: Stream<'a>) -> Result<Self, Stream<'a>> {
        let endpoint = stream.endpoint;
        match Schedule::of(&endpoint.orders, endpoint.flow) {
            Some(schedule) => Ok(Self {
                message: stream.message,
                stream,
                schedule,
                under_way: None,
                due: 0,
                diary: Diary::of_sending(endpoint, true),
            }),
            None => Err(stream),
        }
    }

    /// Whether a message was due by `now`, and when it was meant to be sent.
    fn next(&mut self, now: Moment) -> Due {
        let due = self.schedule.due(now);
        if let Due::Since(intended) = due {
            let edges = self.stream.endpoint.moved.edges();
            self.due += u64::from(edges.hold(intended));
        }
        due
    }

    /// Hands over what is left of a message, as far as there is room.
    fn push(&mut self, intended: Moment) -> Turn {
        let bytes = match self.stream.move_some() {
            Ok(bytes) => bytes,
            Err(turn) => return turn,
        };
        self.stream.message = &self.stream.message[bytes.min(self.stream.message.len())..];
        if self.stream.message.is_empty() {
            self.under_way = None;
            self.diary.sent(intended, Moment::now());
        }
        Turn::Ready
    }
}

impl Task for Paced<'_> {
    fn is_sending(&self) -> bool {
        self.under_way.is_some()
    }

    /// Between two messages it waits for the clock alone: what the kernel says of those that were sent can be heard with the next.
    fn awaits<'s>(&'s self, endpoint: &'s Endpoint, tell: &mut dyn FnMut(BorrowedFd<'s>, bool)) {
        if self.is_sending() {
            tell(endpoint.socket.as_fd(), true);
        }
    }

    fn is_reported_to(&self) -> bool {
        self.stream.is_reported_to()
    }

    /// What was due and not even begun counts as due as well.
    fn into_log(mut self: Box<Self>) -> Log {
        let now = Moment::now();
        while let Due::Since(_) = self.next(now) {}
        let of_sends = self.diary.into_log();
        Log {
            lateness: of_sends.lateness,
            due: Some(self.due),
            ..self.stream.log()
        }
    }

    fn turn(&mut self) -> Turn {
        if let Some(intended) = self.under_way {
            return self.push(intended);
        }
        match self.next(Moment::now()) {
            Due::Since(intended) => {
                self.under_way = Some(intended);
                self.stream.message = self.message;
                self.push(intended)
            }
            Due::At(next) => Turn::Until(next),
            // Never said of a schedule.
            Due::AfterReply => Turn::Blocked,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::{TcpListener, TcpStream};

    use socket2::Socket;

    use super::*;
    use crate::scenario::{Driver, Load, Orders, Workload};
    use crate::traffic::flow::Role;
    use crate::traffic::ledger::Ledger;
    use crate::traffic::workload::Work;

    const MESSAGE: usize = 1_000;

    /// A client at so many messages a second, and its server's end. The window is open.
    fn ends(rate: u64) -> (Endpoint, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        client.set_nonblocking(true).unwrap();
        let (server, _) = listener.accept().unwrap();
        let orders = Orders {
            workload: Workload::TcpStream,
            message_bytes: 1_000,
            load: Load {
                rate_bps: Some(rate * 8_000),
                ..Load::default()
            },
        };
        let ledger = Ledger::create(2).unwrap();
        ledger.edges().open();
        let client = Endpoint::new(Socket::from(client), Role::Client, (0, orders), &ledger);
        (client, server)
    }

    fn work(endpoint: &Endpoint) -> Work {
        Work::new(&[endpoint.orders], Driver::Workers).unwrap()
    }

    #[test]
    fn a_message_is_whole_before_the_next_and_none_is_sent_before_its_time() {
        let (client, mut server) = ends(1_000);
        let work = work(&client);
        let mut task = work.task(&client, 0);
        let began = Moment::now();
        while client.moved.sent.read() < 20 * MESSAGE as u64 {
            assert_ne!(task.turn(), Turn::Over);
        }
        // The first is due somewhere within a millisecond.
        assert!(Moment::now().nanos_since(began) >= 19_000_000);
        assert!(matches!(task.turn(), Turn::Until(_) | Turn::Ready));
        server.read_exact(&mut vec![0; 20 * MESSAGE]).unwrap();
        let sent = client.moved.sent.read() / MESSAGE as u64;
        let log = task.into_log();
        let lateness = log.lateness.unwrap().count();
        assert!(
            (sent..=sent + 1).contains(&lateness),
            "{lateness} of {sent}"
        );
        assert!(log.due.unwrap() >= sent, "{:?} of {sent}", log.due);
        assert!(log.latency.is_none());
    }

    /// Nobody reads: what there is no room for is due all the same, and grows late.
    #[test]
    fn a_full_socket_counts_as_late() {
        let (client, server) = ends(1_000_000);
        let work = work(&client);
        let mut task = work.task(&client, 0);
        while task.turn() != Turn::Blocked {}
        assert!(task.is_sending());
        let full = client.moved.sent.read();
        let held = Moment::now();
        while Moment::now().nanos_since(held) < 20_000_000 {
            assert_eq!(task.turn(), Turn::Blocked);
        }
        // The reader lets go of all at once.
        let mut room = vec![0; usize::try_from(full).unwrap()];
        (&server).read_exact(&mut room).unwrap();
        while client.moved.sent.read() < full + 10 * MESSAGE as u64 {
            assert_ne!(task.turn(), Turn::Over);
        }
        let sent = client.moved.sent.read() / MESSAGE as u64;
        let log = task.into_log();
        let latest = log.lateness.unwrap().max().unwrap();
        assert!(latest >= 20_000_000, "{latest}");
        assert!(log.due.unwrap() > sent, "{:?} of {sent}", log.due);
    }
}
