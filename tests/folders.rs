//! Run folders as `report`, `compare` and `export` meet them: whole, slowed, cut off, thinned out.
//!
//! Folders are made of a committed run, whose records are edited as JSON and not as the library has them.

mod harness;

use std::fs;
use std::path::Path;

use harness::{Said, kilonet, said};
use serde_json::Value;
use tempfile::TempDir;

/// A committed run: five repeats, rules as an axis, a firewall as another.
const RULES: &str = "results/20261123T115626Z-docker-rules";

/// What `kilonet` says of these arguments, which may be paths.
fn says(arguments: &[&str]) -> Said {
    said(&mut kilonet(arguments))
}

/// A copy of [`RULES`] without what can be computed, of whose records `edit` says what is left.
fn edited(edit: impl Fn(Value) -> Option<Value>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let run = harness::crate_dir().join(RULES);
    let manifest = folder.path().join("manifest.json");
    fs::copy(run.join("manifest.json"), manifest).unwrap();
    let records = harness::records(&run).into_iter().filter_map(edit);
    let lines = records.map(|record| format!("{record}\n"));
    let trials = folder.path().join("trials.jsonl");
    fs::write(trials, lines.collect::<String>()).unwrap();
    folder
}

/// A copy whose trials moved so much of what they did.
fn slowed(share: f64) -> TempDir {
    edited(|mut record| {
        let goodput = &mut record["aggregate"]["goodput_bps"];
        *goodput = (goodput.as_f64().unwrap() * share).into();
        Some(record)
    })
}

fn first_repeats(record: Value) -> Option<Value> {
    (record["repeat"] == 0).then_some(record)
}

/// Takes the last hundred bytes off a file, and with them the end of its last line.
fn cut_off(file: &Path) {
    let text = fs::read(file).unwrap();
    fs::write(file, &text[..text.len() - 100]).unwrap();
}

fn path(folder: &TempDir) -> &str {
    folder.path().to_str().unwrap()
}

#[test]
fn a_run_compared_with_itself_has_no_regression_and_is_known_for_that() {
    let said = says(&["compare", RULES, RULES]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let out = &said.out;
    assert!(out.starts_with("no regression found\n"), "{out}");
    assert!(!out.contains("what differs"), "{out}");
    assert!(out.contains("it is the same run, or a copy"), "{out}");
}

#[test]
fn a_slower_run_exits_with_1_in_every_form() {
    let new = slowed(0.5);
    let of_goodput = ["compare", RULES, path(&new), "--metric", "goodput"];
    for format in ["term", "md", "json"] {
        let said = says(&[&of_goodput[..], &["--format", format]].concat());
        assert_eq!((said.code, said.err.as_str()), (Some(1), ""), "{format}");
        if format == "json" {
            let found: Value = serde_json::from_str(&said.out).unwrap();
            let figure = &found["news"][0]["cells"][0]["figures"][0];
            assert_eq!(figure["verdict"], "worse", "{figure}");
            assert_eq!(figure["regression"], true);
            assert!((figure["change"]["ratio"].as_f64().unwrap() - 0.5).abs() < 1e-6);
        } else {
            assert!(said.out.contains("worse: a regression"), "{}", said.out);
        }
    }
    let patient = says(&[&of_goodput[..], &["--threshold", "60%"]].concat());
    assert_eq!(patient.code, Some(0), "{patient:?}");
    let other = says(&["compare", RULES, path(&new), "--metric", "cpu-per-byte"]);
    assert_eq!(other.code, Some(0), "{other:?}");
}

#[test]
fn a_single_repeat_has_a_ratio_and_no_verdict() {
    let one = edited(first_repeats);
    let half = slowed(0.5);
    let said = says(&["compare", path(&half), path(&one), "--metric", "goodput"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    assert!(said.out.contains("cannot tell: one trial"), "{}", said.out);
    assert!(
        !said.out.contains(" to +"),
        "an interval of one: {}",
        said.out
    );
}

#[test]
fn a_run_that_was_cut_off_is_compared_as_far_as_it_goes() {
    let new = slowed(0.5);
    cut_off(&new.path().join("trials.jsonl"));
    let said = says(&["compare", RULES, path(&new), "--metric", "goodput"]);
    assert_eq!((said.code, said.err.as_str()), (Some(1), ""), "{said:?}");
    let flowing = said.out.split_whitespace().collect::<Vec<_>>().join(" ");
    for note in [
        "is cut off; its trial counts as not run",
        "planned trials are recorded: the run was cut off or is still going",
    ] {
        assert!(flowing.contains(note), "{note}: {flowing}");
    }
}

#[test]
fn what_neither_run_has_is_not_called_alike() {
    let said = says(&["compare", RULES, RULES, "--metric", "latency-p99"]);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{said:?}");
    assert!(said.err.contains("no cell has a figure"), "{}", said.err);
}
