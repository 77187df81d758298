use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use rayon::prelude::*;

use serde_json::{Value, json};

use super::*;
use crate::factors::{Topology, Workload};
use crate::store::record::{
    FlowCounts, FlowRow, Generator, PerContainer, ProgramOutput, Record, Rows, Spread, Window,
};
use crate::store::sample;
use crate::store::{Purpose, kept};

fn row(trial: &str, error: Option<&str>) -> FlowRow {
    FlowRow {
        trial: trial.to_owned(),
        pair: 0,
        stream: 0,
        client: 0,
        server: 1,
        status: "ok".to_owned(),
        bytes: 1000,
        goodput_bps: 8000.0,
        retransmits: None,
        transactions: None,
        p50_ns: None,
        p99_ns: None,
        max_ns: None,
        datagrams_sent: None,
        datagrams_received: None,
        lost_datagrams: None,
        reordered: None,
        duplicates: None,
        error: error.map(str::to_owned),
        generator_bps: None,
        generator_transactions_per_s: None,
    }
}

fn record(containers: u32) -> Record {
    sample::measured(sample::cell(Topology::Bridge, containers), 0)
}

fn flow_trials(dir: &Path) -> Vec<String> {
    let mut reader = csv::Reader::from_path(dir.join(FLOWS)).unwrap();
    reader
        .deserialize()
        .map(|row| {
            let row: FlowRow = row.unwrap();
            row.trial
        })
        .collect()
}

fn append_raw(path: &Path, text: &str) {
    OpenOptions::new()
        .append(true)
        .open(path)
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
}

#[test]
fn what_is_written_is_what_is_read() {
    let out = tempfile::tempdir().unwrap();
    let manifest = sample::manifest(2);
    let mut writer = Writer::create(out.path(), &manifest).unwrap();
    let records = vec![
        record(2),
        sample::failed(sample::cell(Topology::Bridge, 4), 0),
    ];
    for record in &records {
        writer
            .append(
                record,
                &vec![row(
                    &record.trial,
                    Some("broken pipe, \"quoted\"\nand broken"),
                )]
                .into(),
            )
            .unwrap();
    }
    assert!(
        writer.dir().ends_with("20261123T041500Z-sample"),
        "{:?}",
        writer.dir()
    );
    assert_eq!(
        Run::read(writer.dir()).unwrap(),
        Run {
            manifest,
            records: records.clone(),
            notes: vec![]
        }
    );
    assert_eq!(
        flow_trials(writer.dir()),
        records
            .iter()
            .map(|record| record.trial.clone())
            .collect::<Vec<_>>()
    );
}

#[test]
fn the_second_run_of_one_second_gets_a_folder_of_its_own() {
    let out = tempfile::tempdir().unwrap();
    let manifest = Manifest {
        name: "a/../b c".to_owned(),
        ..sample::manifest(1)
    };
    let names: Vec<_> = (0..3)
        .map(|_| {
            Writer::create(out.path(), &manifest)
                .unwrap()
                .dir()
                .strip_prefix(out.path())
                .unwrap()
                .to_owned()
        })
        .map(|name| name.display().to_string())
        .collect();
    assert_eq!(
        names,
        [
            "20261123T041500Z-a-..-b-c",
            "20261123T041500Z-a-..-b-c-2",
            "20261123T041500Z-a-..-b-c-3"
        ]
    );
}

