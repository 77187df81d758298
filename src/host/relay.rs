//! Signals for a process whose child does the work: a signal that ends this process ends the child first.
//!
//! Must not know what the child does. The invariant: from the first moment on a signal to end is heeded, by the work that
//! goes before the child, or by the child.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::signal::{Blocked, Interrupt};
use crate::error::{Act, Error, Result};

/// The signals that are passed on, or left to the child.
pub const RELAYED: [Signal; 4] = [
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGHUP,
];

/// Takes signals, and knows who they are for.
#[derive(Debug, Clone)]
pub struct Relay {
    interrupt: Interrupt,
    child: Arc<Mutex<Option<Pid>>>,
}

impl Relay {
    /// Starts the thread that takes the signals, which are [`RELAYED`].
    ///
    /// # Errors
    /// When the thread cannot be made.
    pub fn open(signals: Blocked) -> Result<Self> {
        let relay = Self {
            interrupt: Interrupt::new(),
            child: Arc::default(),
        };
        let taking = relay.clone();
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                while let Ok(signal) = signals.next() {
                    taking.take(signal);
                }
            })
            .map_err(|source| Error::kernel(Act::Spawn, "the signal thread", source))?;
        Ok(relay)
    }

    /// Raised by any of the signals while there is no child.
    #[must_use]
    pub fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// From now on it is the child who is told to end.
    pub fn hand_to(&self, child: u32) {
        let child = Pid::from_raw(child.cast_signed());
        *self.child.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
        if self.interrupt.is_raised() {
            end(child);
        }
    }

    /// The child has ended, and its number may be given to another.
    pub fn take_back(&self) {
        *self.child.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn take(&self, signal: Signal) {
        let child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        match *child {
            None => self.interrupt.raise(),
            // A terminal sends these to everybody in the foreground, and what they mean there is the child's to say.
            Some(_) if matches!(signal, Signal::SIGINT | Signal::SIGQUIT) => {}
            Some(child) => end(child),
        }
    }
}

fn end(child: Pid) {
    // One that has ended meanwhile has done what it is told.
    let _ = kill(child, Signal::SIGTERM);
}
