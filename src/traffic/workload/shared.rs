//! The end that is called where all flows to a container call one port: one event loop, as a server on one thread is.
//!
//! Must not know who calls, nor the driver: it has an epoll of its own, by which a driver hears of all its sockets at once. The
//! invariant: a connection that fails costs itself alone, as its client is one of many; a server that cannot go on leaves nobody
//! waiting for it.

use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use socket2::Socket;

use super::line::{Line, Side, Step, Watch, take_call};
use super::room::Room;
use super::server::Service;
use super::task::Task;
use super::turn::Turn;
use super::work::Work;
use crate::traffic::flow::{Cause, Endpoint};

/// The token of the socket that listens; connections are numbered from 0.
const CALLS: u64 = u64::MAX;

/// Events that are heard in a turn.
const EVENTS: usize = 32;

/// Calls that are taken at an event, before those that were taken earlier have their turn.
const CALLS_AT_ONCE: usize = 16;

/// See the file's head.
#[derive(Debug)]
pub(super) struct SharedServer<'a> {
    side: Side<'a>,
    service: Service,
    listener: &'a Socket,
    /// Why it cannot hear of its sockets, if it cannot.
    epoll: Result<Arc<Epoll>, Errno>,
    /// By their tokens.
    lines: Vec<Option<Line>>,
    /// Tokens of no line.
    free: Vec<usize>,
}

impl<'a> SharedServer<'a> {
    pub(super) fn new(
        work: &'a Work,
        (endpoint, listener): (&'a Endpoint, &'a Socket),
        room: Room<'a>,
    ) -> Self {
        let epoll = hearing(listener);
        let mut side = Side::new(work, endpoint, room);
        side.watch = epoll.as_ref().ok().map(|epoll| Watch {
            epoll: Arc::clone(epoll),
            token: CALLS,
        });
        Self {
            side,
            service: Service::of(&endpoint.orders),
            listener,
            epoll,
            lines: Vec::new(),
            free: Vec::new(),
        }
    }

    fn go_on(&mut self) -> Result<Turn, Cause> {
        let unheard = |errno: Errno| Cause::Unconnected(errno as i32);
        let mut events = [EpollEvent::empty(); EVENTS];
        let epoll = self.epoll.as_ref().map_err(|errno| unheard(*errno))?;
        let ready = match epoll.wait(&mut events, EpollTimeout::ZERO) {
            Ok(0) => return Ok(Turn::Blocked),
            Ok(ready) => ready,
            Err(Errno::EINTR) => return Ok(Turn::Ready),
            Err(errno) => return Err(unheard(errno)),
        };
        for event in &events[..ready] {
            match event.data() {
                CALLS => self.take_calls()?,
                token => self.serve(usize::try_from(token).unwrap_or(usize::MAX))?,
            }
        }
        Ok(Turn::Ready)
    }

    fn take_calls(&mut self) -> Result<(), Cause> {
        for _ in 0..CALLS_AT_ONCE {
            let mut call = None;
            if !take_call(self.listener, |socket| call = Some(socket))? {
                break;
            }
            let line = call.and_then(|socket| self.service.open(&self.side, socket));
            if let Some(line) = line {
                // What has waited to be taken has its request there, most often.
                let token = self.seat(line);
                self.serve(token)?;
            }
        }
        Ok(())
    }

    /// Gives a line a token.
    fn seat(&mut self, line: Line) -> usize {
        let token = self.free.pop().unwrap_or_else(|| {
            self.lines.push(None);
            self.lines.len() - 1
        });
        self.lines[token] = Some(line);
        token
    }

    /// Goes along a line as far as that goes; what is done or has failed is closed. That the kernel does not report a line any more
    /// is none of the client's doing, and would be so of the next.
    fn serve(&mut self, token: usize) -> Result<(), Cause> {
        let Some(line) = self.lines.get_mut(token).and_then(Option::as_mut) else {
            return Ok(());
        };
        if let Some(watch) = &mut self.side.watch {
            watch.token = token as u64;
        }
        loop {
            match self.service.step(&self.side, line) {
                Ok(Step::Moved) => {}
                Ok(Step::Waits) => return Ok(()),
                Ok(Step::Done) | Err(Cause::Closed | Cause::Refused(_)) => break,
                Err(cause @ Cause::Unconnected(_)) => return Err(cause),
            }
        }
        self.lines[token] = None;
        self.free.push(token);
        Ok(())
    }

