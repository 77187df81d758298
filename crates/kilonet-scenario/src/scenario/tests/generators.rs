//! What somebody else's generators are refused, and what they are told.

use std::time::Duration;

use super::*;
use crate::scenario::running_time;

/// Keys of `[axes]` and `[lab]` beside the driver, and what must be said of them.
const WRONG: &[(&str, &str, &[&str])] = &[
    (
        "workload = \"tcp-rr\"",
        "",
        &[
            "`axes.workload`: iperf3 has no workload tcp-rr",
            "allowed with it: tcp-stream, udp-stream",
        ],
    ),
    (
        "message = \"2MiB\"",
        "",
        &[
            "iperf3 has no messages of 2097152 bytes",
            "1 to 1048576 bytes",
        ],
    ),
    (
        "streams = 129",
        "",
        &["iperf3 has no 129 streams", "up to 128"],
    ),
    (
        "pattern = \"ring\"",
        "",
        &["iperf3 has no other pattern", "\"pairs\""],
    ),
    (
        "direction = \"both\"",
        "",
        &["iperf3 has no other direction", "\"one-way\""],
    ),
    (
        "path = \"outside\"",
        "",
        &["iperf3 has no path outside", "direct, published, hairpin"],
    ),
    (
        "beside = \"tcp-rr:1\"",
        "",
        &["iperf3 has no other beside", "\"none\""],
    ),
    (
        "pinning = \"same\"",
        "",
        &["iperf3 has no other pinning", "\"none\""],
    ),
    (
        "send = \"zerocopy\"",
        "",
        &["iperf3 has no other send", "\"copy\""],
    ),
    (
        "receive = \"discard\"",
        "",
        &["iperf3 has no other receive", "\"copy\""],
    ),
    (
        "workload = \"udp-stream\"\nrate = 10\narrivals = \"poisson\"",
        "",
        &["iperf3 has no other arrivals", "\"constant\""],
    ),
    (
        "workload = \"udp-stream\"\nbatch = \"mmsg\"",
        "",
        &["iperf3 has no other batch", "\"none\""],
    ),
    (
        "workload = \"udp-stream\"\nsearch = \"0%\"",
        "",
        &["iperf3 has no other search", "\"none\""],
    ),
    (
        "workload = \"udp-stream\"\nmessage = 65508",
        "",
        &["udp-stream has no datagram of 65508 bytes", "16 to 65507"],
    ),
    (
        "topology = [\"veth\", \"loopback\"]",
        "",
        &["iperf3 has no topology loopback", "2 containers there"],
    ),
    (
        "topology = \"shared\"",
        "per_namespace = \"all\"",
        &[
            "`lab.per_namespace`",
            "could not be told apart",
            "allowed with it: 2",
        ],
    ),
    (
        "testbed = \"docker\"",
        "",
        &["`axes.driver`: the testbed docker has no iperf3"],
    ),
];

#[test]
fn what_a_tool_cannot_be_told_is_refused() {
    for (axes, lab, said) in WRONG {
        let text = format!("[axes]\ncontainers = 8\ndriver = \"iperf3\"\n{axes}\n[lab]\n{lab}\n");
        let said_of_it = refusal(&text);
        for words in *said {
            assert!(said_of_it.contains(words), "{text}\n{said_of_it}");
        }
    }
}

#[test]
fn a_pair_alone_can_be_told_apart_anywhere() {
    let text =
        "[axes]\ncontainers = 2\ndriver = \"iperf3\"\ntopology = [\"loopback\", \"shared\"]\n";
    let scenario = parsed(text);
    assert_eq!(scenario.cells.len(), 2);
}

#[test]
fn tools_go_on_for_longer_than_the_window_in_whole_seconds() {
    for pairs in [1, 2, 100, 1_000] {
        for millis in [1, 999, 1_000, 30_000] {
            let window = Duration::from_millis(millis);
            let told = running_time(pairs, window);
            assert_eq!(told.subsec_nanos(), 0);
            assert!(told >= window + Duration::from_secs(1), "{pairs} {millis}");
        }
    }
}

