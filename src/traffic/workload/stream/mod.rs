//! `tcp-stream`: the client sends messages without pause or at a rate, the server takes what has come.
//!
//! `end` is either end of one, `paced` the client that has a rate.
//!
//! | file | one way to hand bytes over |
//! |---|---|
//! | `sendfile` | from a file in memory, page by page |
//! | `zerocopy` | the sender's own pages, with word of what became of them |
//! | `mapped` | the kernel's pages, mapped where the receiver sees them |
//! | `discard` | dropped by the kernel |
//!
//! Must not know threads or epoll. The invariant: a turn moves at most one message in one system call, and a way that has to
//! fall back on another one within the turn says how much it did so; what is sent is never written, what is received is
//! never read.

mod discard;
mod end;
mod mapped;
mod paced;
mod sendfile;
mod source;
mod zerocopy;

use std::io;

use socket2::Socket;

use super::room::Room;
use super::task::{BoxedTask, Workload};
use super::work::Work;
use crate::scenario::{Orders, Receiving, Sending};
use crate::traffic::flow::{Endpoint, Role};
use discard::Discard;
use end::{Stream, Way};
use mapped::Mapped;
use paced::Paced;
use zerocopy::Zerocopy;

pub(super) use source::Source;

/// See the file's head.
#[derive(Debug)]
pub(super) struct TcpStream;

impl Workload for TcpStream {
    fn client<'a>(&self, work: &'a Work, endpoint: &'a Endpoint, _room: Room<'a>) -> BoxedTask<'a> {
        let way = match (endpoint.orders.load.send, &work.source.0) {
            (Sending::Zerocopy, _) => Way::Zerocopy(Zerocopy::default()),
            (Sending::Sendfile, Some(file)) => Way::Sendfile(file),
            (Sending::Sendfile | Sending::Copy, _) => Way::Send,
        };
        let stream = Stream::new(work, endpoint, way);
        match Paced::at_its_rate(stream) {
            Ok(paced) => Box::new(paced),
            Err(stream) => Box::new(stream),
        }
    }

    fn server<'a>(&self, work: &'a Work, endpoint: &'a Endpoint, room: Room<'a>) -> BoxedTask<'a> {
        let message = endpoint.orders.message_bytes as usize;
        let way = match endpoint.orders.load.receive {
            Receiving::Copy => Way::Receive(room),
            Receiving::Zerocopy => Way::Map(Mapped::new(endpoint, room, message)),
            Receiving::Discard => Way::Discard(Discard(message)),
        };
        Box::new(Stream::new(work, endpoint, way))
    }

    /// Has bytes handed over as these orders say.
    fn prepare(&self, socket: &Socket, orders: &Orders, _waits_in_calls: bool) -> io::Result<()> {
        if orders.load.has_schedule() {
            // A message that is smaller than a segment is not to wait for the acknowledgement of the one before (RFC 896).
            socket.set_tcp_nodelay(true)?;
        }
        if orders.load.send == Sending::Zerocopy {
            zerocopy::announce(socket)?;
        }
        if orders.load.receive == Receiving::Zerocopy {
            mapped::await_messages(socket, orders.message_bytes)?;
        }
        Ok(())
    }

    /// A client waits for room, and for its times where it has a rate; to have pages mapped is no call that waits.
    fn has_one_wait(&self, orders: &Orders, role: Role) -> bool {
        match role {
            Role::Client => !orders.load.has_schedule(),
            Role::Server => orders.load.receive != Receiving::Zerocopy,
        }
    }
}
