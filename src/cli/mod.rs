//! The command line: what can be asked for, and one short file per verb that asks the library for it.
//!
//! Must not know how anything is measured. Standard output is for results, standard error for progress and complaints.

mod agent;
mod attach;
mod clean;
mod compare;
mod display;
mod doctor;
mod exec;
mod export;
mod factors;
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

use clap::{Parser, Subcommand};

use crate::error::{Error, Result};
use crate::version;

/// How container networking on this node degrades as the number of containers grows, and why.
///
/// kilonet raises thousands of network namespaces joined by bridges, veth pairs, routers or tunnels, or by sharing one,
/// drives traffic between all of them at once, and draws throughput and latency against the count.
#[derive(Debug, Parser)]
#[command(bin_name = "kilonet", version = version::OWN.as_str(), max_term_width = 100, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

const EXAMPLES: &str = "\
Examples:
  kilonet run scenarios/quickstart.toml
  kilonet sweep --topology bridge,veth --containers 2..512
  kilonet sweep --topology bridge --containers 2..4096 --print > mine.toml
  kilonet plan mine.toml
  kilonet report results/20261123T120000Z-quickstart
  kilonet compare results/base results/new --threshold 5%
  kilonet export results/20261123T120000Z-quickstart --format parquet

Exit codes: 0 done, 1 failed or some trials failed, 2 usage or scenario error.";

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run a scenario file: measure, then report
    Run(run::Run),
    /// Run a scenario made from flags
    Sweep(run::Sweep),
    /// List the trials of a scenario and what they need, touching nothing
    Plan(plan::Plan),
    /// Report on a run folder again, from its records
    Report(report::Report),
    /// Hold run folders against a base, cell by cell; exit code 1 on a regression
    Compare(compare::Compare),
    /// Write a run's trials, flows and samples in a form that other programs read
    Export(export::Export),
    /// Show what this machine can do, and which limit will bind first
    Doctor(doctor::Doctor),
    /// Measure between containers or namespaces that exist, changing nothing in them
    Attach(attach::Attach),
    /// Raise a lab and walk about in it: a shell, and everything gone when it ends
    Lab(lab::Lab),
    /// Run a command in a container of the lab whose shell this is
    Exec(exec::Exec),
    /// Remove what runs that died have left behind, and put back sysctls that they raised
    Clean(clean::Clean),
    /// Print what scenario files may hold: their JSON Schema, for editors
    Schema(schema::Schema),
    /// Run a lab's shell and end all that comes of it; started by kilonet itself
    #[command(hide = true)]
    Keep(keep::Keep),
    /// Let all signals through, and become a command; started by kilonet itself
    #[command(hide = true)]
    Become(keep::Become),
    /// Serve a trial inside a container; started by kilonet itself
    #[command(hide = true)]
    Agent(agent::Agent),
    /// Fork processes for the containers of a lab; started by kilonet itself
    #[command(hide = true)]
    Nursery,
}

/// Leaves the process at once; main's to do.
pub type Leave = fn() -> !;

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

    /// Does what was asked for. `leave` is called when the user insists on an end.
    ///
    /// # Errors
    /// What [`complain`] has words for.
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
    tell(error);
    ExitCode::from(if error.is_usage() { 2 } else { 1 })
}

/// Says what went wrong on standard error.
fn tell(error: &Error) {
    // A scenario's errors come rendered, each with its own `error:`.
    let label = if matches!(error, Error::Scenario(_)) {
        ""
    } else {
        "error: "
    };
    out::say(format!("{label}{}", error.sentence()));
    if let Some(hint) = error.hint() {
        out::say(format!("hint: {hint}"));
    }
}
