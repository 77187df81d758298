//! What flows do, one kind a file. A workload gives an endpoint one turn and says how it went; it must not know whose
//! turn comes next, which is the driver's business.

mod attempt;
mod crr;
mod datagram;
mod diary;
mod idle;
mod log;
mod pace;
mod ready;
mod room;
mod rr;
mod stream;
mod turn;
mod udp_stream;
mod work;

use std::os::fd::{AsFd, BorrowedFd};

use super::flow::{Endpoint, Redial, Role};
use crate::scenario::Workload;

pub(super) use crr::Watch;
pub(super) use log::Log;
pub(super) use ready::{ready, waits_in_calls};
pub(super) use turn::Turn;
pub(super) use work::Work;

impl Work {
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

#[cfg(test)]
mod tests;
