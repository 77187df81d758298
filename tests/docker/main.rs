//! Real containers on a real engine: each test starts `dockerd` for itself, in namespaces of its own.
//!
//! The witnesses are the engine's own client, `ip`, and the machine's own tables. Needs root and `dockerd`; where the kernel
//! rings are required, their lack is a failure.

#[path = "../harness/mod.rs"]
mod harness;

mod attach;
mod daemon;
mod ends;
mod mistakes;
mod ports;
mod rules;

use std::collections::BTreeSet;

use serde_json::Value;

use daemon::{Daemon, allowed};
use harness::{Said, assert_true_to_its_witnesses, plainly, records, said};

/// The records of a run that went well.
fn well(run: &Said) -> Vec<Value> {
    assert_eq!(run.code, Some(0), "{run:?}");
    let records = records(&run.folder());
    records.iter().for_each(assert_true_to_its_witnesses);
    records
}

/// Those of real containers.
fn real(records: &[Value]) -> impl Iterator<Item = &Value> {
    let docker = |record: &&Value| record["cell"]["testbed"] == "docker";
    records.iter().filter(docker)
}

#[test]
fn every_network_of_the_engine_is_measured_and_nothing_is_left() {
    if !allowed() {
        return;
    }
    let daemon = Daemon::start(&[]);
    let images = daemon.docker(&["images", "--quiet", "--all"]);
    let links = daemon.inside(&["ip", "-br", "link"]);

    let topologies = "bridge,user-bridge,shared,host,veth";
    let run = daemon.sweep(&["--topology", topologies, "--containers", "2..4"]);

    let records = well(&run);
    let version = daemon.docker(&["version", "--format", "{{.Server.Version}}"]);
    let cells: BTreeSet<_> = real(&records)
        .map(|record| {
            assert_eq!(record["effective"]["engine"], version.trim(), "{record}");
            record["trial"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(cells.len(), 10, "{cells:?}");
    real(&records).for_each(assert_watched);
    assert_eq!(daemon.ours(), [""; 0]);
    assert_eq!(daemon.docker(&["images", "--quiet", "--all"]), images);
    assert_eq!(daemon.inside(&["ip", "-br", "link"]), links);
}

/// What passes the engine's namespace is watched there, and containers in their own; those that are in the engine's have none.
fn assert_watched(record: &Value) {
    let cell = &record["cell"];
    let is_of = |topologies: &[&str]| topologies.contains(&cell["topology"].as_str().unwrap());
    let passes = is_of(&["bridge", "user-bridge", "host"]);
    let sides = if passes {
        serde_json::json!({"read": 1, "of": 1})
    } else {
        Value::Null
    };
    assert_eq!(record["host_sides"], sides, "{record}");
    for phase in ["setup", "connect", "warmup", "window", "teardown"] {
        let counted = &record["phases"][phase]["listen_drops"];
        assert_eq!(counted.as_u64(), passes.then_some(0), "{phase}: {record}");
    }
    let watched = &record["watched"];
    if is_of(&["host"]) {
        assert!(watched.is_null(), "{record}");
        let after = record["connections"]["after"].as_u64();
        assert!(after > Some(0), "the engine's rules track: {record}");
    } else {
        assert_eq!(watched["of"], cell["containers"], "{record}");
        assert_eq!(watched["containers"], cell["containers"], "{record}");
        assert_eq!(watched["listen_drops"], 0, "{record}");
    }
    assert!(!record["warnings"].to_string().contains("not watched"));
}

#[test]
fn ipv6_is_measured_where_the_engine_has_it() {
    if !allowed() {
        return;
    }
    let daemon = Daemon::start(&["--ipv6", "--fixed-cidr-v6", "fd00:6b69::/64"]);
    let topologies = "bridge,user-bridge,shared,host,veth";
    let run = daemon.sweep(&[
        "--topology",
        topologies,
        "--family",
        "ipv6",
        "--containers",
        "2",
    ]);
    assert_eq!(real(&well(&run)).count(), 5);
}

#[test]
fn an_idle_container_is_there_and_moves_nothing() {
    if !allowed() {
        return;
    }
    let daemon = Daemon::start(&[]);
    let run = daemon.sweep(&["--topology", "bridge", "--containers", "6", "--active", "2"]);
    let records = well(&run);
    let record = real(&records).next().unwrap();
    assert_eq!(record["flows"]["connected"], 1, "{record}");
    assert_eq!(record["cell"]["containers"], 6, "{record}");
}

#[test]
fn a_real_container_serves_several_and_sends_to_several() {
    if !allowed() {
        return;
    }
    let daemon = Daemon::start(&[]);
    let topologies = ["--topology", "bridge,user-bridge,host", "--containers", "3"];
    let patterns = ["--pattern", "incast,all-to-all", "--direction", "both"];
    let run = daemon.sweep(&[topologies, patterns].concat());
    let records = well(&run);
    assert_eq!(real(&records).count(), 6);
    for record in real(&records) {
        // Two clients and the way back to each; three with two others each.
        let pairs = if record["cell"]["pattern"] == "incast" {
            4
        } else {
            6
        };
        assert_eq!(record["cell"]["pairs"], pairs, "{record}");
        assert_eq!(record["flows"]["connected"], pairs, "{record}");
    }
}

/// What an engine or a run might change of the machine, without counters.
fn machine() -> Vec<String> {
    let tables = [
        "ip -o link",
        "ip -o address",
        "ip route show table all",
        "iptables-legacy-save | sed 's/\\[[0-9:]*\\]//; /^#/d'",
        "nft list ruleset",
        "sysctl -a 2>/dev/null | grep -E '^net\\.(bridge|core|ipv[46]\\.(conf|neigh|ip_|route))' | grep -vE 'stable_secret|netdev_rss_key'",
        "grep -v nsfs /proc/mounts",
    ];
    let tables = tables.iter();
    tables
        .map(|it| said(plainly("sh").args(["-c", it])).out)
        .collect()
}

#[test]
fn the_machine_is_the_same_after_an_engine_was_there() {
    if !allowed() {
        return;
    }
    let before = machine();
    let daemon = Daemon::start(&[]);
    well(&daemon.sweep(&["--topology", "bridge", "--containers", "2"]));
    drop(daemon);
    assert_eq!(machine(), before);
}
