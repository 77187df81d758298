//! hdrhistogram's interval log, version 1.3: a line for each trial that has latencies, tagged with the trial's id.
//!
//! Must not know how histograms are encoded. The invariant: lines are in the order of time, each from the start of its
//! window, in seconds since the run began; latencies in the histograms are in nanoseconds.

use std::io::{self, Write};

use super::source::{Destination, Source, refusal};
use crate::error::Result;
use crate::files::FileName;
use crate::store::Record;
use crate::store::record::{Latency, Window};

const FILE: FileName = FileName::fixed("latency.hlog");

/// Writes the latencies of a run; of pairs that do different things, those of each kind apart.
pub(super) fn write(source: &Source, into: &mut dyn Destination) -> Result<Vec<String>> {
    let mut intervals: Vec<_> = source.run.records.iter().flat_map(intervals).collect();
    intervals.sort_by_key(|interval| interval.window.start_unix_ns);
    let written = log(source, &intervals, &mut into.file(&FILE)?);
    written.map_err(|error| refusal(into, &FILE, error))?;
    let none = "no trial of this run has latencies: only workloads of requests do";
    Ok(intervals
        .is_empty()
        .then(|| none.to_owned())
        .into_iter()
        .collect())
}

struct Interval<'a> {
    tag: String,
    window: Window,
    latency: &'a Latency,
}

/// Those of one trial.
fn intervals(record: &Record) -> impl Iterator<Item = Interval<'_>> {
    let own = record.latency.as_ref();
    let own = own.map(|latency| (record.trial.to_string(), latency));
    let of_classes = record.classes.iter().filter_map(|class| {
        let tag = format!("{}/{}", record.trial, class.workload);
        Some((tag, class.latency.as_ref()?))
    });
    own.into_iter()
        .chain(of_classes)
        .filter_map(|(tag, latency)| {
            Some(Interval {
                tag,
                window: record.window?,
                latency,
            })
        })
}

fn log(source: &Source, intervals: &[Interval], file: &mut impl Write) -> io::Result<()> {
    let started = source.run.manifest.started_unix_ns;
    writeln!(file, "#[Histogram log format version 1.3]")?;
    writeln!(
        file,
        "#[StartTime: {:.3} (seconds since epoch)]",
        seconds(started)
    )?;
    writeln!(
        file,
        "#[Latencies are in nanoseconds, Interval_Max is in milliseconds]"
    )?;
    writeln!(
        file,
        r#""StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram""#
    )?;
    for Interval {
        tag,
        window,
        latency,
    } in intervals
    {
        let start = seconds(window.start_unix_ns.saturating_sub(started));
        let length = seconds(window.duration_ns);
        let max = latency.max_ns as f64 / 1e6;
        let encoded = latency.histogram.encoded();
        writeln!(file, "Tag={tag},{start:.3},{length:.3},{max:.3},{encoded}")?;
    }
    file.flush()
}

fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}
