//! The tables that CSV and Parquet hold, column by column, and the page that documents them.
//!
//! A file for each table. Must not know a file format. The invariant: what a column is called, counts in and means is
//! written here and nowhere else, so that files and documentation cannot disagree.

mod circumstances;
mod cost;
mod factors;
mod figures;
mod flows;
mod identity;
mod phases;
mod samples;
mod witnesses;

use std::fmt::Write;

use super::column::Column;
use crate::store::Record;
use crate::store::record::FlowRow;

pub use samples::Sample;

/// A table: its name, what a row is, and its columns in groups.
pub struct Table<Row: 'static> {
    /// Its files are called this.
    pub name: &'static str,
    /// What a row of it is.
    pub about: &'static str,
    columns: fn() -> Vec<Column<Row>>,
}

impl<Row> Table<Row> {
    /// The columns, first to last.
    #[must_use]
    pub fn columns(&self) -> Vec<Column<Row>> {
        (self.columns)()
    }
}

/// One row per trial.
pub static TRIALS: Table<Record> = Table {
    name: "trials",
    about: "One row per trial, failed ones too: these have `error_` columns and no figures. Columns are named after the fields \
            of a record in `trials.jsonl`, with `_` between the levels and without `cell_`.",
    columns: || [identity::COLUMNS, &factors::columns(), &found()].concat(),
};

/// What was found of a trial.
fn found() -> Vec<Column<Record>> {
    [
        figures::COLUMNS,
        cost::COLUMNS,
        witnesses::COLUMNS,
        &phases::columns(),
        circumstances::COLUMNS,
    ]
    .concat()
}

/// The columns of trials that say what a trial is: what an info metric has as labels.
pub(super) fn labels() -> Vec<Column<Record>> {
    let told = circumstances::COLUMNS.iter().filter(|it| !it.is_figure());
    let told: Vec<_> = told.copied().collect();
    [identity::COLUMNS, &factors::columns(), &told].concat()
}

/// The columns of trials that say what was found, each a figure.
pub(super) fn figures() -> impl Iterator<Item = Column<Record>> {
    found().into_iter().filter(Column::is_figure)
}

/// One row per flow per trial.
pub static FLOWS: Table<FlowRow> = Table {
    name: "flows",
    about: "One row per flow per trial, of the trials that have a record; `trial` leads to their row among the trials.",
    columns: || flows::COLUMNS.to_vec(),
};

/// One row per interval per trial.
pub static SAMPLES: Table<Sample> = Table {
    name: "samples",
    about: "One row per interval of the window per trial: the aggregate over time.",
    columns: || samples::COLUMNS.to_vec(),
};

/// The page on all columns, in Markdown.
#[must_use]
pub fn document() -> String {
    let mut page = HEAD.to_owned();
    describe(&mut page, &TRIALS);
    describe(&mut page, &FLOWS);
    describe(&mut page, &SAMPLES);
    page
}

const HEAD: &str = "# Columns of `kilonet export --format csv` and `--format parquet`

Generated from the table that the export itself uses. An absent value is an empty field in CSV and null in
Parquet, never 0. Parquet files hold the same descriptions in the footer, under the key `kilonet.columns`, as JSON.
";

fn describe<Row>(page: &mut String, table: &Table<Row>) {
    let Table { name, about, .. } = table;
    // Writing to a string does not fail.
    let _ = write!(
        page,
        "\n## {name}\n\n{about}\n\n| column | kind | unit | meaning |\n|---|---|---|---|\n"
    );
    for column in table.columns() {
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} |",
            column.name,
            column.kind().name(),
            column.unit.symbol(),
            column.about
        );
    }
}

#[cfg(test)]
mod tests;
