//! Run folders as `report`, `compare` and `export` meet them: whole, slowed, cut off, thinned out.
//!
//! Folders are made of a committed run, whose records are edited as JSON and not as the library has them.

mod harness;
mod kept;

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;
use std::process::Command;

use harness::verdicts::{EXCUSED_AT_MOST, Verdicts};
use harness::{SHORT, Said, crate_dir, kernel_allows, kilonet, said};
use serde_json::{Value, json};
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
    let run = crate_dir().join(RULES);
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
        let slow = |figure: &mut Value| *figure = (figure.as_f64().unwrap() * share).into();
        slow(&mut record["aggregate"]["goodput_bps"]);
        for figure in ["min_bps", "p5_bps", "p50_bps", "p95_bps", "max_bps"] {
            slow(&mut record["per_pair"][figure]);
        }
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
        "planned trials are recorded: the run was cut off or is still in progress",
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

/// What a report says, in one line.
fn reported(folder: &TempDir) -> String {
    let said = says(&["report", path(folder)]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.contains("</html>"), "the page is whole");
    said.out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The rows of the trials in a table that is exported, by their headings.
fn exported(folder: &TempDir) -> Vec<HashMap<String, String>> {
    let out = folder.path().join("tables");
    let out = out.to_str().unwrap();
    let said = says(&["export", path(folder), "--format", "csv", "--out", out]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let trials = folder.path().join("tables/trials.csv");
    let rows = csv::Reader::from_path(trials).unwrap().into_deserialize();
    rows.collect::<Result<_, _>>().unwrap()
}

#[test]
fn a_run_that_was_cut_off_is_reported_and_exported_as_far_as_it_goes() {
    let folder = edited(Some);
    cut_off(&folder.path().join("trials.jsonl"));
    let said = reported(&folder);
    assert!(
        said.contains("line 80 is cut off; its trial counts as not run"),
        "{said}"
    );
    assert!(said.contains("79 of 80 planned trials"), "{said}");
    assert_eq!(exported(&folder).len(), 79);
}

#[test]
fn records_of_a_newer_schema_are_left_out_and_said_once() {
    let folder = edited(|mut record| {
        record["schema"] = 99.into();
        Some(record)
    });
    let said = reported(&folder);
    let note = "line 1 is skipped: its schema 99 is newer than this kilonet reads (2); so are 79 more lines up to line 80";
    assert!(said.contains(note), "{said}");
    assert!(said.contains("no trial is recorded"), "{said}");
    assert_eq!(exported(&folder).len(), 0);
}

#[test]
fn a_manifest_of_a_newer_schema_that_cannot_be_read_is_refused_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = folder.path().join("manifest.json");
    fs::write(manifest, "{\"schema\":99,\"runs\":[]}").unwrap();
    let verbs = [
        &["report"][..],
        &["export", "--format", "csv"],
        &["compare", RULES],
    ];
    for verb in verbs {
        let said = says(&[verb, &[path(&folder)]].concat());
        assert_ne!(said.code, Some(0), "{said:?}");
        assert!(said.err.contains("use a newer kilonet"), "{}", said.err);
    }
}

/// The names of a folder's files, in their order.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
    let mut names: Vec<_> = entries
        .map(|entry| name(entry).into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn markdown_is_printed_or_a_file_and_nothing_else_is_written() {
    let run = edited(first_repeats);
    let of_run = ["report", path(&run), "--format", "md"];
    let printed = says(&of_run);
    assert_eq!((printed.code, printed.err.as_str()), (Some(0), ""));
    assert!(
        printed.out.starts_with("### docker-rules · "),
        "{}",
        printed.out
    );
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("issue.md");
    let said = says(&[&of_run[..], &["--output", file.to_str().unwrap()]].concat());
    assert_eq!(
        (said.code, said.out.as_str(), said.err.as_str()),
        (Some(0), "", "")
    );
    assert_eq!(fs::read_to_string(file).unwrap(), printed.out);
    assert_eq!(names(run.path()), ["manifest.json", "trials.jsonl"]);
}

#[test]
fn several_forms_go_into_a_folder_which_is_made() {
    let run = edited(first_repeats);
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("new/folder");
    let to = [
        "--format",
        "md,png,html,svg",
        "--out",
        folder.to_str().unwrap(),
    ];
    let said = says(&[&["report", path(&run)], &to[..]].concat());
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    let written = names(&folder);
    let mut printed: Vec<_> = said.out.lines().map(Path::new).collect();
    printed.sort();
    let paths: Vec<_> = written.iter().map(|name| folder.join(name)).collect();
    assert_eq!(printed, paths);
    let figures = |ending: &str| -> Vec<_> {
        let stems = written.iter().filter_map(|name| name.strip_suffix(ending));
        stems.map(str::to_owned).collect()
    };
    assert_eq!(figures(".png"), figures(".svg"));
    assert_eq!(figures(".md"), ["report"]);
    assert_eq!(figures(".html"), ["report"]);
    assert_eq!(names(run.path()), ["manifest.json", "trials.jsonl"]);
}

#[test]
fn markdown_alone_is_on_standard_output_while_pictures_go_into_the_run() {
    let run = edited(first_repeats);
    let said = says(&["report", path(&run), "--format", "png,md"]);
    assert!(
        said.out.starts_with("### ") && !said.out.contains(".png\n"),
        "{said:?}"
    );
    let told = said.err.lines();
    assert!(
        told.clone().all(|path| Path::new(path).is_file()),
        "{said:?}"
    );
    assert!(told.count() > 1, "{said:?}");
}

#[test]
fn cells_that_are_missing_are_named_and_nothing_stands_in_their_place() {
    let folder = edited(|record| (record["cell"]["containers"] != 256).then_some(record));
    let said = reported(&folder);
    assert!(said.contains("65 of 80 planned trials"), "{said}");
    assert!(
        said.contains("3 of 15 planned cells have no recorded trial: "),
        "{said}"
    );
    let rows = exported(&folder);
    assert_eq!(rows.len(), 65);
    assert!(rows.iter().all(|row| row["containers"] != "256"));
    let figure = fs::read_to_string(folder.path().join("aggregate.svg")).unwrap();
    assert!(figure.contains("512 containers") && !figure.contains("256 containers"));
}

#[test]
fn a_single_repeat_is_shown_without_any_interval() {
    let folder = edited(first_repeats);
    let said = reported(&folder);
    assert!(said.contains("each figure is one trial"), "{said}");
    assert!(said.contains("without an interval"), "{said}");
    for interval in ["Gb/s +-", "(95 %:", "95 % interval"] {
        assert!(!said.contains(interval), "{interval}: {said}");
    }
}

#[test]
fn a_run_of_which_every_trial_failed_is_reported_without_a_figure() {
    let folder = edited(|mut record| {
        let kept = ["schema", "trial", "repeat", "role", "cell"];
        record
            .as_object_mut()
            .unwrap()
            .retain(|key, _| kept.contains(&key.as_str()));
        record["status"] = "failed".into();
        record["error"] =
            json!({"act": "add port", "object": "v1 to bridge br0", "errno": "EXFULL"});
        Some(record)
    });
    let said = reported(&folder);
    assert!(said.contains("no cell has a valid trial"), "{said}");
    assert!(
        said.contains("75 trials failed: add port v1 to bridge br0: EXFULL"),
        "{said}"
    );
    assert!(!said.contains("Gb/s"), "{said}");
    let rows = exported(&folder);
    assert_eq!(rows.len(), 80);
    assert!(
        rows.iter()
            .all(|row| row["aggregate_goodput_bps"].is_empty())
    );
    assert!(rows.iter().all(|row| row["error_errno"] == "EXFULL"));
}

#[test]
fn the_records_of_two_runs_in_one_folder_are_noticed() {
    let folder = edited(Some);
    let trials = folder.path().join("trials.jsonl");
    let text = fs::read_to_string(&trials).unwrap();
    let strange = text.replace("\"containers\":256", "\"containers\":254");
    fs::write(&trials, [text.as_str(), strange.as_str()].concat()).unwrap();
    let said = reported(&folder);
    for note in [
        "line 81 is of a trial that had been measured",
        "two machines; so are 79 more lines up to line 160",
        "records of cells that the scenario in the manifest does not have: ",
    ] {
        assert!(said.contains(note), "{note}: {said}");
    }
}

#[test]
fn a_run_of_another_machine_is_not_gone_on_with() {
    if !kernel_allows() {
        return;
    }
    let folder = edited(first_repeats);
    let manifest = folder.path().join("manifest.json");
    let mut changed: Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    changed["fingerprint"]["cpu"]["model"] = "Another".into();
    fs::write(&manifest, changed.to_string()).unwrap();
    let before = harness::records(folder.path());
    let said = says(&["run", "--quiet", "--resume", path(&folder)]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("cpu.model was Another"), "{}", said.err);
    assert_eq!(harness::records(folder.path()), before);
}

/// Every way to read a run folder, without the words for it.
const READERS: &[&[&str]] = &[
    &["report"],
    &["compare", RULES],
    &["export", "--format", "csv"],
    &["export", "--format", "iperf3-json"],
    &["export", "--format", "flent"],
    &["export", "--format", "openmetrics"],
    &["export", "--format", "k8s-netperf-csv"],
    &["export", "--format", "hgrm"],
];

#[test]
fn no_record_makes_a_file_outside_of_the_folder() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("results/run");
    fs::create_dir_all(&run).unwrap();
    let strange = edited(|mut record| {
        record["trial"] = "../../../name".into();
        Some(record)
    });
    for file in ["manifest.json", "trials.jsonl"] {
        fs::copy(strange.path().join(file), run.join(file)).unwrap();
    }
    for reader in READERS.iter().copied() {
        let said = says(&[reader, &[run.to_str().unwrap()]].concat());
        assert_ne!(said.code, None, "{said:?}");
    }
    assert_eq!(names(home.path()), ["results"]);
    assert_eq!(names(&home.path().join("results")), ["run"]);
    let said = says(&["report", run.to_str().unwrap()]);
    let flowing = said.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        flowing.contains("cannot be the name of a file"),
        "{flowing}"
    );
}

