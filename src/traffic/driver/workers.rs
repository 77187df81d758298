//! `workers`: one pinned thread per CPU, sockets that do not block, epoll: the data path with the least harness in it.
//!
//! Must not know what a turn moves. The invariant is fairness by construction: an endpoint that can go on stands in the
//! ring, everyone in the ring gets one turn a pass, and it leaves the ring only when the kernel has nothing more for it. (A
//! plain loop over epoll's list starves the tail of it: half of 1,000 pairs moved nothing.)

use std::collections::VecDeque;
use std::mem;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread::{Builder, Scope};
use std::time::Duration;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

use super::agenda::Agenda;
use super::placement::Placement;
use crate::error::{Act, Error, Result};
use crate::traffic::field::Field;
use crate::traffic::flow::{Endpoint, Role};
use crate::traffic::workload::{BoxedTask, Turn, Watch};

/// Events taken from epoll at once; more of them wait for the next pass.
const EVENTS: usize = 1024;

/// Tokens of what is not an endpoint; endpoints are numbered from 0.
const ALARM: u64 = u64::MAX;
const SWEEP: u64 = u64::MAX - 1;
const APPOINTMENT: u64 = u64::MAX - 2;

/// What says that an end waits behind the bytes, if there are any.
const HANG_UP: EpollFlags = EpollFlags::EPOLLRDHUP.union(EpollFlags::EPOLLHUP);

/// The same, or an error. A connection that an error has ended is hung up as well (`tcp_poll`): for an endpoint that is reported
/// to by its error queue, an error alone is such a report.
const HANG_UP_OR_ERROR: EpollFlags = HANG_UP.union(EpollFlags::EPOLLERR);

/// How often blocked senders get a turn unasked. A sender refused for want of TCP memory while it has nothing in flight
/// is never reported writable, as no acknowledgement will come; a blocking `send` wakes by itself for the same reason
/// (`sk_stream_wait_memory`).
const SWEEP_EVERY: Duration = Duration::from_millis(200);

pub(super) fn launch<'scope>(scope: &'scope Scope<'scope, '_>, field: &'scope Field) -> Result<()> {
    let placement = Placement::of(field.work.pinning())?;
    let workers = placement.cpus().len();
    for index in 0..workers {
        let stay = placement.stay_on(index);
        // Unless somebody asks for it, it is for steadiness only: the worker may run where the scheduler puts it.
        let _stay = if placement.is_asked_for() {
            Some(stay?)
        } else {
            stay.ok()
        };
        let endpoints = field.endpoints.iter();
        let endpoints = endpoints.filter(|endpoint| placement.seat(endpoint) == index);
        let worker = Worker::new(field, index, endpoints.collect()).map_err(|errno| {
            Error::kernel("create", format!("epoll of worker {index}"), errno.into())
        })?;
        Builder::new()
            .name(format!("worker {index}"))
            .spawn_scoped(scope, move || {
                field.gate.pass();
                worker.run();
            })
            .map_err(|source| Error::kernel(Act::Spawn, format!("worker {index}"), source))?;
    }
    field.gate.gather(workers);
    Ok(())
}

/// Makes the alarm readable, for every worker that waits in epoll.
pub(super) fn wake(field: &Field) {
    // It cannot be full: it is written once.
    let _ = field.alarm.write(1);
}

struct Worker<'a> {
    field: &'a Field,
    endpoints: Vec<&'a Endpoint>,
    /// What each endpoint is at.
    tasks: Vec<BoxedTask<'a>>,
    epoll: Arc<Epoll>,
    sweep: TimerFd,
    agenda: Agenda,
    /// Endpoints that can go on, next turn first.
    ring: VecDeque<usize>,
    /// Whether an endpoint has no business entering the ring: it stands there already, or is over.
    settled: Vec<bool>,
    /// Whether an endpoint has been told of an end or an error. There will be no further edge for it, so it has its turn
    /// until it meets them.
    hung: Vec<bool>,
}

