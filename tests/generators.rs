//! Somebody else's generators inside a lab: what they say beside what crossed, what bad luck gets, and that nobody stays.
//!
//! The witness is the tool itself: its own output, as it is kept in the run folder.

mod harness;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use harness::{kernel_allows, kilonet, records, said};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use serde_json::Value;

/// One short trial of each cell, without a baseline that would double them.
const SHORT: &[&str] = &[
    "--warmup",
    "100ms",
    "--measure",
    "500ms",
    "--repeats",
    "1",
    "--quiet",
];

fn sweep(flags: &[&str], out: &Path) -> Command {
    let mut command = kilonet([&["sweep"], flags, SHORT].concat());
    command.arg("--out").arg(out);
    command
}

/// What the processes of a trial printed, as the run folder has it.
fn outputs(folder: &Path, record: &Value) -> Vec<Value> {
    let name = format!("{}.jsonl", record["trial"].as_str().unwrap());
    let text = fs::read_to_string(folder.join("outputs").join(name)).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A sum that the clients of iperf3 said at their end, in the order of their pairs.
fn sums(folder: &Path, record: &Value, which: &str) -> Vec<Value> {
    let outputs = outputs(folder, record);
    let client = |output: &&Value| output["process"].as_str().unwrap().contains("client");
    let said = |output: &Value| -> Value {
        serde_json::from_str(output["stdout"].as_str().unwrap()).unwrap()
    };
    let all = outputs.iter().filter(client).map(said);
    all.map(|said| said["end"][which].clone()).collect()
}

fn rows(folder: &Path, record: &Value) -> Vec<std::collections::HashMap<String, String>> {
    let mut rows = csv::Reader::from_path(folder.join("flows.csv")).unwrap();
    let rows = rows.deserialize().map(Result::unwrap);
    rows.filter(|row: &std::collections::HashMap<String, String>| record["trial"] == row["trial"])
        .collect()
}

#[test]
fn iperf3_says_what_is_kept_and_what_crossed_stands_beside_it() {
    if !kernel_allows() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let flags = [
        "--topology",
        "shared,veth,bridge,routed",
        "--family",
        "ipv4,ipv6",
        "--driver",
        "iperf3",
        "--containers",
        "6",
        "--streams",
        "2",
    ];
    let run = said(&mut sweep(&flags, out.path()));
    assert_eq!(run.code, Some(0), "{run:?}");
    let folder = run.folder();
    let records = records(&folder);
    // Every combination, and a loopback pair for each family.
    assert_eq!(records.len(), 4 * 2 + 2);
    for record in &records {
        assert_eq!(record["status"], "ok", "{record}");
        assert_eq!(record["effective"]["counted_by"], "interfaces");
        assert_eq!(record["effective"]["congestion"], "cubic");
        let told = sums(&folder, record, "sum_received");
        let sum: f64 = told
            .iter()
            .map(|it| it["bits_per_second"].as_f64().unwrap())
            .sum();
        let generator = &record["generator"];
        assert_eq!(generator["name"], "iperf3");
        assert_eq!(generator["failed"], 0);
        let stated = generator["sum_bps"].as_f64().unwrap();
        assert!((stated / sum - 1.0).abs() < 1e-9, "{stated} {sum}");
        assert_eq!(outputs(&folder, record).len(), 2 * told.len());
        assert_eq!(record["cell"]["pairs"], told.len());
        let rows = rows(&folder, record);
        assert_eq!(rows.len(), told.len());
        for (row, told) in rows.iter().zip(&told) {
            assert_eq!(row["status"], "ok", "{row:?}");
            let crossed: f64 = row["bytes"].parse().unwrap();
            // The window lies within the tool's own time, of which it is a part.
            let all = told["bytes"].as_f64().unwrap();
            assert!(crossed > 0.0 && crossed <= all * 1.01, "{row:?} {told}");
            let stated: Value = serde_json::from_str(&row["generator_bps"]).unwrap();
            assert_eq!(stated, told["bits_per_second"]);
        }
    }
    assert!(run.out.contains("times what crossed"), "{}", run.out);
}

#[test]
fn iperf3_sends_datagrams_and_tells_of_those_that_were_lost() {
    if !kernel_allows() {
        return;
    }
    // Any two of rate, topology and family meet.
    for (rate, topologies, family) in [
        (None, "shared,bridge", "ipv4"),
        (None, "veth", "ipv6"),
        (Some("2000"), "shared,bridge", "ipv6"),
        (Some("2000"), "veth", "ipv4"),
    ] {
        let out = tempfile::tempdir().unwrap();
        let flags = [
            "--topology",
            topologies,
            "--family",
            family,
            "--baseline",
            "false",
            "--driver",
            "iperf3",
            "--workload",
            "udp-stream",
            "--containers",
            "4",
            "--streams",
            "2",
        ];
        let rated = rate.map_or(Vec::new(), |rate| vec!["--rate", rate]);
        let run = said(&mut sweep(&[&flags[..], &rated].concat(), out.path()));
        assert_eq!(run.code, Some(0), "{run:?}");
        let folder = run.folder();
        let records = records(&folder);
        assert_eq!(records.len(), topologies.split(',').count());
        for record in &records {
            let told = |sum, figure: &str| -> u64 {
                let sums = sums(&folder, record, sum).into_iter();
                sums.map(|it| it[figure].as_u64().unwrap()).sum()
            };
            let datagrams = &record["generator"]["datagrams"];
            let (sent, lost) = (
                told("sum_sent", "packets"),
                told("sum_received", "lost_packets"),
            );
            assert_eq!(datagrams["datagrams_sent"], sent, "{record}");
            assert_eq!(datagrams["lost_datagrams"], lost, "{record}");
            let received = datagrams["datagrams_received"].as_u64().unwrap();
            assert_eq!(received * 1_400, told("sum_received", "bytes"), "{record}");
            assert!(received > 0 && received + lost <= sent, "{record}");
            // The window lies within the tool's own time, of which it is a part.
            let seconds = record["window"]["duration_ns"].as_f64().unwrap() / 1e9;
            let rate = record["aggregate"]["datagrams_per_s"].as_f64().unwrap();
            let crossed = rate * seconds;
            assert!(crossed > 0.0 && crossed <= sent as f64 * 1.01, "{record}");
            assert_eq!(record["effective"].get("congestion"), None, "{record}");
            let processes = outputs(&folder, record).len();
            assert_eq!(record["cell"]["pairs"], processes / 2, "{record}");
        }
        assert!(
            run.out.contains("of its datagrams were lost"),
            "{}",
            run.out
        );
    }
}

#[test]
fn iperf3_goes_by_published_ports_under_rules() {
    if !kernel_allows() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let flags = [
        "--topology",
        "bridge",
        "--firewall",
        "docker-29",
        "--path",
        "direct,published,hairpin",
        "--driver",
        "iperf3",
        "--containers",
        "4",
    ];
    let run = said(&mut sweep(&flags, out.path()));
    assert_eq!(run.code, Some(0), "{run:?}");
    for record in records(&run.folder()) {
        assert_eq!(
            record["flows"]["connected"], record["cell"]["pairs"],
            "{record}"
        );
        assert_eq!(record["flows"]["stalled"], 0, "{record}");
    }
}

/// A folder with a program that is called iperf3.
fn in_place_of_iperf3(script: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("iperf3");
    fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn with_path(command: &mut Command, folder: &Path) -> Command {
    let path = std::env::var("PATH").unwrap();
    let mut command = std::mem::replace(command, Command::new("true"));
    command.env("PATH", format!("{}:{path}", folder.display()));
    command
}

const TWO_PAIRS: &[&str] = &[
    "--topology",
    "veth",
    "--driver",
    "iperf3",
    "--containers",
    "4",
];

#[test]
fn a_generator_that_is_not_installed_is_refused_with_the_remedy() {
    if !kernel_allows() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let nothing = tempfile::tempdir().unwrap();
    let mut command = sweep(TWO_PAIRS, out.path());
    let run = said(command.env("PATH", nothing.path()));
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(
        run.err,
        "error: use iperf3: iperf3 is not installed\nhint: install iperf3, or put the folder that it is in on PATH\n"
    );
    assert_eq!(
        fs::read_dir(out.path()).unwrap().count(),
        0,
        "a folder was made"
    );
}

#[test]
fn what_cannot_be_parsed_fails_the_trial_and_is_kept() {
    if !kernel_allows() {
        return;
    }
    let fake = in_place_of_iperf3(
        "case \"$1\" in --server) echo Server listening on 1; read -r _;; *) echo a strange answer;; esac",
    );
    let out = tempfile::tempdir().unwrap();
    let run = said(&mut with_path(
        &mut sweep(TWO_PAIRS, out.path()),
        fake.path(),
    ));
    assert_eq!(run.code, Some(1), "{run:?}");
    for record in records(&run.folder()) {
        assert_eq!(record["status"], "failed");
        let error = &record["error"];
        assert_eq!(error["act"], "read what was printed by");
        assert_eq!(error["object"], "iperf3, client of pair 0");
        let reason = error["reason"].as_str().unwrap();
        assert!(reason.contains("a strange answer"), "{reason}");
        let kept = outputs(&run.folder(), &record);
        let client = &kept[kept.len() / 2];
        assert_eq!(client["stdout"], "a strange answer\n", "{client}");
    }
}

#[test]
fn a_server_that_never_listens_fails_the_trial_with_its_words() {
    if !kernel_allows() {
        return;
    }
    let fake = in_place_of_iperf3("echo no such luck >&2; exit 3");
    let out = tempfile::tempdir().unwrap();
    let run = said(&mut with_path(
        &mut sweep(TWO_PAIRS, out.path()),
        fake.path(),
    ));
    assert_eq!(run.code, Some(1), "{run:?}");
    for record in records(&run.folder()) {
        assert_eq!(record["error"]["object"], "iperf3, server of pair 0");
        assert_eq!(
            record["error"]["reason"],
            "it does not listen: no such luck"
        );
        assert_eq!(
            outputs(&run.folder(), &record)[0]["end"],
            "ended with exit code 3"
        );
    }
}

fn real_iperf3() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    let files = std::env::split_paths(&path).map(|folder| folder.join("iperf3"));
    files
        .into_iter()
        .find(|file| file.is_file())
        .expect("iperf3 is installed")
}

#[test]
fn a_client_that_is_killed_is_named_and_the_others_go_on() {
    if !kernel_allows() {
        return;
    }
    let real = real_iperf3();
    let fake = in_place_of_iperf3(&format!(
        "case \"$*\" in *--client*5202*) kill -KILL $$;; esac; exec {} \"$@\"",
        real.display()
    ));
    let out = tempfile::tempdir().unwrap();
    let run = said(&mut with_path(
        &mut sweep(TWO_PAIRS, out.path()),
        fake.path(),
    ));
    assert_eq!(run.code, Some(0), "{run:?}");
    let records = records(&run.folder());
    let record = records
        .iter()
        .find(|it| it["cell"]["topology"] == "veth")
        .unwrap();
    assert_eq!(record["generator"]["failed"], 1);
    let rows = rows(&run.folder(), record);
    assert_eq!(
        (rows[0]["status"].as_str(), rows[1]["status"].as_str()),
        ("ok", "died")
    );
    assert_eq!(
        rows[1]["error"],
        "iperf3, client of pair 1: was killed by SIGKILL"
    );
    let warnings = record["warnings"].to_string();
    assert!(
        warnings.contains("no report from 1 of 2 pairs"),
        "{warnings}"
    );
}

/// Starts a run of ten minutes with two pairs of iperf3, each process of which holds the other end of what is returned, and
/// waits until the last of them is there.
fn long_run(out: &Path) -> (Child, BufReader<File>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    let file = folder.path().join("iperf3");
    let script = format!(
        "#!/bin/sh\nexec 3>{}\necho here >&3\nexec {} \"$@\"\n",
        pipe.display(),
        real_iperf3().display()
    );
    fs::write(&file, script).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    let text = "[axes]\ntopology = \"veth\"\ndriver = \"iperf3\"\ncontainers = 4\n\
                [trial]\nmeasure = \"600s\"\nrepeats = 1\nbaseline = false\n";
    let scenario = folder.path().join("long.toml");
    fs::write(&scenario, text).unwrap();
    let mut command = kilonet(["run", "--quiet", "--out"]);
    let mut command = with_path(command.arg(out).arg(scenario), folder.path());
    let run = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut pipe = BufReader::new(File::open(pipe).unwrap());
    for _ in 0..4 {
        let mut line = String::new();
        pipe.read_line(&mut line).unwrap();
        assert_eq!(line, "here\n");
    }
    (run, pipe, folder)
}

#[test]
fn none_of_them_outlives_kilonet_however_that_ends() {
    if !kernel_allows() {
        return;
    }
    for signal in [Signal::SIGKILL, Signal::SIGINT] {
        let out = tempfile::tempdir().unwrap();
        let (mut run, mut pipe, _folder) = long_run(out.path());
        kill(Pid::from_raw(run.id().cast_signed()), signal).unwrap();
        run.wait().unwrap();
        // It ends when nobody holds it any more, which is long before ten minutes only if all of them were ended.
        let mut rest = Vec::new();
        pipe.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, b"");
    }
}