#[test]
fn what_is_no_regular_file_is_refused_at_once_by_every_verb() {
    for file in ["trials.jsonl", "manifest.json"] {
        for kind in ["pipe", "device"] {
            let folder = edited(first_repeats);
            let path_of = folder.path().join(file);
            fs::remove_file(&path_of).unwrap();
            match kind {
                "pipe" => nix::unistd::mkfifo(&path_of, nix::sys::stat::Mode::S_IRWXU).unwrap(),
                _ => std::os::unix::fs::symlink("/dev/zero", &path_of).unwrap(),
            }
            for reader in READERS.iter().copied() {
                let said = says(&[reader, &[path(&folder)]].concat());
                assert_ne!(said.code, Some(0), "{reader:?} {file} {kind}: {said:?}");
                assert!(said.err.contains("not a regular file"), "{said:?}");
                assert!(
                    said.err.contains("hint: put a regular file in its place"),
                    "{said:?}"
                );
            }
        }
    }
}

#[test]
fn what_a_link_leads_to_is_not_written_to() {
    let home = tempfile::tempdir().unwrap();
    let theirs = home.path().join("theirs");
    fs::create_dir(&theirs).unwrap();
    fs::write(theirs.join("page"), "theirs").unwrap();
    let folder = edited(first_repeats);
    std::os::unix::fs::symlink(theirs.join("page"), folder.path().join("report.html")).unwrap();
    std::os::unix::fs::symlink(&theirs, folder.path().join("export")).unwrap();
    reported(&folder);
    assert_eq!(fs::read_to_string(theirs.join("page")).unwrap(), "theirs");
    let said = says(&["export", path(&folder), "--format", "csv"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("it is a link"), "{said:?}");
    assert_eq!(names(&theirs), ["page"]);
}

#[test]
fn figures_that_cannot_be_are_shown_nowhere() {
    for (part, field, value) in [
        ("aggregate", "goodput_bps", json!(9e307)),
        ("aggregate", "goodput_bps", json!(-5e9)),
        ("per_pair", "jain", json!(57)),
        ("cpu", "ns_per_byte", json!(-3)),
        ("cell", "containers", json!(4_000_000_000_u32)),
    ] {
        let folder = edited(|mut record| {
            if record["repeat"] == 0 {
                record[part][field] = value.clone();
            }
            Some(record)
        });
        let said = reported(&folder);
        let note = format!("line 1 is left out: `{part}.{field}` of trial");
        assert!(said.contains(&note), "{said}");
        assert!(said.contains("so are 15 more lines"), "{said}");
        assert_eq!(exported(&folder).len(), 64);
    }
}

/// Has something changed in the JSON of a file's lines.
fn rewritten(path: &Path, change: impl Fn(&mut Value)) {
    let text = fs::read_to_string(path).unwrap();
    let values = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
    let lines = values.map(|value| {
        let mut value = value.unwrap();
        change(&mut value);
        format!("{value}\n")
    });
    fs::write(path, lines.collect::<String>()).unwrap();
}

#[test]
fn a_run_of_another_kilonet_is_not_gone_on_with_unless_that_is_allowed() {
    if !kernel_allows() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let flags = [
        "sweep",
        "--containers",
        "2,4",
        "--quiet",
        "--out",
        path(&out),
    ];
    let run = says(&[&flags[..], SHORT].concat());
    let folder = run.folder();
    let [manifest, trials] = ["manifest.json", "trials.jsonl"].map(|file| folder.join(file));
    let another = |value: &mut Value| value["build"]["commit"] = "0123456789ab".into();
    rewritten(&manifest, another);
    rewritten(&trials, another);
    let text = fs::read_to_string(&trials).unwrap();
    let first = text.lines().next().unwrap();
    fs::write(&trials, format!("{first}\n")).unwrap();

    let resume = ["run", "--quiet", "--resume", folder.to_str().unwrap()];
    let refused = says(&resume);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    for said in [
        "began with kilonet 0.1.0 (commit 0123456789ab",
        "hint: ",
        "--allow-other-version",
    ] {
        assert!(refused.err.contains(said), "{said}: {}", refused.err);
    }
    assert_eq!(harness::records(&folder).len(), 1);

    let allowed = says(&[&resume[..], &["--allow-other-version"]].concat());
    assert_eq!(allowed.code, Some(0), "{allowed:?}");
    assert!(
        allowed
            .out
            .contains("note: the records come from 2 versions of kilonet: 0.1.0"),
        "{}",
        allowed.out
    );
    let records = harness::records(&folder);
    assert_eq!(records.len(), text.lines().count());
    let commits: BTreeSet<_> = records
        .iter()
        .map(|it| it["build"]["commit"].to_string())
        .collect();
    assert_eq!(commits.len(), 2, "{commits:?}");

    // One that does not say which it is of may be of any.
    rewritten(&manifest, |value| {
        value.as_object_mut().unwrap().remove("build");
    });
    let refused = says(&resume);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.err.contains("0.1.0 (of an unknown commit)"),
        "{}",
        refused.err
    );
}

