//! What people who do this job reported, and others of the same kinds: what their run measured, or what broke, is said as it was.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::harness::{assert_valid_unless_busy, is_real_root, kernel_allows, records};
use crate::{consequences, may_lower, mechanisms, planted, run};

/// One trial of each cell, which waits for what does not come no longer than it must.
const ONCE: &str = "[trial]\nwarmup = \"100ms\"\nmeasure = \"300ms\"\nsample = \"100ms\"\nconnect = \"1500ms\"\nrepeats = 1\n\
                    baseline = false\nagain = \"0%\"\n";

/// The curves on which a mechanism bound.
fn curves(mechanism: &Value) -> BTreeSet<String> {
    let cells = mechanism["cells"].as_array().expect("a list").iter();
    cells
        .map(|it| it["series"].as_str().expect("a label").to_owned())
        .collect()
}

/// What the trials of a scenario came to.
fn recorded(scenario: &str) -> Vec<Value> {
    let out = tempfile::tempdir().unwrap();
    records(&run(out.path(), &format!("{scenario}{ONCE}")))
}

/// The first packet of a connection passes the rules of NAT, and no other, by IPv6 as by IPv4 (`tests/effects.rs`); with no rule too.
#[test]
fn rules_of_nat_are_met_by_ipv6_through_every_back_end() {
    if !kernel_allows() {
        return;
    }
    let records = recorded(
        "[axes]\ntopology = \"bridge\"\nfamily = \"ipv6\"\nworkload = \"tcp-rr\"\nrule_hook = \"nat\"\nrules = [0, 50]\n\
         backend = [\"nft\", \"iptables-nft\", \"iptables-legacy\"]\ncontainers = 4\n",
    );
    assert_eq!(records.len(), 6);
    for record in &records {
        let connected = record["flows"]["connected"].as_u64();
        assert_eq!(
            record["seen"]["rules"]["passed"].as_u64(),
            connected,
            "{record}"
        );
        assert!(record["seen"]["tracked"].as_u64() >= connected, "{record}");
        assert_eq!(record["checks"]["valid"], true, "{record}");
    }
}

/// One table of a protocol for all namespaces, whatever joins them.
#[test]
fn the_neighbour_table_of_either_protocol_fills_up_in_every_topology_that_resolves() {
    if !may_lower() {
        return;
    }
    let protocols = [
        ("ipv4", &["veth", "routed", "macvlan"][..]),
        ("ipv6", &["bridge", "veth", "routed", "macvlan"][..]),
    ];
    for (family, topologies) in protocols {
        let name = format!("net.{family}.neigh.default.gc_thresh");
        let all = planted(
            "neighbour_table",
            &format!(
                "[axes]\ntopology = {topologies:?}\nfamily = \"{family}\"\nentries = \"learned\"\ndriver = \"workers\"\n\
                 containers = 160\n[sysctls]\n\"{name}1\" = 8\n\"{name}2\" = 16\n\"{name}3\" = 32\n{ONCE}"
            ),
        );
        assert_eq!(curves(&all[0]).len(), topologies.len(), "{}", all[0]);
        let limit = &all[0]["limit"];
        assert_eq!(
            (limit["name"].as_str(), limit["value"].as_str()),
            (Some(format!("{name}3").as_str()), Some("32"))
        );
        assert!(consequences(&all[0]).contains(&"starved"), "{}", all[0]);
    }
}

/// Those that ask beside streams wait for what these hold: pressure is the cause, and small buffers keep it away.
#[test]
fn memory_of_tcp_that_streams_hold_is_what_those_beside_them_waited_for() {
    if !may_lower() {
        return;
    }
    let all = planted(
        "tcp_memory",
        "[axes]\ntopology = \"bridge\"\nbeside = \"tcp-rr:2@500\"\nbuffers = [\"auto\", \"4KiB\"]\ncontainers = 128\n[sysctls]\n\
         \"net.ipv4.tcp_mem\" = \"4096 6144 12288\"\n",
    );
    let intervention = &all[0]["interventions"][0];
    assert_eq!(intervention["factor"], "buffers", "{}", all[0]);
    let waited = intervention["p99_ns"].as_array();
    assert_eq!(waited.map(Vec::len), Some(2), "{}", all[0]);
}

/// Requests that are long fill the same pool as streams do.
#[test]
fn memory_of_tcp_that_long_requests_hold_is_under_pressure_too() {
    if !may_lower() {
        return;
    }
    planted(
        "tcp_memory",
        "[axes]\ntopology = \"veth\"\nworkload = \"tcp-rr\"\nmessage = \"4MiB\"\nresponse = 1\ndriver = \"workers\"\ncontainers = 64\n\
         [sysctls]\n\"net.ipv4.tcp_mem\" = \"1024 1536 4096\"\n",
    );
}

