//! The end that receives.

use std::os::fd::AsRawFd;

use nix::sys::socket::{MsgFlags, recv};

use super::batch::{self, Lengths};
use super::sequence::{Arrival, Sequence};
use super::sizes::{MOST, MOST_JOINED, NUMBER_BYTES, batch_of};
use crate::scenario::Batch;
use crate::traffic::flow::Endpoint;
use crate::traffic::workload::attempt::received;
use crate::traffic::workload::task::Task;
use crate::traffic::workload::turn::Turn;

/// See the file's head.
#[derive(Debug)]
pub(super) struct Server<'a> {
    endpoint: &'a Endpoint,
    batch: Batch,
    /// Bytes of a datagram.
    length: usize,
    buffer: Vec<u8>,
    sequence: Sequence,
}

/// Of the datagrams of one call, those that a flow has a count of.
#[derive(Debug, Default)]
struct Told {
    /// For the first time.
    taken: u64,
    late: u64,
    again: u64,
}

impl<'a> Server<'a> {
    pub(super) fn new(endpoint: &'a Endpoint) -> Self {
        let orders = &endpoint.orders;
        let (batch, length) = (orders.load.batch, orders.message_bytes as usize);
        let room = match batch {
            Batch::None | Batch::Mmsg => batch_of(batch, length) * length,
            Batch::Gso => MOST_JOINED,
        };
        Self {
            endpoint,
            batch,
            length,
            buffer: vec![0; room],
            sequence: Sequence::new(),
        }
    }

    /// Receives one datagram, or a train of them.
    fn take_one(&mut self) -> Turn {
        let socket = self.endpoint.socket.as_raw_fd();
        let answer = recv(socket, &mut self.buffer, MsgFlags::empty());
        let bytes = match received(self.endpoint, answer) {
            Ok(bytes) => bytes,
            Err(turn) => return turn,
        };
        let mut told = Told::default();
        for datagram in self.buffer[..bytes].chunks(self.length) {
            told.note(&mut self.sequence, datagram);
        }
        self.count(&told);
        Turn::Ready
    }

    fn take_several(&mut self) -> Turn {
        let socket = self.endpoint.socket.as_raw_fd();
        let mut lengths: Lengths = [0; MOST];
        let answer = batch::receive(socket, &mut self.buffer, (self.length, &mut lengths));
        let came = answer.as_ref().map_or(0, |came| *came);
        // A socket that is shut down gives one that is empty, and none of ours is.
        let bytes = answer.map(|came| lengths[..came].iter().sum());
        if let Err(turn) = received(self.endpoint, bytes) {
            return turn;
        }
        let mut told = Told::default();
        let slots = self.buffer.chunks_exact(self.length);
        for (slot, length) in slots.zip(&lengths[..came]) {
            told.note(&mut self.sequence, &slot[..*length]);
        }
        self.count(&told);
        if came < self.buffer.len() / self.length {
            Turn::Short
        } else {
            Turn::Ready
        }
    }

    fn count(&self, told: &Told) {
        let moved = &self.endpoint.moved;
        moved.datagrams.add(told.taken);
        moved.reordered.add(told.late);
        moved.duplicates.add(told.again);
        moved.missing.set(self.sequence.missing());
        moved.joined.add(told.taken.saturating_sub(1));
    }
}

impl Task for Server<'_> {
    fn turn(&mut self) -> Turn {
        match self.batch {
            Batch::None | Batch::Gso => self.take_one(),
            Batch::Mmsg => self.take_several(),
        }
    }
}

impl Told {
    fn note(&mut self, sequence: &mut Sequence, datagram: &[u8]) {
        let Some(head) = datagram.first_chunk::<NUMBER_BYTES>() else {
            return;
        };
        match sequence.take(u64::from_be_bytes(*head)) {
            Arrival::New => self.taken += 1,
            Arrival::Late => {
                self.taken += 1;
                self.late += 1;
            }
            Arrival::Again => self.again += 1,
            Arrival::TooLate => self.late += 1,
        }
    }
}
