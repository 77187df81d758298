//! `threads`: one blocking thread per endpoint, so that the kernel's scheduler shares the CPUs as it does among containers.
//!
//! Must not know epoll. The invariant: a thread does nothing between two turns but look whether to stop.

use std::array;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::thread::{Builder, Scope};

use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::prctl::set_timerslack;
use nix::sys::time::TimeSpec;

use super::placement::Placement;
use crate::error::{Act, Error, Result};
use crate::scenario::CONNECTIONS_AT_ONCE;
use crate::traffic::field::Field;
use crate::traffic::flow::{Endpoint, Role};
use crate::traffic::moment::Moment;
use crate::traffic::workload::{Task, Turn};

/// Enough for the few frames down to a system call. Only touched pages are real: two threads come to about 24 KiB.
const STACK_BYTES: usize = 32 << 10;

pub(super) fn launch<'scope>(scope: &'scope Scope<'scope, '_>, field: &'scope Field) -> Result<()> {
    let threads = field.endpoints.len();
    let placement = Placement::of(field.work.pinning())?;
    for endpoint in &field.endpoints {
        let seat = placement.is_asked_for().then(|| placement.seat(endpoint));
        let _stay = seat.map(|seat| placement.stay_on(seat)).transpose()?;
        Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, move || drive(field, endpoint))
            .map_err(|source| {
                Error::kernel(
                    Act::SpawnEnds,
                    format!("{threads} threads for traffic"),
                    source,
                )
            })?;
    }
    field.gate.gather(threads);
    Ok(())
}

fn drive(field: &Field, endpoint: &Endpoint) {
    let mut task = field.work.task(endpoint, endpoint.flow);
    be_punctual(endpoint);
    field.gate.pass();
    while !field.gate.is_stopped() {
        match task.turn() {
            Turn::Ready | Turn::Short => {}
            Turn::Blocked => wait(field, (endpoint, &*task), None),
            Turn::Until(moment) => wait(field, (endpoint, &*task), Some(moment)),
            Turn::Over => break,
        }
    }
    endpoint.keep(task.into_log());
}

/// Has timed waits end when they should: an ordinary thread's may be late by 50 microseconds, so that the kernel can put
/// several into one interrupt (`prctl(2)`, `PR_SET_TIMERSLACK`).
fn be_punctual(endpoint: &Endpoint) {
    if endpoint.orders.load.has_schedule() {
        // Where it is refused the record says how late requests were sent.
        let _ = set_timerslack(1);
    }
}

/// Sockets that an endpoint waits for at most: its connections and what listens for more.
const AWAITED: usize = CONNECTIONS_AT_ONCE as usize + 1;

/// Waits until the kernel has something for the endpoint, the field is told to stop, or the moment comes.
fn wait(field: &Field, (endpoint, task): (&Endpoint, &dyn Task), until: Option<Moment>) {
    let timeout = until.map(|moment| TimeSpec::from_duration(moment.since(Moment::now())));
    let alarm = field.alarm.as_fd();
    let mut waited: [_; AWAITED + 1] = array::from_fn(|_| PollFd::new(alarm, PollFlags::POLLIN));
    let mut count = 1;
    task.awaits(endpoint, &mut |socket, sending| {
        let room = if sending {
            PollFlags::POLLOUT
        } else {
            PollFlags::empty()
        };
        waited[count] = PollFd::new(socket, PollFlags::POLLIN | room);
        count += 1;
    });
    // It fails only for a signal, and the next turn finds whatever there is then.
    let _ = ppoll(&mut waited[..count], timeout, None);
}

/// Ends the system calls the threads are in. A client may be blocked by its peer, by TCP's memory, or by a link that is
/// gone; shutting the socket down ends all of these waits, where a signal would need each thread's id. What a server has
/// not read yet it still reads.
pub(super) fn wake(field: &Field) {
    let _ = field.alarm.write(1);
    for endpoint in &field.endpoints {
        let way = match endpoint.role {
            Role::Client if endpoint.orders.workload.has_requests() => Shutdown::Both,
            Role::Client => Shutdown::Write,
            Role::Server => Shutdown::Read,
        };
        // It fails only where the connection is gone, and its thread with it.
        let _ = endpoint.socket.shutdown(way);
    }
}
