//! Where bytes are received that nobody reads.
//!
//! Must not know what they are. The invariant: nothing received into a room is ever loaded, so that any number of receivers
//! may share one.

use std::os::fd::RawFd;
use std::sync::atomic::AtomicU8;

use nix::errno::Errno;
use nix::libc;

/// Receive rooms at most. Each container of a real node has its own; thousands of private rooms would be memory nobody
/// reads, while a single one would have every CPU write the same cache lines.
const ROOMS: usize = 64;

/// All receive rooms together, where two of them fit into this.
const ROOMS_BYTES: usize = 8 << 20;

/// The rooms of all receivers.
#[derive(Debug)]
pub(super) struct Rooms {
    /// Atomic because the kernel writes for several receivers at once; no code reads it.
    bytes: Box<[AtomicU8]>,
    length: usize,
}

/// One of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room<'a>(&'a [AtomicU8]);

impl Rooms {
    /// Rooms of so many bytes each, at least 1.
    pub(super) fn of(length: usize) -> Self {
        let rooms = (ROOMS_BYTES / length).clamp(2, ROOMS);
        Self {
            bytes: zeroed(rooms * length),
            length,
        }
    }

    /// The room of this number, modulo how many there are.
    pub(super) fn room(&self, number: usize) -> Room<'_> {
        let start = number % (self.bytes.len() / self.length) * self.length;
        Room(&self.bytes[start..start + self.length])
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

impl Room<'_> {
    /// The part of it that holds at most so many bytes.
    pub(super) fn of_at_most(self, bytes: usize) -> Self {
        Self(&self.0[..bytes.min(self.0.len())])
    }

    /// Receives what has come, as much as there is room for.
    #[allow(
        unsafe_code,
        reason = "several receivers share a room, which a `&mut [u8]` may not express"
    )]
    pub(super) fn receive(self, socket: RawFd) -> nix::Result<usize> {
        let target = self.0.as_ptr().cast_mut().cast();
        // SAFETY: the slice proves its length in bytes from `target` on to be inside one live allocation. They are atomics,
        // which may be written through a shared reference, also by several receivers at once; that writer is the kernel, and
        // no code here ever loads them, so a torn byte has nobody to see it.
        let answer = unsafe { libc::recv(socket, target, self.0.len(), 0) };
        usize::try_from(answer).map_err(|_| Errno::last())
    }
}
