//! What a run says, in the forms that other programs read: one file for each form.
//!
//! Reads records only, and must not know where what it writes ends up. The invariant: all forms are made of the same run
//! as [`Source`] reads it, and what a record does not have is absent in each of them, never zero.

mod column;
pub mod columns;
mod csv;
mod flent;
mod grouped;
mod hgrm;
mod iperf3;
mod k8s_netperf;
mod openmetrics;
mod parquet;
mod source;
mod tables;

use crate::error::Result;

pub use source::{Destination, Source};

/// A form that a run can be exported in.
#[derive(Debug)]
pub struct Format {
    /// What it is asked for by.
    pub name: &'static str,
    /// What it is, and who reads it.
    pub about: &'static str,
    /// How many files it is.
    pub files: Files,
    write: fn(&Source, &mut dyn Destination) -> Result<Vec<String>>,
}

/// How many files a form is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Files {
    /// One, which may as well be a stream.
    One,
    /// Several: a folder.
    Several,
}

/// Every form, in the order in which help lists them.
pub static FORMATS: &[Format] = &[
    Format {
        name: "csv",
        about: "trials.csv, flows.csv and samples.csv, for everything that reads tables",
        files: Files::Several,
        write: tables::write::<csv::Csv>,
    },
    Format {
        name: "parquet",
        about: "the same tables with types, for DuckDB, Polars, pandas and Arrow",
        files: Files::Several,
        write: tables::write::<parquet::Tables>,
    },
    Format {
        name: "iperf3-json",
        about: "a file for each trial, in the shape of iperf3 --json",
        files: Files::Several,
        write: iperf3::write,
    },
    Format {
        name: "k8s-netperf-csv",
        about: "a row for each cell, with the columns of k8s-netperf's results",
        files: Files::One,
        write: k8s_netperf::write,
    },
    Format {
        name: "flent",
        about: "a .flent.gz for each trial of TCP streams, for Flent's plots and statistics",
        files: Files::Several,
        write: flent::write,
    },
    Format {
        name: "openmetrics",
        about: "OpenMetrics text with the time of each trial, for Prometheus to load as history",
        files: Files::One,
        write: openmetrics::write,
    },
    Format {
        name: "hgrm",
        about: "latencies as hdrhistogram's interval log, one tag for each trial",
        files: Files::One,
        write: hgrm::write,
    },
];

impl Format {
    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name == name)
    }

    /// Writes a run in this form, and gives what of it could not be read, each a sentence.
    ///
    /// # Errors
    /// When `into` refuses, or the run's flows cannot be opened.
    pub fn write(&self, source: &Source, into: &mut dyn Destination) -> Result<Vec<String>> {
        (self.write)(source, into)
    }
}

#[cfg(test)]
mod tests;
