//! Texts of strangers on a terminal: in records, manifests, scenarios, paths, arguments, variables, and in what is said of them.
//!
//! The witness is a terminal of our own: what comes out of it holds nothing that the texts want it to obey.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use nix::pty::{Winsize, openpty};
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{crate_dir, kernel_allows, kilonet, records, said};
use crate::verbs::listed;

/// A title, a bell, a colour that is not ours, the same by a single character, a deletion, and writing that turns round.
const HOSTILE: &str = "\u{1b}]0;owned\u{7}\u{1b}[31;5m\u{9b}5m\u{7f}\u{202e}\u{2066}";

/// What of it a terminal would obey.
const OBEYED: [&str; 8] = [
    "\u{1b}]",
    "\u{7}",
    "\u{1b}[31;5m",
    "\u{9b}",
    "\u{7f}",
    "\u{8}",
    "\u{202e}",
    "\u{2066}",
];

/// A committed run.
const RUN: &str = "results/20261123T115626Z-docker-rules";

/// What a command writes to a terminal that is both its outputs.
fn on_terminal(arguments: &[String], colours: bool, folder: &Path) -> String {
    let size = Winsize {
        ws_row: 24,
        ws_col: 100,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let pty = openpty(&size, None).unwrap();
    let end = || Stdio::from(pty.slave.try_clone().unwrap());
    let mut command = kilonet(arguments);
    command
        .current_dir(folder)
        .env("DOCKER_HOST", format!("unix:///{HOSTILE}"))
        .env("KILONET_LAB", HOSTILE)
        .env("TERM", "xterm-256color")
        .env("LC_ALL", "C.UTF-8");
    if colours {
        command.env_remove("NO_COLOR");
    }
    command.stdin(Stdio::null()).stdout(end()).stderr(end());
    let mut child = command.spawn().unwrap();
    drop((command, pty.slave));
    let mut written = Vec::new();
    // The end of a terminal is an error (EIO), and what came before it is kept.
    let _ = File::from(pty.master).read_to_end(&mut written);
    child.wait().unwrap();
    String::from_utf8(written).expect("it is text")
}

/// Holds what it writes against what it was given, and gives whether that was shown.
fn hold(arguments: &[&str], folder: &Path) -> bool {
    let arguments: Vec<_> = arguments.iter().map(|word| (*word).to_owned()).collect();
    let mut shown = false;
    for colours in [false, true] {
        let text = on_terminal(&arguments, colours, folder);
        for obeyed in OBEYED {
            assert!(
                !text.contains(obeyed),
                "{arguments:?}: {obeyed:?}: {text:?}"
            );
        }
        shown |= text.contains("\\u{1b}]0;owned") || text.contains("\\u{202e}");
    }
    shown
}

/// The paths of all strings in a value.
fn strings(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(at.to_owned()),
        Value::Array(items) => {
            for (nth, item) in items.iter().enumerate() {
                strings(item, &format!("{at}/{nth}"), found);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                strings(field, &format!("{at}/{name}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn poison(value: &mut Value, at: &str) {
    let text = value.pointer_mut(at).unwrap();
    *text = format!("{}{HOSTILE}", text.as_str().unwrap()).into();
}

/// A run folder of a hostile name, in the folder: each of its records has another of its strings made hostile, and its
/// manifest those that `chosen` names.
fn hostile_run(folder: &Path, name: &str, chosen: impl Fn(&str) -> bool) -> PathBuf {
    let run = crate_dir().join(RUN);
    let made = folder.join(format!("{name}{HOSTILE}"));
    fs::create_dir(&made).unwrap();
    let text = fs::read_to_string(run.join("manifest.json")).unwrap();
    let mut manifest: Value = serde_json::from_str(&text).unwrap();
    let mut places = Vec::new();
    strings(&manifest, "", &mut places);
    for place in places.iter().filter(|place| chosen(place)) {
        poison(&mut manifest, place);
    }
    fs::write(made.join("manifest.json"), manifest.to_string()).unwrap();

    let records = records(&run);
    let mut lines = String::new();
    for (nth, record) in records.iter().enumerate() {
        let mut record = record.clone();
        record["warnings"] = vec![HOSTILE].into();
        let mut places = Vec::new();
        strings(&record, "", &mut places);
        poison(&mut record, &places[nth % places.len()]);
        lines.extend([record.to_string().as_str(), "\n"]);
    }
    let failure =
        serde_json::json!({"act": "reach", "object": HOSTILE, "reason": HOSTILE, "hint": HOSTILE});
    let mut failed = records[0].clone();
    for (key, value) in [
        ("status", "failed".into()),
        ("error", failure),
        ("trial", format!("t{HOSTILE}").into()),
    ] {
        failed[key] = value;
    }
    lines += &failed.to_string();
    lines.extend(["\n{\"", HOSTILE, "\": 1}\n"]);
    fs::write(made.join("trials.jsonl"), lines).unwrap();
    fs::copy(run.join("flows.csv"), made.join("flows.csv")).ok();
    made
}

/// The flags of a verb that take a value.
fn flags(verb: &str) -> Vec<String> {
    let help = said(&mut kilonet([verb, "--help"])).out;
    let words = help.lines().map(str::trim_start);
    let rows = words.filter(|row| row.starts_with("--") && row.contains(" <"));
    rows.map(|row| row.split_whitespace().next().unwrap().to_owned())
        .collect()
}

/// A folder with a scenario of a hostile name and content, and its path.
fn hostile_scenario() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("scenario{HOSTILE}.toml");
    // TOML allows no control character but in escapes, yet everything else anywhere.
    let text = "name = \"\\u001b]0;owned\\u0007\"\n[axes]\ntopology = \"\u{202e}\\u009b5m\"\n\"\\u001b]0;owned\\u0007\" = 1\n";
    fs::write(folder.path().join(&name), text).unwrap();
    (folder, name)
}

#[test]
fn no_argument_of_any_verb_drives_the_terminal() {
    let (folder, scenario) = hostile_scenario();
    let run = hostile_run(folder.path(), "run", |_| true);
    let run = run.to_str().unwrap();
    for verb in listed() {
        let positional = match verb.as_str() {
            "run" | "plan" | "lab" => vec![scenario.as_str()],
            "report" | "export" => vec![run],
            "compare" => vec![run, run],
            "exec" => vec!["0", HOSTILE],
            "attach" => vec![HOSTILE, HOSTILE],
            // A count that is none keeps what runs without a file from running.
            "sweep" | "doctor" => vec!["--containers", HOSTILE],
            "clean" | "schema" | "help" => vec![],
            other => panic!("what does {other} take?"),
        };
        let usual = [&[verb.as_str()][..], &positional].concat();
        let mut shown = hold(&[&usual[..], &[HOSTILE]].concat(), folder.path());
        shown |= hold(
            &[&usual[..], &[&format!("--{HOSTILE}")]].concat(),
            folder.path(),
        );
        if !positional.is_empty() {
            hold(&usual, folder.path());
        }
        let flags = if verb == "help" { vec![] } else { flags(&verb) };
        for flag in flags.iter().filter(|flag| !usual.contains(&flag.as_str())) {
            shown |= hold(&[&usual[..], &[flag, HOSTILE]].concat(), folder.path());
        }
        assert!(shown, "{verb}: nothing of it was shown");
    }
}

#[test]
fn no_run_folder_drives_the_terminal_in_any_form() {
    let folder = tempfile::tempdir().unwrap();
    let all = hostile_run(folder.path(), "all", |_| true);
    let named = hostile_run(folder.path(), "named", |place| {
        place == "/name" || place == "/command/0"
    });
    let machine = hostile_run(folder.path(), "machine", |place| {
        place.starts_with("/fingerprint")
    });
    for run in [&all, &named, &machine].map(|run| run.to_str().unwrap()) {
        for rest in [
            vec!["report", run],
            vec!["report", run, "--format", "md"],
            vec!["report", run, "--format", "md,svg,term"],
            vec!["compare", RUN, run],
            vec!["compare", run, run, "--format", "md"],
            vec!["compare", run, run, "--format", "json"],
            vec!["export", run, "--format", "csv"],
            vec!["export", run, "--format", "iperf3-json"],
            vec!["export", run, "--format", "flent"],
            vec!["export", run, "--format", "openmetrics"],
            vec!["export", run, "--format", "k8s-netperf-csv"],
            vec!["export", run, "--format", "hgrm"],
            vec!["run", "--resume", run],
        ] {
            let shown = hold(&rest, &crate_dir());
            assert!(
                shown || rest[0] != "report",
                "{rest:?}: nothing of it was shown"
            );
        }
    }
}

/// An algorithm may have any name, and a trial is named after it: in the bar that moves, in the report, in the record.
#[test]
fn no_trial_that_fails_drives_the_terminal() {
    if !kernel_allows() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let tiny = [
        "sweep",
        "--topology",
        "shared",
        "--containers",
        "2",
        "--repeats",
        "1",
    ];
    hold(
        &[&tiny[..], &["--congestion", HOSTILE]].concat(),
        folder.path(),
    );
    let short = ["--measure", "100ms", "--warmup", "0ms", "--out", HOSTILE];
    assert!(
        hold(&[&tiny[..], &short].concat(), folder.path()),
        "where it went was not shown"
    );
}

#[test]
fn programs_get_paths_and_scenarios_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let run = hostile_run(folder.path(), "run", |place| place == "/name");
    let out = folder.path().join("svg");
    let said = said(
        kilonet(["report", "--format", "svg", "--out"])
            .arg(&out)
            .arg(&run),
    );
    assert_eq!(said.code, Some(0), "{said:?}");
    let paths: Vec<_> = said.out.lines().collect();
    assert!(
        !paths.is_empty() && paths.iter().all(|path| Path::new(path).exists()),
        "{paths:?}"
    );
    let into = folder.path().join(format!("csv{HOSTILE}"));
    let mut export = kilonet(["export", "--format", "csv", "--out"]);
    let said = crate::harness::said(export.arg(&into).arg(&run));
    assert_eq!(said.code, Some(0), "{said:?}");
    for path in said.out.lines() {
        assert!(Path::new(path).exists(), "{path:?}");
    }
}
