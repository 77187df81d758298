//! The command line: what can be asked for, and one short file per verb that asks the library for it.
//!
//! Must not know how anything is measured. Standard output is for results, standard error for progress and complaints.

mod agent;
mod attach;
mod clean;
mod command;
mod compare;
mod display;
mod doctor;
mod exec;
mod export;
mod factors;
mod job;
mod keep;
mod lab;
mod lacks;
mod live;
mod out;
mod parts;
mod plan;
mod progress;
mod report;
mod resume;
mod run;
mod schema;
mod start;
mod unknown;

#[cfg(test)]
mod tests;

use std::env;
use std::process::ExitCode;

use clap::Parser;

pub use command::Cli;
pub use start::Leave;

use crate::error::{Error, Result};
use command::Verb;

impl Cli {
    /// Reads the command line; where there is nothing to be run, what was asked for or is wrong with it has been said.
    ///
    /// # Errors
    /// The exit code: 0 for help and the version, 2 for a mistake, and that of [`complain`] where help cannot be written.
    pub fn read() -> std::result::Result<Self, ExitCode> {
        Self::try_parse().map_err(|said| {
            let words = env::args_os().map(|word| word.to_string_lossy().into_owned());
            let said = unknown::explained(said, &words.collect::<Vec<_>>());
            if said.use_stderr() {
                out::usage(&said);
                return ExitCode::from(2);
            }
            match out::help(&said) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => complain(&error),
            }
        })
    }

    /// Runs the verb. `leave` is called when the user interrupts a second time.
    ///
    /// # Errors
    /// Any error of the verb, which [`complain`] prints.
    pub fn run(self, leave: Leave) -> Result<ExitCode> {
        match self.verb {
            Verb::Run(run) => run.run(leave),
            Verb::Sweep(sweep) => sweep.run(leave),
            Verb::Plan(plan) => plan.run(),
            Verb::Report(report) => report.run(),
            Verb::Compare(compare) => Ok(compare.run()),
            Verb::Export(export) => export.run(),
            Verb::Doctor(doctor) => doctor.run(leave),
            Verb::Attach(attach) => attach.run(leave),
            Verb::Lab(lab) => lab.run(),
            Verb::Exec(exec) => exec.run(),
            Verb::Keep(keep) => keep.run(),
            Verb::Become(shell) => shell.run(),
            Verb::Clean(_) => clean::Clean::run(),
            Verb::Schema(schema) => schema.run(),
            Verb::Agent(agent) => agent.run(),
            Verb::Nursery => agent::nurse(),
        }
    }
}

/// Says what went wrong on standard error, and which exit code that is.
#[must_use]
pub fn complain(error: &Error) -> ExitCode {
    out::tell(error);
    ExitCode::from(if error.is_usage() { 2 } else { 1 })
}