impl<'a> Worker<'a> {
    fn new(field: &'a Field, index: usize, endpoints: Vec<&'a Endpoint>) -> nix::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let sweep = TimerFd::new(
            ClockId::CLOCK_MONOTONIC,
            TimerFlags::TFD_CLOEXEC | TimerFlags::TFD_NONBLOCK,
        )?;
        sweep.set(
            Expiration::Interval(TimeSpec::from_duration(SWEEP_EVERY)),
            TimerSetTimeFlags::empty(),
        )?;
        epoll.add(&sweep, EpollEvent::new(EpollFlags::EPOLLIN, SWEEP))?;
        let agenda = Agenda::new(endpoints.len())?;
        epoll.add(&agenda, EpollEvent::new(EpollFlags::EPOLLIN, APPOINTMENT))?;
        epoll.add(
            field.alarm.as_fd(),
            EpollEvent::new(EpollFlags::EPOLLIN, ALARM),
        )?;
        for (token, endpoint) in endpoints.iter().enumerate() {
            let both_ways = EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT;
            let interest = match endpoint.role {
                _ if endpoint.orders.workload.has_requests() => both_ways,
                Role::Client => EpollFlags::EPOLLOUT,
                Role::Server => EpollFlags::EPOLLIN,
            };
            let interest = interest | EpollFlags::EPOLLRDHUP | EpollFlags::EPOLLET;
            epoll.add(endpoint.first(), EpollEvent::new(interest, token as u64))?;
        }
        let ring = VecDeque::with_capacity(endpoints.len());
        let settled = vec![false; endpoints.len()];
        let hung = settled.clone();
        let epoll = Arc::new(epoll);
        let tasks = (0..).zip(&endpoints).map(|(token, endpoint)| {
            let mut task = field.work.task(endpoint, index);
            let epoll = Arc::clone(&epoll);
            task.report_to(Watch { epoll, token });
            task
        });
        Ok(Self {
            field,
            tasks: tasks.collect(),
            endpoints,
            epoll,
            sweep,
            agenda,
            ring,
            settled,
            hung,
        })
    }

    fn run(mut self) {
        let mut events = vec![EpollEvent::empty(); EVENTS];
        while !self.field.gate.is_stopped() {
            self.keep_appointments();
            let timeout = if self.ring.is_empty() && self.agenda.may_sleep() {
                EpollTimeout::NONE
            } else {
                EpollTimeout::ZERO
            };
            // Only a signal ends this wait early, and there is nothing then that the next pass would not find.
            let ready = self.epoll.wait(&mut events, timeout).unwrap_or(0);
            for event in &events[..ready] {
                self.admit(*event);
            }
            self.pass();
        }
        for (endpoint, task) in self.endpoints.iter().zip(self.tasks) {
            endpoint.keep(task.into_log());
        }
    }

    /// Lets in whoever wanted a turn by now.
    fn keep_appointments(&mut self) {
        while let Some(endpoint) = self.agenda.due() {
            self.enter(endpoint);
        }
    }

    fn admit(&mut self, event: EpollEvent) {
        match event.data() {
            ALARM | APPOINTMENT => {}
            SWEEP => self.sweep_senders(),
            token => {
                let Ok(endpoint) = usize::try_from(token) else {
                    return;
                };
                self.enter(endpoint);
                let hung = if self.tasks[endpoint].is_reported_to() {
                    HANG_UP
                } else {
                    HANG_UP_OR_ERROR
                };
                self.hung[endpoint] |= event.events().intersects(hung);
            }
        }
    }

    /// Puts an endpoint at the ring's end. Its edge is spent when it stands there already, which loses nothing: it will
    /// have its turn until there is no more for it, and what comes after that is a new edge.
    fn enter(&mut self, endpoint: usize) {
        if !mem::replace(&mut self.settled[endpoint], true) {
            self.ring.push_back(endpoint);
        }
    }

    fn sweep_senders(&mut self) {
        // Without a fresh expiration there is nothing due.
        if self.sweep.wait().is_ok() {
            for endpoint in 0..self.endpoints.len() {
                if self.endpoints[endpoint].sends_first() {
                    self.enter(endpoint);
                }
            }
        }
    }

    /// One turn for everyone who stood in the ring when it began.
    fn pass(&mut self) {
        for _ in 0..self.ring.len() {
            if self.field.gate.is_stopped() {
                return;
            }
            let Some(endpoint) = self.ring.pop_front() else {
                return;
            };
            match self.tasks[endpoint].turn() {
                Turn::Over => {}
                Turn::Until(moment) => {
                    self.settled[endpoint] = false;
                    self.agenda.note(moment, endpoint);
                }
                Turn::Short if !self.hung[endpoint] => self.settled[endpoint] = false,
                Turn::Blocked => self.settled[endpoint] = false,
                Turn::Short | Turn::Ready => self.ring.push_back(endpoint),
            }
        }
    }
}
