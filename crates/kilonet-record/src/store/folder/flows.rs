//! The rows of a table beside the records one by one, for there may be millions.
//!
//! Must not know which trials have a record. The invariant: a row is given exactly as its line says, or not at all and a
//! note says why.

use std::fs::File;
use std::io::{self, Take};
use std::path::Path;

use serde::de::DeserializeOwned;

use super::names::{FLOWS, LARGEST_TABLE};
use crate::error::Result;
use crate::files;
use crate::store::record::FlowRow;

/// The rows of a run's flows, first to last; a line that cannot be read is a sentence instead. Columns that the version of
/// kilonet that wrote the file did not have yet are absent.
pub struct Flows(Rows<FlowRow>);

impl Flows {
    /// Those of the run in `dir`; none where it has no such file.
    ///
    /// # Errors
    /// When the file is there and cannot be opened.
    pub fn open(dir: &Path) -> Result<Self> {
        Rows::open(dir, FLOWS).map(Self)
    }
}

impl Iterator for Flows {
    type Item = Result<FlowRow, String>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

/// The rows of any such table.
pub(super) struct Rows<Row> {
    file: &'static str,
    rows: Option<csv::DeserializeRecordsIntoIter<Take<File>, Row>>,
}

impl<Row: DeserializeOwned> Rows<Row> {
    pub(super) fn open(dir: &Path, file: &'static str) -> Result<Self> {
        let path = dir.join(file);
        let rows = match files::open(&path, LARGEST_TABLE) {
            Ok(file) => Some(csv::Reader::from_reader(file).into_deserialize()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(files::refusal("open", &path, error)),
        };
        Ok(Self { file, rows })
    }

    /// Whether there is such a file at all.
    pub(super) fn is_there(&self) -> bool {
        self.rows.is_some()
    }

    fn note(&self, error: &csv::Error) -> String {
        let line = error.position().map(csv::Position::line);
        let line = line.map(|line| format!(" line {line}")).unwrap_or_default();
        format!("{}{line} is skipped: {error}", self.file)
    }
}

impl<Row: DeserializeOwned> Iterator for Rows<Row> {
    type Item = Result<Row, String>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.rows.as_mut()?.next()?;
        Some(row.map_err(|error| {
            if error.is_io_error() {
                // It would come again for ever.
                self.rows = None;
            }
            self.note(&error)
        }))
    }
}
