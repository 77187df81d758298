//! Runs with a fault that was planted, through the binary and on the real kernel: the report for programs names that mechanism first,
//! with what follows from it, and names none where nothing was planted.
//!
//! Faults are limits of the whole machine that a scenario lowers for its run, which is for root, and settings of labs.

#[path = "planted/by_hand.rs"]
mod by_hand;
#[path = "planted/cases.rs"]
mod cases;
mod harness;
#[path = "planted/limits.rs"]
mod limits;

use std::path::{Path, PathBuf};

use harness::{is_real_root, kernel_allows, kilonet, records, said};
use serde_json::Value;

/// How trials are timed in all of them: two, so that what is said holds for more than one.
const TRIAL: &str = "[trial]\nwarmup = \"200ms\"\nmeasure = \"400ms\"\nconnect = \"4s\"\nrepeats = 2\nbaseline = false\nagain = \"0%\"\n";

/// A file in a folder with a scenario, which is timed as all of them unless it says so itself.
fn scenario_in(out: &Path, scenario: &str) -> PathBuf {
    let file = out.join("planted.toml");
    let trial = if scenario.contains("[trial]") {
        ""
    } else {
        TRIAL
    };
    std::fs::write(&file, format!("{scenario}{trial}")).unwrap();
    file
}

/// Runs a scenario, and gives its folder. Trials may fail: that is what some faults come to.
fn run(out: &Path, scenario: &str) -> PathBuf {
    let file = scenario_in(out, scenario);
    let mut command = kilonet(["run", "--quiet", "--out"]);
    let told = said(command.arg(out).arg(&file));
    assert!(matches!(told.code, Some(0 | 1)), "{told:?}");
    told.folder()
}

/// What the report for programs says of a run's mechanisms.
fn mechanisms(folder: &Path) -> Vec<Value> {
    let told = said(kilonet(["report", "--format", "json"]).arg(folder));
    assert_eq!((told.code, told.err.as_str()), (Some(0), ""));
    let report: Value = serde_json::from_str(&told.out).expect("JSON");
    let all = report["mechanisms"].as_array();
    all.expect("a list").clone()
}

fn ids(mechanisms: &[Value]) -> Vec<&str> {
    let ids = mechanisms.iter().map(|it| it["id"].as_str());
    ids.map(|id| id.expect("an id")).collect()
}

/// What a mechanism explains, by consequence.
fn consequences(mechanism: &Value) -> Vec<&str> {
    let explains = mechanism["explains"].as_array().expect("a list").iter();
    explains
        .map(|it| it["consequence"].as_str().expect("a name"))
        .collect()
}

/// The counts at which a mechanism bound.
fn counts(mechanism: &Value) -> Vec<u64> {
    let cells = mechanism["cells"].as_array().expect("a list").iter();
    cells
        .map(|it| it["count"].as_u64().expect("a count"))
        .collect()
}

/// Runs a scenario with a fault, and gives the mechanisms, of which the planted one is the first.
fn planted(id: &str, scenario: &str) -> Vec<Value> {
    let out = tempfile::tempdir().unwrap();
    let folder = run(out.path(), scenario);
    let all = mechanisms(&folder);
    assert_eq!(
        ids(&all).first(),
        Some(&id),
        "{all:#?} {:#?}",
        records(&folder)
    );
    assert_eq!(all[0]["certain"], true, "{}", all[0]);
    all
}

/// Whether sysctls of the whole machine may be lowered here.
fn may_lower() -> bool {
    kernel_allows() && is_real_root()
}

const FULL_TABLE: &str = "[[axes]]\ntopology = \"bridge\"\nworkload = \"tcp-crr\"\npath = \"outside\"\nfirewall = \"docker-20.10\"\n\
    driver = \"workers\"\ncontainers = [8, 16]\n[sysctls]\n\"net.netfilter.nf_conntrack_max\" = 1500\n";

#[test]
fn a_connection_table_that_is_full() {
    if !may_lower() {
        return;
    }
    let all = planted("connection_table", FULL_TABLE);
    assert_eq!(all[0]["limit"]["value"], "1500");
    assert!(all[0]["filling"]["drops"].as_u64() > Some(0), "{}", all[0]);
}

#[test]
fn a_full_connection_table_is_named_at_each_count_with_its_size() {
    if !may_lower() {
        return;
    }
    let all = planted("connection_table", FULL_TABLE);
    assert_eq!(counts(&all[0]), [8, 16]);
    assert_eq!(all[0]["filling"]["entries"], 1500);
}

