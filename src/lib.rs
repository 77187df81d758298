//! kilonet answers one question with evidence: how does container networking on this node degrade as the number
//! of containers grows, and why?
//!
//! ```text
//! scenarios/*.toml
//!      |   scenario     what the user wrote -> what the program believes
//!      v
//!    plan               axes x repeats -> an ordered, listable list of trials; pure
//!      v
//!    runner --uses--> testbed: setup . measure . teardown      (a model can stand here)
//!      |                +- lab       namespaces, links (netlink)
//!      |                +- traffic   flows, drivers, one common window
//!      |                +- host      limits, counters, fingerprint, noise
//!      v
//!    store              results/<when>-<name>/: manifest + one record per trial, flushed as it happens
//! ===================== the disk is the wall: nothing below needs root, nor Linux =====================
//!      v
//!    analysis           records -> curves
//!      v
//!    report . export    terminal, SVG, HTML . CSV, Parquet, ...
//! ```
//!
//! A scenario expands into a plan of trials. Each trial is set up, measured and torn down on a testbed and becomes a
//! record. Everything a person sees is computed from records. Lower rooms never import upper ones; `tests/layers.rs`
//! holds the order.

#![warn(clippy::print_stdout, clippy::print_stderr)]

// What stands below the wall, and what is pure above it, is in crates of its own, by the same names.
pub use kilonet_record::{error, files, store, units};
pub use kilonet_report::{analysis, export, printable, report};
pub use kilonet_scenario::{plan, scenario};
pub use kilonet_stats::{self as stats, random};

mod cpu;
pub mod swept;
pub mod version;

pub mod host;
pub mod lab;
pub mod traffic;

pub mod runner;
pub mod testbed;

pub mod cli;

pub use error::{Error, Result};

// The counter of allocations is for tests alone, and a test has one allocator: each crate takes it in for itself.
#[cfg(test)]
#[path = "../crates/kilonet-stats/src/allocations.rs"]
mod allocations;
