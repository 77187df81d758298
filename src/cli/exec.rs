//! `kilonet exec`: becomes a command in a container of the lab in whose shell it was started.
//!
//! The lab is found by what `kilonet lab` put into the environment. The command takes this process's place, so that the
//! terminal, signals and the exit code are its own.

use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use clap::Args;

use super::out;
use crate::error::{Act, Error, Remedy, Result};
use crate::lab::roster::{Room, Roster};
use crate::lab::{netns, sysfs};

/// The environment variable with the path of a lab's roster.
pub(super) const LAB: &str = "KILONET_LAB";

/// The command sees the container's network and its devices in `/sys`; everything else is as outside.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples, in the shell that kilonet lab gives:
  kilonet exec 0 -- ip addr
  kilonet exec 1 -- iperf3 --server --daemon && kilonet exec 0 -- iperf3 --client 10.0.0.3
  kilonet exec host0 -- bridge fdb           the host side has its own namespaces
  kilonet exec host0 -- nft list ruleset
  kilonet exec 0 -- bash                     to stay there")]
pub(super) struct Exec {
    /// A container, by its number from 0; or host0, host1, ... of the host side
    #[arg(value_name = "K")]
    room: Room,
    /// The command to run
    #[arg(value_name = "CMD")]
    program: OsString,
    /// Its arguments
    #[arg(
        value_name = "ARG",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    arguments: Vec<OsString>,
}

impl Exec {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let place = env::var(LAB).ok();
        let namespace = roster(place.as_deref())?.open(self.room)?;
        netns::move_in(&namespace)
            .map_err(|source| Error::kernel("enter", "a namespace of the lab", source))?;
        if let Err(error) = sysfs::show_for_good() {
            out::say(format!(
                "note: /sys does not show this container's devices: {error}"
            ));
        }
        let refusal = Command::new(&self.program).args(&self.arguments).exec();
        Err(Error::kernel(
            Act::Become,
            self.program.to_string_lossy(),
            refusal,
        ))
    }
}

/// The roster of the lab from whose shell this was started; the environment gives its path.
pub(super) fn roster(place: Option<&str>) -> Result<Roster> {
    let refused =
        |reason, remedy| Err(Error::refused("enter", "a lab", reason).with_remedy(remedy));
    let Some(place) = place else {
        let reason = format!("this is not the shell of a lab: {LAB} is not set");
        return refused(reason, Remedy::StartLab);
    };
    match Roster::find(place) {
        Some(roster) => Ok(roster),
        None => refused(
            format!("the lab of this shell has ended, or is another user's ({LAB} is {place})"),
            Remedy::StartAnotherLab,
        ),
    }
}