const MEMORY: &str = "topology = \"bridge\"\ncontainers = [2, 128]\n";
const LITTLE_MEMORY: &str = "\"net.ipv4.tcp_mem\" = \"4096 6144 12288\"\n";

#[test]
fn memory_of_tcp_under_pressure_and_the_same_with_small_buffers() {
    if !may_lower() {
        return;
    }
    let both = "buffers = [\"auto\", \"4KiB\"]\n";
    let all = planted(
        "tcp_memory",
        &format!("[axes]\n{MEMORY}{both}[sysctls]\n{LITTLE_MEMORY}"),
    );
    assert_eq!(counts(&all[0]), [128]);
    let intervention = &all[0]["interventions"][0];
    assert_eq!(intervention["factor"], "buffers", "{}", all[0]);
    assert_eq!(intervention["levels"][0], "auto", "{}", all[0]);
}

#[test]
fn a_backlog_of_few_packets() {
    if !may_lower() {
        return;
    }
    let all = planted(
        "backlog",
        "[axes]\ntopology = \"bridge\"\ncontainers = 32\n[sysctls]\n\"net.core.netdev_max_backlog\" = 3\n",
    );
    assert_eq!(all[0]["drops"]["reason"], "CPU_BACKLOG", "{}", all[0]);
}

#[test]
fn a_quota_of_cpu_time() {
    if !may_lower() {
        return;
    }
    let all = planted(
        "cpu_quota",
        "[axes]\ntopology = \"veth\"\ndriver = \"processes\"\ncontainers = [2, 8]\ncpu_max = 0.05\n",
    );
    assert_eq!(counts(&all[0]), [2, 8]);
}

#[test]
fn a_neighbour_table_that_flows_fill_as_they_connect() {
    if !may_lower() {
        return;
    }
    let all = planted(
        "neighbour_table",
        "[axes]\ntopology = \"bridge\"\nentries = \"learned\"\ncontainers = [16, 200]\n[sysctls]\n\
         \"net.ipv4.neigh.default.gc_thresh2\" = 64\n\"net.ipv4.neigh.default.gc_thresh3\" = 128\n",
    );
    assert_eq!(counts(&all[0]), [200]);
}

const INCAST: &str =
    "topology = \"bridge\"\npattern = \"incast\"\nworkload = \"tcp-crr\"\nlisten = \"shared\"\n";

#[test]
fn an_accept_queue_that_is_short() {
    if !kernel_allows() {
        return;
    }
    let all = planted(
        "accept_queue",
        &format!("[axes]\n{INCAST}backlog = [2, 4096]\ncontainers = 65\n"),
    );
    assert_eq!(
        all[0]["cells"].as_array().map(Vec::len),
        Some(1),
        "{}",
        all[0]
    );
}

#[test]
fn addresses_that_run_out_of_ports() {
    if !kernel_allows() {
        return;
    }
    let few = "[namespace.sysctls]\n\"net.ipv4.ip_local_port_range\" = \"32768 33000\"\n";
    let axes = "[axes]\ntopology = \"veth\"\nworkload = \"tcp-crr\"\ncloses = \"client\"\ncontainers = 4\n";
    // Flows died before the window, so that nobody counted their connections: those that are closed have kept the ports.
    let all = planted("local_ports", &format!("{axes}{few}"));
    assert_eq!(ids(&all), ["local_ports"], "{all:#?}");
    assert_eq!(all[0]["limit"]["value"], "32768 33000", "{}", all[0]);
}

#[test]
fn receivers_of_datagrams_with_small_buffers() {
    if !kernel_allows() {
        return;
    }
    let all = planted(
        "socket_buffers",
        "[axes]\ntopology = \"veth\"\nworkload = \"udp-stream\"\nbuffers = \"4KiB\"\ncontainers = 8\n",
    );
    assert!(
        consequences(&all[0]).contains(&"datagrams_lost"),
        "{}",
        all[0]
    );
}

#[test]
fn bridges_that_copy_every_frame_to_every_port() {
    if !kernel_allows() {
        return;
    }
    let all = planted(
        "flooding",
        "[axes]\ntopology = \"bridge\"\nentries = \"learned\"\nageing = [0, 300]\ncontainers = 32\nactive = 2\n",
    );
    assert_eq!(
        all[0]["cells"].as_array().map(Vec::len),
        Some(1),
        "{}",
        all[0]
    );
}

