//! `kilonet agent`: what runs inside a container of a real engine. `kilonet nursery`: what the processes of a lab's own
//! containers are forked from.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::error::Result;
use crate::traffic::agent;

/// Started by kilonet itself, as the command of the containers it has made.
#[derive(Debug, Args)]
pub(super) struct Agent {
    /// The container's number, from 0
    #[arg(long, value_name = "N")]
    container: u32,
    /// The directory in which agents report
    #[arg(value_name = "DIR")]
    meeting: PathBuf,
}

impl Agent {
    pub(super) fn run(&self) -> Result<ExitCode> {
        agent::serve(&self.meeting, self.container)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Started by kilonet itself, with a link in place of standard input.
pub(super) fn nurse() -> Result<ExitCode> {
    agent::nurse()?;
    Ok(ExitCode::SUCCESS)
}
