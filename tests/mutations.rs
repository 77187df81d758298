//! Whatever is in a run folder or a scenario file, those who read it neither panic nor hang, write nowhere but where they were told
//! to, and show nothing that cannot be.
//!
//! Records, manifests, tables and scenarios are damaged from a seed. `KILONET_MUTATIONS` says how many cases are made,
//! `KILONET_MUTATIONS_SEED` and `KILONET_MUTATIONS_FIRST` which; `results/*-mutations` has what 1,000,000 came to.

#[path = "mutations/case.rs"]
mod case;
#[path = "mutations/draw.rs"]
mod draw;
mod kept;
#[path = "mutations/seeds.rs"]
mod seeds;
#[path = "mutations/shown.rs"]
mod shown;
#[path = "mutations/text.rs"]
mod text;
#[path = "mutations/tree.rs"]
mod tree;
#[path = "mutations/worker.rs"]
mod worker;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};

use worker::{Finding, Plant, Share, Tally};

/// Cases of a run of the ring.
const CASES: u64 = 10_000;

/// After so many that ended it, a share is given up.
const ENDS: usize = 20;

const RING: &str = "whatever_is_in_a_folder_or_a_scenario_is_read_or_refused";

fn asked(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().expect("a number"))
}

#[test]
fn whatever_is_in_a_folder_or_a_scenario_is_read_or_refused() {
    if let Some(share) = worker::share() {
        return worker::work(&share);
    }
    let first = asked("KILONET_MUTATIONS_FIRST", 0);
    let cases = asked("KILONET_MUTATIONS", CASES);
    let home = tempfile::tempdir().unwrap();
    let step = std::thread::available_parallelism().unwrap().get();
    let shares = (0..step as u64).map(|number| Share {
        seed: asked("KILONET_MUTATIONS_SEED", 1),
        first: first + number,
        step,
        end: first + cases,
        home: home.path().join(number.to_string()),
        plant: None,
    });
    let done = shares.map(|share| std::thread::spawn(move || worked_off(share)));
    let done: Vec<_> = done.collect();
    let done = done.into_iter().map(|share| share.join().unwrap());
    let (findings, tallies): (Vec<_>, Vec<_>) = done.unzip();
    let tally = told(&tallies);
    let findings = grouped(findings.concat());
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    if cases >= CASES {
        assert_varied(&tally);
    }
}

/// Has a share worked off in a process of its own, and in another from the next case on where one has ended it.
fn worked_off(mut share: Share) -> (Vec<Finding>, Vec<Tally>) {
    fs::create_dir(&share.home).unwrap();
    let (mut ended, mut tallies) = (Vec::new(), Vec::new());
    for _ in 0..ENDS {
        let status = Command::new(std::env::current_exe().unwrap())
            // With one thread the harness says nothing of how long it takes, which would stand among what the cases print.
            .args(["--exact", RING, "--nocapture", "--test-threads=1"])
            .env(worker::SHARE, serde_json::to_string(&share).unwrap())
            .env("RAYON_NUM_THREADS", "1")
            .env("NO_COLOR", "1")
            .env_remove("CLICOLOR_FORCE")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        if status.success() {
            let tally = fs::read_to_string(share.home.join(worker::TALLY)).unwrap();
            tallies.push(serde_json::from_str(&tally).unwrap());
            break;
        }
        let at = fs::read_to_string(share.home.join(worker::AT)).unwrap();
        let case = at.parse().unwrap();
        let what = match status.signal() {
            Some(signal) => {
                format!("it was ended by signal {signal}: it took too much memory or time")
            }
            None => format!("its process ended with {status}"),
        };
        let act = "unknown".to_owned();
        ended.push(Finding { case, act, what });
        share.first = case + share.step as u64;
        share.plant = None;
    }
    let lines = fs::read_to_string(share.home.join(worker::FINDINGS)).unwrap_or_default();
    ended.extend(
        lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap()),
    );
    (ended, tallies)
}

/// Says how many cases were done and refused, by act.
fn told(tallies: &[Vec<Tally>]) -> Tally {
    let mut all = Tally::new();
    for (act, (done, refused)) in tallies.iter().flatten().flatten() {
        let counts = all.entry(act.clone()).or_default();
        *counts = (counts.0 + done, counts.1 + refused);
    }
    for (act, (done, refused)) in &all {
        println!("{act}: {done} done, {refused} refused");
    }
    let cases: u64 = all.values().map(|(done, refused)| done + refused).sum();
    println!("{cases} cases");
    all
}

/// What is held of cases that are all refused is held of nothing, and so it is of such as are all done.
fn assert_varied(tally: &Tally) {
    for verb in ["plan", "report", "export", "compare", "resume"] {
        let of_verb = tally.iter().filter(|(act, _)| act.starts_with(verb));
        let (done, refused) = of_verb.fold((0, 0), |sum, (_, counts)| {
            (sum.0 + counts.0, sum.1 + counts.1)
        });
        assert!(
            done > 20 && refused > 20,
            "{verb}: {done} done, {refused} refused"
        );
    }
}

