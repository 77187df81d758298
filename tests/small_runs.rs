//! Small runs of the real thing through the binary: witnesses agree in every topology, and an ordinary user can do it too.

mod harness;
#[path = "small_runs/watched.rs"]
mod watched;

use std::path::Path;
use std::process::{Child, Command};

use harness::{
    SHORT, TINY, assert_true_to_its_witnesses, assert_valid_unless_busy, binary, for_nobody,
    is_real_root, kernel_allows, kilonet, plainly, records, said,
};
use serde_json::Value;

/// One trial of each cell, long enough for what is read at the edges of its window to be little beside what is read in it.
const WITNESSED: &[&str] = &["--warmup", "50ms", "--measure", "250ms", "--repeats", "1"];

/// A family with a driver each, and each of both, for what is tried in every topology: any two of topology, family, driver and
/// workload meet, while how streams of bytes go is tried by all of them together.
const CROSSED: [(&str, &str); 2] = [("ipv4", "threads"), ("ipv6", "workers")];

/// The two that are left, for one topology.
const CROSSED_OVER: [(&str, &str); 2] = [("ipv6", "threads"), ("ipv4", "workers")];

/// All topologies, as a scenario lists them.
const EVERYWHERE: &str =
    r#""loopback", "shared", "veth", "tc-redirect", "bridge", "routed", "vxlan", "macvlan""#;

/// How many these are.
fn everywhere() -> usize {
    EVERYWHERE.split(',').count()
}

/// Holds the sum of the rows of `flows.csv` against the trial's aggregate.
fn assert_rows_add_up(folder: &Path, record: &Value) {
    let trial = record["trial"].as_str().unwrap();
    let rows = std::fs::read_to_string(folder.join("flows.csv")).unwrap();
    let mut lines = rows.lines();
    let bytes = lines
        .next()
        .unwrap()
        .split(',')
        .position(|name| name == "bytes")
        .expect("a column");
    let of_trial = lines.filter(|line| line.split(',').next() == Some(trial));
    let sum: u64 = of_trial
        .map(|line| line.split(',').nth(bytes).unwrap().parse::<u64>().unwrap())
        .sum();
    let seconds = record["window"]["duration_ns"].as_f64().unwrap() / 1e9;
    let goodput = record["aggregate"]["goodput_bps"].as_f64().unwrap();
    assert!(
        (sum as f64 * 8.0 / seconds / goodput - 1.0).abs() < 1e-6,
        "{trial}: rows say {sum} bytes, record {goodput} b/s"
    );
}

/// Holds that each phase is as long at least as what was timed within it.
fn assert_phases_hold_the_parts(record: &Value) {
    let length = |phase: &str| record["phases"][phase]["duration_ns"].as_u64();
    let timed = |part: &str, field: &str| record[part][field].as_u64();
    assert!(length("setup") >= timed("lab", "setup_ns"), "{record}");
    assert!(length("connect") > Some(0), "{record}");
    assert!(length("warmup") >= Some(50_000_000), "{record}");
    assert!(
        length("window") >= timed("window", "duration_ns"),
        "{record}"
    );
    assert!(
        length("teardown") >= timed("lab", "teardown_ns"),
        "{record}"
    );
    let dropped = &record["phases"]["window"]["backlog_drops"];
    assert!(
        dropped.as_u64() >= timed("counters", "backlog_drops"),
        "{record}"
    );
}

#[test]
fn bytes_agree_with_the_interfaces_in_every_topology_family_and_driver() {
    if !kernel_allows() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let topologies = EVERYWHERE.replace(['"', ' '], "");
    let flags = [
        "sweep",
        "--topology",
        &topologies,
        "--family",
        "ipv4,ipv6",
        "--driver",
        "threads,workers",
    ];
    let more = [
        "--containers",
        "8",
        "--streams",
        "2",
        "--warmup",
        "50ms",
        "--measure",
        "250ms",
        "--repeats",
        "1",
        "--quiet",
        "--out",
    ];
    let run = said(kilonet([&flags[..], &more[..]].concat()).arg(out.path()));
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(run.err, "", "it was to be quiet");
    let records = records(&run.folder());
    // Every combination, and a loopback pair for each family and driver.
    assert_eq!(records.len(), everywhere() * 2 * 2 + 2 * 2);
    for record in &records {
        assert_true_to_its_witnesses(record);
        assert_rows_add_up(&run.folder(), record);
        assert!(record["lab"]["teardown_ns"].as_u64() > Some(0), "{record}");
        assert_phases_hold_the_parts(record);
    }
}

