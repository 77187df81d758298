//! The first acts of a verb that measures, in the one order in which they work.
//!
//! Signals are blocked before any thread exists, so that all inherit it; what the machine's own namespaces say is read
//! before rights are acquired, since a user namespace hides some of it; threads come last.

use std::collections::BTreeMap;

use super::live::terminal;
use crate::error::Result;
use crate::host::counters::{self, TcpMemory};
use crate::host::fingerprint::Fingerprint;
use crate::host::limits::{self, Limits};
use crate::host::privilege::{self, Privilege};
use crate::host::signal::{Blocked, Interrupt};
use crate::host::sysctl;
use crate::host::watching::Watching;

/// What is known of the machine, and may be done to it.
pub(super) struct Machine {
    pub(super) privilege: Privilege,
    pub(super) limits: Limits,
    pub(super) fingerprint: Fingerprint,
    pub(super) tcp_memory: Option<TcpMemory>,
    pub(super) watching: Watching,
    pub(super) interrupt: Interrupt,
}

/// Gets ready to measure under what the scenario sets of the machine's `sysctls`, with the signals blocked that are to end it.
/// `leave` ends the process when the user asks a second time.
pub(super) fn machine(
    signals: Blocked,
    sysctls: &BTreeMap<String, String>,
    leave: Leave,
) -> Result<Machine> {
    limits::raise()?;
    let limits = Limits::probe(sysctls)?;
    let tcp_memory = TcpMemory::thresholds(sysctls);
    let fingerprint = Fingerprint::take()?;
    counters::hold_neighbours();
    let watching = Watching::open();
    let privilege = privilege::acquire()?;
    let interrupt = signals.listen(move || {
        // Sysctls and the terminal's modes are what would outlive the process.
        let _ = sysctl::restore_own();
        terminal::give_back();
        leave()
    })?;
    Ok(Machine {
        privilege,
        limits,
        fingerprint,
        tcp_memory,
        watching,
        interrupt,
    })
}

/// Leaves the process at once; main's to do.
pub type Leave = fn() -> !;
