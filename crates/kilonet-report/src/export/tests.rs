use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::record::Field;
use flate2::read::GzDecoder;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use tempfile::TempDir;

use super::*;
use crate::files::FileName;
use crate::scenario::Topology;
use crate::stats::{Packed, Recorder};
use crate::store::Record;
use crate::store::folder::{FLOWS, Writer};
use crate::store::record::{FlowRow, Latency, Rows, Samples, Window};
use crate::store::sample;

/// Files as they come, by name.
#[derive(Default)]
struct Shelf(BTreeMap<String, Vec<u8>>);

impl Destination for Shelf {
    fn file(&mut self, name: &FileName) -> Result<Box<dyn Write + Send + '_>> {
        Ok(Box::new(self.0.entry(name.to_string()).or_default()))
    }

    fn place(&self, name: &FileName) -> String {
        name.to_string()
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
    [env!("CARGO_MANIFEST_DIR"), "../../results", run]
        .iter()
        .collect()
}

/// The rows of a trial whose pairs all move the same, in a window of 200 ms.
fn flows(record: &Record) -> Vec<FlowRow> {
    let (trial, pairs) = (&record.trial, record.cell.pairs);
    let each = record
        .aggregate
        .map(|all| all.goodput_bps / f64::from(pairs));
    let row = |pair: u32, goodput_bps: f64| {
        let (client, server, bytes) = (2 * pair, 2 * pair + 1, (goodput_bps / 40.0).round());
        format!("{trial},{pair},0,{client},{server},ok,{bytes},{goodput_bps},,\n")
    };
    let header = "trial,pair,stream,client,server,status,bytes,goodput_bps,retransmits,error\n";
    let rows = each.map_or_else(String::new, |each| {
        (0..pairs).map(|pair| row(pair, each)).collect()
    });
    let table = format!("{header}{rows}");
    let rows = ::csv::Reader::from_reader(table.as_bytes()).into_deserialize();
    rows.collect::<Result<_, _>>().unwrap()
}

fn folder(records: &[Record]) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(home.path(), &sample::manifest(2)).unwrap();
    for record in records {
        writer.append(record, &flows(record).into()).unwrap();
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
    assert_eq!(notes.len(), 2);
    assert!(
        notes[0].starts_with("flows.csv line 5 is skipped"),
        "{}",
        notes[0]
    );
    assert_eq!(
        notes[1],
        "flows.csv has 1 row of trials without a record, left out"
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
            record.per_pair = None;
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
    assert_eq!(read[0].tag().unwrap().as_str(), records[0].trial.as_str());
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

/// The runs that are committed, by name: a user's own may lie beside them.
const KEPT: [&str; 9] = [
    "20261123T083133Z-bridge-scaling",
    "20261123T112949Z-docker-setup",
    "20261123T115514Z-quickstart",
    "20261123T115626Z-docker-rules",
    "20261123T120013Z-post-2017",
    "20261123T143452Z-docker-model-vs-real",
    "20261123T180125Z-latency-under-load",
    "20261123T180347Z-generators",
    "20261124T025627Z-requests-one-cpu",
];

fn lines(file: &Path) -> usize {
    fs::read_to_string(file).unwrap().lines().count()
}

#[test]
fn of_every_committed_run_all_is_read_and_nothing_left_out() {
    for run in KEPT.map(kept) {
        let source = Source::read(&run).unwrap();
        assert_eq!(source.notes(), [""; 0], "{}", run.display());
        let trials = lines(&run.join("trials.jsonl"));
        assert_eq!(source.run.records.len(), trials, "{}", run.display());
        let (shelf, notes) = exported("csv", &run);
        assert_eq!(notes, [""; 0], "{}", run.display());
        let rows = read_csv(shelf.text("flows.csv")).len();
        assert_eq!(rows, lines(&run.join(FLOWS)), "{}", run.display());
    }
}

/// What a form says of the flows of a run of two trials of two pairs each, whose table `edit` has changed, and how many rows
/// it gave.
fn of_changed_flows(edit: impl Fn(&[&str]) -> Vec<String>) -> (Vec<String>, usize) {
    let record = |repeat| sample::measured(sample::cell(Topology::Bridge, 4), repeat);
    let home = folder(&[0, 1].map(record));
    let path = dir(&home).join(FLOWS);
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 5);
    fs::write(&path, edit(&lines).join("\n") + "\n").unwrap();
    let (shelf, notes) = exported("csv", &dir(&home));
    (notes, read_csv(shelf.text("flows.csv")).len() - 1)
}

fn owned(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

#[test]
fn flows_that_are_not_what_the_records_say_are_left_out_and_said() {
    let first = "of trial bridge-ipv4-c4-a4-r0: its rows are left out";
    let second = "of trial bridge-ipv4-c4-a4-r1: its rows are left out";
    let changed = |from: &'static str, to: &'static str| {
        move |lines: &[&str]| {
            let mut lines = owned(lines);
            let fields: Vec<_> = lines[1].split(',').collect();
            let at: usize = from.parse().unwrap();
            let field =
                |(nth, field): (usize, &&str)| if nth == at { to } else { field }.to_owned();
            lines[1] = fields
                .iter()
                .enumerate()
                .map(field)
                .collect::<Vec<_>>()
                .join(",");
            lines
        }
    };
    assert_eq!(of_changed_flows(owned), (vec![], 4));
    assert_eq!(
        of_changed_flows(|lines| owned(&lines[..4])),
        (vec![format!("flows.csv has 1 row for 2 flows {second}")], 2)
    );
    assert_eq!(
        of_changed_flows(|lines| owned(&[lines, &lines[1..]].concat())),
        (
            vec![format!(
                "flows.csv has 4 rows for 2 flows {first}, and so are those of another trial"
            )],
            0
        )
    );
    assert_eq!(
        of_changed_flows(|lines| owned(&[lines[0], lines[1], lines[1], lines[3], lines[4]])),
        (
            vec![format!("flows.csv has two rows for one of 2 flows {first}")],
            2
        )
    );
    for (field, value, words) in [
        ("7", "-1", "a `goodput_bps` of -1 in a row"),
        ("7", "NaN", "a `goodput_bps` of NaN in a row"),
        ("7", "1e9", "1.600e10 b/s of the 3.000e10 b/s"),
        (
            "6",
            "9000000000000000000",
            "a `bytes` of 9000000000000000000 in a row",
        ),
        ("1", "7", "a `pair` of 7 in a row"),
        ("2", "7", "a `stream` of 7 in a row"),
        ("3", "4", "a `client` of 4 in a row"),
        ("4", "9", "a `server` of 9 in a row"),
    ] {
        let (notes, rows) = of_changed_flows(changed(field, value));
        assert_eq!(
            (notes, rows),
            (vec![format!("flows.csv has {words} {first}")], 2)
        );
    }
}

#[test]
fn without_flows_no_sum_of_their_bytes_is_given() {
    let home = folder(&both());
    fs::remove_file(dir(&home).join(FLOWS)).unwrap();
    let (shelf, notes) = exported("iperf3-json", &dir(&home));
    assert_eq!(notes, ["flows.csv is not there"]);
    let file = shelf.text("bridge-ipv4-c4-a4-r0.json");
    let written: serde_json::Value = serde_json::from_str(file).unwrap();
    let end = &written["end"];
    assert_eq!(end["streams"], serde_json::json!([]));
    assert!(end["sum_received"]["bytes"].is_null(), "{end}");
    assert_eq!(end["sum_received"]["bits_per_second"], 3e10);
}
