//! CSV: a file for each table, with a header, as RFC 4180 has it.
//!
//! Must not know what a column means. The invariant: an absent value is an empty field.

use std::borrow::Borrow;
use std::io;

use super::columns::Table;
use super::tables::Form;

/// See the file's head.
pub(super) struct Csv;

impl Form for Csv {
    const ENDING: &'static str = ".csv";

    fn table<Row>(
        table: &Table<Row>,
        rows: impl Iterator<Item = impl Borrow<Row>>,
        file: impl io::Write + Send,
    ) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(file);
        let columns = table.columns();
        writer.write_record(columns.iter().map(|column| column.name))?;
        for row in rows {
            for column in &columns {
                let value = column.text(row.borrow());
                writer.write_field(value.as_deref().unwrap_or_default())?;
            }
            writer.write_record(None::<&[u8]>)?;
        }
        writer.flush()
    }
}