/// The number behind the words, in what the process of this name printed.
fn printed_number(outputs: &[Value], process: &str, words: &str) -> f64 {
    let output = outputs.iter().find(|it| it["process"] == process).unwrap();
    let printed = output["stdout"].as_str().unwrap();
    let (_, rest) = printed
        .split_once(words)
        .unwrap_or_else(|| panic!("{output}"));
    let number = rest.split(|c: char| !c.is_ascii_digit()).next();
    number.unwrap().parse().unwrap()
}

#[test]
fn sockperf_answers_at_least_the_requests_that_crossed() {
    if !kernel_allows() {
        return;
    }
    for (workload, topologies) in [("tcp-rr", "shared,bridge"), ("udp-rr", "shared,veth")] {
        let out = tempfile::tempdir().unwrap();
        let flags = [
            "--topology",
            topologies,
            "--baseline",
            "false",
            "--driver",
            "sockperf",
            "--workload",
            workload,
            "--message",
            "64",
            "--containers",
            "4",
        ];
        let run = said(&mut sweep(&flags, out.path()));
        assert_eq!(run.code, Some(0), "{run:?}");
        let records = records(&run.folder());
        assert_eq!(records.len(), 2);
        for record in &records {
            assert_eq!(record["generator"]["failed"], 0, "{record}");
            let pairs = record["cell"]["pairs"].as_u64().unwrap();
            let outputs = outputs(&run.folder(), record);
            let total = |pair| {
                let server = format!("sockperf, server of pair {pair}");
                printed_number(&outputs, &server, "Total ")
            };
            let answered: f64 = (0..pairs).map(total).sum();
            let seconds = record["window"]["duration_ns"].as_f64().unwrap() / 1e9;
            let rate = record["aggregate"]["transactions_per_s"].as_f64().unwrap();
            // The window lies within the tool's own time, of which it is a part.
            let crossed = rate * seconds;
            assert!(
                crossed > 0.0 && crossed <= answered * 1.01,
                "{crossed} {answered}: {record}"
            );
            assert!(
                record["generator"]["transactions_per_s"].as_f64() > Some(0.0),
                "{record}"
            );
        }
    }
}

