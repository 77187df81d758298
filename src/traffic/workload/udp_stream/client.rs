//! The end that sends.

use std::os::fd::AsRawFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::send;

use super::batch;
use super::sizes::{NUMBER_BYTES, batch_of};
use crate::scenario::Batch;
use crate::traffic::flow::Endpoint;
use crate::traffic::moment::Moment;
use crate::traffic::workload::attempt::{SEND_FLAGS, refused};
use crate::traffic::workload::diary::Diary;
use crate::traffic::workload::log::Log;
use crate::traffic::workload::pace::{Due, Schedule};
use crate::traffic::workload::task::Task;
use crate::traffic::workload::turn::Turn;
use crate::traffic::workload::work::Work;

/// How far behind its schedule a sender may be and still send what it missed. Beyond that, what was due is left out: a burst
/// at full speed would be no rate, and overflow queues that the rate itself leaves empty.
const CATCHES_UP: Duration = Duration::from_millis(10);

/// See the file's head.
#[derive(Debug)]
pub(super) struct Client<'a> {
    endpoint: &'a Endpoint,
    batch: Batch,
    /// Bytes of a datagram.
    length: usize,
    /// A batch of datagrams, one after the other.
    buffer: Vec<u8>,
    /// Absent where datagrams are sent as fast as there is room for them.
    schedule: Option<Schedule>,
    /// Number of the next one.
    next: u64,
    /// Datagrams that are due and not sent.
    due: usize,
    diary: Diary<'a>,
}

impl<'a> Client<'a> {
    pub(super) fn new(work: &'a Work, endpoint: &'a Endpoint) -> Self {
        let (load, length) = (
            &endpoint.orders.load,
            endpoint.orders.message_bytes as usize,
        );
        Self {
            endpoint,
            batch: load.batch,
            length,
            buffer: work.payload[..length].repeat(batch_of(load.batch, length)),
            schedule: Schedule::of(&endpoint.orders, endpoint.flow),
            next: 0,
            due: 0,
            diary: Diary::of_sending(endpoint, load.has_schedule()),
        }
    }

    /// Gathers what is due, a batch at most; if nothing is, when the next one will be.
    fn gather(&mut self) -> Option<Moment> {
        let most = self.buffer.len() / self.length;
        let Some(schedule) = &mut self.schedule else {
            self.due = most;
            return None;
        };
        let now = Moment::now();
        self.diary.left_out(schedule.forgive(now, CATCHES_UP), now);
        while self.due < most {
            match schedule.due(now) {
                Due::At(next) => return (self.due == 0).then_some(next),
                Due::Since(intended) => self.diary.sent(intended, now),
                Due::AfterReply => {}
            }
            self.due += 1;
        }
        None
    }

    fn push(&mut self) -> Turn {
        let due = &mut self.buffer[..self.due * self.length];
        for (number, datagram) in (self.next..).zip(due.chunks_exact_mut(self.length)) {
            if let Some(head) = datagram.first_chunk_mut::<NUMBER_BYTES>() {
                *head = number.to_be_bytes();
            }
        }
        let socket = self.endpoint.socket.as_raw_fd();
        let sent = match self.batch {
            Batch::Mmsg => batch::send(socket, due, self.length),
            // The kernel takes a datagram or a train of them whole.
            Batch::None | Batch::Gso => send(socket, due, SEND_FLAGS).map(|_| self.due),
        };
        match sent {
            Ok(count) => {
                self.sent(count);
                Turn::Ready
            }
            Err(Errno::EAGAIN) => Turn::Blocked,
            Err(errno) => refused(self.endpoint, errno),
        }
    }

    fn sent(&mut self, count: usize) {
        self.due -= count;
        self.next += count as u64;
        let moved = &self.endpoint.moved;
        moved.sent.add((count * self.length) as u64);
        moved.datagrams.add(count as u64);
        moved.joined.add(count.saturating_sub(1) as u64);
    }
}

impl Task for Client<'_> {
    fn into_log(self: Box<Self>) -> Log {
        self.diary.into_log()
    }

    fn is_sending(&self) -> bool {
        self.due > 0
    }

    fn turn(&mut self) -> Turn {
        if self.due == 0
            && let Some(next) = self.gather()
        {
            return Turn::Until(next);
        }
        self.push()
    }
}
