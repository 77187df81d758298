//! Receiving without a copy by dropping: the kernel takes bytes off the queue and gives them to nobody (`tcp(7)`,
//! `MSG_TRUNC`).
//!
//! Must not know what they are. The invariant: what is dropped is counted as if it had been read.

#![allow(
    unsafe_code,
    reason = "nix takes the number of bytes to drop for the length of a slice to write to"
)]

use std::os::fd::RawFd;
use std::ptr;

use nix::errno::Errno;
use nix::libc;

/// Drops up to so many bytes a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Discard(pub(super) usize);

impl Discard {
    pub(super) fn receive(self, socket: RawFd) -> nix::Result<usize> {
        // SAFETY: with MSG_TRUNC a TCP socket writes to no address, and were it another kind of socket, none could be written
        // through a null pointer: the kernel would answer EFAULT.
        let answer = unsafe { libc::recv(socket, ptr::null_mut(), self.0, libc::MSG_TRUNC) };
        usize::try_from(answer).map_err(|_| Errno::last())
    }
}
