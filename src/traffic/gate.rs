//! The gate: where drivers' threads wait until all of them are there, and the flag that ends them.
//!
//! Must not know what the threads do. The invariant: once stopped it is open for good, so nobody can be left waiting.
//! Threads that were sending while others were still being spawned would starve the spawning: with thousands of them it
//! would take longer than the trial.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
struct State {
    waiting: usize,
    open: bool,
}

/// See the file's head.
#[derive(Debug, Default)]
pub(super) struct Gate {
    state: Mutex<State>,
    arrived: Condvar,
    opened: Condvar,
    stopped: AtomicBool,
}

impl Gate {
    /// Waits until the gate is open.
    pub(super) fn pass(&self) {
        let mut state = self.state();
        state.waiting += 1;
        self.arrived.notify_one();
        let _open = self.opened.wait_while(state, |state| !state.open);
    }

    /// Waits until `threads` of them wait at the gate.
    pub(super) fn gather(&self, threads: usize) {
        let _gathered = self
            .arrived
            .wait_while(self.state(), |state| state.waiting < threads);
    }

    /// Lets everybody through.
    pub(super) fn open(&self) {
        self.state().open = true;
        self.opened.notify_all();
    }

    /// Tells everybody to stop, those still waiting included.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
        self.open();
    }

    /// Whether to stop.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// A thread that panicked left nothing half done here: two plain fields.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
