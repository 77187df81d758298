//! Flent's data file, version 4: a gzipped one for each trial of TCP streams, as its test `tcp_nup` would have written it.
//!
//! The invariant: the one series in it, `TCP upload sum`, is the aggregate of the record's samples in Mbit/s, each at the
//! end of its interval; a trial that has no samples has no file.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::source::{Destination, Source, refusal};
use crate::error::Result;
use crate::scenario::Family;
use crate::store::Record;
use crate::store::folder::Manifest;
use crate::store::record::{Samples, Window};
use crate::units::counted;

const VERSION: u32 = 4;
/// Flent's test of several flows from one host, which its plots and statistics know the series of.
const TEST: &str = "tcp_nup";
const SERIES: &str = "TCP upload sum";

/// Writes a file for each trial that Flent has a place for.
pub(super) fn write(source: &Source, into: &mut dyn Destination) -> Result<Vec<String>> {
    let mut without = 0;
    for record in &source.run.records {
        let Some(data) = data(&source.run.manifest, record) else {
            without += 1;
            continue;
        };
        let name = record.trial.file(".flent.gz");
        let file = into.file(&name)?;
        save(&data, file).map_err(|error| refusal(into, &name, error))?;
    }
    let note = format!(
        "no file for {}: Flent has no place for those that failed or are no TCP streams",
        counted(without, "trial")
    );
    Ok((without > 0).then_some(note).into_iter().collect())
}

fn save(data: &Value, file: impl Write) -> io::Result<()> {
    let mut file = GzEncoder::new(file, Compression::default());
    serde_json::to_writer(&mut file, data)?;
    file.finish()?.flush()
}

fn data(manifest: &Manifest, record: &Record) -> Option<Value> {
    let (window, samples) = (record.window?, record.samples.as_ref()?);
    if !record.cell.workload.is_byte_stream() {
        return None;
    }
    let megabits: Vec<_> = samples.goodput_bps.iter().map(|rate| rate / 1e6).collect();
    let ends: Vec<_> = (1..=megabits.len())
        .map(|number| number as f64 * seconds(samples.interval_ns))
        .collect();
    let start = seconds(window.start_unix_ns);
    let raw = ends.iter().zip(&megabits);
    let raw: Vec<_> = raw
        .map(|(x, rate)| json!({"t": start + x, "val": rate}))
        .collect();
    Some(json!({
        "version": VERSION,
        "metadata": metadata(manifest, record, window, samples),
        "x_values": ends,
        "results": {SERIES: megabits},
        "raw_values": {SERIES: raw},
    }))
}

fn metadata(manifest: &Manifest, record: &Record, window: Window, samples: &Samples) -> Value {
    let cell = &record.cell;
    let time = Timestamp::from_nanosecond(window.start_unix_ns.into()).ok();
    let time = time.map(|time| time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string());
    let length = seconds(window.duration_ns);
    json!({
        "NAME": TEST,
        "TITLE": record.trial,
        "NOTE": format!("written by kilonet {}", manifest.made_by()),
        "BATCH_NAME": manifest.name,
        "TIME": time,
        "T0": time,
        "LENGTH": length,
        "TOTAL_LENGTH": length,
        "STEP_SIZE": seconds(samples.interval_ns),
        "HOST": "container-1",
        "HOSTS": ["container-1"],
        "LOCAL_HOST": "container-0",
        "IP_VERSION": if cell.family == Family::Ipv4 { 4 } else { 6 },
        "DATA_FILENAME": format!("{}.flent.gz", record.trial),
        "TEST_PARAMETERS": {"upload_streams": cell.flows().to_string()},
        "KERNEL_RELEASE": manifest.fingerprint["kernel"]["release"],
    })
}

fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}
