//! `tcp-rr`: requests and responses over a connection that stays.
//!
//! Must not know threads or epoll. The invariant: a turn sends at most what is due and receives at most once; a response
//! belongs to the oldest request under way, as TCP keeps their order.

use std::collections::VecDeque;
use std::io;
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sys::socket::send;
use socket2::Socket;

use super::attempt::{SEND_FLAGS, received, refused};
use super::diary::Diary;
use super::log::Log;
use super::pace::{Due, Pace};
use super::ready::limit_waits;
use super::room::Room;
use super::task::{BoxedTask, Task, Workload, waits_in_calls};
use super::turn::Turn;
use super::work::Work;
use crate::scenario::Orders;
use crate::traffic::flow::{Endpoint, Role};
use crate::traffic::moment::Moment;

/// See the file's head.
#[derive(Debug)]
pub(super) struct TcpRr;

impl Workload for TcpRr {
    fn client<'a>(&self, work: &'a Work, endpoint: &'a Endpoint, room: Room<'a>) -> BoxedTask<'a> {
        Box::new(Client::new(work, endpoint, room))
    }

    fn server<'a>(&self, work: &'a Work, endpoint: &'a Endpoint, room: Room<'a>) -> BoxedTask<'a> {
        Box::new(Server::new(work, endpoint, room))
    }

    fn prepare(&self, socket: &Socket, _orders: &Orders, waits_in_calls: bool) -> io::Result<()> {
        limit_waits(socket, waits_in_calls)
    }
}

/// Requests under way that are remembered without asking for memory: more than a connection's buffers usually hold.
const UNDER_WAY: usize = 4096;

/// What may be sent or received of messages of one length, the next one begun.
#[derive(Debug)]
struct Progress {
    length: usize,
    /// Bytes of the present message that are still to come.
    left: usize,
}

impl Progress {
    fn of(length: u32) -> Self {
        let length = length.max(1) as usize;
        Self {
            length,
            left: length,
        }
    }

    /// Takes bytes that have come; returns how many messages they made whole.
    fn take(&mut self, bytes: usize) -> usize {
        if bytes < self.left {
            self.left -= bytes;
            return 0;
        }
        let beyond = bytes - self.left;
        self.left = self.length - beyond % self.length;
        1 + beyond / self.length
    }
}

/// Sends as much as is wanted and has room; returns how much that was.
fn send_some(endpoint: &Endpoint, payload: &[u8], wanted: usize) -> nix::Result<usize> {
    let part = &payload[..wanted.min(payload.len())];
    let sent = send(endpoint.socket.as_raw_fd(), part, SEND_FLAGS)?;
    endpoint.moved.sent.add(sent as u64);
    Ok(sent)
}

/// Receives once; returns how much.
fn receive(endpoint: &Endpoint, room: Room<'_>) -> Result<usize, Turn> {
    received(endpoint, room.receive(endpoint.socket.as_raw_fd()))
}

/// The end that asks.
#[derive(Debug)]
struct Client<'a> {
    endpoint: &'a Endpoint,
    payload: &'a [u8],
    room: Room<'a>,
    pace: Pace,
    request: usize,
    /// Bytes of a begun request that are still to be sent.
    unsent: usize,
    responses: Progress,
    /// When the requests under way were meant to be sent, oldest first.
    under_way: VecDeque<Moment>,
    diary: Diary<'a>,
    waits_in_calls: bool,
}

impl<'a> Client<'a> {
    fn new(work: &'a Work, endpoint: &'a Endpoint, room: Room<'a>) -> Self {
        let (orders, load) = (&endpoint.orders, &endpoint.orders.load);
        Self {
            endpoint,
            payload: &work.payload,
            room,
            pace: Pace::of(&endpoint.orders, endpoint.flow),
            request: orders.message_bytes.max(1) as usize,
            unsent: 0,
            responses: Progress::of(orders.response_bytes()),
            under_way: VecDeque::with_capacity(UNDER_WAY),
            diary: Diary::new(endpoint, load.has_schedule()),
            waits_in_calls: waits_in_calls(&TcpRr, orders, (work.driver, Role::Client)),
        }
    }