#[test]
fn a_resumed_run_drops_what_was_cut_off_and_repeats_what_failed() {
    let out = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(out.path(), &sample::manifest(4)).unwrap();
    let dir = writer.dir().to_owned();
    let failure = sample::failed(sample::cell(Topology::Bridge, 4), 0);
    writer
        .append(&record(2), &vec![row(&record(2).trial, None)].into())
        .unwrap();
    writer
        .append(&failure, &vec![row(&failure.trial, None)].into())
        .unwrap();
    drop(writer);
    append_raw(
        &dir.join(FLOWS),
        "bridge-ipv4-c8-a8-r0,0,0,0,1,ok,10,80.0,,\nbridge-ipv4-c8-a8-r0,1,0",
    );
    append_raw(
        &dir.join(TRIALS),
        "{\"schema\":1,\"trial\":\"bridge-ipv4-c8",
    );

    let (mut writer, done) = Writer::resume(&dir).unwrap();
    assert_eq!(done, [record(2)]);
    assert_eq!(flow_trials(&dir), [record(2).trial]);
    let again = record(4);
    assert_eq!(again.trial, failure.trial);
    writer
        .append(&again, &vec![row(&again.trial, None)].into())
        .unwrap();

    let run = Run::read(&dir).unwrap();
    assert_eq!(run.records, [record(2), again.clone()]);
    assert_eq!(run.notes, Vec::<String>::new());
    assert_eq!(flow_trials(&dir), [record(2).trial, again.trial]);
}

#[test]
fn lines_that_cannot_be_read_are_notes_with_their_place() {
    let out = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(out.path(), &sample::manifest(4)).unwrap();
    writer.append(&record(2), &Rows::default()).unwrap();
    append_raw(
        &writer.dir().join(TRIALS),
        "not json\n{\"schema\":99,\"trial\":{}}\n{\"schema\":1}\n{\"schema\":1,\"tr",
    );
    let run = Run::read(writer.dir()).unwrap();
    assert_eq!(run.records, [record(2)]);
    insta::assert_snapshot!(run.notes.join("\n"), @r"
    trials.jsonl line 2 is skipped: expected ident at column 2
    trials.jsonl line 3 is skipped: its schema 99 is newer than this kilonet reads (2)
    trials.jsonl line 4 is skipped: missing field `trial` at column 12
    trials.jsonl line 5 is cut off; its trial counts as not run
    ");
}

#[test]
fn lines_parsed_together_by_many_threads_are_those_parsed_one_by_one() {
    let out = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(out.path(), &sample::manifest(4)).unwrap();
    // Longer than what is read at once, which therefore ends in the midst of lines.
    let long = "x".repeat(3 << 20) + "\n";
    for containers in [2, 4, 8] {
        writer
            .append(&record(containers), &Rows::default())
            .unwrap();
        append_raw(&writer.dir().join(TRIALS), &long.repeat(2));
    }
    let run = Run::read(writer.dir()).unwrap();
    assert_eq!(run.records, [record(2), record(4), record(8)]);
    let notes = run.notes.concat();
    assert!(notes.starts_with("trials.jsonl line 2 is"), "{notes}");
    assert!(notes.ends_with("5 more lines up to line 9"), "{notes}");
    let parse = |lines: &[&[u8]]| lines.par_iter().map(|line| Line::parse(line)).collect();
    assert_eq!(Run::read_by(writer.dir(), parse).unwrap(), run);
}

#[test]
fn a_last_line_without_its_end_is_not_counted_even_if_it_parses() {
    let out = tempfile::tempdir().unwrap();
    let writer = Writer::create(out.path(), &sample::manifest(1)).unwrap();
    append_raw(
        &writer.dir().join(TRIALS),
        &serde_json::to_string(&record(2)).unwrap(),
    );
    let run = Run::read(writer.dir()).unwrap();
    assert_eq!((run.records.len(), run.notes.len()), (0, 1));
}

#[test]
fn two_writers_do_not_share_a_folder() {
    let out = tempfile::tempdir().unwrap();
    let writer = Writer::create(out.path(), &sample::manifest(1)).unwrap();
    let error = Writer::resume(writer.dir()).unwrap_err();
    assert!(
        error.to_string().ends_with("another run is writing to it"),
        "{error}"
    );
    assert!(error.hint().is_some());
    let dir = writer.dir().to_owned();
    drop(writer);
    Writer::resume(&dir).unwrap();
}

#[test]
fn what_is_no_run_folder_is_said_and_left_as_it_was() {
    let out = tempfile::tempdir().unwrap();
    let missing = out.path().join("missing");
    let file = out.path().join("file");
    fs::write(&file, "text").unwrap();
    let empty = tempfile::tempdir().unwrap();
    let reasons = [
        (empty.path(), "it has no manifest.json"),
        (&missing, "there is no such folder"),
        (&file, "it is not a folder"),
    ];
    for (dir, reason) in reasons {
        for error in [
            Run::read(dir).unwrap_err(),
            Writer::resume(dir).unwrap_err(),
        ] {
            assert!(error.to_string().contains(reason), "{error}");
            assert!(error.hint().unwrap().contains("results/"), "{error}");
        }
    }
    assert_eq!(fs::read_dir(empty.path()).unwrap().count(), 0);
}

#[test]
fn a_manifest_of_a_newer_layout_names_the_remedy() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(MANIFEST), "{\"schema\":9,\"title\":\"?\"}").unwrap();
    let error = Run::read(dir.path()).unwrap_err();
    assert!(error.sentence().contains("schema 9"), "{error}");
    assert!(
        error.hint().unwrap().contains("use a newer kilonet"),
        "{error}"
    );
}