#[test]
fn datagrams_balance_in_every_topology_family_driver_and_batch() {
    if !kernel_allows() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("datagrams.toml");
    let axes = |topologies: &str, batches: &str, (family, driver): (&str, &str)| {
        format!(
            "[[axes]]\nworkload = \"udp-stream\"\ntopology = [{topologies}]\nbatch = [{batches}]\n\
             family = \"{family}\"\ndriver = \"{driver}\"\ncontainers = 4\n"
        )
    };
    // How many calls a batch takes concerns no interface, how large a segment it is does.
    let all = CROSSED.map(|ends| axes(EVERYWHERE, r#""none", "gso""#, ends));
    let batched = CROSSED.map(|ends| axes(r#""bridge""#, r#""mmsg""#, ends));
    let over = CROSSED_OVER.map(|ends| axes(r#""bridge""#, r#""none", "mmsg", "gso""#, ends));
    let trial = "[trial]\nwarmup = \"50ms\"\nmeasure = \"200ms\"\nrepeats = 1\nbaseline = false\n";
    let text = [&all[..], &batched, &over, &[trial.to_owned()]].concat();
    std::fs::write(&file, text.concat()).unwrap();
    let run = said(
        kilonet(["run"])
            .arg(&file)
            .args(["--quiet", "--out"])
            .arg(out.path()),
    );
    assert_eq!(run.code, Some(0), "{run:?}");
    let records = records(&run.folder());
    // Two batches in each topology, one more on a bridge; and over a bridge all three crossed over.
    assert_eq!(records.len(), 2 * (everywhere() * 2 + 1) + 2 * 3);
    let (mut all_sent, mut all_known) = (0, 0);
    for record in &records {
        let of = |name: &str| record["flows"][name].as_u64().unwrap();
        let (sent, received) = (of("datagrams_sent"), of("datagrams_received"));
        assert!(sent > 0 && received > 0, "{record}");
        assert_eq!(of("duplicates"), 0, "{record}");
        let share = record["aggregate"]["loss_ratio"].as_f64().unwrap();
        let lost = of("lost_datagrams");
        // What was sent has come or is missed. Either may be of before the window, and be found out after it: by as much as is
        // sent while a receiver waits for a CPU.
        let known = received + lost;
        let balances = 2 * known.abs_diff(sent) <= sent;
        assert_valid_unless_busy(record, balances);
        (all_sent, all_known) = (all_sent + sent, all_known + known);
        assert!(
            (share - lost as f64 / (received + lost) as f64).abs() < 1e-9,
            "{record}"
        );
        let batched = record["cell"].get("batch").is_some();
        let per_send = record["effective"]["batch"]["per_send"].as_f64().unwrap();
        assert_eq!(per_send > 1.0, batched, "{record}");
        assert_rows_add_up(&run.folder(), record);
    }
    // Over all of them the edges of windows come to little.
    let off = 10 * u64::abs_diff(all_known, all_sent);
    assert!(
        off <= all_sent,
        "{all_known} came or are missed of {all_sent} sent"
    );
}

#[test]
fn a_search_ends_at_the_highest_rate_that_passed() {
    if !kernel_allows() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let flags = ["sweep", "--workload", "udp-stream", "--topology", "veth"];
    let searches = ["--search", "0.5%", "--driver", "threads,workers"];
    let more = ["--rate", "40000", "--containers", "4", "--measure", "200ms"];
    let rest = ["--warmup", "50ms", "--repeats", "1", "--quiet", "--out"];
    let run = said(kilonet([&flags[..], &searches, &more, &rest].concat()).arg(out.path()));
    assert_eq!(run.code, Some(0), "{run:?}");
    let records = records(&run.folder());
    assert_eq!(records.len(), 4);
    for record in &records {
        let search = &record["search"];
        assert_eq!(search["accepted_loss"], 0.005, "{record}");
        let steps = search["steps"].as_array().unwrap();
        assert!((1..=9).contains(&steps.len()), "{record}");
        assert_eq!(steps[0]["rate"], 40_000, "{record}");
        assert_eq!(record["cell"]["rate"], 40_000, "{record}");
        let rates_where = |passed: bool| {
            let steps = steps.iter().filter(move |step| step["passed"] == passed);
            steps.map(|step| step["rate"].as_u64().unwrap())
        };
        let highest = rates_where(true).max().unwrap();
        assert!(rates_where(false).all(|rate| rate > highest), "{record}");
        let chosen = steps.iter().find(|step| step["rate"] == highest).unwrap();
        assert_eq!(
            chosen["loss_ratio"], record["aggregate"]["loss_ratio"],
            "{record}"
        );
        assert!(chosen["loss_ratio"].as_f64().unwrap() <= 0.005, "{record}");
        // What was sent is what two flows were to send in the window, give or take what a late edge makes of it.
        let seconds = record["window"]["duration_ns"].as_f64().unwrap() / 1e9;
        let pairs = record["cell"]["pairs"].as_f64().unwrap();
        let due = highest as f64 * pairs * seconds;
        let sent = record["flows"]["datagrams_sent"].as_f64().unwrap();
        assert!((sent / due - 1.0).abs() < 0.15, "{sent} of {due}: {record}");
        assert_rows_add_up(&run.folder(), record);
    }
}

/// The rows of `flows.csv` of one trial, as client and server.
fn ends_of_flows(folder: &Path, record: &Value) -> Vec<(u32, u32)> {
    let mut rows = csv::Reader::from_path(folder.join("flows.csv")).unwrap();
    let rows = rows.deserialize::<std::collections::HashMap<String, String>>();
    let rows = rows.map(|row| row.unwrap());
    let of_trial = rows.filter(|row| record["trial"] == row["trial"]);
    let end = |row: &std::collections::HashMap<String, String>, key| row[key].parse().unwrap();
    of_trial
        .map(|row| (end(&row, "client"), end(&row, "server")))
        .collect()
}

#[test]
fn requests_connections_and_silence_in_every_topology_family_and_driver() {
    if !kernel_allows() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("requests.toml");
    let axes = |workloads: &str, topologies: &str, (family, driver): (&str, &str)| {
        format!(
            "[[axes]]\nworkload = [{workloads}]\nfamily = \"{family}\"\ntopology = [{topologies}]\n\
             driver = \"{driver}\"\ncontainers = 4\n"
        )
    };
    let requests = r#""tcp-rr", "udp-rr", "tcp-crr", "tcp-cc""#;
    let all = CROSSED.map(|ends| axes(requests, EVERYWHERE, ends));
    let over = CROSSED_OVER.map(|ends| axes(requests, r#""bridge""#, ends));
    // Silent connections come up as those of requests do.
    let silent = CROSSED.map(|ends| axes(r#""idle""#, EVERYWHERE, ends));
    let trial = "[trial]\nwarmup = \"50ms\"\nmeasure = \"200ms\"\nrepeats = 1\nbaseline = false\n";
    let text = [&all[..], &over, &silent, &[trial.to_owned()]].concat();
    std::fs::write(&file, text.concat()).unwrap();
    let run = said(
        kilonet(["run"])
            .arg(&file)
            .args(["--quiet", "--out"])
            .arg(out.path()),
    );
    assert_eq!(run.code, Some(0), "{run:?}");
    let records = records(&run.folder());
    // By either driver: each workload in each topology; and those with requests over a bridge crossed over.
    assert_eq!(records.len(), 2 * (4 + 1) * everywhere() + 2 * 4);
    for record in &records {
        assert_eq!(record["flows"]["died"], 0, "{record}");
        assert_eq!(record["flows"]["connected"], record["flows"]["expected"]);
        if record["cell"]["workload"] == "idle" {
            assert_eq!(record["aggregate"]["goodput_bps"], 0.0, "{record}");
            assert_eq!(record["flows"]["stalled"], 0, "{record}");
            continue;
        }
        assert_valid_unless_busy(record, true);
        let answered = record["aggregate"]["transactions_per_s"].as_f64();
        assert!(answered > Some(0.0), "{record}");
        assert!(record["latency"]["count"].as_u64() > Some(0), "{record}");
        let costs = |name: &str| record["cpu"][name].as_f64() > Some(0.0);
        assert!(costs("ns_per_transaction"), "{record}");
        if record["cell"]["workload"] == "tcp-cc" {
            // It moves nothing, and nobody is starved for that.
            assert_eq!(record["aggregate"]["goodput_bps"], 0.0, "{record}");
            assert_eq!(record["flows"]["stalled"], 0, "{record}");
            assert_eq!(record.get("per_pair"), None, "{record}");
            assert_eq!(record["cpu"].get("ns_per_byte"), None, "{record}");
            // The SYNs that the interfaces saw are as many as the connections.
            let seen = &record["checks"]["interface_bytes_ratio"];
            assert!(seen.as_f64() > Some(0.9), "{record}");
        }
    }
}

#[test]
fn bytes_agree_with_the_interfaces_by_every_pattern() {
    if !kernel_allows() {
        return;
    }
    let ring: &[_] = &[(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)];
    let both: Vec<_> = ring
        .iter()
        .flat_map(|(a, b)| [(*a, *b), (*b, *a)])
        .collect();
    let everybody = (0..5).flat_map(|a| (0..5).filter(move |b| a != *b).map(move |b| (a, b)));
    let everybody: Vec<_> = everybody.collect();
    for (pattern, direction, expected) in [
        ("ring", "one-way", ring),
        ("incast", "one-way", &[(1, 0), (2, 0), (3, 0), (4, 0)]),
        ("outcast", "one-way", &[(0, 1), (0, 2), (0, 3), (0, 4)]),
        ("all-to-all", "one-way", &everybody),
        ("ring", "both", &both),
    ] {
        let out = tempfile::tempdir().unwrap();
        let file = out.path().join("pattern.toml");
        let axes = CROSSED.map(|(family, driver)| {
            format!(
                "[[axes]]\ntopology = [\"shared\", \"bridge\", \"routed\"]\nfamily = \"{family}\"\n\
                 driver = \"{driver}\"\npattern = \"{pattern}\"\ndirection = \"{direction}\"\ncontainers = 5\n"
            )
        });
        let text = format!(
            "lab.per_namespace = \"all\"\n{}[trial]\nwarmup = \"50ms\"\nmeasure = \"250ms\"\nrepeats = 1\n\
             baseline = false\n",
            axes.concat()
        );
        std::fs::write(&file, text).unwrap();
        let run = said(
            kilonet(["run"])
                .arg(&file)
                .args(["--quiet", "--out"])
                .arg(out.path()),
        );
        assert_eq!(run.code, Some(0), "{run:?}");
        let records = records(&run.folder());
        assert_eq!(records.len(), 3 * 2);
        for record in &records {
            assert_true_to_its_witnesses(record);
            assert_eq!(record["cell"]["pairs"], expected.len());
            assert_eq!(ends_of_flows(&run.folder(), record), expected, "{record}");
        }
    }
}

#[test]
fn bytes_agree_with_the_interfaces_by_every_way_to_hand_them_over() {
    if !kernel_allows() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let flags = ["sweep", "--topology", "bridge", "--family", "ipv4,ipv6"];
    let ways = [
        "--send",
        "sendfile,zerocopy",
        "--receive",
        "discard,zerocopy",
    ];
    let more = [
        "--driver",
        "threads,workers",
        "--containers",
        "4",
        "--warmup",
        "50ms",
    ];
    let run = said(
        kilonet(
            [
                &flags[..],
                &ways,
                &more,
                &["--measure", "250ms", "--repeats", "1"],
            ]
            .concat(),
        )
        .args(["--quiet", "--out"])
        .arg(out.path()),
    );
    assert_eq!(run.code, Some(0), "{run:?}");
    for record in records(&run.folder()) {
        assert_true_to_its_witnesses(&record);
        let (cell, effective) = (&record["cell"], &record["effective"]);
        let copied = effective["zerocopy_copied_ratio"].as_f64();
        assert_eq!(copied.is_some(), cell["send"] == "zerocopy", "{record}");
        let mapped = effective["mapped_ratio"].as_f64();
        assert_eq!(mapped.is_some(), cell["receive"] == "zerocopy", "{record}");
    }
}

#[test]
fn bytes_agree_with_the_interfaces_where_servers_are_outside() {
    if !kernel_allows() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let flags = ["sweep", "--topology", "bridge,routed", "--path", "outside"];
    let more = ["--family", "ipv4,ipv6", "--containers", "8"];
    let run = said(
        kilonet([&flags[..], &more, WITNESSED].concat())
            .args(["--quiet", "--out"])
            .arg(out.path()),
    );
    assert_eq!(run.code, Some(0), "{run:?}");
    for record in records(&run.folder()) {
        let path = if record["cell"]["topology"] == "loopback" {
            Value::Null
        } else {
            "outside".into()
        };
        assert_eq!(record["cell"]["path"], path, "{record}");
        assert_true_to_its_witnesses(&record);
    }
}

#[test]
fn bytes_agree_with_the_interfaces_by_every_firewall_and_path() {
    if !kernel_allows() {
        return;
    }
    for (firewall, path) in [
        (
            "docker-1.12,docker-20.10,kubernetes,kubernetes-nft,conntrack",
            "direct",
        ),
        (
            "docker-29,docker-29-nft",
            "direct,published,hairpin,outside",
        ),
        ("kubernetes-nft", "published,outside"),
    ] {
        let out = tempfile::tempdir().unwrap();
        let flags = ["sweep", "--firewall", firewall, "--path", path];
        let more = ["--containers", "8", "--quiet", "--out"];
        let run = said(kilonet([&flags[..], WITNESSED, &more].concat()).arg(out.path()));
        assert_eq!(run.code, Some(0), "{run:?}");
        for record in records(&run.folder()) {
            assert_true_to_its_witnesses(&record);
            let tracked = record["counters"]["conntrack_entries"].as_u64();
            let cell = &record["cell"];
            assert_eq!(tracked.is_some(), cell["firewall"] != "none", "{record}");
            let inside = record["counters"]["conntrack_containers"].as_u64();
            let in_containers = cell["firewall"] == "conntrack";
            assert_eq!(inside, in_containers.then_some(8), "{record}");
            if cell.get("path").is_some() {
                // Four pairs: what is routed is tracked, once for each flow.
                assert!(tracked >= Some(4), "{record}");
            }
            let loaded = record["lab"]["phases_ns"]["firewall"].as_u64() > Some(0);
            assert_eq!(loaded, cell["firewall"] != "none", "{record}");
        }
    }
}

/// Responses come back to clients that sit elsewhere than the servers, and connections for each request are translated.
#[test]
fn requests_agree_with_the_interfaces_by_every_path() {
    if !kernel_allows() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let flags = [
        "sweep",
        "--firewall",
        "docker-29",
        "--path",
        "published,hairpin,outside",
        "--workload",
        "tcp-rr,tcp-crr,tcp-cc",
        "--containers",
        "4",
        "--warmup",
        "50ms",
        "--measure",
        "300ms",
        "--repeats",
        "1",
        "--quiet",
        "--out",
    ];
    let run = said(kilonet(flags).arg(out.path()));
    assert_eq!(run.code, Some(0), "{run:?}");
    let records = records(&run.folder());
    assert_eq!(records.len(), 3 * 3 + 3);
    for record in records {
        assert_eq!(record["checks"]["valid"], true, "{record}");
        assert_eq!(record["flows"]["connected"], record["cell"]["pairs"]);
        assert!(
            record["aggregate"]["transactions_per_s"].as_f64() > Some(0.0),
            "{record}"
        );
    }
}

#[test]
fn rules_that_cut_the_traffic_off_are_named_and_the_sweep_goes_on() {
    if !kernel_allows() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let rules = out.path().join("mine.nft");
    let drop =
        "table ip mine {\nchain c {\ntype filter hook forward priority 0; policy drop;\n}\n}\n";
    std::fs::write(&rules, drop).unwrap();
    let scenario = out.path().join("cut.toml");
    let text = format!(
        "[axes]\ncontainers = 2\nfirewall = [\"custom\", \"none\"]\n[lab]\nruleset = {rules:?}\n\
         [trial]\nrepeats = 1\nwarmup = \"0ms\"\nmeasure = \"100ms\"\nconnect = \"300ms\"\nbaseline = false\n"
    );
    std::fs::write(&scenario, text).unwrap();
    let run =
        said(kilonet(["run", scenario.to_str().unwrap(), "--quiet", "--out"]).arg(out.path()));
    assert_eq!(run.code, Some(1), "{run:?}");
    let records = records(&run.folder());
    let of = |firewall: &str| {
        let is = |record: &&Value| record["cell"]["firewall"] == firewall;
        records.iter().find(is).unwrap()
    };
    assert_eq!(of("none")["status"], "ok");
    let error = &of("custom")["error"];
    assert_eq!(error["act"], "connect flow", "{error}");
    let phases = &of("custom")["phases"];
    let waited = phases["connect"]["duration_ns"].as_u64();
    assert!(waited >= Some(300_000_000), "{phases}");
    assert!(phases.get("window").is_none(), "{phases}");
    assert!(
        error["reason"]
            .as_str()
            .unwrap()
            .starts_with("the rules of custom cut it off")
    );
    let manifest = std::fs::read(run.folder().join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(manifest["ruleset_text"], drop);
    std::fs::write(&rules, drop.replace("drop", "accept")).unwrap();
    let resumed = said(kilonet(["run", "--quiet", "--resume"]).arg(run.folder()));
    assert_eq!(resumed.code, Some(1), "{resumed:?}");
    assert!(resumed.err.contains("has changed since"), "{resumed:?}");
}

#[test]
fn a_tool_that_is_not_installed_makes_its_cells_not_available_and_no_others() {
    if !kernel_allows() || !is_real_root() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    // In a mount namespace that ends with the run, there is no nft.
    let script = "mount --bind /dev/null \"$(command -v nft)\" && exec \"$@\"";
    let run = said(
        plainly("unshare")
            .args(["--mount", "sh", "-ec", script, "sh"])
            .arg(binary())
            .args([
                "sweep",
                "--firewall",
                "docker-29-nft,docker-29",
                "--containers",
                "2",
            ])
            .args(SHORT)
            .args(["--quiet", "--out"])
            .arg(out.path()),
    );
    assert_eq!(run.code, Some(1), "{run:?}");
    for record in records(&run.folder()) {
        if record["cell"]["firewall"] == "docker-29-nft" {
            let error = &record["error"];
            assert_eq!(error["reason"], "nft is not installed", "{record}");
            let hint = "install nftables, or put the folder that it is in on PATH";
            assert_eq!(error["hint"], hint);
        } else {
            assert_eq!(record["status"], "ok", "{record}");
        }
    }
    assert!(run.err.starts_with("note: 1 of 2 cells"), "{run:?}");
}

/// What is lacking, as flags of a sweep or as variables, and how the refusal begins and what it advises.
const LACKING: &[(&[&str], [&str; 2])] = &[
    (
        &["--congestion", "nosuch"],
        [
            "error: use congestion control nosuch: ",
            "modprobe tcp_nosuch",
        ],
    ),
    (
        &["--testbed", "docker"],
        [
            "error: use Docker engine: reach the engine at ",
            "start the engine",
        ],
    ),
    (
        &["--driver", "iperf3"],
        [
            "error: use iperf3: iperf3 is not installed",
            "install iperf3",
        ],
    ),
    (
        &["--driver", "netperf"],
        [
            "error: use netperf: netperf is not installed",
            "install netperf",
        ],
    ),
];

#[test]
fn what_all_cells_lack_is_refused_before_a_folder_is_made() {
    if !kernel_allows() {
        return;
    }
    let nothing = tempfile::tempdir().unwrap();
    for (flags, [begins, advises]) in LACKING {
        let out = tempfile::tempdir().unwrap();
        let sweep = [&["sweep", "--containers", "2"], *flags].concat();
        let run = said(
            kilonet(sweep)
                .arg("--out")
                .arg(out.path())
                .env("PATH", nothing.path())
                .env(
                    "DOCKER_HOST",
                    format!("unix://{}/sock", nothing.path().display()),
                ),
        );
        assert_eq!((run.code, run.out.as_str()), (Some(1), ""), "{run:?}");
        assert!(run.err.starts_with(begins), "{run:?}");
        let (_, hint) = run.err.split_once("\nhint: ").unwrap();
        assert!(hint.starts_with(advises), "{run:?}");
        assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 0);
    }
}

#[test]
fn what_some_cells_lack_is_said_once_and_recorded_without_being_tried() {
    if !kernel_allows() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let flags = ["sweep", "--topology", "veth", "--containers", "2"];
    let run = said(
        kilonet(flags)
            .args(["--congestion", "reno,nosuch", "--quiet"])
            .args(SHORT)
            .arg("--out")
            .arg(out.path()),
    );
    assert_eq!(run.code, Some(1), "{run:?}");
    let (head, rest) = run.err.split_once('\n').unwrap();
    assert!(
        head.starts_with("note: 1 of 2 cells cannot be measured here: "),
        "{run:?}"
    );
    assert!(rest.contains("congestion control nosuch"), "{run:?}");
    assert!(rest.contains("\nhint: modprobe tcp_nosuch"), "{run:?}");
    let said_once = run.err.matches("use congestion control nosuch").count();
    assert_eq!(said_once, 1, "{run:?}");
    for record in records(&run.folder()) {
        let lacking = record["cell"]["congestion"] == "nosuch";
        assert_eq!(record["status"] == "failed", lacking, "{record}");
        if lacking {
            assert_eq!(record["error"]["object"], "congestion control nosuch");
            assert!(record.get("lab").is_none(), "it was tried: {record}");
        }
    }
}

/// In namespaces of its own, so that nothing of the machine's is seen or touched: what a run of a process that is no more
/// left behind, as files and as a value.
const REMAINS: &str = r#"
mount -t tmpfs none /run
mkdir -p /run/kilonet/kilonet-4194303-1-$(stat -Lc %i /proc/self/ns/pid)/sub /run/kilonet/of-somebody-else
echo 65 >/proc/sys/net/ipv4/ip_default_ttl
echo '{"pid":4194303,"started":1,"entries":[{"name":"net.ipv4.ip_default_ttl","before":"64","raised":"65"}]}' \
    >/run/kilonet/sysctl-4194303-1.json
echo '{' >/run/kilonet/sysctl-4194303-2.new
"#;

/// Runs `kilonet clean` among such remains, then a script that says what is left.
fn clean(engine: Option<&str>, before: &str) -> (harness::Said, Vec<String>) {
    let script = format!(
        "{before}\ncode=0; \"$1\" clean || code=$?\ncat /proc/sys/net/ipv4/ip_default_ttl >&3; ls /run/kilonet >&3 2>/dev/null || true; exit $code"
    );
    let left = tempfile::NamedTempFile::new().unwrap();
    let script = format!("exec 3>{}\n{script}", left.path().display());
    let mut command = plainly("unshare");
    command.args(["--mount", "--net", "sh", "-ec", &script, "sh"]);
    command.arg(binary()).env_remove("DOCKER_HOST");
    if let Some(host) = engine {
        command.env("DOCKER_HOST", host);
    }
    let cleaned = said(&mut command);
    let left = std::fs::read_to_string(left.path()).unwrap();
    (cleaned, left.lines().map(str::to_owned).collect())
}

#[test]
fn clean_needs_no_engine_and_puts_back_what_a_killed_run_had_raised() {
    if !kernel_allows() || !is_real_root() {
        return;
    }
    let (cleaned, left) = clean(None, REMAINS);
    assert_eq!(cleaned.code, Some(0), "{cleaned:?}");
    assert_eq!(
        cleaned.out, "put back 1 sysctl, removed 1 unfinished journal, 1 directory\n",
        "{cleaned:?}"
    );
    assert_eq!(left, ["64", "of-somebody-else"]);
}

#[test]
fn clean_of_nothing_says_so_and_succeeds() {
    if !kernel_allows() || !is_real_root() {
        return;
    }
    let (cleaned, _) = clean(None, "mount -t tmpfs none /run");
    assert_eq!(cleaned.code, Some(0), "{cleaned:?}");
    assert_eq!(cleaned.out, "nothing to remove\n");
    assert_eq!(cleaned.err, "");
}

#[test]
fn clean_goes_on_where_one_kind_of_remains_refuses_and_says_so() {
    if !kernel_allows() || !is_real_root() {
        return;
    }
    let broken = format!("{REMAINS}\necho '{{' >/run/kilonet/sysctl-1-1.json");
    let (cleaned, left) = clean(Some("unix:///nowhere/sock"), &broken);
    assert_eq!(cleaned.code, Some(1), "{cleaned:?}");
    assert!(cleaned.out.starts_with("put back 1 sysctl"), "{cleaned:?}");
    assert_eq!(left, ["64", "of-somebody-else", "sysctl-1-1.json"]);
    for error in [
        "sysctl-1-1.json",
        "reach the engine at unix:///nowhere/sock",
    ] {
        assert!(cleaned.err.contains(error), "{cleaned:?}");
    }
}

#[test]
fn an_ordinary_user_sweeps_in_a_user_namespace_and_is_told_so() {
    if !kernel_allows() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let nobody;
    let (mut command, out) = if is_real_root() {
        nobody = for_nobody();
        let mut command = plainly("setpriv");
        command
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(nobody.path().join("kilonet"))
            .current_dir(nobody.path());
        (command, nobody.path().join("out"))
    } else {
        (plainly(binary()), out.path().to_owned())
    };
    let run = said(
        command
            .arg("sweep")
            .args(SHORT)
            .args([
                "--topology",
                "shared,veth,bridge",
                "--containers",
                "4",
                "--out",
            ])
            .arg(&out),
    );
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(
        run.err.contains("in a user namespace, without root"),
        "{}",
        run.err
    );
    for record in records(&run.folder()) {
        assert_true_to_its_witnesses(&record);
    }
    let manifest = std::fs::read_to_string(run.folder().join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["settings"]["privilege"], "user-namespace");
}

#[test]
fn an_ordinary_user_is_told_that_attaching_takes_root() {
    if !kernel_allows() || !is_real_root() {
        return;
    }
    let nobody = for_nobody();
    let mut command = plainly("setpriv");
    command.args([
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "./kilonet",
    ]);
    let run = said(
        command
            .args(["attach", "web", "db", "--out", "out"])
            .current_dir(nobody.path()),
    );
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(
        run.err,
        "error: attach to web, db: only root may enter existing network namespaces\n\
         hint: run it as root, as in `sudo kilonet attach ...`\n"
    );
}

/// As many neighbours are asked for as there are on the machine, which are too few, so the run is refused before the sysctl is touched.
#[test]
fn a_run_is_held_against_the_limits_that_its_own_scenario_sets() {
    if !kernel_allows() || !is_real_root() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("few.toml");
    let sysctl = || std::fs::read_to_string("/proc/sys/net/ipv4/neigh/default/gc_thresh3").unwrap();
    let before = sysctl();
    let own: u32 = before.trim().parse().unwrap();
    let containers = (own + 2).next_multiple_of(2);
    let text = format!(
        "[axes]\ntopology = \"bridge\"\ncontainers = {containers}\nentries = \"learned\"\n[sysctls]\n\
         \"net.ipv4.neigh.default.gc_thresh3\" = {own}\n"
    );
    std::fs::write(&file, text).unwrap();
    let run = said(
        kilonet(["run", "--quiet", "--out"])
            .arg(out.path())
            .arg(&file),
    );
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(
        run.err
            .contains("of net.ipv4.neigh.default.gc_thresh3, which has ")
            && run
                .err
                .contains("\nhint: set \"net.ipv4.neigh.default.gc_thresh3\" = ")
            && run.err.ends_with(" under [sysctls] of the scenario\n"),
        "{}",
        run.err
    );
    assert_eq!(sysctl(), before);
}

/// What a scenario asks of its own run: too much of one cell, and nothing unreasonable of the others.
#[test]
fn a_run_that_falls_short_of_its_own_threshold_ends_with_1_and_says_by_what() {
    if !kernel_allows() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("asked.toml");
    let run = |asked: &str| {
        let text = format!(
            "[axes]\ntopology = [\"veth\", \"bridge\"]\ncontainers = 2\n[trial]\nwarmup = \"0s\"\nmeasure = \"200ms\"\n\
             sample = \"100ms\"\nrepeats = 1\nagain = \"0%\"\nbaseline = false\n[[fail_if]]\nfailed_trials = \"> 0\"\n\
             [[fail_if]]\nat = {{ topology = \"bridge\" }}\ngoodput = \"< {asked}\"\n"
        );
        std::fs::write(&file, text).unwrap();
        said(
            kilonet(["run", "--quiet", "--out"])
                .arg(out.path())
                .arg(&file),
        )
    };
    let met = run("1b/s");
    assert_eq!((met.code, met.err.as_str()), (Some(0), ""), "{met:?}");
    let missed = run("900Tb/s");
    assert_eq!(missed.code, Some(1), "{missed:?}");
    let goodput = records(&missed.folder())
        .iter()
        .find(|record| record["cell"]["topology"] == "bridge")
        .map(|record| record["aggregate"]["goodput_bps"].as_f64().unwrap());
    assert!(goodput > Some(0.0), "all trials were measured");
    let sentence = missed.err.trim_end();
    assert!(
        sentence.starts_with("fail_if: goodput of bridge at 2 containers was "),
        "{sentence}"
    );
    assert!(
        sentence.ends_with(", below the 900 Tb/s that fail_if asks for"),
        "{sentence}"
    );
    assert_eq!(
        sentence.lines().count(),
        1,
        "the veth pair was asked for nothing"
    );
    let report = said(kilonet(["report", "--format", "md"]).arg(missed.folder()));
    assert_eq!(report.code, Some(0), "{report:?}");
    // Markdown has a word for a lone underscore.
    let told = report.out.replace("\\_", "_");
    let finding = sentence.trim_start_matches("fail_if: ");
    assert!(told.contains(finding), "{told}");
}

#[test]
fn where_user_namespaces_are_forbidden_the_refusal_says_what_to_allow() {
    if !kernel_allows() || !is_real_root() {
        return;
    }
    let nobody = for_nobody();
    // Forbidden inside one user namespace only: its own count of them may be set to none by its root, who then gives up all
    // rights and is as good as an ordinary user.
    let script = "echo 0 > /proc/sys/user/max_user_namespaces
exec setpriv --bounding-set=-all --inh-caps=-all --no-new-privs ./kilonet \"$@\"";
    let run = said(
        plainly("unshare")
            .args([
                "--user",
                "--map-root-user",
                "sh",
                "-ec",
                script,
                "sh",
                "sweep",
            ])
            .args(TINY)
            .args(["--out", "out"])
            .current_dir(nobody.path()),
    );
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(run.out, "");
    assert!(
        run.err.starts_with("error: enter a user namespace: "),
        "{}",
        run.err
    );
    assert!(
        run.err
            .contains("\nhint: run as root, or allow unprivileged user namespaces"),
        "{}",
        run.err
    );
}

#[test]
fn too_few_descriptors_are_refused_with_the_remedy_before_anything_is_made() {
    if !kernel_allows() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let mut command = plainly("prlimit");
    command.arg("--nofile=100:100").arg(binary()).args([
        "sweep",
        "--topology",
        "bridge",
        "--containers",
        "500",
    ]);
    let run = said(
        command
            .args(["--measure", "100ms", "--repeats", "1", "--out"])
            .arg(out.path()),
    );
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(
        run.err.contains("open files") || run.err.contains("RLIMIT_NOFILE"),
        "{}",
        run.err
    );
    assert!(run.err.contains("\nhint: "), "{}", run.err);
    assert_eq!(
        std::fs::read_dir(out.path()).unwrap().count(),
        0,
        "a folder was made"
    );
}

#[test]
fn a_full_file_system_and_a_read_only_one_are_refused_with_the_remedy() {
    if !kernel_allows() {
        return;
    }
    for (options, errno) in [("size=16k", "os error 28"), ("ro", "os error 30")] {
        // In a mount namespace of its own, which ends with it.
        let script = format!("mount -t tmpfs -o {options} tmpfs /mnt; exec \"$@\" --out /mnt");
        let mut command = Command::new("unshare");
        command.args([
            "--user",
            "--map-root-user",
            "--mount",
            "--net",
            "sh",
            "-ec",
            &script,
            "sh",
        ]);
        command.arg(binary()).arg("sweep");
        let run = said(command.args(TINY).env("NO_COLOR", "1"));
        assert_eq!(run.code, Some(1), "{options}: {run:?}");
        assert!(run.err.contains(errno), "{options}: {}", run.err);
        assert!(run.err.contains("--out"), "{options}: {}", run.err);
    }
}

#[test]
fn an_out_that_is_a_file_and_one_that_does_not_exist_yet() {
    if !kernel_allows() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("file");
    std::fs::write(&file, "").unwrap();
    let refused = said(kilonet([&["sweep"], TINY].concat()).arg("--out").arg(&file));
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert_eq!(
        std::fs::read(&file).unwrap(),
        b"",
        "the file was written to"
    );
    let deep = out.path().join("a/b/c");
    let made = said(kilonet([&["sweep"], TINY].concat()).arg("--out").arg(&deep));
    assert_eq!(made.code, Some(0), "{made:?}");
    assert!(made.folder().starts_with(&deep));
}

/// Busy loops of other processes, ended with it.
struct Loops(Vec<Child>);

impl Loops {
    fn start(number: usize) -> Self {
        let start = |_| {
            Command::new("sh")
                .args(["-c", "while :; do :; done"])
                .spawn()
        };
        Self(
            (0..number)
                .map(|nth| start(nth).expect("a shell"))
                .collect(),
        )
    }
}

impl Drop for Loops {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[test]
fn a_short_window_that_others_share_is_marked_and_run_again() {
    if !kernel_allows() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let cpus = std::thread::available_parallelism().unwrap().get();
    let loops = Loops::start(cpus);
    let flags = [
        "--topology",
        "bridge",
        "--containers",
        "2",
        "--warmup",
        "100ms",
        "--measure",
        "200ms",
    ];
    let run = said(
        kilonet(["sweep", "--repeats", "3", "--quiet", "--out"])
            .arg(out.path())
            .args(flags),
    );
    drop(loops);
    assert_eq!(run.code, Some(0), "{run:?}");
    let records = records(&run.folder());
    for record in &records {
        let disturbed = record["noise"]["disturbed"].to_string();
        assert!(disturbed.contains("other processes took "), "{record}");
    }
    // Of six trials a fifth may be run again.
    let again = records.iter().filter(|record| record["again"] == true);
    assert_eq!((again.count(), records.len()), (1, 7));
}
