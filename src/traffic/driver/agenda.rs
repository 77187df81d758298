//! Who wants a turn when: what a worker does between its passes when nothing comes from the kernel.
//!
//! Must not know what the turns are for. The invariant: an endpoint has at most one appointment that counts, its earliest
//! one, however often it was noted.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

use crate::traffic::moment::Moment;

/// How long before an appointment the worker stays awake: a timer's interrupt and the way back from idle take about as
/// long on a virtual machine.
const AWAKE_BEFORE: Duration = Duration::from_micros(100);

/// See the file's head.
#[derive(Debug)]
pub(super) struct Agenda {
    /// Earliest first.
    appointments: BinaryHeap<Reverse<(Moment, usize)>>,
    /// When each endpoint's next appointment is.
    next: Vec<Option<Moment>>,
    /// Readable shortly before the earliest one.
    timer: TimerFd,
}

impl Agenda {
    /// An empty one for so many endpoints.
    pub(super) fn new(endpoints: usize) -> nix::Result<Self> {
        let flags = TimerFlags::TFD_CLOEXEC | TimerFlags::TFD_NONBLOCK;
        Ok(Self {
            appointments: BinaryHeap::with_capacity(2 * endpoints),
            next: vec![None; endpoints],
            timer: TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?,
        })
    }

    /// The endpoint wants a turn at that moment, unless it has one before.
    pub(super) fn note(&mut self, moment: Moment, endpoint: usize) {
        let next = &mut self.next[endpoint];
        if next.is_none_or(|next| moment < next) {
            *next = Some(moment);
            self.appointments.push(Reverse((moment, endpoint)));
        }
    }

    /// Takes out an endpoint whose moment has come.
    pub(super) fn due(&mut self) -> Option<usize> {
        loop {
            let Reverse((moment, endpoint)) = *self.appointments.peek()?;
            if moment > Moment::now() {
                return None;
            }
            self.appointments.pop();
            // One that was noted before an earlier one came up stands for nothing any more.
            if self.next[endpoint] == Some(moment) {
                self.next[endpoint] = None;
                return Some(endpoint);
            }
        }
    }

    /// Whether there is time to sleep before the earliest appointment; if so the timer will wake whoever does.
    pub(super) fn may_sleep(&mut self) -> bool {
        let Some(Reverse((moment, _))) = self.appointments.peek() else {
            return true;
        };
        let left = moment.since(Moment::now()).saturating_sub(AWAKE_BEFORE);
        // A timer that cannot be set wakes nobody.
        !left.is_zero()
            && self
                .timer
                .set(
                    Expiration::OneShot(TimeSpec::from_duration(left)),
                    TimerSetTimeFlags::empty(),
                )
                .is_ok()
    }
}

impl AsFd for Agenda {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.timer.as_fd()
    }
}