#[test]
fn what_is_no_run_folder_is_refused_by_every_verb_that_reads_one() {
    let empty = tempfile::tempdir().unwrap();
    for nothing in [path(&empty), "no/such/folder", "Cargo.toml"] {
        for (verb, code) in [("report", 1), ("export", 1), ("compare", 2)] {
            let rest: &[&str] = match verb {
                "export" => &[nothing, "--format", "csv"],
                "compare" => &[RULES, nothing],
                _ => &[nothing],
            };
            let said = says(&[&[verb], rest].concat());
            let told = (said.code, said.out.as_str());
            assert_eq!(told, (Some(code), ""), "{verb} {nothing}: {said:?}");
            assert!(said.err.contains("hint: give the folder"), "{}", said.err);
        }
    }
}

#[test]
fn what_is_kept_has_a_page_and_a_row_and_nothing_else_has() {
    let folders = kept::folders().into_iter();
    let name = |folder: &Path| folder.file_name().unwrap().to_str().unwrap().to_owned();
    let kept: BTreeSet<_> = folders.map(|folder| name(&folder)).collect();
    let results = crate_dir().join("results");
    for name in &kept {
        assert!(results.join(name).join("README.md").exists(), "{name}");
    }
    let page = fs::read_to_string(results.join("README.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ["));
    let linked = |row: &str| Some(row.split_once("](")?.1.split_once(')')?.0.to_owned());
    assert_eq!(rows.filter_map(linked).collect::<BTreeSet<_>>(), kept);
}

