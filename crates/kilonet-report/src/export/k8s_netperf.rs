//! k8s-netperf's CSV: a row for each cell, with the mean over its repeats and that mean's 95 % interval.
//!
//! The columns are those of its `result-*.csv`, and one more at the end, since its own do not tell kilonet's cells apart.
//! The invariant: a row rests on the trials that were measured and are valid; where there are none, or too few for an
//! interval, the fields are empty.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::source::{Destination, Source, refusal};
use crate::error::Result;
use crate::files::FileName;
use crate::scenario::{Cell, Path};
use crate::stats;
use crate::store::Record;
use crate::store::record::{Status, standing};

const FILE: FileName = FileName::fixed("k8s-netperf.csv");

const HEADER: [&str; 21] = [
    "Driver",
    "Profile",
    "Same node",
    "Host Network",
    "VM mode",
    "Service",
    "External Server",
    "UDN Info",
    "Bridge Info",
    "Duration",
    "Parallelism",
    "# of Samples",
    "Message Size",
    "Burst",
    "Confidence metric - low",
    "Confidence metric - high",
    "Avg Throughput",
    "Throughput Metric",
    "99%tile Observed Latency",
    "Latency Metric",
    "Cell",
];

/// Writes a row for each cell of a run, baselines too.
pub(super) fn write(source: &Source, into: &mut dyn Destination) -> Result<Vec<String>> {
    let file = into.file(&FILE)?;
    rows(&source.run.records, file).map_err(|error| refusal(into, &FILE, error))?;
    Ok(Vec::new())
}

fn rows(records: &[Record], file: impl Write) -> io::Result<()> {
    let mut cells: BTreeMap<&Cell, Vec<&Record>> = BTreeMap::new();
    for record in standing(records) {
        cells.entry(&record.cell).or_default().push(record);
    }
    let mut writer = csv::Writer::from_writer(file);
    writer.write_record(HEADER)?;
    for (cell, trials) in cells {
        writer.write_record(row(cell, &trials))?;
    }
    writer.flush()
}

fn row(cell: &Cell, trials: &[&Record]) -> [String; 21] {
    let valid: Vec<_> = trials
        .iter()
        .copied()
        .filter(|trial| is_valid(trial))
        .collect();
    let throughputs = figures(&valid, |trial| throughput(cell, trial));
    let interval = stats::interval_95(&throughputs);
    let latencies = figures(&valid, |trial| {
        Some(trial.latency.as_ref()?.p99_ns? as f64 / 1e3)
    });
    let seconds = figures(&valid, |trial| Some(trial.window?.duration_ns as f64 / 1e9));
    [
        cell.driver.to_string(),
        cell.workload.to_string().replace('-', "_").to_uppercase(),
        true.to_string(),
        cell.topology.is_one_namespace().to_string(),
        false.to_string(),
        cell.path.is_by_port().to_string(),
        (cell.path == Path::Outside).to_string(),
        String::new(),
        String::new(),
        figure(stats::mean(&seconds).map(f64::round)),
        cell.flows().to_string(),
        throughputs.len().to_string(),
        cell.message_bytes.to_string(),
        cell.load
            .outstanding
            .map(|count| count.to_string())
            .unwrap_or_default(),
        figure(interval.map(|(low, _)| low)),
        figure(interval.map(|(_, high)| high)),
        stats::mean(&throughputs)
            .map(|mean| format!("{mean:.6}"))
            .unwrap_or_default(),
        if cell.workload.has_requests() {
            "OP/s"
        } else {
            "Mb/s"
        }
        .to_owned(),
        figure(stats::mean(&latencies)),
        "usec".to_owned(),
        crate::plan::cell_id(cell),
    ]
}

fn is_valid(trial: &Record) -> bool {
    trial.status == Status::Ok && trial.checks.is_none_or(|checks| checks.valid)
}

/// Responses a second of requests, megabits a second of all else.
fn throughput(cell: &Cell, trial: &Record) -> Option<f64> {
    let aggregate = trial.aggregate?;
    if cell.workload.has_requests() {
        aggregate.transactions_per_s
    } else {
        Some(aggregate.goodput_bps / 1e6)
    }
}

fn figures(trials: &[&Record], read: impl Fn(&Record) -> Option<f64>) -> Vec<f64> {
    trials.iter().filter_map(|trial| read(trial)).collect()
}

fn figure(value: Option<f64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}
