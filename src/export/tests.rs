use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::record::Field;
use flate2::read::GzDecoder;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use tempfile::TempDir;

use super::*;
use crate::scenario::Topology;
use crate::stats::{Packed, Recorder};
use crate::store::Record;
use crate::store::folder::{FLOWS, Writer};
use crate::store::record::{Latency, Rows, Samples, Window};
use crate::store::sample;

/// Files as they come, by name.
#[derive(Default)]
struct Shelf(BTreeMap<String, Vec<u8>>);

impl Destination for Shelf {
    fn file(&mut self, name: &str) -> Result<Box<dyn Write + Send + '_>> {
        Ok(Box::new(self.0.entry(name.to_owned()).or_default()))
    }
}

impl Shelf {
    fn text(&self, name: &str) -> &str {
        std::str::from_utf8(&self.0[name]).unwrap()
    }
}

/// What a form writes of a run, and what it could not read.
fn exported(format: &str, dir: &Path) -> (Shelf, Vec<String>) {
    let mut shelf = Shelf::default();
    let source = Source::read(dir).unwrap();
    let format = Format::named(format).unwrap();
    let notes = format.write(&source, &mut shelf).unwrap();
    (shelf, notes)
}

fn kept(run: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "results", run]
        .iter()
        .collect()
}

fn flow(trial: &str, pair: u32) -> FlowRow {
    let row = format!(
        "trial,pair,stream,client,server,status,bytes,goodput_bps,retransmits,error\n\
         {trial},{pair},0,{},{},ok,1000,8000.5,,\n",
        2 * pair,
        2 * pair + 1
    );
    let mut rows = ::csv::Reader::from_reader(row.as_bytes()).into_deserialize();
    rows.next().unwrap().unwrap()
}

fn folder(records: &[Record]) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(home.path(), &sample::manifest(2)).unwrap();
    for record in records {
        let rows = vec![flow(&record.trial, 0)].into();
        writer.append(record, &rows).unwrap();
    }
    home
}

fn dir(home: &TempDir) -> PathBuf {
    fs::read_dir(home).unwrap().next().unwrap().unwrap().path()
}

/// A trial that went well and one that failed.
fn both() -> [Record; 2] {
    let mut record = sample::measured(sample::cell(Topology::Bridge, 4), 0);
    record.samples = Some(Samples {
        interval_ns: 100_000_000,
        goodput_bps: vec![1e9, 2.5e9],
    });
    [
        record,
        sample::failed(sample::cell(Topology::Bridge, 2048), 0),
    ]
}

fn read_csv(text: &str) -> Vec<Vec<Option<String>>> {
    let mut reader = ::csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        let there = |field: &str| (!field.is_empty()).then(|| field.to_owned());
        row.iter().map(there).collect()
    });
    rows.collect()
}

fn read_parquet(bytes: &[u8]) -> Vec<Vec<Option<String>>> {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("table.parquet");
    fs::write(&path, bytes).unwrap();
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let fields = reader
        .metadata()
        .file_metadata()
        .schema()
        .get_fields()
        .iter();
    let header = fields.map(|field| Some(field.name().to_owned())).collect();
    let rows = reader.get_row_iter(None).unwrap().map(|row| {
        let row = row.unwrap();
        row.get_column_iter()
            .map(|(_, field)| shown(field))
            .collect()
    });
    [header].into_iter().chain(rows).collect()
}

