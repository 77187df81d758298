//! `kilonet keep`: runs a lab's shell, and ends all processes started from it when either the shell or the lab ends.
//!
//! Started by `kilonet lab`, which holds the lab. That process may be killed at any instant, and then cannot see to it that
//! nobody stays in a namespace of the lab and so keeps it alive; this one hears of it from the kernel.

use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use clap::Args;
use nix::sys::signal::Signal;

use crate::error::{Act, Error, Result};
use crate::host::signal::{self, Blocked};
use crate::host::{kin, limits, relay};

/// The exit code after SIGTERM, as shells count it.
const TOLD_TO_END: u8 = 143;

/// Ends with the command's exit code.
#[derive(Debug, Args)]
pub(super) struct Keep {
    /// The limits to give back to the shell
    #[arg(long)]
    limits: limits::Found,
    /// The lab's process
    lab: u32,
    /// The shell, or what stands in its place
    program: OsString,
    /// Its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

impl Keep {
    pub(super) fn run(&self) -> Result<ExitCode> {
        // Those that the lab's process blocks are blocked here from the first moment, so that none comes too early.
        let signals = Blocked::of(relay::RELAYED.into_iter().chain([Signal::SIGCHLD]))?;
        kin::adopt()?;
        kin::follow(self.lab, Signal::SIGTERM)?;
        let own = env::current_exe()
            .map_err(|source| Error::kernel("find", "the program itself", source))?;
        let child = Command::new(own)
            .args(["become", "--limits", &self.limits.to_string(), "--"])
            .arg(&self.program)
            .args(&self.arguments)
            .spawn()
            .map_err(|source| Error::kernel(Act::Start, "the shell", source))?;
        let code = outlive(child.id(), &signals);
        kin::end_all()?;
        code.map(ExitCode::from)
    }
}

/// Waits until the child ends or a signal ends this process.
fn outlive(child: u32, signals: &Blocked) -> Result<u8> {
    loop {
        // First of all: it may have ended before its end was waited for.
        if let Some(code) = kin::harvest(child) {
            return Ok(code);
        }
        if matches!(signals.next()?, Signal::SIGTERM | Signal::SIGHUP) {
            return Ok(TOLD_TO_END);
        }
    }
}

/// Takes this process's place.
#[derive(Debug, Args)]
pub(super) struct Become {
    /// The limits that it has
    #[arg(long)]
    limits: limits::Found,
    /// What becomes of this process
    program: OsString,
    /// Its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

impl Become {
    /// Unblocks signals: a program inherits the blocked ones, and this one must be interruptible.
    pub(super) fn run(&self) -> Result<ExitCode> {
        signal::unblock_all()?;
        self.limits
            .give_back()
            .map_err(|errno| Error::kernel("give back", "the limits of the shell", errno.into()))?;
        let refusal = Command::new(&self.program).args(&self.arguments).exec();
        let program = self.program.to_string_lossy();
        Err(Error::kernel(Act::Become, program, refusal))
    }
}
