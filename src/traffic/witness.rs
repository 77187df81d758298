//! What the kernel says about a connection, or a socket for datagrams: the second witness of its bytes.
//!
//! Must not know flows or windows. The invariant: figures that are compared with each other are from one moment.

#![allow(
    unsafe_code,
    reason = "neither nix nor socket2 has TCP_INFO, SIOCINQ or SO_MEMINFO"
)]

use std::io;
use std::mem::{MaybeUninit, size_of};
use std::os::fd::AsRawFd;

use nix::libc;
use nix::sys::socket::{MsgFlags, recv};
use serde::{Deserialize, Serialize};
use socket2::{Socket, Type};

/// Tries to see an unread queue that does not grow meanwhile. Segments still in flight when a driver stops arrive within
/// microseconds, so the second try nearly always settles it.
const TRIES: usize = 1000;

/// `tcpi_state` of a connection whose peer has said its FIN (`TCP_CLOSE_WAIT` of `include/net/tcp_states.h`).
const CLOSE_WAIT: u8 = 8;

/// `tcpi_state` of a socket that listens (`TCP_LISTEN`, likewise).
const LISTEN: u8 = 10;

/// What came in on a socket, by what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Arrived {
    /// Bytes that a reader must have counted.
    pub(super) read: u64,
    /// Bytes that nobody has read.
    pub(super) unread: u64,
}

impl Arrived {
    /// The same without so many bytes that were read and are not counted.
    pub(super) fn without(self, bytes: u64) -> Self {
        Self {
            read: self.read.saturating_sub(bytes),
            ..self
        }
    }
}

/// What came in on `socket`. Absent where the kernel does not say, and where bytes kept coming in.
pub(super) fn arrived(socket: &Socket) -> Option<Arrived> {
    (0..TRIES).find_map(|_| {
        let before = unread(socket).ok()?;
        let info = info(socket).ok()?;
        let after = unread(socket).ok()?;
        (before == after).then(|| {
            // A FIN takes a sequence number, and `tcp_rcv_nxt_update` counts it as if it were a byte.
            let fin = u64::from(info.tcpi_state == CLOSE_WAIT);
            let read = info.tcpi_bytes_received.checked_sub(after + fin)?;
            Some(Arrived {
                read,
                unread: after,
            })
        })
    })?
}

/// Segments retransmitted since the connection began; absent where the kernel does not say.
pub(super) fn retransmits(socket: &Socket) -> Option<u64> {
    info(socket)
        .ok()
        .map(|info| u64::from(info.tcpi_total_retrans))
}

/// Connections that may wait to be accepted at a socket that listens, as the kernel has it; absent of others, and where it does not
/// say. (`tcp_get_info` has it in the place of what is acknowledged out of order.)
pub(super) fn backlog(listener: &Socket) -> Option<u32> {
    let info = info(listener).ok()?;
    (info.tcpi_state == LISTEN).then_some(info.tcpi_sacked)
}

/// What became of datagrams at the receiver's socket, beside those that were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Queue {
    /// Dropped by the kernel over the socket's life, as there was no room for them; a train of several counts as one. Absent
    /// where the kernel does not say.
    pub(super) dropped: Option<u64>,
    /// Payload bytes that nobody has read.
    pub(super) unread: u64,
}

/// Empties the queue of a socket for datagrams, to which nobody sends any more; absent for others. (`SIOCINQ` tells of the
/// first datagram only.)
pub(super) fn queue(socket: &Socket) -> Option<Queue> {
    if socket.r#type().ok()? != Type::DGRAM {
        return None;
    }
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_TRUNC;
    let mut nothing = [];
    let next = || recv(socket.as_raw_fd(), &mut nothing, flags).ok();
    // None of ours is empty: nothing is what a socket gives that has been shut down.
    let unread = std::iter::from_fn(next).take_while(|bytes| *bytes > 0);
    Some(Queue {
        unread: unread.map(|bytes| bytes as u64).sum(),
        dropped: dropped(socket),
    })
}

/// `SO_MEMINFO`, whose figures are numbered by `SK_MEMINFO_*` (`linux/sock_diag.h`).
fn dropped(socket: &Socket) -> Option<u64> {
    let mut figures = [0_u32; libc::SK_MEMINFO_DROPS as usize + 1];
    let bytes = size_of_val(&figures);
    let mut length = libc::socklen_t::try_from(bytes).ok()?;
    // SAFETY: `figures` has room for the `length` bytes the kernel is told it may write, and both live through the call.
    let answer = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_MEMINFO,
            figures.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    let whole = answer == 0 && length as usize == bytes;
    whole.then(|| figures.last().copied().map(u64::from))?
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "a struct of a few hundred bytes"
)]
const INFO_BYTES: libc::socklen_t = size_of::<libc::tcp_info>() as libc::socklen_t;

fn info(socket: &Socket) -> io::Result<libc::tcp_info> {
    let mut info = MaybeUninit::<libc::tcp_info>::zeroed();
    let mut length = INFO_BYTES;
    // SAFETY: `info` has room for the `length` bytes the kernel is told it may write, and both places live through the
    // call. Every bit pattern is a `tcp_info`, zeroes included, so one that an older kernel fills in part is a value too.
    let answer = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            info.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    match answer {
        // SAFETY: as above, it was a valid value before the call.
        0 => Ok(unsafe { info.assume_init() }),
        _ => Err(io::Error::last_os_error()),
    }
}

fn unread(socket: &Socket) -> io::Result<u64> {
    let mut bytes: libc::c_int = 0;
    // SAFETY: FIONREAD, which is SIOCINQ, writes one int, and `bytes` is one that lives through the call.
    let answer = unsafe { libc::ioctl(socket.as_raw_fd(), libc::FIONREAD, &raw mut bytes) };
    if answer != 0 {
        return Err(io::Error::last_os_error());
    }
    u64::try_from(bytes).map_err(io::Error::other)
}
