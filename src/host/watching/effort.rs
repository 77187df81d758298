//! What watching takes of the machine it watches.
//!
//! The invariant: a thread's own time, so that work beside it counts in nothing.

use std::ops::AddAssign;
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};

/// Time taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Effort {
    /// Of a CPU.
    pub cpu: Duration,
    /// Of the clock on the wall.
    pub wall: Duration,
}

impl Effort {
    /// Does something on this thread, and says what it took.
    pub fn of<T>(work: impl FnOnce() -> T) -> (T, Self) {
        let (wall, cpu) = (Instant::now(), thread_time());
        let result = work();
        let effort = Self {
            cpu: thread_time().saturating_sub(cpu),
            wall: wall.elapsed(),
        };
        (result, effort)
    }
}

impl AddAssign for Effort {
    fn add_assign(&mut self, other: Self) {
        self.cpu += other.cpu;
        self.wall += other.wall;
    }
}

/// CPU time of this thread. The clock is one that every kernel has: there is nothing it could fail of.
fn thread_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_thread_does_meanwhile_is_not_counted() {
        let ((), effort) = Effort::of(|| {
            std::thread::spawn(|| {
                let own = thread_time();
                while thread_time().saturating_sub(own) < Duration::from_millis(20) {}
            })
            .join()
            .unwrap();
        });
        assert!(effort.wall >= Duration::from_millis(20), "{effort:?}");
        assert!(effort.cpu < effort.wall, "{effort:?}");
    }
}
