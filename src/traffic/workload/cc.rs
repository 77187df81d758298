//! `tcp-cc`: connect, close, and again, with nothing said: netperf's `TCP_CC`.
//!
//! ```text
//! client:  call -> receive the end -> close
//! server:  accept -> close
//! ```
//!
//! Unless it is told otherwise the server closes first, so that `TIME_WAIT` is the server's, as that of `tcp-crr` does and for the same
//! reason. Where the client is to close first, it says its end once it is connected, and the server its own once it has seen that.
//!
//! Must not know threads or the driver's epoll, only that somebody is to be told of new sockets. The invariant: a connection counts
//! once its client has seen the server's end of it, and is aborted where it is dropped before.

use std::io;
use std::net::Shutdown;
use std::os::fd::BorrowedFd;

use super::answering::answering;
use super::calls::{Calls, Exchange};
use super::idle::Idle;
use super::line::{Line, Side, Step, Watch};
use super::log::Log;
use super::room::Room;
use super::task::{BoxedTask, Task, Workload};
use super::turn::Turn;
use super::work::Work;
use crate::traffic::flow::{Cause, Endpoint, Redial};

/// See the file's head.
#[derive(Debug)]
pub(super) struct TcpCc;

/// On one connection it is `idle`.
impl Workload for TcpCc {
    fn client<'a>(&self, work: &'a Work, endpoint: &'a Endpoint, room: Room<'a>) -> BoxedTask<'a> {
        match &endpoint.redial {
            Some(Redial::Calls(dialer)) => {
                Box::new(Client(Calls::new(work, (endpoint, dialer), room)))
            }
            Some(Redial::Answers(_)) | None => Idle.client(work, endpoint, room),
        }
    }

    fn server<'a>(&self, work: &'a Work, endpoint: &'a Endpoint, room: Room<'a>) -> BoxedTask<'a> {
        match &endpoint.redial {
            Some(Redial::Answers(listener)) => answering(work, (endpoint, listener), room),
            Some(Redial::Calls(_)) | None => Idle.server(work, endpoint, room),
        }
    }
}

/// The end that calls.
#[derive(Debug)]
struct Client<'a>(Calls<'a>);

/// The server's end stands for a byte that is to come: without it a connection is not whole.
const END: Exchange = Exchange {
    unsent: 0,
    missing: 1,
};

/// The same where its own end goes first, which stands for a byte that is to be sent.
const BOTH_ENDS: Exchange = Exchange { unsent: 1, ..END };

impl Task for Client<'_> {
    fn turn(&mut self) -> Turn {
        if self.0.closes_first() {
            self.0.turn(BOTH_ENDS, say_end)
        } else {
            self.0.turn(END, see_end)
        }
    }

    fn awaits<'s>(&'s self, _endpoint: &'s Endpoint, tell: &mut dyn FnMut(BorrowedFd<'s>, bool)) {
        self.0.awaits(tell);
    }

    fn report_to(&mut self, watch: Watch) {
        self.0.report_to(watch);
    }

    fn into_log(self: Box<Self>) -> Log {
        self.0.into_log()
    }
}

fn see_end(side: &Side<'_>, line: &mut Line) -> Result<Step, Cause> {
    match side.receive(line) {
        Ok(0) => {
            line.missing = 0;
            Ok(Step::Done)
        }
        // A byte that came all the same is counted, and shows.
        Ok(_) => Ok(Step::Moved),
        Err(errno) => side.failed(line, errno).map_err(|cause| match cause {
            // To be connected is all that it is for.
            Cause::Refused(errno) => Cause::Unconnected(errno),
            cause => cause,
        }),
    }
}

