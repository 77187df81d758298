//! `udp-rr`: requests and responses in datagrams, each of which may be lost.
//!
//! Must not know threads or epoll. The invariant: a response counts for the request whose number it carries, once; a
//! request without one for too long is given up, so that a loss delays a closed loop and does not end it.

use std::collections::VecDeque;
use std::io;
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv, send};
use socket2::Socket;

use super::attempt::{SEND_FLAGS, received, refused};
use super::diary::Diary;
use super::log::Log;
use super::pace::{Due, Pace};
use super::ready::{GIVEN_UP_AFTER, limit_waits, limit_waits_for_datagrams};
use super::room::Room;
use super::task::{BoxedTask, Task, Workload};
use super::turn::Turn;
use super::work::Work;
use crate::scenario::Orders;
use crate::traffic::flow::Endpoint;
use crate::traffic::moment::Moment;

/// See the file's head.
#[derive(Debug)]
pub(super) struct UdpRr;

impl Workload for UdpRr {
    fn client<'a>(&self, work: &'a Work, endpoint: &'a Endpoint, _room: Room<'a>) -> BoxedTask<'a> {
        Box::new(Client::new(work, endpoint))
    }

    fn server<'a>(&self, work: &'a Work, endpoint: &'a Endpoint, _room: Room<'a>) -> BoxedTask<'a> {
        Box::new(Server::new(work, endpoint))
    }

    fn prepare(&self, socket: &Socket, _orders: &Orders, waits_in_calls: bool) -> io::Result<()> {
        limit_waits(socket, waits_in_calls)?;
        limit_waits_for_datagrams(socket, waits_in_calls)
    }
}

/// Requests under way that are remembered without asking for memory.
const UNDER_WAY: usize = 4096;

/// Bytes at a datagram's head that hold its number.
const NUMBER_BYTES: usize = size_of::<u64>();

fn number_of(datagram: &[u8]) -> Option<u64> {
    let head = datagram.first_chunk::<NUMBER_BYTES>()?;
    Some(u64::from_be_bytes(*head))
}

/// Sends a datagram whole; the kernel takes no part of one.
fn send_whole(endpoint: &Endpoint, datagram: &[u8]) -> nix::Result<()> {
    let sent = send(endpoint.socket.as_raw_fd(), datagram, SEND_FLAGS)?;
    endpoint.moved.sent.add(sent as u64);
    Ok(())
}

/// Receives one datagram; returns how long it is. None of ours is empty.
fn receive(endpoint: &Endpoint, buffer: &mut [u8]) -> Result<usize, Turn> {
    let answer = recv(endpoint.socket.as_raw_fd(), buffer, MsgFlags::empty());
    received(endpoint, answer)
}

/// A request that has no response yet.
#[derive(Debug, Clone, Copy)]
struct Request {
    number: u64,
    intended: Moment,
    sent: Moment,
}

/// The end that asks.
#[derive(Debug)]
struct Client<'a> {
    endpoint: &'a Endpoint,
    pace: Pace,
    datagram: Vec<u8>,
    buffer: Vec<u8>,
    next: u64,
    /// A request that is due and has found no room.
    unsent: Option<Moment>,
    /// Requests without a response, oldest first.
    under_way: VecDeque<Request>,
    diary: Diary<'a>,
}

impl<'a> Client<'a> {
    fn new(work: &'a Work, endpoint: &'a Endpoint) -> Self {
        let (orders, load) = (&endpoint.orders, &endpoint.orders.load);
        Self {
            endpoint,
            pace: Pace::of(&endpoint.orders, endpoint.flow),
            datagram: work.payload[..orders.message_bytes as usize].to_vec(),
            buffer: work.payload.clone(),
            next: 0,
            unsent: None,
            under_way: VecDeque::with_capacity(UNDER_WAY),
            diary: Diary::new(endpoint, load.has_schedule()),
        }
    }

