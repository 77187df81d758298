use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

#[path = "../../../../../tests/kept/mod.rs"]
mod kept;

use super::*;
use crate::scenario::Topology;
use crate::store::sample;

/// What of a record is in another table or form, or says what an absent value says.
const ELSEWHERE: &[&str] = &[
    "samples_interval_ns",
    "samples_goodput_bps",
    "latency_histogram",
    "classes",
    // `auto`; sizes are a column.
    "buffers",
];

/// Every record that is kept in this repository, of whatever version.
fn kept_records() -> Vec<Value> {
    let runs = kept::runs().into_iter();
    let texts = runs.map(|run| fs::read_to_string(run.join("trials.jsonl")).unwrap());
    let lines: Vec<_> = texts
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    assert!(lines.len() > 100, "only {} records", lines.len());
    lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Parts of a record that are whole in a column, as JSON.
const WHOLE: &[&str] = &["phases", "watched"];

/// The leaves of a record by the name that their column must have.
fn leaves(value: &Value, name: &str, into: &mut BTreeMap<String, String>) {
    if WHOLE.contains(&name) {
        into.insert(name.to_owned(), value.to_string());
        return;
    }
    let below = |key: &str| match name {
        "" | "cell" => key.to_owned(),
        name => format!("{name}_{key}"),
    };
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                leaves(field, &below(key), into);
            }
        }
        Value::String(text) => drop(into.insert(name.to_owned(), text.clone())),
        Value::Array(all) if name == "warnings" => {
            let sentences: Vec<_> = all.iter().filter_map(Value::as_str).collect();
            if !sentences.is_empty() {
                into.insert(name.to_owned(), sentences.join("; "));
            }
        }
        other => drop(into.insert(name.to_owned(), other.to_string())),
    }
}

fn same(column: &str, leaf: &str) -> bool {
    let figures = (column.parse::<f64>(), leaf.parse::<f64>());
    column == leaf
        || matches!(figures, (Ok(column), Ok(leaf)) if column.to_bits() == leaf.to_bits())
}

/// Holds that each leaf of a record has a column, with that value.
fn assert_whole(value: &Value) {
    let record: Record = serde_json::from_value(value.clone()).unwrap();
    let mut expected = BTreeMap::new();
    leaves(value, "", &mut expected);
    for name in ELSEWHERE {
        expected.remove(*name);
    }
    let columns: BTreeMap<_, _> = TRIALS
        .columns()
        .into_iter()
        .map(|column| (column.name, column))
        .collect();
    for (name, leaf) in expected {
        let column = columns.get(name.as_str());
        let column = column.unwrap_or_else(|| panic!("`{name}` of a record has no column"));
        let found = column.text(&record);
        let found = found.unwrap_or_else(|| panic!("`{name}` is {leaf} and its column is absent"));
        assert!(
            same(&found, &leaf),
            "`{name}` is {leaf}, its column {found}"
        );
    }
}

#[test]
fn every_field_of_every_kept_record_has_its_column() {
    for record in kept_records() {
        assert_whole(&record);
    }
}

#[test]
fn what_was_watched_is_in_columns_a_block_each() {
    let record = sample::measured(sample::cell(Topology::Bridge, 8), 0);
    let mut record = serde_json::to_value(record).unwrap();
    let counted = |drops: u64| serde_json::json!({"duration_ns": 7, "backlog_drops": drops, "listen_overflows": 2, "neighbour_overflows": 5});
    record["phases"] = serde_json::json!({"connect": counted(3), "window": counted(0)});
    record["host_sides"] = serde_json::json!({"read": 64, "of": 4000});
    record["watched"] =
        serde_json::json!({"containers": 3, "of": 8, "failing": 1, "listen_drops": 4});
    record["connections"] =
        serde_json::json!({"before": 10, "after": 5000, "max": 5000, "closed_stay_s": 120});
    record["cpus"] = serde_json::json!([{"cpu": 1, "user_ns": 2, "system_ns": 3, "softirq_ns": 4, "idle_ns": 5}]);
    record["drops"] =
        serde_json::json!([{"phase": "window", "reason": "CPU_BACKLOG", "packets": 12}]);
    record["kernel_log"] = serde_json::json!(
        [{"phase": "connect", "window_s": -0.25, "line": "arp_cache: neighbor table overflow!", "lines": 3}]
    );
    record["watching"] = serde_json::json!({"cpu_ns": 100, "wall_ns": 200});
    assert_whole(&record);
    let read: Record = serde_json::from_value(record).unwrap();
    for (name, expected) in [
        ("phases_connect_backlog_drops", "3"),
        ("phases_connect_neighbour_overflows", "5"),
        ("phases_window_duration_ns", "7"),
    ] {
        let columns = TRIALS.columns();
        let column = columns.iter().find(|column| column.name == name).unwrap();
        assert_eq!(column.text(&read).as_deref(), Some(expected), "{name}");
    }
}

#[test]
fn a_failed_trial_has_its_error_and_no_figure() {
    let failed = sample::failed(sample::cell(Topology::Bridge, 2048), 0);
    assert_whole(&serde_json::to_value(&failed).unwrap());
    let said: BTreeSet<_> = TRIALS
        .columns()
        .into_iter()
        .filter(|column| column.text(&failed).is_some())
        .map(|column| column.name)
        .collect();
    let groups = [figures::COLUMNS, cost::COLUMNS, witnesses::COLUMNS];
    for column in groups.into_iter().flatten() {
        assert!(!said.contains(column.name), "{}", column.name);
    }
    assert!(said.contains("error_errno") && said.contains("error_hint"));
}