#[test]
fn a_manifest_of_a_newer_layout_is_refused_also_where_it_parses() {
    let out = tempfile::tempdir().unwrap();
    let newer = Manifest {
        schema: 99,
        ..sample::manifest(1)
    };
    let dir = Writer::create(out.path(), &newer).unwrap().dir().to_owned();
    for error in [
        Run::read(&dir).unwrap_err(),
        Writer::resume(&dir).unwrap_err(),
    ] {
        let sentence = error.to_string();
        assert!(
            sentence.ends_with("its schema 99 is newer than this kilonet reads (2)"),
            "{sentence}"
        );
        assert!(error.hint().unwrap().contains("newer"), "{error:?}");
    }
}

#[test]
fn a_byte_order_mark_costs_nothing() {
    let out = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(out.path(), &sample::manifest(2)).unwrap();
    for containers in [2, 4] {
        writer
            .append(&record(containers), &Rows::default())
            .unwrap();
    }
    let dir = writer.dir().to_owned();
    let whole = Run::read(&dir).unwrap();
    for file in [MANIFEST, TRIALS, FLOWS] {
        let text = fs::read(dir.join(file)).unwrap();
        fs::write(dir.join(file), [b"\xef\xbb\xbf", &text[..]].concat()).unwrap();
    }
    assert_eq!(Run::read(&dir).unwrap(), whole);
}

/// What is said of a file of these lines.
fn notes_on(lines: &str) -> Vec<String> {
    let out = tempfile::tempdir().unwrap();
    let writer = Writer::create(out.path(), &sample::manifest(2)).unwrap();
    append_raw(&writer.dir().join(TRIALS), lines);
    let run = Run::read(writer.dir()).unwrap();
    assert_eq!(run.records, []);
    run.notes
}

fn line_of(record: &Record) -> String {
    serde_json::to_string(record).unwrap() + "\n"
}

#[test]
fn a_line_whose_id_leads_out_of_the_folder_is_no_record() {
    let line = line_of(&record(2)).replace("bridge-ipv4-c2-a2-r0", "../../name");
    let notes = notes_on(&line);
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(
        notes[0].starts_with(
            "trials.jsonl line 1 is skipped: \"../../name\" cannot be the name of a file"
        ),
        "{notes:?}"
    );
}

#[test]
fn a_record_with_a_figure_that_cannot_be_is_left_out_and_its_kind_said_once() {
    let mut records = [2, 4, 8].map(record);
    for (record, jain) in records.iter_mut().zip([57.0, -1.0, 2.0]) {
        record.per_pair.as_mut().unwrap().jain = jain;
    }
    let lines: String = records.iter().map(line_of).collect();
    assert_eq!(
        notes_on(&lines),
        [
            "trials.jsonl line 1 is left out: `per_pair.jain` of trial bridge-ipv4-c2-a2-r0 is 57, and must be from 0 to 1; so \
          are 2 more lines up to line 3"
        ]
    );
}