/// Closes its own half once it is connected, and waits for the other.
fn say_end(side: &Side<'_>, line: &mut Line) -> Result<Step, Cause> {
    if line.unsent == 0 {
        return see_end(side, line);
    }
    let unconnected =
        |error: io::Error| Cause::Unconnected(error.raw_os_error().unwrap_or(nix::libc::EIO));
    if let Some(refused) = line.socket.take_error().map_err(unconnected)? {
        return Err(unconnected(refused));
    }
    // A call that is not answered yet has no peer, and would be given up by this (`inet_shutdown`).
    if line.socket.peer_addr().is_ok() {
        line.socket.shutdown(Shutdown::Write).map_err(unconnected)?;
        line.unsent = 0;
    }
    side.waits(line)
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    use nix::errno::Errno;
    use socket2::{Domain, Socket, Type};

    use super::*;
    use crate::scenario::{self, Buffers, Congestion, Driver, Load, Orders};
    use crate::traffic::dialer::Dialer;
    use crate::traffic::flow::Role;
    use crate::traffic::ledger::Ledger;
    use crate::traffic::messages::Edge;
    use crate::traffic::socket::Dress;

    const WORKLOAD: scenario::Workload = scenario::Workload::TcpCc;

    /// An endpoint beside a first connection that nobody uses.
    fn endpoint(role: Role, rate: Option<u32>, redial: Redial) -> Endpoint {
        let orders = Orders {
            workload: WORKLOAD,
            message_bytes: WORKLOAD.usual_message_bytes(),
            load: Load {
                rate,
                ..Load::default()
            },
        };
        let ledger = Ledger::create(2).unwrap();
        ledger.edges().open();
        let first = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let endpoint = Endpoint::new(first, role, (0, orders), &ledger);
        assert!(endpoint.moved.messages.pass(Edge::Opens, 0));
        endpoint.with(Some(redial))
    }

    fn calling(listener: &TcpListener, rate: Option<u32>) -> Endpoint {
        let dress = Dress::new(&Congestion("reno".to_owned()), Buffers::Auto);
        let dialer = Dialer {
            home: None,
            from: "127.0.0.1".parse().unwrap(),
            to: listener.local_addr().unwrap(),
            options: dress.options().clone(),
            workload: WORKLOAD,
        };
        endpoint(Role::Client, rate, Redial::Calls(dialer))
    }

    fn work(endpoint: &Endpoint) -> Work {
        Work::new(&[endpoint.orders], Driver::Workers).unwrap()
    }

    #[test]
    fn each_connection_counts_once_its_end_is_seen_and_has_a_time() {
        for rate in [None, Some(5_000)] {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let endpoint = calling(&listener, rate);
            let work = work(&endpoint);
            let mut task = work.task(&endpoint, 0);
            let server = thread::spawn(move || {
                (0..50).for_each(|_| drop(listener.accept().unwrap()));
                listener
            });
            while endpoint.moved.messages.read() < 50 {
                assert_ne!(task.turn(), Turn::Over);
            }
            let _listener = server.join().unwrap();
            assert_eq!(endpoint.moved.messages.read(), 50, "{rate:?}");
            let moved = &endpoint.moved;
            assert_eq!((moved.sent.read(), moved.received.read()), (0, 0));
            let log = task.into_log();
            assert_eq!(log.latency.unwrap().count(), 50);
            assert_eq!(log.lateness.is_some(), rate.is_some());
        }
    }

    #[test]
    fn what_has_not_ended_counts_for_nothing_and_is_aborted() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = calling(&listener, None);
        let work = work(&endpoint);
        let mut task = work.task(&endpoint, 0);
        assert_eq!(task.turn(), Turn::Ready);
        let (mut held, _) = listener.accept().unwrap();
        assert_eq!(task.turn(), Turn::Blocked);
        assert_eq!(endpoint.moved.messages.read(), 0);
        drop(task);
        let error = io::Read::read(&mut held, &mut [0]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }

    #[test]
    fn a_client_that_is_refused_says_so() {
        let gone = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = calling(&gone, None);
        drop(gone);
        let work = work(&endpoint);
        let mut task = work.task(&endpoint, 0);
        while task.turn() != Turn::Over {}
        let refused = Cause::Unconnected(Errno::ECONNREFUSED as i32);
        assert_eq!(endpoint.end().unwrap().cause, refused);
    }

    #[test]
    fn a_server_closes_whoever_calls_without_a_word() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let endpoint = endpoint(Role::Server, None, Redial::Answers(Socket::from(listener)));
        let work = work(&endpoint);
        let mut task = work.task(&endpoint, 0);
        assert_eq!(task.turn(), Turn::Blocked);
        for _ in 0..3 {
            let mut stream = TcpStream::connect(address).unwrap();
            assert_eq!(task.turn(), Turn::Ready);
            assert_eq!(io::Read::read(&mut stream, &mut [0]).unwrap(), 0);
        }
        assert_eq!(endpoint.moved.messages.read(), 3);
    }
}
