//! `tcp-stream`: the sender sends messages without pause, the receiver takes what has come.
//!
//! Must not know threads or epoll. The invariant: a turn is one system call of at most one message, and nothing else; what
//! is sent is never written, what is received is never read.

use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::AtomicU8;

use nix::errno::Errno;
use nix::libc;

use super::Turn;
use crate::traffic::flow::{Cause, Endpoint, Role};

/// Receive rooms at most. Each container of a real node has its own; thousands of private rooms would be memory nobody
/// reads, while a single one would have every CPU write the same cache lines.
const ROOMS: usize = 64;

/// All receive rooms together, where two of them fit into this.
const ROOMS_BYTES: usize = 8 << 20;

/// The message all senders send, and the rooms receivers receive into.
#[derive(Debug)]
pub(crate) struct Stream {
    message: Vec<u8>,
    /// Atomic because the kernel writes for several receivers at once; no code reads it.
    rooms: Box<[AtomicU8]>,
}

impl Stream {
    /// Messages and receive rooms of `message_bytes`.
    pub(crate) fn new(message_bytes: u32) -> Self {
        let length = message_bytes.max(1) as usize;
        let rooms = (ROOMS_BYTES / length).clamp(2, ROOMS);
        Self {
            message: vec![0x6b; length],
            rooms: zeroed(rooms * length),
        }
    }

    /// Gives an endpoint one turn; `room` picks the receive room, modulo how many there are.
    pub(crate) fn turn(&self, endpoint: &Endpoint, room: usize) -> Turn {
        let socket = endpoint.socket.as_raw_fd();
        let answer = match endpoint.role {
            Role::Sender => nix::sys::socket::send(socket, &self.message, SEND_FLAGS),
            Role::Receiver => self.receive(socket, room),
        };
        match answer {
            Ok(0) => over(endpoint, Cause::Closed),
            Ok(bytes) => {
                endpoint.moved.add(bytes);
                if bytes < self.message.len() {
                    Turn::Short
                } else {
                    Turn::Ready
                }
            }
            Err(Errno::EAGAIN) => Turn::Blocked,
            Err(Errno::EINTR) => Turn::Ready,
            Err(errno) => over(endpoint, Cause::Refused(errno as i32)),
        }
    }

    #[allow(
        unsafe_code,
        reason = "several receivers share a room, which a `&mut [u8]` may not express"
    )]
    fn receive(&self, socket: RawFd, room: usize) -> nix::Result<usize> {
        let length = self.message.len();
        let start = room % (self.rooms.len() / length) * length;
        let target = self.rooms[start..start + length].as_ptr().cast_mut().cast();
        // SAFETY: the slice above proves `length` bytes from `target` on to be inside one live allocation. They are
        // atomics, which may be written through a shared reference, also by several receivers at once; that writer is
        // the kernel, and no code here ever loads them, so a torn byte has nobody to see it.
        let answer = unsafe { libc::recv(socket, target, length, 0) };
        usize::try_from(answer).map_err(|_| Errno::last())
    }
}

/// Room that takes no memory until something is received there: an agent has one endpoint or few, and uses as many rooms.
#[allow(
    unsafe_code,
    reason = "only a box that the allocator has zeroed is not written byte by byte"
)]
fn zeroed(bytes: usize) -> Box<[AtomicU8]> {
    let rooms = Box::<[AtomicU8]>::new_zeroed_slice(bytes);
    // SAFETY: an `AtomicU8` has the representation of a `u8`, of which every bit pattern is valid.
    unsafe { rooms.assume_init() }
}

/// A peer that went away is an error of that flow, never a signal to the process.
const SEND_FLAGS: nix::sys::socket::MsgFlags = nix::sys::socket::MsgFlags::MSG_NOSIGNAL;

#[cold]
fn over(endpoint: &Endpoint, cause: Cause) -> Turn {
    endpoint.finish(cause);
    Turn::Over
}
