//! `OpenMetrics` text, version 1.0: a gauge for each figure of the trials, and their factors as an info metric to join
//! with.
//!
//! Names, units and help come from the table of columns. The invariant: every sample has the time of its trial's window, of
//! a trial that failed the time at which the run began, so that the text can be loaded as history.

use std::io::{self, Write};

use super::column::{Column, Unit};
use super::columns;
use super::source::{Destination, Source, refusal};
use crate::error::Result;
use crate::files::FileName;
use crate::store::Record;

const FILE: FileName = FileName::fixed("kilonet.om");

/// What is said of a run as a whole, in every sample: the folder's name.
struct Exposition<'a> {
    run: String,
    started_unix_ns: u64,
    records: &'a [Record],
}

/// Writes the figures of all trials of a run.
pub(super) fn write(source: &Source, into: &mut dyn Destination) -> Result<Vec<String>> {
    let run = source.dir.canonicalize().unwrap_or(source.dir.clone());
    let run = run.file_name().unwrap_or_default().to_string_lossy();
    let exposition = Exposition {
        run: escaped(&run),
        started_unix_ns: source.run.manifest.started_unix_ns,
        records: &source.run.records,
    };
    let written = exposition.write(&mut into.file(&FILE)?);
    written.map_err(|error| refusal(into, &FILE, error))?;
    Ok(Vec::new())
}

impl Exposition<'_> {
    fn write(&self, file: &mut impl Write) -> io::Result<()> {
        self.info(file)?;
        for column in columns::figures() {
            self.gauge(&column, file)?;
        }
        writeln!(file, "# EOF")?;
        file.flush()
    }

    fn info(&self, file: &mut impl Write) -> io::Result<()> {
        writeln!(file, "# TYPE kilonet_trial info")?;
        writeln!(
            file,
            "# HELP kilonet_trial What a trial is: its factors, whether it failed, and why."
        )?;
        let labels = columns::labels();
        for record in self.records {
            write!(file, "kilonet_trial_info{{run=\"{}\"", self.run)?;
            for column in &labels {
                if let Some(value) = column.text(record) {
                    write!(file, ",{}=\"{}\"", column.name, escaped(&value))?;
                }
            }
            writeln!(file, "}} 1 {}", self.time(record))?;
        }
        Ok(())
    }

    fn gauge(&self, column: &Column<Record>, file: &mut impl Write) -> io::Result<()> {
        let name = name(column);
        writeln!(file, "# TYPE {name} gauge")?;
        if let Some((_, unit)) = suffix_and_unit(column.unit) {
            writeln!(file, "# UNIT {name} {unit}")?;
        }
        writeln!(file, "# HELP {name} {}", escaped(column.about))?;
        for record in self.records {
            if let Some(value) = column.text(record) {
                let (run, trial) = (&self.run, escaped(&record.trial));
                let time = self.time(record);
                writeln!(
                    file,
                    "{name}{{run=\"{run}\",trial=\"{trial}\"}} {value} {time}"
                )?;
            }
        }
        Ok(())
    }

    /// Seconds since 1970 UTC, to the millisecond.
    fn time(&self, record: &Record) -> String {
        let window = record.window.map(|window| window.start_unix_ns);
        let millis = window.unwrap_or(self.started_unix_ns) / 1_000_000;
        format!("{}.{:03}", millis / 1000, millis % 1000)
    }
}

/// `goodput_bps` becomes `kilonet_goodput_bits_per_second`: a name has to end in its unit.
fn name(column: &Column<Record>) -> String {
    let Some((suffix, unit)) = suffix_and_unit(column.unit) else {
        return format!("kilonet_{}", column.name);
    };
    let stem = column.name.strip_suffix(suffix).unwrap_or(column.name);
    format!("kilonet_{stem}_{unit}")
}

/// What names of columns in this unit end in, and what it is called here.
fn suffix_and_unit(unit: Unit) -> Option<(&'static str, &'static str)> {
    match unit {
        Unit::Plain => None,
        Unit::Nanoseconds => Some(("_ns", "nanoseconds")),
        Unit::NanosecondsPerByte => Some(("_ns_per_byte", "nanoseconds_per_byte")),
        Unit::NanosecondsPerTransaction => {
            Some(("_ns_per_transaction", "nanoseconds_per_transaction"))
        }
        Unit::Seconds => Some(("_s", "seconds")),
        Unit::BitsPerSecond => Some(("_bps", "bits_per_second")),
        Unit::PerSecond => Some(("_per_s", "per_second")),
        Unit::Bytes => Some(("_bytes", "bytes")),
        Unit::Pages => Some(("_pages", "pages")),
        Unit::Ratio => Some(("_ratio", "ratio")),
    }
}

/// As the format wants it in quotes and in help.
fn escaped(text: &str) -> String {
    text.replace('\\', r"\\")
        .replace('"', "\\\"")
        .replace('\n', r"\n")
}
