//! The controlling thread's place in the scheduler while the flows run.
//!
//! With thousands of runnable threads, a normal one that wakes for the window's edge may wait for its turn, and may lose
//! the CPU in the middle of a snapshot. First-in-first-out scheduling avoids both where it is allowed. Nothing relies on
//! it: the window's times and skew are measured, not assumed.

#![allow(
    unsafe_code,
    reason = "neither std nor nix has the scheduling policy of a thread"
)]

use nix::libc;

/// The calling thread is scheduled first-in-first-out until this is dropped, where the system allows it.
#[derive(Debug)]
pub(super) struct Urgent {
    before: Option<Policy>,
}

#[derive(Debug, Clone, Copy)]
struct Policy {
    class: libc::c_int,
    priority: libc::c_int,
}

impl Urgent {
    /// Raises the calling thread, or leaves it as it is where that is not allowed. Children are not raised with it.
    pub(super) fn raise() -> Self {
        let raised = Policy {
            class: libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK,
            priority: 1,
        };
        let before = Policy::current();
        Self {
            before: before.filter(|_| raised.apply()),
        }
    }
}

impl Drop for Urgent {
    fn drop(&mut self) {
        if let Some(before) = self.before {
            before.apply();
        }
    }
}

impl Policy {
    fn current() -> Option<Self> {
        let mut param = libc::sched_param { sched_priority: 0 };
        // SAFETY: 0 is the calling thread, and `param` is a live place of the type the call fills in.
        let answer = unsafe { libc::sched_getparam(0, &raw mut param) };
        // SAFETY: takes no pointer.
        let class = unsafe { libc::sched_getscheduler(0) };
        (answer == 0 && class >= 0).then_some(Self {
            class,
            priority: param.sched_priority,
        })
    }

    /// Whether the system allowed it.
    fn apply(self) -> bool {
        let param = libc::sched_param {
            sched_priority: self.priority,
        };
        // SAFETY: 0 is the calling thread, and `param` lives through the call, which only reads it.
        unsafe { libc::sched_setscheduler(0, self.class, &raw const param) == 0 }
    }
}
