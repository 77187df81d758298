//! `tcp-crr`: connect, request, response, close, and again.
//!
//! ```text
//! client:  call -> send the request -> receive the response -> receive the end -> close
//! server:  accept -> receive the request -> send the response -> close
//! ```
//!
//! Unless it is told otherwise the server closes first, as a server that says no length does (HTTP/1.0), so that `TIME_WAIT` is the server's: it costs the
//! client no port, and the server takes a call from the same port again as soon as it comes (`tcp_timewait_state_process`). A
//! client that closed first would have no port left after 28,000 connections to one address within a minute.
//!
//! Where the client is to close first, it does so once the response is whole, and the server once it has seen that.
//!
//! Must not know threads or the driver's epoll, only that somebody is to be told of new sockets. The invariant: what is
//! dropped before its exchange is whole is aborted, so that nothing of it outlives the lab.

mod client;

use std::io;

use socket2::Socket;

use super::answering::answering;
use super::ready::limit_waits;
use super::room::Room;
use super::rr::TcpRr;
use super::task::{BoxedTask, Workload};
use super::work::Work;
use crate::scenario::Orders;
use crate::traffic::flow::{Endpoint, Redial};
use client::Client;

/// See the file's head.
#[derive(Debug)]
pub(super) struct TcpCrr;

/// On one connection it is `tcp-rr`.
impl Workload for TcpCrr {
    fn client<'a>(&self, work: &'a Work, endpoint: &'a Endpoint, room: Room<'a>) -> BoxedTask<'a> {
        match &endpoint.redial {
            Some(Redial::Calls(dialer)) => Box::new(Client::new(work, (endpoint, dialer), room)),
            Some(Redial::Answers(_)) | None => TcpRr.client(work, endpoint, room),
        }
    }

    fn server<'a>(&self, work: &'a Work, endpoint: &'a Endpoint, room: Room<'a>) -> BoxedTask<'a> {
        match &endpoint.redial {
            Some(Redial::Answers(listener)) => answering(work, (endpoint, listener), room),
            Some(Redial::Calls(_)) | None => TcpRr.server(work, endpoint, room),
        }
    }

    fn prepare(&self, socket: &Socket, _orders: &Orders, waits_in_calls: bool) -> io::Result<()> {
        limit_waits(socket, waits_in_calls)
    }
}

#[cfg(test)]
mod tests;