/// Keys of `[axes]` beside the driver sockperf, and what must be said of them.
const WRONG_WITH_SOCKPERF: &[(&str, &[&str])] = &[
    (
        "workload = \"tcp-stream\"",
        &["sockperf has no workload tcp-stream", "tcp-rr, udp-rr"],
    ),
    (
        "workload = \"tcp-rr\"",
        &["messages of 1 bytes, the default", "14 to 65507"],
    ),
    (
        "family = \"ipv6\"",
        &["sockperf has no family ipv6", "allowed with it: ipv4"],
    ),
    ("message = 13", &["sockperf has no messages of 13 bytes"]),
    ("streams = 2", &["sockperf has no 2 streams"]),
    (
        "response = 100",
        &["`axes.response`: sockperf has no response of its own"],
    ),
    (
        "rate = 100",
        &["`axes.rate`: sockperf has no rate of its own"],
    ),
    (
        "workload = \"tcp-rr\"\nmessage = 64\nfirewall = \"docker-29\"\npath = \"published\"",
        &["sockperf has no path published", "direct, hairpin"],
    ),
    (
        "outstanding = 2",
        &["`axes.outstanding`: sockperf has no other outstanding"],
    ),
    (
        "congestion = \"cubic\"",
        &["sockperf has no option for it", "leave it out"],
    ),
];

#[test]
fn what_sockperf_cannot_be_told_is_refused() {
    for (axes, said) in WRONG_WITH_SOCKPERF {
        let workload = if axes.contains("workload") {
            ""
        } else {
            "workload = \"udp-rr\""
        };
        let text = format!("[axes]\ncontainers = 8\ndriver = \"sockperf\"\n{workload}\n{axes}\n");
        let said_of_it = refusal(&text);
        for words in *said {
            assert!(said_of_it.contains(words), "{text}\n{said_of_it}");
        }
    }
    parsed(
        "[axes]\ncontainers = 8\ndriver = \"sockperf\"\nworkload = [\"tcp-rr\", \"udp-rr\"]\nmessage = 64\n",
    );
}

/// Keys of `[axes]` beside the driver netperf, and what must be said of them.
const WRONG_WITH_NETPERF: &[(&str, &[&str])] = &[
    (
        "workload = \"udp-stream\"",
        &[
            "netperf has no workload udp-stream",
            "tcp-stream, tcp-rr, udp-rr",
        ],
    ),
    (
        "workload = \"tcp-cc\"",
        &[
            "netperf has no workload tcp-cc",
            "tcp-stream, tcp-rr, udp-rr",
        ],
    ),
    (
        "topology = \"loopback\"",
        &["netperf has no topology loopback", "besides loopback's"],
    ),
    (
        "firewall = \"docker-29\"\npath = \"hairpin\"",
        &["netperf has no path hairpin", "allowed with it: direct"],
    ),
    ("topology = \"shared\"", &["netperf has no topology shared"]),
    ("streams = 2", &["netperf has no 2 streams"]),
    (
        "rate = 100\nworkload = \"tcp-rr\"",
        &["netperf has no rate of its own"],
    ),
];

#[test]
fn what_netperf_cannot_be_told_is_refused() {
    for (axes, said) in WRONG_WITH_NETPERF {
        let text = format!("[axes]\ncontainers = 8\ndriver = \"netperf\"\n{axes}\n");
        let said_of_it = refusal(&text);
        for words in *said {
            assert!(said_of_it.contains(words), "{text}\n{said_of_it}");
        }
    }
    let scenario = parsed(
        "[axes]\ncontainers = 8\ndriver = \"netperf\"\nworkload = [\"tcp-stream\", \"tcp-rr\", \"udp-rr\"]\n",
    );
    for cell in &scenario.cells {
        assert_eq!(cell.baseline().driver, Driver::Threads);
    }
}
