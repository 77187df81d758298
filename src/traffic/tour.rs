//! A thread that goes from container to container, and what it brings up there.
//!
//! Must not know what is done where it goes. The invariant: the caller's thread never leaves its namespace.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::convert::Infallible;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;

use super::observer::Observer;
use super::plan::{Namespaces, PATIENCE};
use crate::error::{Act, Error, Result};
use crate::lab::netns::Visitor;

/// A thread's way from namespace to namespace.
#[derive(Debug)]
pub(super) struct Tour<'a> {
    namespaces: Namespaces<'a>,
    visitor: Visitor,
    /// The namespace the thread is in, as the containers' descriptor of it.
    here: Option<RawFd>,
    /// Namespaces that clients go on calling from, each held once.
    homes: HashMap<RawFd, Arc<OwnedFd>>,
}

impl<'a> Tour<'a> {
    /// Of the calling thread, which goes home when this is dropped.
    fn begin(namespaces: Namespaces<'a>) -> Result<Self> {
        Ok(Self {
            namespaces,
            visitor: Visitor::new()?,
            here: None,
            homes: HashMap::new(),
        })
    }

    /// Enters a container's namespace unless the thread is there already: containers that share one are next to each other.
    pub(super) fn enter(&mut self, container: u32) -> io::Result<()> {
        let namespace = self.namespaces[container as usize];
        let there = Some(namespace.as_raw_fd());
        if self.here != there {
            self.here = None;
            self.visitor.enter(namespace)?;
            self.here = there;
        }
        Ok(())
    }

    /// A container's namespace, for who comes back to it later.
    pub(super) fn home(&mut self, container: u32) -> io::Result<Arc<OwnedFd>> {
        let namespace = self.namespaces[container as usize];
        let home = match self.homes.entry(namespace.as_raw_fd()) {
            Entry::Occupied(home) => home.into_mut(),
            Entry::Vacant(none) => none.insert(Arc::new(namespace.try_clone_to_owned()?)),
        };
        Ok(Arc::clone(home))
    }
}

/// Does something on a thread of its own that goes to containers; the work is to ask now and then whether to stop.
///
/// # Errors
/// What the work comes to, and where the thread or the way home cannot be had.
pub(super) fn tour<T: Send>(
    namespaces: Namespaces<'_>,
    observer: &dyn Observer,
    work: impl FnOnce(Tour<'_>, &dyn Fn() -> bool) -> Result<T> + Send,
) -> Result<T> {
    let cancelled = AtomicBool::new(false);
    thread::scope(|scope| {
        let (alive, ended) = channel::<Infallible>();
        let cancelled = &cancelled;
        let work = move || {
            // Nothing is ever sent: that this end is gone tells that the thread is done.
            let _alive = alive;
            work(Tour::begin(namespaces)?, &|| {
                cancelled.load(Ordering::Relaxed)
            })
        };
        let thread = thread::Builder::new()
            .name("connect".to_owned())
            .spawn_scoped(scope, work)
            .map_err(|source| {
                Error::kernel(Act::Spawn, "the thread that connects flows", source)
            })?;
        while ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            if observer.interrupted() {
                cancelled.store(true, Ordering::Relaxed);
            }
        }
        thread
            .join()
            .unwrap_or_else(|cause| panic::resume_unwind(cause))
    })
}
