//! What a run says, in the forms that other programs read: one file for each form.
//!
//! Reads records only, and must not know where what it writes ends up. The invariant: all forms are made of the same run
//! as [`Run`] reads it, and what a record does not have is absent in each of them, never zero.

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
mod tables;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::{Act, Error, Result};
use crate::files::FileName;
use crate::store::folder::{Flows, Run, Tally};
use crate::store::record::FlowRow;

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

/// Where files go; only the command line knows.
pub trait Destination {
    /// A new file of that name, or what stands for it.
    ///
    /// # Errors
    /// When it cannot be made.
    fn file(&mut self, name: &FileName) -> Result<Box<dyn Write + Send + '_>>;

    /// What people know that file by: its path, or what stands for it.
    fn place(&self, name: &FileName) -> String;
}

/// A run to be exported.
pub struct Source {
    dir: PathBuf,
    run: Run,
}

impl Source {
    /// Reads the run in `dir`, all but its flows, which are read as they are written.
    ///
    /// # Errors
    /// When `dir` is no run folder.
    pub fn read(dir: &Path) -> Result<Self> {
        Ok(Self {
            dir: dir.to_owned(),
            run: Run::read(dir)?,
        })
    }

    /// What of the records could not be read, each a sentence.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.run.notes
    }

    /// The flows of the trials that have a record, as a record's line is what makes a trial, and all the rows that it speaks
    /// of.
    fn flows(&self) -> Result<Recorded> {
        Ok(Recorded {
            tally: Tally::of(&self.dir, &self.run.records)?,
            flows: Flows::open(&self.dir)?,
        })
    }
}

/// Rows of `flows.csv` that are all that a trial with a record has.
struct Recorded {
    tally: Tally,
    flows: Flows,
}

impl Recorded {
    fn notes(self) -> Vec<String> {
        self.tally.notes().to_vec()
    }
}

impl Iterator for Recorded {
    type Item = FlowRow;

    fn next(&mut self) -> Option<FlowRow> {
        let tally = &self.tally;
        // What cannot be read, the tally has said.
        let mut rows = self.flows.by_ref().filter_map(Result::ok);
        rows.find(|row| tally.is_sound(&row.trial))
    }
}

/// A file that could not be written.
fn refusal(into: &dyn Destination, name: &FileName, source: io::Error) -> Error {
    Error::kernel(Act::Keep("write"), into.place(name), source)
}

#[cfg(test)]
mod tests;