    /// Sends more of the request that was begun.
    fn push(&mut self) -> Turn {
        match send_some(self.endpoint, self.payload, self.unsent) {
            Ok(sent) => {
                self.unsent -= sent;
                self.rest()
            }
            // The server may be waiting for its responses to be taken.
            Err(Errno::EAGAIN) => self.pull(Turn::Blocked),
            Err(errno) => refused(self.endpoint, errno),
        }
    }

    /// After a request: where its response is all there is to wait for, a look at once would find nothing.
    fn rest(&self) -> Turn {
        let alone = matches!(self.pace, Pace::Closed(1));
        if alone && self.unsent == 0 && !self.waits_in_calls {
            Turn::Blocked
        } else {
            Turn::Ready
        }
    }

    /// Takes what has come; `idle` is how the turn went if nothing has.
    fn pull(&mut self, idle: Turn) -> Turn {
        let bytes = match receive(self.endpoint, self.room) {
            Ok(bytes) => bytes,
            Err(Turn::Blocked) => return idle,
            Err(turn) => return turn,
        };
        let whole = self.responses.take(bytes);
        if whole > 0 {
            let whole = whole.min(self.under_way.len());
            self.diary.answered(self.under_way.drain(..whole));
        }
        Turn::Ready
    }
}

impl Task for Client<'_> {
    fn into_log(self: Box<Self>) -> Log {
        self.diary.into_log()
    }

    fn is_sending(&self) -> bool {
        self.unsent > 0
    }

    fn turn(&mut self) -> Turn {
        let now = Moment::now();
        let due = if self.unsent > 0 {
            None
        } else {
            Some(self.pace.due(now, self.under_way.len()))
        };
        match due {
            None => self.push(),
            Some(Due::Since(intended)) => {
                self.under_way.push_back(intended);
                self.unsent = self.request;
                self.diary.sent(intended, now);
                self.push()
            }
            Some(Due::AfterReply) => self.pull(Turn::Blocked),
            Some(Due::At(next)) => self.pull(Turn::Until(next)),
        }
    }
}

/// The end that answers.
#[derive(Debug)]
struct Server<'a> {
    endpoint: &'a Endpoint,
    payload: &'a [u8],
    room: Room<'a>,
    requests: Progress,
    response: usize,
    /// Bytes of responses that are still to be sent.
    unsent: usize,
}

impl<'a> Server<'a> {
    fn new(work: &'a Work, endpoint: &'a Endpoint, room: Room<'a>) -> Self {
        let orders = &endpoint.orders;
        Self {
            endpoint,
            payload: &work.payload,
            room,
            requests: Progress::of(orders.message_bytes),
            response: orders.response_bytes().max(1) as usize,
            unsent: 0,
        }
    }
}

impl Task for Server<'_> {
    fn is_sending(&self) -> bool {
        self.unsent > 0
    }

    fn turn(&mut self) -> Turn {
        if self.unsent == 0 {
            match receive(self.endpoint, self.room) {
                Ok(bytes) => {
                    let whole = self.requests.take(bytes);
                    self.endpoint.moved.messages.add(whole as u64);
                    self.unsent = whole * self.response;
                }
                Err(turn) => return turn,
            }
        }
        if self.unsent == 0 {
            return Turn::Ready;
        }
        match send_some(self.endpoint, self.payload, self.unsent) {
            Ok(sent) => {
                self.unsent -= sent;
                Turn::Ready
            }
            Err(Errno::EAGAIN) => Turn::Blocked,
            Err(errno) => refused(self.endpoint, errno),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_whole_wherever_the_kernel_cuts_them() {
        let mut progress = Progress::of(10);
        assert_eq!(
            [4, 5, 1, 10, 25, 5].map(|bytes| progress.take(bytes)),
            [0, 0, 1, 1, 2, 1]
        );
        let mut bytes = Progress::of(1);
        assert_eq!([1, 3].map(|count| bytes.take(count)), [1, 3]);
    }
}
