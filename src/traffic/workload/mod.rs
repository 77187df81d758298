//! What flows do, one kind a file. A workload gives an endpoint one turn and says how it went; it must not know whose
//! turn comes next, which is the driver's business.

mod crr;
mod datagram;
mod idle;
mod log;
mod pace;
mod room;
mod rr;
mod stream;
mod udp_stream;

use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::sys::socket::MsgFlags;

use super::flow::{Cause, Endpoint, Redial, Role};
use super::moment::Moment;
use crate::error::Result;
use crate::scenario::{Driver, Orders, Pinning, Receiving, Workload};

pub(super) use crr::Watch;
pub(super) use datagram::GIVEN_UP_AFTER;
pub(super) use log::Log;
use room::Rooms;
pub(super) use stream::{Completions, prepare};
pub(super) use udp_stream::dress;

/// How an endpoint's turn went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// It may have another.
    Ready,
    /// It moved less than a message: the kernel has no more bytes, or no more room, just now.
    Short,
    /// It can move nothing until the kernel says so; only for sockets that do not block.
    Blocked,
    /// It can move nothing until the kernel says so or this moment comes, whichever is first; likewise.
    Until(Moment),
    /// It has ended, and has said why.
    Over,
}

/// Whether an endpoint may wait inside its system calls: one that a thread of its own drives, that never has two
/// things to wait for, and whose calls wait at all. One that says nothing has its end alone to wait for, which the alarm
/// tells.
pub(super) fn waits_in_calls(orders: &Orders, driver: Driver, role: Role) -> bool {
    let lockstep = orders.load.rate.is_none() && orders.load.outstanding() == 1;
    let maps = role == Role::Server && orders.load.receive == Receiving::Zerocopy;
    let calls = orders.workload != Workload::Idle && !maps;
    driver != Driver::Workers && calls && (role == Role::Server || lockstep)
}

/// What the endpoints of a process have in common, whatever their turns.
#[derive(Debug)]
pub(super) struct Work {
    driver: Driver,
    pinning: Pinning,
    /// What is sent: of the longest of all messages and responses.
    payload: Vec<u8>,
    source: stream::Source,
    rooms: Rooms,
}

impl Work {
    /// What endpoints with these orders need, which are placed alike.
    ///
    /// # Errors
    /// When there is no memory or descriptor left for it.
    pub(super) fn new(orders: &[Orders], driver: Driver) -> Result<Self> {
        let lengths = orders
            .iter()
            .map(|orders| orders.message_bytes.max(orders.response_bytes()));
        let longest = lengths.fold(1, u32::max) as usize;
        let payload = vec![0x6b; longest];
        Ok(Self {
            source: stream::Source::of(orders, &payload)?,
            payload,
            rooms: Rooms::of(longest),
            driver,
            pinning: orders
                .first()
                .map_or(Pinning::default(), |orders| orders.load.pinning),
        })
    }

    /// Where the ends of flows are to run.
    pub(super) fn pinning(&self) -> Pinning {
        self.pinning
    }

    /// What an endpoint is about to do; `room` picks where it receives.
    pub(super) fn task<'a>(&'a self, endpoint: &'a Endpoint, room: usize) -> Task<'a> {
        match &endpoint.redial {
            Some(Redial::Calls(dialer)) => {
                Task::CrrClient(crr::Client::new(self, (endpoint, dialer), room))
            }
            Some(Redial::Answers(listener)) => {
                Task::CrrServer(crr::Server::new(self, (endpoint, listener), room))
            }
            None => self.task_that_stays(endpoint, room),
        }
    }

    /// What an endpoint is about to do on the connection that it has.
    fn task_that_stays<'a>(&'a self, endpoint: &'a Endpoint, room: usize) -> Task<'a> {
        let orders = &endpoint.orders;
        match (orders.workload, endpoint.role) {
            (Workload::Idle, _) => Task::Idle(idle::Idle::new(endpoint)),
            (Workload::TcpStream, _) => Task::Stream(stream::Stream::new(self, endpoint, room)),
            // On one connection the two are the same.
            (Workload::TcpRr | Workload::TcpCrr, Role::Client) => {
                Task::RrClient(rr::Client::new(self, endpoint, room))
            }
            (Workload::TcpRr | Workload::TcpCrr, Role::Server) => {
                Task::RrServer(rr::Server::new(self, endpoint, room))
            }
            (Workload::UdpStream, Role::Client) => {
                Task::UdpStreamClient(udp_stream::Client::new(self, endpoint))
            }
            (Workload::UdpStream, Role::Server) => {
                Task::UdpStreamServer(udp_stream::Server::new(endpoint))
            }
            (Workload::UdpRr, Role::Client) => {
                Task::DatagramClient(datagram::Client::new(self, endpoint))
            }
            (Workload::UdpRr, Role::Server) => {
                Task::DatagramServer(datagram::Server::new(self, endpoint))
            }
        }
    }
}

