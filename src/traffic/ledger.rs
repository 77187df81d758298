//! The ledger: how much every endpoint has moved, on memory that several processes may share.
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

use crate::error::{Error, Result};

/// Bytes moved by one endpoint since it was made. 128: the neighbouring line is prefetched together with the one touched.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Counter(AtomicU64);

impl Counter {
    /// Adds what the only writer just moved; a plain store, since nobody else writes.
    pub(super) fn add(&self, bytes: usize) {
        self.0.store(
            self.0.load(Ordering::Relaxed) + bytes as u64,
            Ordering::Relaxed,
        );
    }

    /// The bytes so far.
    pub(super) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counters, numbered from 0. The descriptor stands for them, and may be handed to another process.
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

    /// The bytes that an endpoint has moved so far.
    pub(super) fn bytes(&self, number: usize) -> u64 {
        self.counters()[number].bytes()
    }

    #[allow(unsafe_code, reason = "mapped memory as what was put there")]
    fn counters(&self) -> &[Counter] {
        // SAFETY: `counters` of them fit into what was mapped, which lives as long as `self` and begins on a page. Zeroes
        // are a valid counter, and whoever else has the file writes atomics only.
        unsafe { slice::from_raw_parts(self.memory.cast::<Counter>().as_ptr(), self.counters) }
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

/// The memory of so many counters; room for one where there are none, since nothing cannot be mapped.
fn bytes_of(counters: usize) -> NonZeroUsize {
    let bytes = counters.max(1).saturating_mul(size_of::<Counter>());
    NonZeroUsize::new(bytes).unwrap_or(NonZeroUsize::MIN)
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
}

impl Deref for Meter {
    type Target = Counter;

    fn deref(&self) -> &Counter {
        &self.ledger.counters()[self.number]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_side_counts_the_other_reads() {
        let ours = Ledger::create(3).unwrap();
        let theirs = Ledger::join(ours.as_fd().try_clone_to_owned().unwrap(), 3).unwrap();
        Meter::new(&theirs, 2).add(7);
        Meter::new(&theirs, 2).add(5);
        assert_eq!([ours.bytes(0), ours.bytes(1), ours.bytes(2)], [0, 0, 12]);
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
