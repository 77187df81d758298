//! Several datagrams by one system call: `sendmmsg(2)` and `recvmmsg(2)`.
//!
//! Must not know what is in them. The invariant: the pointers that the kernel is handed live for the length of one call, on
//! its stack. (nix's wrappers allocate, and keep pointers that may not go from one thread to another.)

#![allow(
    unsafe_code,
    reason = "messages are pointers to pointers, which the kernel reads and writes"
)]

use std::mem;
use std::os::fd::RawFd;

use nix::errno::Errno;
use nix::libc;

use super::sizes::MOST;

/// The lengths of datagrams that were received, one for each slot.
pub(super) type Lengths = [usize; MOST];

/// Sends a buffer as datagrams of `length` bytes each; returns how many there was room for.
pub(super) fn send(socket: RawFd, buffer: &[u8], length: usize) -> nix::Result<usize> {
    let mut parts = no_parts();
    let mut used = 0;
    for (part, datagram) in parts.iter_mut().zip(buffer.chunks_exact(length)) {
        part.iov_base = datagram.as_ptr().cast_mut().cast();
        part.iov_len = datagram.len();
        used += 1;
    }
    let mut messages = messages(&mut parts);
    let flags = libc::MSG_NOSIGNAL;
    // SAFETY: the first `used` messages point to one live part each, and that to a live datagram, which the kernel only reads
    // although the type of a part cannot say so.
    let sent = unsafe { libc::sendmmsg(socket, messages.as_mut_ptr(), used, flags) };
    usize::try_from(sent).map_err(|_| Errno::last())
}

/// Receives into slots of `length` bytes each, waiting at most for the first; returns how many datagrams came.
pub(super) fn receive(
    socket: RawFd,
    buffer: &mut [u8],
    (length, lengths): (usize, &mut Lengths),
) -> nix::Result<usize> {
    let mut parts = no_parts();
    let mut used = 0;
    for (part, slot) in parts.iter_mut().zip(buffer.chunks_exact_mut(length)) {
        part.iov_base = slot.as_mut_ptr().cast();
        part.iov_len = slot.len();
        used += 1;
    }
    let mut messages = messages(&mut parts);
    // SAFETY: the first `used` messages point to one live part each, and that to a slot which nobody else has meanwhile. The
    // kernel writes nothing else than the slots and the messages' own fields, as no name and no control data is asked for.
    let answer = unsafe {
        libc::recvmmsg(
            socket,
            messages.as_mut_ptr(),
            used,
            libc::MSG_WAITFORONE,
            std::ptr::null_mut(),
        )
    };
    let came = usize::try_from(answer).map_err(|_| Errno::last())?;
    for (length, message) in lengths.iter_mut().zip(&messages[..came]) {
        *length = message.msg_len as usize;
    }
    Ok(came)
}

fn no_parts() -> [libc::iovec; MOST] {
    [libc::iovec {
        iov_base: std::ptr::null_mut(),
        iov_len: 0,
    }; MOST]
}

/// A message of each part.
fn messages(parts: &mut [libc::iovec; MOST]) -> [libc::mmsghdr; MOST] {
    // SAFETY: it is plain data of integers and pointers, for all of which zero is a value.
    let mut messages: [libc::mmsghdr; MOST] = unsafe { mem::zeroed() };
    for (message, part) in messages.iter_mut().zip(parts) {
        message.msg_hdr.msg_iov = part;
        message.msg_hdr.msg_iovlen = 1;
    }
    messages
}