/// Its licence keeps netperf out of what Debian installs unasked; who runs the tests says where it cannot be had.
fn netperf_cannot_be_had() -> bool {
    std::env::var_os("KILONET_WITHOUT_NETPERF").is_some()
}

#[test]
fn netperf_says_about_what_crossed_and_its_baseline_is_ours() {
    if !kernel_allows() || netperf_cannot_be_had() {
        return;
    }
    for (workload, topologies, families) in [
        ("tcp-stream", "veth,bridge", "ipv4,ipv6"),
        ("tcp-rr", "bridge", "ipv4"),
        ("udp-rr", "veth", "ipv6"),
    ] {
        let out = tempfile::tempdir().unwrap();
        let flags = ["--driver", "netperf", "--containers", "4", "--workload"];
        let more = [workload, "--topology", topologies, "--family", families];
        let run = said(&mut sweep(&[&flags[..], &more].concat(), out.path()));
        assert_eq!(run.code, Some(0), "{run:?}");
        let records = records(&run.folder());
        let (ours, theirs): (Vec<_>, Vec<_>) = records
            .iter()
            .partition(|it| it["cell"]["topology"] == "loopback");
        assert_eq!(ours.len(), families.split(',').count());
        assert!(ours.iter().all(|it| it["cell"]["driver"] == "threads"));
        assert_eq!(theirs.len(), ours.len() * topologies.split(',').count());
        for record in theirs {
            assert_eq!(record["generator"]["failed"], 0, "{record}");
            let of = record["generator"]["sum_over_crossed"].as_f64().unwrap();
            // Over intervals of their own, on a machine that may be busy.
            assert!((0.4..2.5).contains(&of), "{of}: {record}");
            if workload == "tcp-stream" {
                assert_eq!(record["effective"]["congestion"], "cubic", "{record}");
            }
        }
    }
}
