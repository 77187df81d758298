//! A run to be exported, and where its files go.
//!
//! Must not know forms. The invariant: the flows of a run are those of trials that have a record.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::{Act, Error, Result};
use crate::files::FileName;
use crate::store::folder::{Flows, Run, Tally};
use crate::store::record::FlowRow;

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
    pub(super) dir: PathBuf,
    pub(super) run: Run,
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
    pub(super) fn flows(&self) -> Result<Recorded> {
        Ok(Recorded {
            tally: Tally::of(&self.dir, &self.run.records)?,
            flows: Flows::open(&self.dir)?,
        })
    }
}

/// Rows of `flows.csv` that are all that a trial with a record has.
pub(super) struct Recorded {
    tally: Tally,
    flows: Flows,
}

impl Recorded {
    pub(super) fn notes(self) -> Vec<String> {
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
pub(super) fn refusal(into: &dyn Destination, name: &FileName, source: io::Error) -> Error {
    Error::kernel(Act::Keep("write"), into.place(name), source)
}
