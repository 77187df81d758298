//! `udp-stream`: the client sends numbered datagrams, as fast as it can or at a rate; the server tells from the numbers
//! what was lost, what came out of order, and what came twice.
//!
//! Must not know threads or epoll. The invariant: a turn is one system call, of at most one batch.

mod batch;
mod client;
mod sequence;
mod server;

use std::io;

use nix::sys::socket::{setsockopt, sockopt};
use socket2::Socket;

use crate::scenario::{Batch, LARGEST_DATAGRAM, Orders};

pub(in crate::traffic) use client::Client;
pub(in crate::traffic) use server::Server;

/// Datagrams of a batch at most: what the kernel sends of one segmented send (`UDP_MAX_SEGMENTS` until Linux 6.9).
const MOST: usize = 64;

/// Bytes of a batch at most: what one segmented send may carry, which has one header of IP while it is whole.
const MOST_BYTES: usize = LARGEST_DATAGRAM as usize;

/// Bytes that the kernel hands over at once at most: it joins datagrams up to the largest packet of IP
/// (`GRO_LEGACY_MAX_SIZE`; beyond that it joins TCP's only).
const MOST_JOINED: usize = 64 << 10;

/// Bytes at a datagram's head that hold its number.
const NUMBER_BYTES: usize = size_of::<u64>();

/// Datagrams that one call moves at most.
fn batch_of(batch: Batch, message: usize) -> usize {
    match batch {
        Batch::None => 1,
        Batch::Mmsg | Batch::Gso => (MOST_BYTES / message).clamp(1, MOST),
    }
}

/// Has the kernel cut what is sent, and hand over what is received, by batches, where that was asked for. Both options are
/// set at both ends, each of which uses one.
///
/// # Errors
/// When the kernel has no such option.
pub(in crate::traffic) fn dress(socket: &Socket, orders: &Orders) -> io::Result<()> {
    if orders.load.batch != Batch::Gso {
        return Ok(());
    }
    let segment = i32::try_from(orders.message_bytes).unwrap_or(i32::MAX);
    setsockopt(socket, sockopt::UdpGsoSegment, &segment)?;
    Ok(setsockopt(socket, sockopt::UdpGroSegment, &true)?)
}