/// Each thing that was found once, with the first case that shows it and how many do.
fn grouped(findings: Vec<Finding>) -> Vec<String> {
    let mut kinds = BTreeMap::<String, Vec<Finding>>::new();
    for finding in findings {
        kinds.entry(finding.what.clone()).or_default().push(finding);
    }
    let said = kinds.into_iter().map(|(what, all)| {
        let first = all.iter().min_by_key(|finding| finding.case).unwrap();
        format!(
            "{what} ({} cases, the first KILONET_MUTATIONS_FIRST={} KILONET_MUTATIONS=1: {})",
            all.len(),
            first.case,
            first.act
        )
    });
    said.collect()
}

fn found_of(plant: Plant, home: &Path) -> Vec<Finding> {
    let share = Share {
        seed: 1,
        first: 0,
        step: 1,
        end: 1,
        home: home.join("0"),
        plant: Some(plant),
    };
    worked_off(share).0
}

#[test]
fn what_goes_wrong_in_a_case_is_found() {
    for (plant, words) in [
        (Plant::Panic, "panic at tests/mutations/worker.rs"),
        (Plant::Memory, "ended by signal 6"),
        (Plant::Spin, "ended by signal 24"),
        (Plant::Wait, "ended by signal 14"),
        (Plant::Write, "stolen was written"),
        (Plant::Escape, "standard error has a raw \\u{1b}"),
        (Plant::Figure, "standard output shows NaN Gb/s"),
    ] {
        let home = tempfile::tempdir().unwrap();
        let found = found_of(plant, home.path());
        assert!(
            found.iter().any(|it| it.what.contains(words)),
            "{plant:?}: {found:?}"
        );
    }
}

#[test]
fn figures_that_cannot_be_are_seen_wherever_they_are_shown() {
    type Read = fn(&str, &mut shown::Wrongs);
    let table = |name: &str, figure: &str| {
        format!("|  | count | {name} |\n|---|--:|--:|\n| veth | 2 | {figure} |\n")
    };
    let columns: Read = |text, wrongs| shown::Columns::read().table(text.as_bytes(), wrongs);
    let cases: [(Read, String, String); 9] = [
        (shown::markdown, table("Jain", "57"), table("Jain", "0.9")),
        (
            shown::markdown,
            table("aggregate", "-3 Gb/s"),
            table("aggregate", "3 Gb/s"),
        ),
        (shown::markdown, table("ns/B", "NaN"), table("ns/B", "0.4")),
        (
            shown::picture,
            "<path d=\"M 0 NaN\"/>".into(),
            "<path d=\"M 0 1\">NaN</path>".into(),
        ),
        (
            columns,
            "trial,per_pair_jain\nNaN,57\n".into(),
            "trial,per_pair_jain\nNaN,1\n".into(),
        ),
        (
            columns,
            "cpu_ns_per_byte\n-1\n".into(),
            "cpu_ns_per_byte\n1\n".into(),
        ),
        (
            shown::openmetrics,
            "a{b=\"c\"} NaN 1\n".into(),
            "# a\na{b=\"c\"} 2 1\n".into(),
        ),
        (
            |text, wrongs| shown::k8s_netperf(text.as_bytes(), wrongs),
            "Avg Throughput,99%tile Observed Latency,Duration,Parallelism\n-1,,,\n".into(),
            "Avg Throughput,99%tile Observed Latency,Duration,Parallelism\n1,,,\n".into(),
        ),
        (
            shown::iperf3,
            r#"{"end":{"sum":{"bytes":-1}}}"#.into(),
            r#"{"end":{"sum":{"bytes":1}}}"#.into(),
        ),
    ];
    for (read, wrong, right) in cases {
        let (mut of_wrong, mut of_right) = (Vec::new(), Vec::new());
        read(&wrong, &mut of_wrong);
        read(&right, &mut of_right);
        assert_eq!((of_wrong.len(), of_right.len()), (1, 0), "{wrong}");
    }
}

#[test]
fn the_same_seed_makes_the_same_case() {
    let seeds = seeds::Seeds::read();
    for number in 0..50 {
        let made = || {
            let home = tempfile::tempdir().unwrap();
            let act = case::make(&mut draw::Draw::new(7, number), &seeds, home.path());
            let files = [
                "mine.toml",
                "run/trials.jsonl",
                "run/manifest.json",
                "run/flows.csv",
            ];
            (act, files.map(|file| fs::read(home.path().join(file)).ok()))
        };
        assert!(made() == made(), "case {number}");
    }
}