    /// Ends it for good: whom it has answered in part is cut off, and whoever calls from now on is refused, so that each client says
    /// that it was not served.
    #[cold]
    fn give_up(&mut self, cause: Cause) -> Turn {
        self.lines.clear();
        // It fails only where it does not listen any more.
        let _ = self.listener.shutdown(Shutdown::Both);
        self.side.endpoint.over(cause)
    }
}

/// What hears of calls to a socket that listens.
fn hearing(listener: &Socket) -> Result<Arc<Epoll>, Errno> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    epoll.add(listener, EpollEvent::new(EpollFlags::EPOLLIN, CALLS))?;
    Ok(Arc::new(epoll))
}

impl Task for SharedServer<'_> {
    fn report_to(&mut self, watch: Watch) {
        let both = EpollFlags::EPOLLIN | EpollFlags::EPOLLET;
        let told = self
            .epoll
            .as_ref()
            .map_err(|errno| *errno)
            .and_then(|own| watch.epoll.add(&own.0, EpollEvent::new(both, watch.token)));
        if let Err(errno) = told {
            self.epoll = Err(errno);
        }
    }

    fn awaits<'s>(&'s self, _endpoint: &'s Endpoint, tell: &mut dyn FnMut(BorrowedFd<'s>, bool)) {
        if let Ok(epoll) = &self.epoll {
            tell(epoll.0.as_fd(), false);
        }
    }

    fn turn(&mut self) -> Turn {
        let turn = self.go_on();
        turn.unwrap_or_else(|cause| self.give_up(cause))
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{ErrorKind, Read, Write};
    use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
    use std::thread;

    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    use socket2::{Domain, Type};

    use super::*;
    use crate::host::alone;
    use crate::scenario::{Closing, Driver, Listening, Load, Orders, Workload};
    use crate::traffic::flow::{Redial, Role};
    use crate::traffic::ledger::Ledger;

    const RESPONSE: usize = 70_000;

    fn serving(workload: Workload, closes: Closing) -> (Endpoint, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let orders = Orders {
            workload,
            message_bytes: 3,
            load: Load {
                response_bytes: workload.has_responses().then_some(70_000),
                listen: Listening::Shared,
                closes,
                ..Load::default()
            },
        };
        let ledger = Ledger::create(2).unwrap();
        let silent = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let end = Endpoint::new(silent, Role::Server, (0, orders), &ledger);
        let answers = Redial::Answers(Socket::from(listener));
        (end.with(Some(answers)), address)
    }

    /// Gives it turns until it has answered so many; what it waits for is one descriptor, however many call.
    fn drive(endpoint: &Endpoint, requests: u64) {
        let work = Work::new(&[endpoint.orders], Driver::Threads).unwrap();
        let mut task = work.task(endpoint, 0);
        while endpoint.moved.messages.read() < requests {
            match task.turn() {
                Turn::Ready => {}
                Turn::Blocked => task.awaits(endpoint, &mut |descriptor, _| {
                    let mut waited = [PollFd::new(descriptor, PollFlags::POLLIN)];
                    poll(&mut waited, PollTimeout::from(10_000_u16)).unwrap();
                }),
                turn => panic!("{turn:?}"),
            }
        }
        // What was answered last is still on its way.
        while task.turn() == Turn::Ready {}
        assert!(endpoint.end().is_none());
    }

    #[test]
    fn many_clients_are_answered_and_one_that_leaves_costs_itself_alone() {
        let (endpoint, address) = serving(Workload::TcpCrr, Closing::Server);
        let clients: Vec<_> = (0..40)
            .map(|nth| {
                thread::spawn(move || {
                    let mut stream = TcpStream::connect(address).unwrap();
                    stream.write_all(&[0]).unwrap();
                    if nth % 4 == 0 {
                        stream.shutdown(Shutdown::Write).unwrap();
                        return 0;
                    }
                    stream.write_all(&[0; 2]).unwrap();
                    stream.read_to_end(&mut Vec::new()).unwrap()
                })
            })
            .collect();
        let work = Work::new(&[endpoint.orders], Driver::Threads).unwrap();
        let mut task = work.task(&endpoint, 0);
        while clients.iter().any(|client| !client.is_finished()) {
            assert_ne!(task.turn(), Turn::Over);
        }
        let received = clients.into_iter().map(|client| client.join().unwrap());
        assert_eq!(received.filter(|bytes| *bytes == RESPONSE).count(), 30);
        assert_eq!(endpoint.moved.messages.read(), 30);
        assert!(endpoint.end().is_none());
    }

    #[test]
    fn whoever_is_to_close_first_does() {
        for workload in [Workload::TcpCrr, Workload::TcpCc] {
            let (endpoint, address) = serving(workload, Closing::Client);
            let client = thread::spawn(move || {
                let mut stream = TcpStream::connect(address).unwrap();
                if workload.has_responses() {
                    stream.write_all(&[0; 3]).unwrap();
                    stream.read_exact(&mut vec![0; RESPONSE]).unwrap();
                }
                // It says nothing more, and does not close.
                stream.set_nonblocking(true).unwrap();
                let silent = stream.read(&mut [0]).unwrap_err().kind();
                stream.set_nonblocking(false).unwrap();
                stream.shutdown(Shutdown::Write).unwrap();
                (silent, stream.read(&mut [0]).unwrap())
            });
            let work = Work::new(&[endpoint.orders], Driver::Threads).unwrap();
            let mut task = work.task(&endpoint, 0);
            while !client.is_finished() {
                assert_ne!(task.turn(), Turn::Over);
            }
            let expected = (ErrorKind::WouldBlock, 0);
            assert_eq!(client.join().unwrap(), expected, "{workload}");
            assert_eq!(endpoint.moved.messages.read(), 1, "{workload}");
        }
    }

    #[test]
    fn all_its_sockets_are_waited_for_by_one_descriptor() {
        let (endpoint, address) = serving(Workload::TcpCc, Closing::Server);
        let client = thread::spawn(move || {
            let calls = (0..20).map(|_| TcpStream::connect(address).unwrap());
            calls.for_each(|mut stream| assert_eq!(stream.read(&mut [0]).unwrap(), 0));
        });
        drive(&endpoint, 20);
        client.join().unwrap();
    }

    /// A client that has said a part of its request, and the server that waits for the rest.
    fn half_asked(
        endpoint: &Endpoint,
        address: SocketAddr,
        task: &mut SharedServer<'_>,
    ) -> TcpStream {
        let mut client = TcpStream::connect(address).unwrap();
        client.write_all(&[0]).unwrap();
        while task.turn() != Turn::Blocked || task.lines.is_empty() {}
        assert!(endpoint.end().is_none());
        client
    }

    fn server<'a>(work: &'a Work, endpoint: &'a Endpoint) -> SharedServer<'a> {
        let Some(Redial::Answers(listener)) = &endpoint.redial else {
            panic!("it listens");
        };
        SharedServer::new(work, (endpoint, listener), work.rooms.room(0))
    }

    /// Holds that who was being answered is cut off, and who calls is refused.
    fn assert_nobody_waits(mut client: TcpStream, address: SocketAddr) {
        let cut_off = client.read(&mut [0]).unwrap_err().kind();
        assert_eq!(cut_off, ErrorKind::ConnectionReset);
        let refused = TcpStream::connect(address).unwrap_err().kind();
        assert_eq!(refused, ErrorKind::ConnectionRefused);
    }

    /// In a process of its own, which has no descriptor left when the second client calls.
    #[test]
    fn a_server_without_a_descriptor_left_says_so_and_leaves_nobody_waiting() {
        let copy = alone::start(|| {
            let (endpoint, address) = serving(Workload::TcpCrr, Closing::Server);
            let work = Work::new(&[endpoint.orders], Driver::Threads).unwrap();
            let mut task = server(&work, &endpoint);
            let served = half_asked(&endpoint, address, &mut task);
            let second = TcpStream::connect(address).unwrap();
            let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
            setrlimit(Resource::RLIMIT_NOFILE, 3, hard).unwrap();
            while task.turn() != Turn::Over {}
            setrlimit(Resource::RLIMIT_NOFILE, hard.min(1024), hard).unwrap();
            let cause = Cause::Unconnected(Errno::EMFILE as i32);
            assert_eq!(endpoint.end().unwrap().cause, cause);
            assert_nobody_waits(served, address);
            drop(second);
        });
        assert_eq!(alone::exit_code(copy), 0);
    }

    #[test]
    fn a_server_that_is_not_told_of_its_connections_any_more_says_so() {
        let (endpoint, address) = serving(Workload::TcpCrr, Closing::Server);
        let work = Work::new(&[endpoint.orders], Driver::Threads).unwrap();
        let mut task = server(&work, &endpoint);
        let served = half_asked(&endpoint, address, &mut task);
        let nothing = File::open("/dev/null").unwrap();
        task.side.watch = Some(Watch {
            epoll: Arc::new(Epoll(nothing.into())),
            token: CALLS,
        });
        let second = TcpStream::connect(address).unwrap();
        while task.turn() != Turn::Over {}
        let cause = Cause::Unconnected(Errno::EINVAL as i32);
        assert_eq!(endpoint.end().unwrap().cause, cause);
        assert_nobody_waits(served, address);
        drop(second);
    }
}
