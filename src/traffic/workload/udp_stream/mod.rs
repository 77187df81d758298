//! `udp-stream`: the client sends numbered datagrams, as fast as it can or at a rate; the server tells from the numbers
//! what was lost, what came out of order, and what came twice.
//!
//! Must not know threads or epoll. The invariant: a turn is one system call, of at most one batch.

mod batch;
mod client;
mod sequence;
mod server;
mod sizes;

use std::io;

use nix::sys::socket::{setsockopt, sockopt};
use socket2::Socket;

use super::ready::limit_waits_for_datagrams;
use super::room::Room;
use super::task::{BoxedTask, Workload};
use super::work::Work;
use crate::scenario::{Batch, Orders};
use crate::traffic::flow::Endpoint;
use client::Client;
use server::Server;

/// See the file's head.
#[derive(Debug)]
pub(super) struct UdpStream;

impl Workload for UdpStream {
    fn client<'a>(&self, work: &'a Work, endpoint: &'a Endpoint, _room: Room<'a>) -> BoxedTask<'a> {
        Box::new(Client::new(work, endpoint))
    }

    fn server<'a>(
        &self,
        _work: &'a Work,
        endpoint: &'a Endpoint,
        _room: Room<'a>,
    ) -> BoxedTask<'a> {
        Box::new(Server::new(endpoint))
    }

    fn prepare(&self, socket: &Socket, orders: &Orders, waits_in_calls: bool) -> io::Result<()> {
        dress(socket, orders)?;
        limit_waits_for_datagrams(socket, waits_in_calls)
    }
}

/// Has the kernel cut what is sent, and hand over what is received, by batches, where that was asked for. Both options are
/// set at both ends, each of which uses one.
///
/// # Errors
/// When the kernel has no such option.
fn dress(socket: &Socket, orders: &Orders) -> io::Result<()> {
    if orders.load.batch != Batch::Gso {
        return Ok(());
    }
    let segment = i32::try_from(orders.message_bytes).unwrap_or(i32::MAX);
    setsockopt(socket, sockopt::UdpGsoSegment, &segment)?;
    Ok(setsockopt(socket, sockopt::UdpGroSegment, &true)?)
}