#[test]
fn a_record_that_cannot_be_is_measured_again() {
    let out = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(out.path(), &sample::manifest(2)).unwrap();
    let mut bad = record(4);
    bad.aggregate.as_mut().unwrap().goodput_bps = -1.0;
    for record in [&record(2), &bad] {
        let rows = vec![row(&record.trial, None)].into();
        writer.append(record, &rows).unwrap();
    }
    let dir = writer.dir().to_owned();
    drop(writer);
    let (_, done) = Writer::resume(&dir).unwrap();
    assert_eq!(done, [record(2)]);
    assert_eq!(flow_trials(&dir), [record(2).trial]);
}

#[test]
fn lines_that_are_too_long_or_too_deep_are_passed_over() {
    let out = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(out.path(), &sample::manifest(2)).unwrap();
    let deep = "[".repeat(1 << 20) + "\n";
    let long = "x".repeat(40 << 20) + "\n";
    append_raw(&writer.dir().join(TRIALS), &(deep + &long));
    writer.append(&record(2), &Rows::default()).unwrap();
    append_raw(&writer.dir().join(TRIALS), &"y".repeat(40 << 20));
    let run = Run::read(writer.dir()).unwrap();
    assert_eq!(run.records, [record(2)]);
    let beginnings = [
        "trials.jsonl line 1 is skipped: ",
        "trials.jsonl line 2 is skipped: it is longer than 16 MiB, the most that a record has; so is line 4",
    ];
    assert_eq!(run.notes.len(), beginnings.len(), "{:?}", run.notes);
    for (note, beginning) in run.notes.iter().zip(beginnings) {
        assert!(note.starts_with(beginning), "{note}");
    }
}

#[test]
fn of_many_reasons_the_first_are_told_and_the_others_counted() {
    let lines: String = (0..50).map(|nth| " ".repeat(nth) + "x\n").collect();
    let notes = notes_on(&lines);
    assert_eq!(notes.len(), 21, "{notes:?}");
    assert_eq!(
        notes[20],
        "30 more lines of trials.jsonl are left out, for other reasons"
    );
}

#[test]
fn rows_of_containers_and_outputs_that_records_speak_of_are_missed() {
    let out = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(out.path(), &sample::manifest(2)).unwrap();
    let mut record = record(2);
    let spread = Spread::default();
    record.per_container = Some(PerContainer {
        processes: 2,
        cpu_ns: spread,
        memory_peak_bytes: None,
    });
    record.generator = Some(Generator::default());
    writer.append(&record, &Rows::default()).unwrap();
    let outputs = format!(
        "outputs lacks the output of generators in 1 trial, the first {}",
        record.trial
    );
    let notes = |dir: &Path| Run::read(dir).unwrap().notes;
    assert_eq!(
        notes(writer.dir()),
        ["containers.csv is not there", &outputs]
    );
    let rows = "trial,container,cpu_user_ns,cpu_system_ns,memory_peak_bytes\n";
    let row = |trial: &str| format!("{trial},0,1,1,1\n");
    let text = format!("{rows}{}{}", row(&record.trial), row("another"));
    fs::write(writer.dir().join(CONTAINERS), &text).unwrap();
    let of_rows = format!(
        "containers.csv has 1 row for 2 containers of trial {}: its rows are left out",
        record.trial
    );
    let of_others = "containers.csv has 1 row of trials without a record, left out";
    assert_eq!(notes(writer.dir()), [&of_rows, of_others, &outputs]);
    fs::create_dir(writer.dir().join(OUTPUTS)).unwrap();
    fs::write(
        writer.dir().join(OUTPUTS).join(record.trial.file(".jsonl")),
        "",
    )
    .unwrap();
    fs::write(
        writer.dir().join(CONTAINERS),
        [text, row(&record.trial)].concat(),
    )
    .unwrap();
    assert_eq!(notes(writer.dir()), [of_others]);
}

