//! The rows of `flows.csv` one by one, for there may be millions.
//!
//! Must not know which trials have a record. The invariant: a row is given exactly as its line says, or not at all and a
//! note says why.

use std::fs::File;
use std::io::{self, Take};
use std::path::Path;

use super::{FLOWS, LARGEST_TABLE};
use crate::error::Result;
use crate::files;
use crate::store::record::FlowRow;

/// The rows of a run's flows, first to last; a line that cannot be read is a sentence instead. Columns that the version of
/// kilonet that wrote the file did not have yet are absent.
pub struct Flows(Option<csv::DeserializeRecordsIntoIter<Take<File>, FlowRow>>);

impl Flows {
    /// Those of the run in `dir`; none where it has no such file.
    ///
    /// # Errors
    /// When the file is there and cannot be opened.
    pub fn open(dir: &Path) -> Result<Self> {
        let path = dir.join(FLOWS);
        match files::open(&path, LARGEST_TABLE) {
            Ok(file) => Ok(Self(Some(
                csv::Reader::from_reader(file).into_deserialize(),
            ))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self(None)),
            Err(error) => Err(files::refusal("open", &path, error)),
        }
    }
}

impl Iterator for Flows {
    type Item = Result<FlowRow, String>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.0.as_mut()?.next()?;
        Some(row.map_err(|error| {
            if error.is_io_error() {
                // It would come again for ever.
                self.0 = None;
            }
            note(&error)
        }))
    }
}

fn note(error: &csv::Error) -> String {
    let line = error.position().map(csv::Position::line);
    let line = line.map(|line| format!(" line {line}")).unwrap_or_default();
    format!("{FLOWS}{line} is skipped: {error}")
}
