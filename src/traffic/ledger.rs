//! The ledger: how much every endpoint has moved and when the window is, on memory that several processes may share.
//!
//! Must not know endpoints, only their numbers. The invariant: a counter has one writer, the thread that has its endpoint's
//! turn, and a cache line of its own, so counting costs a store and reading disturbs one line. The file behind the memory
//! can neither shrink nor grow, so no process can take the memory from under another.

use std::ffi::c_void;
use std::num::NonZeroUsize;
use std::ops::Deref;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr::NonNull;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};
use nix::sys::stat::fstat;
use nix::unistd::ftruncate;

use super::messages::Messages;
use super::moment::Moment;
use crate::error::{Error, Result};

/// What one endpoint has moved since it was made. 128: the neighbouring line is prefetched together with the one touched.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Counter {
    /// Payload bytes handed to its kernel.
    pub(super) sent: Tally,
    /// Payload bytes taken from its kernel.
    pub(super) received: Tally,
    /// Messages received whole: responses at a client, requests at a server. Streams have none.
    pub(super) messages: Messages,
    /// Of streams of datagrams: handed to its kernel at a client, taken at a server, each once however often it came.
    pub(super) datagrams: Tally,
    /// Those of them that went along with another in one call, so that as many calls were saved. Calls themselves would be one
    /// number more that moves with every datagram, and an edge of the window falls between the two now and then.
    pub(super) joined: Tally,
    /// Numbers at a server that higher ones have passed, and that have not come; the only one that may fall.
    pub(super) missing: Tally,
    /// Datagrams that came after one that was sent later.
    pub(super) reordered: Tally,
    /// Datagrams that had come before.
    pub(super) duplicates: Tally,
}

/// A number that one thread raises and any may read.
#[derive(Debug, Default)]
pub(super) struct Tally(AtomicU64);

impl Tally {
    /// Adds what the only writer just moved; a plain store, since nobody else writes.
    pub(super) fn add(&self, more: u64) {
        self.0
            .store(self.0.load(Ordering::Relaxed) + more, Ordering::Relaxed);
    }

    /// Puts another number in its place.
    pub(super) fn set(&self, number: u64) {
        self.0.store(number, Ordering::Relaxed);
    }

    /// The number so far.
    pub(super) fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// When the window is, for endpoints that tell what happened within it beside receiving messages, which know for themselves. On
/// a line of its own, which is written twice.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Edges {
    /// When it opened, as a [`Moment`]'s nanoseconds; 0 before that.
    opened: AtomicU64,
    /// When it closed, likewise.
    closed: AtomicU64,
}

impl Edges {
    /// The window opens, now.
    pub(super) fn open(&self) {
        self.opened.store(Moment::now().nanos(), Ordering::Relaxed);
    }

    /// The window closes, now.
    pub(super) fn close(&self) {
        self.closed.store(Moment::now().nanos(), Ordering::Relaxed);
    }

    /// When it closed; absent while it has not.
    pub(super) fn closed(&self) -> Option<Moment> {
        let closed = self.closed.load(Ordering::Relaxed);
        (closed != 0).then(|| Moment::of_nanos(closed))
    }

    /// Whether a moment that has come lies in the window.
    pub(super) fn hold(&self, moment: Moment) -> bool {
        let opened = self.opened.load(Ordering::Relaxed);
        let closed = self.closed.load(Ordering::Relaxed);
        opened != 0 && opened <= moment.nanos() && (closed == 0 || moment.nanos() < closed)
    }
}

/// The window's edges and the counters, numbered from 0. The descriptor stands for them, and may be handed to another
/// process.
#[derive(Debug)]
pub(super) struct Ledger {
    file: OwnedFd,
    memory: NonNull<c_void>,
    counters: usize,
}

#[allow(
    unsafe_code,
    reason = "the memory is mapped once and holds nothing but atomics"
)]
// SAFETY: the memory is this object's until it is dropped, and is only ever seen as a slice of atomics, which any thread
// may read and write.
unsafe impl Send for Ledger {}
#[allow(unsafe_code, reason = "as above")]
// SAFETY: as above.
unsafe impl Sync for Ledger {}

impl Ledger {
    /// A fresh one, all counters at 0.
    ///
    /// # Errors
    /// When there is no memory or descriptor left for it.
    pub(super) fn create(counters: usize) -> Result<Arc<Self>> {
        let file = create_file(counters)
            .map_err(|errno| Error::kernel("create", "shared memory for counters", errno.into()))?;
        Self::map(file, counters)
    }

    /// The one that another process has created with at least as many counters.
    ///
    /// # Errors
    /// When the file is smaller than that, may shrink, or cannot be mapped.
    pub(super) fn join(file: OwnedFd, counters: usize) -> Result<Arc<Self>> {
        let sealed = fcntl(&file, FcntlArg::F_GET_SEALS).unwrap_or(0);
        let length = fstat(&file).map_or(0, |it| it.st_size);
        let whole = usize::try_from(length).is_ok_and(|length| length >= bytes_of(counters).get());
        if sealed & SealFlag::F_SEAL_SHRINK.bits() == 0 || !whole {
            let reason = format!("it is no sealed memory of {counters} counters");
            return Err(Error::refused("share", "the counters of a trial", reason));
        }
        Self::map(file, counters)
    }