#[test]
fn a_file_in_the_way_of_the_folder_is_a_clear_error() {
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("results");
    fs::write(&file, "").unwrap();
    let error = Writer::create(&file, &sample::manifest(1)).unwrap_err();
    assert!(error.to_string().starts_with("create folder "), "{error}");
    assert!(error.hint().unwrap().contains("--out"));
}

/// `/dev/full` answers every write as a full disk does.
#[test]
fn a_full_disk_is_named_with_its_remedy() {
    let out = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(out.path(), &sample::manifest(1)).unwrap();
    writer.put_flows_into(Path::new("/dev/full"));
    let error = writer
        .append(&record(2), &vec![row("t", None)].into())
        .unwrap_err();
    assert_eq!(error.errno(), Some(libc::ENOSPC));
    assert!(error.hint().unwrap().contains("free space"), "{error}");
    assert_eq!(Run::read(writer.dir()).unwrap().records, []);
}

#[test]
fn a_record_of_the_sweep_has_no_role_on_disk_and_a_baseline_has() {
    let plain = serde_json::to_value(record(2)).unwrap();
    assert!(plain.get("role").is_none());
    let baseline = Record {
        role: crate::store::Role::Baseline,
        ..record(2)
    };
    assert_eq!(serde_json::to_value(baseline).unwrap()["role"], "baseline");
}

#[test]
fn what_programs_printed_is_kept_once_for_each_trial() {
    let out = tempfile::tempdir().unwrap();
    let writer = Writer::create(out.path(), &sample::manifest(1)).unwrap();
    let output = |stdout: &str| ProgramOutput {
        process: "iperf3, client of pair 0".to_owned(),
        arguments: vec!["--json".to_owned()],
        stdout: stdout.to_owned(),
        stderr: String::new(),
        end: None,
    };
    writer.keep(&"nothing-r0".parse().unwrap(), &[]).unwrap();
    assert!(!writer.dir().join(OUTPUTS).exists());
    writer
        .keep(&"some-r0".parse().unwrap(), &[output("cut off")])
        .unwrap();
    let again = [output("a\nb"), output("")];
    writer.keep(&"some-r0".parse().unwrap(), &again).unwrap();
    let text = fs::read_to_string(writer.dir().join(OUTPUTS).join("some-r0.jsonl")).unwrap();
    let kept: Vec<ProgramOutput> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(kept, again);
}

#[test]
fn a_folder_of_an_earlier_version_verifies_by_its_windows_and_not_by_its_name() {
    let of = |name: &str, settings: Value| {
        let manifest = Manifest {
            name: name.to_owned(),
            settings,
            ..sample::manifest(1)
        };
        manifest.purpose()
    };
    let settings = |verify: bool, window_ns: u64, repeats: u64| json!({"verify": verify, "warmup_ns": window_ns, "measure_ns": window_ns, "sample_ns": window_ns, "repeats": repeats});
    let tiny = 100_000_000;
    assert_eq!(of("a-verify", settings(true, tiny, 1)), Purpose::Verify);
    // All that the name had made one that verifies.
    let named = [(2 * tiny, 1), (tiny, 3)];
    for (window_ns, repeats) in named {
        let settings = settings(true, window_ns, repeats);
        assert_eq!(of("a-verify", settings), Purpose::Measure);
    }
    assert_eq!(of("a", settings(false, tiny, 1)), Purpose::Measure);
    assert_eq!(of("a-verify", json!({})), Purpose::Measure);
    // What is said outright stands.
    let manifest = Manifest {
        purpose: Some(Purpose::Verify),
        ..sample::manifest(1)
    };
    assert_eq!(manifest.purpose(), Purpose::Verify);
}

