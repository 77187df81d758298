//! `threads`: one blocking thread per endpoint, so that the kernel's scheduler shares the CPUs as it does among containers.
//!
//! Must not know epoll. The invariant: a thread does nothing between two turns but look whether to stop.

use std::net::Shutdown;
use std::thread::{Builder, Scope};

use crate::error::{Error, Result};
use crate::traffic::flow::{Endpoint, Field, Role};
use crate::traffic::workload::Turn;

/// Enough for the few frames down to a system call. Only touched pages are real: two threads come to about 24 KiB.
const STACK_BYTES: usize = 32 << 10;

pub(super) fn launch<'scope>(scope: &'scope Scope<'scope, '_>, field: &'scope Field) -> Result<()> {
    let threads = field.endpoints.len();
    for endpoint in &field.endpoints {
        Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, move || drive(field, endpoint))
            .map_err(|source| {
                Error::kernel("spawn", format!("{threads} threads for traffic"), source)
            })?;
    }
    field.gate.gather(threads);
    Ok(())
}

fn drive(field: &Field, endpoint: &Endpoint) {
    field.gate.pass();
    while !field.gate.is_stopped() && field.stream.turn(endpoint, endpoint.flow) != Turn::Over {}
}

/// Ends the system calls the threads are in. A sender may be blocked by its peer, by TCP's memory, or by a link that is
/// gone; shutting the socket down ends all of these waits, where a signal would need each thread's id.
pub(super) fn wake(field: &Field) {
    for endpoint in &field.endpoints {
        let way = match endpoint.role {
            Role::Sender => Shutdown::Write,
            Role::Receiver => Shutdown::Read,
        };
        // It fails only where the connection is gone, and its thread with it.
        let _ = endpoint.socket.shutdown(way);
    }
}
