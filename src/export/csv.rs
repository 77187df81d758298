//! CSV: a file for each table, with a header, as RFC 4180 has it.
//!
//! Must not know what a column means. The invariant: an absent value is an empty field.

use std::borrow::Borrow;
use std::io;

use super::columns::{FLOWS, SAMPLES, Sample, TRIALS, Table};
use super::{Destination, Source, refusal};
use crate::error::Result;

/// Writes the three tables of a run.
pub(super) fn write(source: &Source, into: &mut dyn Destination) -> Result<Vec<String>> {
    let records = &source.run.records;
    table(&TRIALS, records.iter(), into)?;
    let mut flows = source.flows()?;
    table(&FLOWS, &mut flows, into)?;
    table(&SAMPLES, records.iter().flat_map(Sample::of), into)?;
    Ok(flows.notes())
}

fn table<Row>(
    table: &Table<Row>,
    rows: impl Iterator<Item = impl Borrow<Row>>,
    into: &mut dyn Destination,
) -> Result<()> {
    let name = format!("{}.csv", table.name);
    let file = into.file(&name)?;
    lines(table, rows, file).map_err(|error| refusal(&name, error))
}

fn lines<Row>(
    table: &Table<Row>,
    rows: impl Iterator<Item = impl Borrow<Row>>,
    file: impl io::Write,
) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(file);
    writer.write_record(table.columns().map(|column| column.name))?;
    for row in rows {
        for column in table.columns() {
            let value = column.text(row.borrow());
            writer.write_field(value.as_deref().unwrap_or_default())?;
        }
        writer.write_record(None::<&[u8]>)?;
    }
    writer.flush()
}