/// Across a tunnel, and on one of several bridges, each frame is copied to every port as on one.
#[test]
fn floods_are_named_across_a_tunnel_and_on_several_bridges() {
    if !kernel_allows() {
        return;
    }
    let flooded = |axes: &str| {
        let all = planted(
            "flooding",
            &format!(
                "[axes]\nentries = \"learned\"\nageing = [0, 300]\nworkload = \"tcp-rr\"\ncontainers = 64\nactive = 2\n{axes}{ONCE}"
            ),
        );
        let cells = all[0]["cells"].as_array().map(Vec::len);
        assert_eq!(cells, Some(1), "with an age nothing is flooded: {}", all[0]);
    };
    flooded("topology = \"vxlan\"\n");
    flooded("topology = \"bridge\"\nports_per_bridge = 16\n");
}

/// Of either protocol, and whoever accepts.
#[test]
fn a_short_accept_queue_overflows_by_either_protocol_under_every_driver() {
    if !is_real_root() {
        return;
    }
    let all = planted(
        "accept_queue",
        &format!(
            "[axes]\ntopology = \"bridge\"\npattern = \"incast\"\nworkload = \"tcp-crr\"\nlisten = \"shared\"\nbacklog = 1\n\
             family = [\"ipv4\", \"ipv6\"]\ndriver = [\"threads\", \"workers\", \"processes\"]\ncontainers = 65\n{ONCE}"
        ),
    );
    assert_eq!(curves(&all[0]).len(), 6, "{}", all[0]);
    let limit = &all[0]["limit"];
    assert_eq!(
        (&limit["name"], &limit["value"]),
        (&"backlog".into(), &"1".into())
    );
}

/// What a program asks for is no more than its namespace allows, and that is what is to be raised.
#[test]
fn a_somaxconn_that_is_lower_than_the_backlog_is_what_is_named() {
    if !kernel_allows() {
        return;
    }
    let all = planted(
        "accept_queue",
        &format!(
            "[axes]\ntopology = \"bridge\"\npattern = \"incast\"\nworkload = \"tcp-crr\"\nlisten = \"shared\"\ncontainers = 65\n\
             [namespace.sysctls]\n\"net.core.somaxconn\" = 2\n{ONCE}"
        ),
    );
    let limit = &all[0]["limit"];
    assert_eq!(limit["name"], "net.core.somaxconn", "{}", all[0]);
    assert_eq!(limit["value"], "2", "{}", all[0]);
}

/// Held back by a quota, requests wait for the next period; without one they do not.
#[test]
fn a_quota_is_named_before_what_waits_for_it() {
    if !is_real_root() {
        return;
    }
    let all = planted(
        "cpu_quota",
        "[axes]\ntopology = \"bridge\"\ndriver = \"processes\"\nworkload = \"tcp-rr\"\nrate = 5000\ncpu_max = [\"none\", 0.01]\n\
         containers = 8\n",
    );
    assert!(consequences(&all[0]).contains(&"behind"), "{}", all[0]);
    let intervention = &all[0]["interventions"][0];
    assert_eq!(intervention["factor"], "cpu_max", "{}", all[0]);
    let waited = intervention["p99_ns"].as_array();
    assert_eq!(waited.map(Vec::len), Some(2), "{}", all[0]);
}

/// With RPS off the sender's CPU receives what it sends; spread over all, packets are handed to others.
#[test]
fn on_which_cpus_softirqs_ran_is_recorded_for_each_way_to_spread_them() {
    if !is_real_root() {
        return;
    }
    let records = recorded(
        "[axes]\ntopology = \"veth\"\nworkload = \"udp-stream\"\nrps = [\"off\", \"all\"]\ncontainers = 16\n",
    );
    let handed_on = |rps: &str| {
        let mut records = records.iter();
        let record = records.find(|it| it["cell"]["rps"].as_str().unwrap_or("off") == rps);
        let record = record.unwrap_or_else(|| panic!("{rps}: {records:#?}"));
        let cpus = record["cpus"].as_array().unwrap().iter();
        let softirq: u64 = cpus.map(|cpu| cpu["softirq_ns"].as_u64().unwrap()).sum();
        assert!(softirq > 0, "{record}");
        assert!(record["seen"]["steered"].is_u64(), "{record}");
        record["seen"]["steered"].as_u64()
    };
    assert!(handed_on("all") > handed_on("off"));
}

/// All containers on one CPU, and with more CPUs to run on.
#[test]
fn one_cpu_that_has_to_do_all_is_named() {
    if !is_real_root() || std::thread::available_parallelism().unwrap().get() < 2 {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let folder = run(
        out.path(),
        "[axes]\ntopology = \"veth\"\ndriver = \"processes\"\ncpuset = [\"0\", \"0-1\"]\ncontainers = 16\n",
    );
    let on_one = |record: &&Value| record["cell"]["cpuset"] == "0";
    let all = mechanisms(&folder);
    for record in records(&folder).iter().filter(on_one) {
        let told = all.iter().find(|it| it["id"] == "one_busy_cpu");
        let cells = told.and_then(|it| it["cells"].as_array());
        let trials = cells
            .into_iter()
            .flatten()
            .flat_map(|it| it["trials"].as_array().unwrap());
        let is_named = trials.into_iter().any(|it| *it == record["trial"]);
        assert_valid_unless_busy(record, is_named);
    }
}