#[test]
fn two_faults_at_once_are_both_named_each_where_it_is() {
    if !may_lower() {
        return;
    }
    let quota =
        "[[axes]]\ntopology = \"bridge\"\ndriver = \"processes\"\ncontainers = 4\ncpu_max = 0.05\n";
    let out = tempfile::tempdir().unwrap();
    let all = mechanisms(&run(out.path(), &format!("{quota}{FULL_TABLE}")));
    let mut named = ids(&all);
    named.truncate(2);
    named.sort_unstable();
    assert_eq!(named, ["connection_table", "cpu_quota"]);
}

/// More faults of one kind: at another size, by another driver, under other traffic, with another one beside it.
const MORE: &[(&str, &str)] = &[
    (
        "neighbour_table",
        "[axes]\ntopology = \"bridge\"\nentries = \"learned\"\ndriver = \"workers\"\nworkload = \"tcp-rr\"\ncontainers = 128\n[sysctls]\n\
         \"net.ipv4.neigh.default.gc_thresh2\" = 32\n\"net.ipv4.neigh.default.gc_thresh3\" = 64\n",
    ),
    (
        "connection_table",
        "[axes]\ntopology = \"bridge\"\nworkload = \"tcp-cc\"\npath = \"outside\"\nfirewall = \"docker-29-nft\"\ndriver = \"workers\"\n\
         containers = 4\n[sysctls]\n\"net.netfilter.nf_conntrack_max\" = 800\n",
    ),
    (
        "connection_table",
        "[axes]\ntopology = \"bridge\"\nfirewall = \"kubernetes\"\nworkload = \"tcp-crr\"\ncontainers = 8\n[sysctls]\n\
         \"net.netfilter.nf_conntrack_max\" = 600\n",
    ),
    (
        "tcp_memory",
        "[axes]\ntopology = \"veth\"\ndriver = \"workers\"\ncontainers = 64\n[sysctls]\n\"net.ipv4.tcp_mem\" = \"2048 3072 8192\"\n",
    ),
    (
        "backlog",
        "[axes]\ntopology = \"bridge\"\ndriver = \"workers\"\ncontainers = 64\n[sysctls]\n\"net.core.netdev_max_backlog\" = 2\n",
    ),
    (
        "cpu_quota",
        "[axes]\ntopology = \"bridge\"\ndriver = \"processes\"\nworkload = \"tcp-rr\"\ncontainers = 16\ncpu_max = 0.02\n",
    ),
    (
        "socket_buffers",
        "[axes]\ntopology = \"bridge\"\ndriver = \"workers\"\nworkload = \"udp-stream\"\nmessage = 512\nbuffers = \"8KiB\"\ncontainers = 2\n",
    ),
    (
        "flooding",
        "[axes]\ntopology = \"bridge\"\nentries = \"learned\"\nageing = 0\nworkload = \"tcp-rr\"\ncontainers = 64\nactive = 2\n",
    ),
    // Each container's own table, by one rule that tracks.
    (
        "connection_table",
        "[axes]\ntopology = \"veth\"\nfirewall = \"conntrack\"\nworkload = \"tcp-crr\"\ncontainers = 4\n[sysctls]\n\
         \"net.netfilter.nf_conntrack_max\" = 300\n",
    ),
    (
        "accept_queue",
        "[axes]\ntopology = \"veth\"\nworkload = \"tcp-crr\"\nlisten = \"shared\"\nbacklog = 1\nstreams = 64\ncontainers = 4\n",
    ),
];

#[test]
fn faults_at_another_size_or_under_other_traffic_are_named_first_too() {
    if !may_lower() {
        return;
    }
    for (id, scenario) in MORE {
        planted(id, scenario);
    }
}

#[test]
fn healthy_runs_name_none() {
    if !kernel_allows() {
        return;
    }
    let healthy = [
        "topology = \"bridge\"\ncontainers = [2, 16]\n",
        "topology = \"veth\"\nworkload = \"tcp-rr\"\ncontainers = 16\n",
        "topology = \"routed\"\nworkload = \"tcp-crr\"\ncontainers = 4\n",
        "topology = \"bridge\"\nworkload = \"udp-stream\"\nrate = 1000\ncontainers = 8\n",
        "topology = [\"loopback\", \"shared\"]\ndriver = \"workers\"\ncontainers = 8\n",
    ];
    for axes in healthy {
        let out = tempfile::tempdir().unwrap();
        let folder = run(out.path(), &format!("[axes]\n{axes}"));
        let all = mechanisms(&folder);
        assert_eq!(
            ids(&all),
            [""; 0],
            "{axes}: {all:#?} {:#?}",
            records(&folder)
        );
    }
}