fn shown(field: &Field) -> Option<String> {
    match field {
        Field::Null => None,
        Field::Bool(value) => Some(value.to_string()),
        Field::Long(value) => Some(value.to_string()),
        Field::Double(value) => Some(value.to_string()),
        Field::Str(value) => Some(value.clone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn tables_of_flows_and_samples() {
    let home = folder(&both());
    let (shelf, notes) = exported("csv", &dir(&home));
    assert_eq!(notes, [""; 0]);
    insta::assert_snapshot!("flows", shelf.text("flows.csv"));
    insta::assert_snapshot!("samples", shelf.text("samples.csv"));
}

#[test]
fn a_failed_trial_is_a_row_of_its_own() {
    let home = folder(&both());
    let (shelf, _) = exported("csv", &dir(&home));
    let rows = read_csv(shelf.text("trials.csv"));
    let at = |name: &str| rows[0].iter().position(|it| it.as_deref() == Some(name));
    let value = |row: usize, name: &str| rows[row][at(name).unwrap()].as_deref();
    assert_eq!(rows.len(), 3);
    assert_eq!(
        (value(1, "status"), value(2, "status")),
        (Some("ok"), Some("failed"))
    );
    assert_eq!(
        (value(1, "error_errno"), value(2, "error_errno")),
        (None, Some("EXFULL"))
    );
    assert_eq!(value(2, "aggregate_goodput_bps"), None);
    assert_eq!(value(2, "containers"), Some("2048"));
}

#[test]
fn parquet_holds_what_csv_holds() {
    let home = folder(&both());
    for run in [dir(&home), kept("20261123T115626Z-docker-rules")] {
        let (text, _) = exported("csv", &run);
        let (binary, _) = exported("parquet", &run);
        for table in ["trials", "flows", "samples"] {
            let csv = read_csv(text.text(&format!("{table}.csv")));
            let parquet = read_parquet(&binary.0[&format!("{table}.parquet")]);
            assert!(csv.len() > 1, "{table}");
            assert_eq!(csv, parquet, "{table} of {}", run.display());
        }
    }
}

#[test]
fn flows_of_an_older_version_lack_only_what_it_did_not_know() {
    let run = kept("20261123T115514Z-quickstart");
    let lines = fs::read_to_string(run.join(FLOWS)).unwrap().lines().count();
    let (shelf, notes) = exported("csv", &run);
    let rows = read_csv(shelf.text("flows.csv"));
    assert_eq!((rows.len(), notes.len()), (lines, 0));
    assert!(
        rows.iter()
            .skip(1)
            .all(|row| row[8].is_some() && row[9].is_none())
    );
}

#[test]
fn flows_without_a_record_are_left_out_and_torn_lines_said() {
    let home = folder(&both());
    let dir = dir(&home);
    let path = dir.join(FLOWS);
    let text = fs::read_to_string(&path).unwrap();
    let (trial, rest) = text.lines().last().unwrap().split_once(',').unwrap();
    let more = format!("{text}{trial}-of-none,{rest}\n{trial},1,0");
    fs::write(&path, more).unwrap();
    let (shelf, notes) = exported("csv", &dir);
    assert_eq!(read_csv(shelf.text("flows.csv")).len(), 3);
    assert_eq!(notes.len(), 1);
    assert!(
        notes[0].starts_with("flows.csv line 5 is skipped"),
        "{}",
        notes[0]
    );
}

/// The samples of k8s-netperf's own example, of which it prints the mean and the interval alone: the two-digit figures of
/// which both are, to the last digit printed.
#[test]
fn an_interval_is_that_of_the_worked_example_of_k8s_netperf() {
    let trials = [868.56e6, 874.41e6, 877.85e6].into_iter().zip(0..);
    let records: Vec<_> = trials
        .map(|(goodput_bps, repeat)| {
            let mut record = sample::measured(sample::cell(Topology::Bridge, 2), repeat);
            record.aggregate.as_mut().unwrap().goodput_bps = goodput_bps;
            record
        })
        .collect();
    let (shelf, _) = exported("k8s-netperf-csv", &dir(&folder(&records)));
    let rows = read_csv(shelf.text("k8s-netperf.csv"));
    let value = |name: &str| {
        let at = rows[0].iter().position(|it| it.as_deref() == Some(name));
        rows[1][at.unwrap()].clone().unwrap()
    };
    let near = |name: &str, printed: f64| {
        let found: f64 = value(name).parse().unwrap();
        assert!(
            (found - printed).abs() < 1e-6,
            "{name}: {found}, not {printed}"
        );
    };
    near("Confidence metric - low", 861.939_141_399_115_6);
    near("Confidence metric - high", 885.274_191_934_217_8);
    assert_eq!(value("Avg Throughput"), "873.606667");
    assert_eq!(
        (value("Profile"), value("# of Samples")),
        ("TCP_STREAM".into(), "3".into())
    );
}

#[test]
fn a_cell_without_a_valid_trial_has_no_figures() {
    let home = folder(&both());
    let (shelf, _) = exported("k8s-netperf-csv", &dir(&home));
    insta::assert_snapshot!("k8s-netperf", shelf.text("k8s-netperf.csv"));
}

#[test]
fn an_interval_log_has_a_line_for_each_trial_that_has_latencies() {
    let mut records = both();
    let mut recorder = Recorder::new().unwrap();
    (1..=1000).for_each(|micros| recorder.record(micros * 1000));
    let latencies = recorder.latencies();
    records[0].latency = Latency::of(&latencies);
    records[0].window = Some(Window {
        start_unix_ns: 1_795_407_302_500_000_000,
        duration_ns: 500_000_000,
        skew_ns: 0,
    });
    let (shelf, notes) = exported("hgrm", &dir(&folder(&records)));
    let log = shelf.text("latency.hlog");
    let mut read = Vec::new();
    for entry in IntervalLogIterator::new(log.as_bytes()) {
        if let LogEntry::Interval(interval) = entry.unwrap() {
            read.push(interval);
        }
    }
    assert_eq!((read.len(), notes.len()), (1, 0), "{log}");
    assert_eq!(read[0].tag().unwrap().as_str(), records[0].trial);
    assert_eq!(read[0].start_timestamp().as_millis(), 2500);
    assert_eq!(
        read[0].encoded_histogram(),
        Packed::of(&latencies).unwrap().encoded()
    );
}

#[test]
fn a_run_without_requests_is_an_empty_log_and_a_note() {
    let (shelf, notes) = exported("hgrm", &kept("20261123T115514Z-quickstart"));
    assert_eq!(shelf.text("latency.hlog").lines().count(), 4);
    assert_eq!(notes.len(), 1);
}

/// The parts of an exposition that are about a few families, which are many.
fn families(text: &str, names: &[&str]) -> String {
    let about = |line: &&str| names.iter().any(|name| line.contains(name)) || *line == "# EOF";
    let lines: Vec<_> = text.lines().filter(about).collect();
    lines.join("\n")
}

#[test]
fn openmetrics_have_types_units_help_and_an_end() {
    let home = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(home.path(), &sample::manifest(2)).unwrap();
    for record in both() {
        writer.append(&record, &Rows::default()).unwrap();
    }
    let (shelf, _) = exported("openmetrics", &dir(&home));
    let names = [
        "kilonet_trial",
        "kilonet_aggregate_goodput_bits_per_second",
        "kilonet_per_pair_jain_ratio",
        "kilonet_flows_expected",
    ];
    insta::assert_snapshot!("openmetrics", families(shelf.text("kilonet.om"), &names));
}

#[test]
fn a_name_of_a_metric_is_met_once_and_ends_in_its_unit() {
    let home = folder(&both());
    let (shelf, _) = exported("openmetrics", &dir(&home));
    let mut met = std::collections::BTreeSet::new();
    for line in shelf.text("kilonet.om").lines() {
        if let Some(family) = line.strip_prefix("# TYPE ") {
            assert!(met.insert(family.to_owned()), "{family} twice");
        }
        if let Some((name, unit)) = line
            .strip_prefix("# UNIT ")
            .and_then(|it| it.split_once(' '))
        {
            assert!(name.ends_with(unit), "{line}");
        }
    }
    assert!(met.len() > 50, "only {}", met.len());
}

#[test]
fn a_trial_in_the_shape_of_iperf3() {
    let records = both().map(|mut record| {
        record.window = record.aggregate.map(|_| Window {
            start_unix_ns: 1_795_407_302_500_000_000,
            duration_ns: 200_000_000,
            skew_ns: 0,
        });
        record
    });
    let (shelf, notes) = exported("iperf3-json", &dir(&folder(&records)));
    assert_eq!((shelf.0.len(), notes.len()), (2, 0));
    for (name, record) in ["measured", "failed"].into_iter().zip(&records) {
        let file = format!("{}.json", record.trial);
        insta::assert_snapshot!(format!("iperf3 of a {name} trial"), shelf.text(&file));
    }
}

#[test]
fn each_trial_has_its_own_flows_in_the_shape_of_iperf3() {
    let run = kept("20261123T115514Z-quickstart");
    let (shelf, _) = exported("iperf3-json", &run);
    let source = Source::read(&run).unwrap();
    assert_eq!(shelf.0.len(), source.run.records.len());
    for record in &source.run.records {
        let file = shelf.text(&format!("{}.json", record.trial));
        let written: serde_json::Value = serde_json::from_str(file).unwrap();
        let streams = written["end"]["streams"].as_array().unwrap();
        assert_eq!(
            streams.len(),
            record.cell.flows() as usize,
            "{}",
            record.trial
        );
        let sum: f64 = streams
            .iter()
            .map(|stream| stream["receiver"]["bits_per_second"].as_f64().unwrap())
            .sum();
        let whole = record.aggregate.unwrap().goodput_bps;
        assert!(
            (sum / whole - 1.0).abs() < 1e-9,
            "{}: {sum}, {whole}",
            record.trial
        );
    }
}

#[test]
fn a_flent_file_has_the_samples_and_a_trial_without_has_none() {
    let mut records = both();
    records[0].window = Some(Window {
        start_unix_ns: 1_795_407_302_500_000_000,
        duration_ns: 200_000_000,
        skew_ns: 0,
    });
    let (shelf, notes) = exported("flent", &dir(&folder(&records)));
    assert_eq!((shelf.0.len(), notes.len()), (1, 1), "{notes:?}");
    let packed = &shelf.0[&format!("{}.flent.gz", records[0].trial)];
    let mut text = String::new();
    GzDecoder::new(packed.as_slice())
        .read_to_string(&mut text)
        .unwrap();
    let data: serde_json::Value = serde_json::from_str(&text).unwrap();
    insta::assert_snapshot!("flent", format!("{data:#}"));
}