/// What is said of the one row of a trial of requests, after a change to the trial and to the row.
fn tallied(change: fn(&mut Record, &mut FlowRow)) -> Vec<String> {
    let out = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(out.path(), &sample::manifest(1)).unwrap();
    let mut record = record(2);
    record.cell.workload = Workload::TcpRr;
    record.window = Some(Window {
        start_unix_ns: 0,
        duration_ns: 1_000_000_000,
        skew_ns: 0,
    });
    let aggregate = record.aggregate.as_mut().unwrap();
    aggregate.goodput_bps = 8000.0;
    aggregate.transactions_per_s = Some(500.0);
    record.flows = Some(FlowCounts {
        expected: 1,
        connected: 1,
        ..FlowCounts::default()
    });
    let mut row = FlowRow {
        transactions: Some(500),
        p50_ns: Some(10),
        p99_ns: Some(20),
        max_ns: Some(30),
        ..row(&record.trial, None)
    };
    change(&mut record, &mut row);
    writer.append(&record, &vec![row].into()).unwrap();
    let tally = Tally::of(writer.dir(), &[record]).unwrap();
    tally.notes().to_owned()
}

#[test]
fn a_row_that_contradicts_itself_or_its_record_is_left_out() {
    type Change = fn(&mut Record, &mut FlowRow);
    let cases: [(Change, &str); 12] = [
        (|_, row| row.client = 2, "a `client` of 2 in a row"),
        (|_, row| row.p50_ns = Some(21), "a `p99_ns` of 20 in a row"),
        (|_, row| row.max_ns = Some(19), "a `max_ns` of 19 in a row"),
        (
            |record, _| record.cell.workload = Workload::TcpStream,
            "a `transactions` of 500 in a row",
        ),
        (
            |_, row| row.reordered = Some(1),
            "a `reordered` of 1 in a row",
        ),
        (
            |_, row| row.status = "well".to_owned(),
            "a `status` of no known kind in a row",
        ),
        (
            |_, row| row.status = "stalled".to_owned(),
            "a `status` of stalled beside bytes in a row",
        ),
        (
            |_, row| row.status = "unconnected".to_owned(),
            "a `status` of unconnected beside bytes in a row",
        ),
        (
            |_, row| row.error = Some("broken pipe".to_owned()),
            "a `status` of ok beside an error in a row",
        ),
        (
            |_, row| row.status = "died".to_owned(),
            "1 died flows, and the record 0,",
        ),
        (
            |record, _| record.flows.as_mut().unwrap().connected = 0,
            "0 unconnected flows, and the record 1,",
        ),
        (
            |_, row| row.transactions = Some(502),
            "502 requests, and the record 500,",
        ),
    ];
    let trial = record(2).trial;
    for (change, words) in cases {
        let note = format!("flows.csv has {words} of trial {trial}: its rows are left out");
        assert_eq!(tallied(change), [note]);
    }
    let sound: [Change; 3] = [
        |_, _| {},
        // Of a flow of which no times are known there are none.
        |_, row| row.transactions = None,
        // The program failed, and not what it moved.
        |record, row| {
            record.generator = Some(Generator::default());
            row.error = Some("no report".to_owned());
        },
    ];
    for change in sound {
        assert_eq!(tallied(change), [""; 0]);
    }
}

/// The runs that are kept are the witness that no row is refused that was measured.
#[test]
fn no_kept_row_is_left_out() {
    let mut trials = 0;
    for dir in kept::runs() {
        let records = Run::read(&dir).unwrap().records;
        let tally = Tally::of(&dir, &records).unwrap();
        if dir.join(FLOWS).exists() {
            assert_eq!(tally.notes(), [""; 0], "{dir:?}");
            trials += records.len();
        }
    }
    assert!(trials > 500, "only {trials}");
}
