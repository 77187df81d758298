//! Drivers: which thread gives which endpoint its turns. One a file.
//!
//! Must not know what a turn does, nor when the window is. The invariant: launched threads move no byte before the gate
//! opens, and return within a bounded time once the field is halted.

mod agenda;
mod placement;
mod threads;
mod workers;

use std::thread::Scope;

use super::field::Field;
use crate::error::{Error, Result};
use crate::scenario::Driver;

/// Starts a driver's threads, and returns when all of them wait at the field's gate.
///
/// # Errors
/// When the system has no thread or descriptor left for them. Those that were started still wait at the gate then.
pub(super) fn launch<'scope>(
    scope: &'scope Scope<'scope, '_>,
    driver: Driver,
    field: &'scope Field,
) -> Result<()> {
    match driver {
        // In each process its endpoints are driven by threads.
        Driver::Threads | Driver::Processes => threads::launch(scope, field),
        Driver::Workers => workers::launch(scope, field),
        Driver::Iperf3 | Driver::Netperf | Driver::Sockperf => Err(Error::refused(
            "drive",
            "flows of our own",
            "a generator brings its own",
        )),
    }
}

/// Halts the field when dropped: threads at the gate, in a system call or in the middle of a pass all return.
#[derive(Debug)]
pub(super) struct Halt<'a> {
    driver: Driver,
    field: &'a Field,
}

impl<'a> Halt<'a> {
    pub(super) fn new(driver: Driver, field: &'a Field) -> Self {
        Self { driver, field }
    }
}

impl Drop for Halt<'_> {
    fn drop(&mut self) {
        self.field.gate.stop();
        match self.driver {
            Driver::Threads | Driver::Processes => threads::wake(self.field),
            Driver::Workers => workers::wake(self.field),
            Driver::Iperf3 | Driver::Netperf | Driver::Sockperf => {}
        }
    }
}
