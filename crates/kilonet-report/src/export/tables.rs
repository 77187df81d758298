//! The tables of a run, a file for each, in whatever form a table can be written in.
//!
//! Must not know what a column means, nor how a table is written.

use std::borrow::Borrow;
use std::io::{self, Write};

use super::columns::{FLOWS, SAMPLES, Sample, TRIALS, Table};
use super::source::{Destination, Source, refusal};
use crate::error::Result;
use crate::files::FileName;

/// A form that a table can be written in.
pub(super) trait Form {
    /// What the names of its files end in.
    const ENDING: &'static str;

    /// Writes one table whole.
    fn table<Row>(
        table: &Table<Row>,
        rows: impl Iterator<Item = impl Borrow<Row>>,
        file: impl Write + Send,
    ) -> io::Result<()>;
}

/// Writes the three tables of a run; returns notes on what is not in them.
pub(super) fn write<F: Form>(source: &Source, into: &mut dyn Destination) -> Result<Vec<String>> {
    let records = &source.run.records;
    one::<F, _>(&TRIALS, records.iter(), into)?;
    let mut flows = source.flows()?;
    one::<F, _>(&FLOWS, &mut flows, into)?;
    one::<F, _>(&SAMPLES, records.iter().flat_map(Sample::of), into)?;
    Ok(flows.notes())
}

fn one<F: Form, Row>(
    table: &Table<Row>,
    rows: impl Iterator<Item = impl Borrow<Row>>,
    into: &mut dyn Destination,
) -> Result<()> {
    let name = FileName::fixed(table.name).with(F::ENDING);
    let file = into.file(&name)?;
    F::table(table, rows, file).map_err(|error| refusal(into, &name, error))
}