    /// Gives up what has waited for too long.
    fn give_up(&mut self, now: Moment) {
        while let Some(oldest) = self.under_way.front()
            && now.since(oldest.sent) >= GIVEN_UP_AFTER
        {
            self.under_way.pop_front();
            self.diary.lost(now);
        }
    }

    fn push(&mut self, intended: Moment, now: Moment) -> Turn {
        if let Some(head) = self.datagram.first_chunk_mut::<NUMBER_BYTES>() {
            *head = self.next.to_be_bytes();
        }
        match send_whole(self.endpoint, &self.datagram) {
            Ok(()) => {
                self.under_way.push_back(Request {
                    number: self.next,
                    intended,
                    sent: now,
                });
                self.next += 1;
                self.diary.sent(intended, now);
                Turn::Ready
            }
            Err(Errno::EAGAIN) => {
                self.unsent = Some(intended);
                self.pull(now, None)
            }
            Err(errno) => refused(self.endpoint, errno),
        }
    }

    /// Takes a response if one has come; else there is something to do at `next`, or when the oldest request is given up.
    fn pull(&mut self, now: Moment, next: Option<Moment>) -> Turn {
        let bytes = match receive(self.endpoint, &mut self.buffer) {
            Ok(bytes) => bytes,
            Err(Turn::Blocked) => {
                let given_up = self.under_way.front();
                let given_up = given_up.map(|oldest| oldest.sent.plus_time(GIVEN_UP_AFTER));
                let until = [next, given_up].into_iter().flatten().min();
                // Given up meanwhile: a socket that waits in its calls has waited for just that.
                return until.map_or(Turn::Blocked, |until| {
                    if until <= now {
                        Turn::Ready
                    } else {
                        Turn::Until(until)
                    }
                });
            }
            Err(turn) => return turn,
        };
        let number = number_of(&self.buffer[..bytes]);
        let place = self
            .under_way
            .iter()
            .position(|request| Some(request.number) == number);
        // One that was given up, or has been answered, is counted no more.
        if let Some(request) = place.and_then(|place| self.under_way.remove(place)) {
            self.diary.answered([request.intended].into_iter());
        }
        Turn::Ready
    }
}

impl Task for Client<'_> {
    fn into_log(self: Box<Self>) -> Log {
        self.diary.into_log()
    }

    fn is_sending(&self) -> bool {
        self.unsent.is_some()
    }

    fn turn(&mut self) -> Turn {
        let now = Moment::now();
        self.give_up(now);
        if let Some(intended) = self.unsent.take() {
            return self.push(intended, now);
        }
        match self.pace.due(now, self.under_way.len()) {
            Due::Since(intended) => self.push(intended, now),
            Due::AfterReply => self.pull(now, None),
            Due::At(next) => self.pull(now, Some(next)),
        }
    }
}

/// The end that answers.
#[derive(Debug)]
struct Server<'a> {
    endpoint: &'a Endpoint,
    buffer: Vec<u8>,
    response: usize,
    /// A response waits in the buffer for room.
    unsent: bool,
}

impl<'a> Server<'a> {
    fn new(work: &'a Work, endpoint: &'a Endpoint) -> Self {
        Self {
            endpoint,
            buffer: work.payload.clone(),
            response: endpoint.orders.response_bytes() as usize,
            unsent: false,
        }
    }
}

impl Task for Server<'_> {
    fn is_sending(&self) -> bool {
        self.unsent
    }

    fn turn(&mut self) -> Turn {
        if !self.unsent {
            if let Err(turn) = receive(self.endpoint, &mut self.buffer) {
                return turn;
            }
            self.endpoint.moved.messages.add(1);
        }
        // Its head is the request's still, and with it the number.
        let answer = send_whole(self.endpoint, &self.buffer[..self.response]);
        self.unsent = answer == Err(Errno::EAGAIN);
        match answer {
            Ok(()) => Turn::Ready,
            Err(Errno::EAGAIN) => Turn::Blocked,
            Err(errno) => refused(self.endpoint, errno),
        }
    }
}
