//! Network namespaces: the only file that calls `unshare` and `setns`.
//!
//! A namespace is held by a file descriptor and by nothing else, so it is gone when the process is. Entering one changes
//! the calling thread alone; [`Visitor`] brings that thread home again, whatever happens in between.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::thread;

use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::stat::fstat;

use crate::error::{Error, Result};

/// A network namespace, kept alive by this descriptor.
#[derive(Debug)]
pub struct Namespace(OwnedFd);

impl AsFd for Namespace {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl From<File> for Namespace {
    /// The namespace that an open file of `/proc` stands for.
    fn from(file: File) -> Self {
        Self(file.into())
    }
}

impl Namespace {
    /// The namespace of the calling thread.
    ///
    /// # Errors
    /// When `/proc` is not there or descriptors have run out.
    pub fn current() -> io::Result<Self> {
        File::open("/proc/thread-self/ns/net").map(Self::from)
    }
}

/// The number by which the kernel names a namespace, in its log too: what tells namespaces apart.
///
/// # Errors
/// When the kernel does not say.
pub fn identity(namespace: impl AsFd) -> Result<u64> {
    let seen = fstat(namespace)
        .map_err(|errno| Error::kernel("look at", "a network namespace", errno.into()))?;
    Ok(seen.st_ino)
}

/// Does something on a thread of its own that may go from namespace to namespace; the caller's never leaves its own.
///
/// # Errors
/// What the work comes to, and when `/proc` is not there.
pub fn visit<T: Send>(work: impl FnOnce(&Visitor) -> Result<T> + Send) -> Result<T> {
    thread::scope(|scope| {
        let visitor = scope.spawn(|| work(&Visitor::new()?));
        visitor.join().unwrap_or_else(|_| {
            let reason = "the thread that was there panicked";
            Err(Error::refused("visit", "a namespace of the lab", reason))
        })
    })
}

/// Gives the calling thread a mount namespace of its own, which it never leaves: what it mounts, nobody else sees.
pub(crate) fn part_from_mounts() -> io::Result<()> {
    unshare(CloneFlags::CLONE_NEWNS).map_err(io::Error::from)
}

/// Moves the calling thread into a namespace for good.
///
/// # Errors
/// `EPERM` when the namespace belongs to a user namespace that the thread has no rights in.
pub fn move_in(namespace: impl AsFd) -> io::Result<()> {
    setns(namespace, CloneFlags::CLONE_NEWNET).map_err(io::Error::from)
}

/// A thread that goes from namespace to namespace and returns home when dropped.
///
/// Sockets made while inside stay in the namespace in which they were made, so a thread visits, makes what it needs and
/// leaves; any thread may use the sockets. A visitor must not be a thread of an async or rayon pool: while it is away,
/// whatever else runs on it is away too.
#[derive(Debug)]
pub struct Visitor {
    home: Namespace,
}

impl Visitor {
    /// Remembers where the calling thread is.
    ///
    /// # Errors
    /// When `/proc` is not there or descriptors have run out.
    pub fn new() -> Result<Self> {
        let home = Namespace::current()
            .map_err(|source| Error::kernel("open", "the thread's own namespace", source))?;
        Ok(Self { home })
    }

    /// Creates a namespace, and leaves the calling thread in it.
    ///
    /// # Errors
    /// `EPERM` without the right to, `ENOSPC` at `user.max_net_namespaces`, `EMFILE` without a descriptor to hold it.
    pub fn create(&self) -> io::Result<Namespace> {
        unshare(CloneFlags::CLONE_NEWNET)?;
        Namespace::current()
    }

    /// Enters a namespace.
    ///
    /// # Errors
    /// `EPERM` when the namespace belongs to a user namespace that the thread has no rights in.
    pub fn enter(&self, namespace: impl AsFd) -> io::Result<()> {
        setns(namespace, CloneFlags::CLONE_NEWNET).map_err(io::Error::from)
    }
}

impl Drop for Visitor {
    fn drop(&mut self) {
        // Coming home can only fail where leaving was not allowed either; there is then nothing to come back from.
        let _ = setns(&self.home, CloneFlags::CLONE_NEWNET);
    }
}