#[test]
fn a_search_has_its_windows_in_a_column() {
    let steps = serde_json::json!([
        {"rate": 40_000, "loss_ratio": 0.25, "left_out_share": 0.0, "lost_flows": 1, "passed": false},
        {"rate": 20_000, "loss_ratio": 0.0, "left_out_share": 0.0, "passed": true},
    ]);
    let record = sample::measured(sample::cell(Topology::Bridge, 8), 0);
    let mut record = serde_json::to_value(record).unwrap();
    record["search"] =
        serde_json::json!({"accepted_loss": 0.005, "resolution": 0.5, "steps": steps});
    assert_whole(&record);
}

/// Fields that hold others, or are written under another name; and those of what programs printed, which is in files of its own.
const NOT_WRITTEN: &[&str] = &[
    "cell",
    "process",
    "arguments",
    "stdout",
    "stderr",
    "end",
    // Of the windows in `search_steps`.
    "left_out_share",
    "lost_flows",
    "passed",
    // Of the flows in `errors`.
    "phase",
    "first",
    // Of the factors in `effects`.
    "factor",
    "verdict",
    "witness",
    "seen",
    "wanted",
    "reason",
    // Of what is a block of its own: `phases`, `watched`, `drops`, `kernel_log`.
    "counts",
    "of",
    "failing",
    "time_wait",
    "window_s",
    "packets",
    "line",
    "lines",
    // Of the limits in `exceeded`.
    "limit",
    "resource",
    "have",
    "used",
    "need",
    // Of sysctls that were read back, each of which the cell has too.
    "namespaces",
    "values",
    // Of a version in words; a record has it as `version`.
    "number",
];

/// The fields of a record: those of its cell by a cell that has all of them, and the others as their source text declares them,
/// for a kept record has only those that apply.
fn declared() -> BTreeSet<String> {
    let files = ["store/record.rs", "store/record", "version.rs"];
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("../kilonet-record/src");
    let of_path = |path: PathBuf| match fs::read_dir(&path) {
        Ok(entries) => entries.map(|entry| entry.unwrap().path()).collect(),
        Err(_) => vec![path],
    };
    let files = files.into_iter().map(|file| src.join(file));
    let texts = files
        .flat_map(of_path)
        .filter(|path| path.is_file())
        .map(|file| fs::read_to_string(file).unwrap());
    let fields = |text: String| {
        let lines = text
            .lines()
            .filter_map(|line| line.strip_prefix("    pub "));
        let names = lines.filter_map(|line| Some(line.split_once(": ")?.0.to_owned()));
        names
            .filter(|name| !name.contains([' ', '(']))
            .collect::<Vec<_>>()
    };
    let factors = sample::cell(Topology::Bridge, 2).each_changed().into_iter();
    let factors = factors.map(|(key, _)| key);
    texts.flat_map(fields).chain(factors).collect()
}

#[test]
fn every_field_that_a_record_may_have_is_in_a_column() {
    let all = TRIALS.columns().into_iter().map(|column| column.name);
    let all = all.chain(FLOWS.columns().into_iter().map(|column| column.name));
    let names: Vec<_> = all.collect();
    let declared = declared();
    assert!(declared.len() > 100, "only {}", declared.len());
    for field in declared {
        let within = |name: &&str| {
            name.split_once(&field).is_some_and(|(before, after)| {
                (before.is_empty() || before.ends_with('_'))
                    && (after.is_empty() || after.starts_with('_'))
            })
        };
        let elsewhere = ELSEWHERE.iter().any(within) || NOT_WRITTEN.contains(&field.as_str());
        assert!(
            elsewhere || names.iter().any(within),
            "the field `{field}` has no column"
        );
    }
}

fn assert_well_named<Row>(table: &Table<Row>) {
    let mut met = BTreeSet::new();
    for column in table.columns() {
        let Column { name, about, .. } = column;
        assert!(met.insert(name), "{name} twice");
        assert!(
            about.ends_with('.') && !about.contains('|'),
            "{name}: {about}"
        );
    }
}

#[test]
fn flows_have_the_columns_of_the_file_that_is_written() {
    let least = "trial,pair,stream,client,server,status,bytes,goodput_bps\nt,0,0,0,1,ok,1,8\n";
    let mut reader = csv::Reader::from_reader(least.as_bytes());
    let row: FlowRow = reader.deserialize().next().unwrap().unwrap();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.serialize(row).unwrap();
    let written = String::from_utf8(writer.into_inner().unwrap()).unwrap();
    let names: Vec<_> = FLOWS
        .columns()
        .into_iter()
        .map(|column| column.name)
        .collect();
    assert_eq!(written.lines().next(), Some(names.join(",").as_str()));
}

#[test]
fn columns_are_documented_and_named_once() {
    assert_well_named(&TRIALS);
    assert_well_named(&FLOWS);
    assert_well_named(&SAMPLES);
}

/// After a change that is meant, `INSTA_UPDATE=always` writes the page anew, to be read in the diff.
#[test]
fn the_page_on_columns_says_what_the_program_does() {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../results", "COLUMNS.md"]
        .iter()
        .collect();
    if std::env::var_os("INSTA_UPDATE").is_some_and(|wish| wish == "always") {
        fs::write(&path, document()).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), document());
}