/// What an endpoint is at, from turn to turn.
#[derive(Debug)]
pub(super) enum Task<'a> {
    Idle(idle::Idle<'a>),
    Stream(stream::Stream<'a>),
    RrClient(rr::Client<'a>),
    RrServer(rr::Server<'a>),
    CrrClient(crr::Client<'a>),
    CrrServer(crr::Server<'a>),
    DatagramClient(datagram::Client<'a>),
    DatagramServer(datagram::Server<'a>),
    UdpStreamClient(udp_stream::Client<'a>),
    UdpStreamServer(udp_stream::Server<'a>),
}

impl Task<'_> {
    /// Gives the endpoint one turn.
    pub(super) fn turn(&mut self) -> Turn {
        match self {
            Self::Idle(idle) => idle.turn(),
            Self::Stream(stream) => stream.turn(),
            Self::RrClient(client) => client.turn(),
            Self::RrServer(server) => server.turn(),
            Self::CrrClient(client) => client.turn(),
            Self::CrrServer(server) => server.turn(),
            Self::DatagramClient(client) => client.turn(),
            Self::DatagramServer(server) => server.turn(),
            Self::UdpStreamClient(client) => client.turn(),
            Self::UdpStreamServer(server) => server.turn(),
        }
    }

    /// Tells the sockets it waits for, and of each whether for room too.
    pub(super) fn awaits<'s>(
        &'s self,
        endpoint: &'s Endpoint,
        tell: &mut impl FnMut(BorrowedFd<'s>, bool),
    ) {
        let sending = match self {
            Self::CrrClient(client) => return client.awaits(tell),
            Self::CrrServer(server) => return server.awaits(tell),
            Self::Idle(_) | Self::Stream(_) | Self::UdpStreamServer(_) => false,
            Self::UdpStreamClient(client) => client.is_sending(),
            Self::RrClient(client) => client.is_sending(),
            Self::RrServer(server) => server.is_sending(),
            Self::DatagramClient(client) => client.is_sending(),
            Self::DatagramServer(server) => server.is_sending(),
        };
        tell(endpoint.socket.as_fd(), sending);
    }

    /// Has the sockets that it makes itself reported too.
    pub(super) fn report_to(&mut self, watch: Watch) {
        match self {
            Self::CrrClient(client) => client.report_to(watch),
            Self::CrrServer(server) => server.report_to(watch),
            _ => {}
        }
    }

    /// Whether the kernel reports to it by its socket's error queue, so that an error at the socket may be none.
    pub(super) fn is_reported_to(&self) -> bool {
        matches!(self, Self::Stream(stream) if stream.is_reported_to())
    }

    /// What it has written down, once it has no more turns.
    pub(super) fn into_log(self) -> Log {
        match self {
            Self::RrClient(client) => client.into_log(),
            Self::CrrClient(client) => client.into_log(),
            Self::DatagramClient(client) => client.into_log(),
            Self::UdpStreamClient(client) => client.into_log(),
            Self::Stream(stream) => stream.into_log(),
            Self::Idle(_)
            | Self::RrServer(_)
            | Self::CrrServer(_)
            | Self::DatagramServer(_)
            | Self::UdpStreamServer(_) => Log::default(),
        }
    }
}

/// A peer that went away is an error of that flow, never a signal to the process.
const SEND_FLAGS: MsgFlags = MsgFlags::MSG_NOSIGNAL;

/// What comes of an attempt to receive: how many bytes, or how the turn went without any. A socket that gives none, and has
/// not been asked for none, is closed.
fn received(endpoint: &Endpoint, answer: nix::Result<usize>) -> Result<usize, Turn> {
    match answer {
        Ok(0) => Err(endpoint.over(Cause::Closed)),
        Ok(bytes) => {
            endpoint.moved.received.add(bytes as u64);
            Ok(bytes)
        }
        Err(Errno::EAGAIN) => Err(Turn::Blocked),
        Err(errno) => Err(refused(endpoint, errno)),
    }
}

/// What comes of an error that is not "not just now".
fn refused(endpoint: &Endpoint, errno: Errno) -> Turn {
    match errno {
        Errno::EINTR => Turn::Ready,
        _ => endpoint.over(Cause::Refused(errno as i32)),
    }
}

#[cfg(test)]
mod tests;
