//! The command line as it is typed: its verbs, in the order in which help lists them.
//!
//! Must not know what the verbs do.

use clap::{Parser, Subcommand};

use super::{
    agent, attach, clean, compare, doctor, exec, export, keep, lab, plan, report, run, schema,
};
use crate::version;

/// How container networking on this node degrades as the number of containers grows, and why.
///
/// kilonet sets up thousands of network namespaces joined by bridges, veth pairs, routers or tunnels, or by sharing one,
/// drives traffic between all of them at once, and draws throughput and latency against the count.
#[derive(Debug, Parser)]
#[command(bin_name = "kilonet", version = version::OWN.as_str(), max_term_width = 100, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    pub(super) verb: Verb,
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

Exit codes: 0 done, 1 failed, or some trials failed, or a [fail_if] condition was met, 2 usage or scenario error.";

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Run a scenario file: measure, then report
    Run(run::Run),
    /// Run a scenario made from flags
    Sweep(run::Sweep),
    /// List the trials of a scenario and what they need, touching nothing
    Plan(plan::Plan),
    /// Report on a run folder again, from its records
    Report(report::Report),
    /// Compare run folders with a base, cell by cell; exit code 1 on a regression
    Compare(compare::Compare),
    /// Write a run's trials, flows and samples in a format that other programs read
    Export(export::Export),
    /// Show what this machine can do, and which limit will bind first
    Doctor(doctor::Doctor),
    /// Measure between existing containers or namespaces, changing nothing in them
    Attach(attach::Attach),
    /// Set up a lab and open a shell in it; the lab is removed when the shell ends
    Lab(lab::Lab),
    /// Run a command in a container of the lab, from within its shell
    Exec(exec::Exec),
    /// Remove what killed runs have left behind, and restore sysctls that they raised
    Clean(clean::Clean),
    /// Print the JSON Schema of scenario files, for editors
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