#[test]
fn a_run_of_ones_own_is_not_seen_by_git_and_a_kept_one_is() {
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(arguments).current_dir(crate_dir());
        git.output().is_ok_and(|output| output.status.success())
    };
    if !git(&["rev-parse"]) {
        eprintln!("SKIPPED: no git, or not a clone");
        return;
    }
    let ignored = |path: &str| git(&["check-ignore", "--quiet", "--no-index", path]);
    assert!(ignored("results/20991231T000000Z-quickstart/trials.jsonl"));
    for folder in kept::runs() {
        let name = folder.file_name().unwrap().display();
        assert!(!ignored(&format!("results/{name}/trials.jsonl")), "{name}");
        assert!(ignored(&format!("results/{name}/export/trials.csv")));
    }
}

/// Whoever tries kilonet in a clone has runs of their own there, which a script that goes by a pattern would take for a kept one.
#[test]
fn no_script_looks_for_runs_by_a_pattern() {
    let mut files = Vec::new();
    for folder in [
        "scripts",
        "tests/export",
        "tests/browser",
        "benches",
        "examples",
    ] {
        gather(&crate_dir().join(folder), &mut files);
    }
    files.retain(|file| file.extension().is_none_or(|it| it != "rs"));
    assert!(files.len() > 10, "only {}", files.len());
    for file in files {
        let text = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
        let found = text.lines().find(|line| line.contains("results/*"));
        assert_eq!(found, None, "{}", file.display());
    }
}

fn gather(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, files);
        } else {
            files.push(path);
        }
    }
}

#[test]
fn trials_that_cannot_be_judged_are_counted_over_all_tests_and_too_many_fail() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("verdicts");
    Verdicts::kept_in(&file).judged("a");
    for _ in 0..EXCUSED_AT_MOST {
        Verdicts::kept_in(&file).excused("b");
    }
    let one_more = std::panic::catch_unwind(|| Verdicts::kept_in(&file).excused("b"));
    assert!(one_more.is_err());
}