    #[allow(unsafe_code, reason = "mapping memory is a raw act")]
    fn map(file: OwnedFd, counters: usize) -> Result<Arc<Self>> {
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: the kernel chooses a free place for it, so nothing that is there is replaced, and it stays mapped until
        // this object unmaps it.
        let memory = unsafe {
            mmap(
                None,
                bytes_of(counters),
                access,
                MapFlags::MAP_SHARED,
                &file,
                0,
            )
        };
        let memory = memory
            .map_err(|errno| Error::kernel("map", "shared memory for counters", errno.into()))?;
        Ok(Arc::new(Self {
            file,
            memory,
            counters,
        }))
    }

    /// The window's edges.
    #[allow(unsafe_code, reason = "mapped memory as what was put there")]
    pub(super) fn edges(&self) -> &Edges {
        // SAFETY: the mapping begins with them, on a page, and lives as long as `self`. Zeroes are a valid value, and whoever
        // else has the file writes atomics only.
        unsafe { self.memory.cast::<Edges>().as_ref() }
    }

    /// What an endpoint has moved so far.
    pub(super) fn counter(&self, number: usize) -> &Counter {
        &self.counters()[number]
    }

    #[allow(unsafe_code, reason = "mapped memory as what was put there")]
    fn counters(&self) -> &[Counter] {
        // SAFETY: `counters` of them fit into what was mapped, behind the edges, which are as aligned as they are; it lives as
        // long as `self`. Zeroes are a valid counter, and whoever else has the file writes atomics only.
        unsafe {
            let first = self.memory.cast::<Edges>().add(1).cast::<Counter>();
            slice::from_raw_parts(first.as_ptr(), self.counters)
        }
    }
}

impl Drop for Ledger {
    #[allow(unsafe_code, reason = "the other half of mapping")]
    fn drop(&mut self) {
        // SAFETY: it was mapped with this length and is unmapped once; every slice of it borrowed `self`. It can only fail
        // for a place or length that is not mapped.
        let _ = unsafe { munmap(self.memory, bytes_of(self.counters).get()) };
    }
}

impl AsFd for Ledger {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// The memory of the edges and so many counters.
fn bytes_of(counters: usize) -> NonZeroUsize {
    let bytes = counters.saturating_mul(size_of::<Counter>());
    NonZeroUsize::MIN.saturating_add(bytes.saturating_add(size_of::<Edges>() - 1))
}

fn create_file(counters: usize) -> nix::Result<OwnedFd> {
    let file = memfd_create(
        c"kilonet counters",
        MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING,
    )?;
    let length = i64::try_from(bytes_of(counters).get()).unwrap_or(i64::MAX);
    ftruncate(&file, length)?;
    let seals = SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SEAL;
    fcntl(&file, FcntlArg::F_ADD_SEALS(seals))?;
    Ok(file)
}

/// The counter of one endpoint, in the ledger that it keeps alive.
#[derive(Debug)]
pub(super) struct Meter {
    ledger: Arc<Ledger>,
    number: usize,
}

impl Meter {
    pub(super) fn new(ledger: &Arc<Ledger>, number: usize) -> Self {
        Self {
            ledger: Arc::clone(ledger),
            number,
        }
    }

    /// The window's edges of the same ledger.
    pub(super) fn edges(&self) -> &Edges {
        self.ledger.edges()
    }
}

impl Deref for Meter {
    type Target = Counter;

    fn deref(&self) -> &Counter {
        self.ledger.counter(self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_side_counts_the_other_reads() {
        let ours = Ledger::create(3).unwrap();
        let theirs = Ledger::join(ours.as_fd().try_clone_to_owned().unwrap(), 3).unwrap();
        Meter::new(&theirs, 2).received.add(7);
        Meter::new(&theirs, 2).received.add(5);
        Meter::new(&theirs, 1).messages.add(1);
        let received = [0, 1, 2].map(|number| ours.counter(number).received.read());
        assert_eq!(received, [0, 0, 12]);
        assert_eq!(ours.counter(1).messages.read(), 1);
    }

    #[test]
    fn what_happens_between_the_edges_is_in_the_window() {
        let ours = Ledger::create(0).unwrap();
        let theirs = Ledger::join(ours.as_fd().try_clone_to_owned().unwrap(), 0).unwrap();
        let before = Moment::now();
        assert!(!theirs.edges().hold(before));
        ours.edges().open();
        let within = Moment::now();
        assert!(theirs.edges().hold(within) && !theirs.edges().hold(before));
        assert_eq!(theirs.edges().closed(), None);
        ours.edges().close();
        assert!(theirs.edges().hold(within));
        assert!(
            theirs
                .edges()
                .closed()
                .is_some_and(|closed| closed >= within)
        );
        assert!(!theirs.edges().hold(Moment::now()));
    }

    #[test]
    fn memory_that_is_too_small_or_may_shrink_is_refused() {
        let ours = Ledger::create(1).unwrap();
        let file = || ours.as_fd().try_clone_to_owned().unwrap();
        assert!(Ledger::join(file(), 1).is_ok());
        assert!(Ledger::join(file(), 2).is_err());
        let unsealed = memfd_create(c"unsealed", MFdFlags::MFD_CLOEXEC).unwrap();
        ftruncate(&unsealed, 4096).unwrap();
        assert!(Ledger::join(unsealed, 1).is_err());
    }
}
