//! What is said of a scenario that is wrong.

use std::fmt::Write as _;

use super::*;

/// A second line of `[axes]`, the place where it is wrong, and what must be said of it.
const WRONG_AXES: &[(&str, &str, &[&str])] = &[
    (
        "containers = 0",
        "2:14",
        &[
            "`axes.containers`",
            "0 is out of bounds",
            "from 2 to 1000000",
        ],
    ),
    (
        "containers = 1",
        "2:14",
        &["`axes.containers`", "from 2 to 1000000"],
    ),
    ("containers = -4", "2:14", &["-4 is out of bounds"]),
    (
        "containers = 1_000_000_000",
        "2:14",
        &["1000000000 is out of bounds"],
    ),
    (
        "containers = 7",
        "2:14",
        &["`axes.containers`", "7 is odd", "even"],
    ),
    ("containers = [2, 7]", "2:18", &["7 is odd"]),
    ("containers = []", "2:14", &["empty list"]),
    (
        "containers = 2.5",
        "2:14",
        &["2.5 is not a value for this key"],
    ),
    (
        "containers = \"many\"",
        "2:14",
        &["\"many\" is not a value", "a whole number"],
    ),
    ("containers = true", "2:14", &["true is not a value"]),
    ("containers = [[2]]", "2:15", &["a list"]),
    ("containers = \"8..2\"", "2:14", &["runs backwards"]),
    (
        "containers = \"2..8 x1\"",
        "2:14",
        &["x1 never reaches the end"],
    ),
    (
        "containers = \"2..8 +0\"",
        "2:14",
        &["+0 never reaches the end"],
    ),
    ("containers = \"2..\"", "2:14", &["not a number"]),
    ("containers = \"2..9 x2\"", "2:14", &["9 is odd"]),
    ("containers = \"3..99 +2\"", "2:14", &["3 is odd"]),
    (
        "topolgy = \"veth\"",
        "2:1",
        &["`axes.topolgy`", "unknown key", "did you mean `topology`?"],
    ),
    (
        "zebra = 1",
        "2:1",
        &["unknown key", "allowed: testbed, topology"],
    ),
    (
        "topology = \"brigde\"",
        "2:12",
        &[
            "unknown topology",
            "did you mean \"bridge\"?",
            "\"loopback\", \"shared\"",
        ],
    ),
    (
        "family = 4",
        "2:10",
        &["4 is not a value", "\"ipv4\", \"ipv6\""],
    ),
    ("active = 3", "2:10", &["`axes.active`", "3 is odd"]),
    (
        "active = 16",
        "2:10",
        &["16 active of 8 containers", "at most"],
    ),
    ("active = \"some\"", "2:10", &["\"all\" or a whole number"]),
    ("streams = 0", "2:11", &["from 1 to 1024"]),
    ("message = \"64kb\"", "2:11", &["unknown unit", "\"64KiB\""]),
    ("message = \"17MiB\"", "2:11", &["out of bounds", "16 MiB"]),
    ("message = 0", "2:11", &["out of bounds"]),
    (
        "congestion = \"Cubic!\"",
        "2:14",
        &["not the name of an algorithm", "\"bbr\""],
    ),
    (
        "congestion = \"averyveryverylongname\"",
        "2:14",
        &["not the name of an algorithm"],
    ),
    ("buffers = \"big\"", "2:11", &["\"auto\" or a size"]),
    ("buffers = 1", "2:11", &["out of bounds", "4 KiB"]),
    (
        "mtu = 1000",
        "2:7",
        &["1000 is below 1280", "stack = \"single\""],
    ),
    ("mtu = 70000", "2:7", &["from 68 to 65535"]),
    (
        "path = \"published\"",
        "2:8",
        &[
            "firewall \"none\" has no rules that publish ports",
            "\"docker-1.12\"",
        ],
    ),
    (
        "crossing = true",
        "2:12",
        &["nothing joins the bridges", "join = \"trunk\""],
    ),
    (
        "isolation = true",
        "2:13",
        &[
            "isolated ports of one bridge cannot talk",
            "path = \"outside\"",
        ],
    ),
    ("ageing = -1", "2:10", &["from 0 to 1000000"]),
    ("gso_max = \"1MiB\"", "2:11", &["out of bounds"]),
    (
        "rps = \"3\"",
        "2:7",
        &["\"3\" is not a mask of CPUs", "such as \"0x3\""],
    ),
    (
        "pinning = \"near\"",
        "2:11",
        &["unknown pinning \"near\"", "\"none\", \"same\", \"apart\""],
    ),
    (
        "cpu_max = 0.5",
        "2:11",
        &[
            "no cell has containers in control groups that could limit them",
            "driver = \"processes\"",
        ],
    ),
    (
        "driver = \"processes\"\ncpu_max = 0.001",
        "3:11",
        &["0.001 is not a number of CPUs", "0.01 to 8192"],
    ),
    (
        "driver = \"processes\"\nmemory_max = \"1KiB\"",
        "3:14",
        &["\"1KiB\" is out of bounds", "\"none\" or a size"],
    ),
    (
        "driver = \"processes\"\ncpuset = \"1-0\"",
        "3:10",
        &["\"1-0\" is not a list of CPUs", "\"0-1,4\""],
    ),
    ("lab = 3", "2:1", &["`axes.lab`"]),
];

#[test]
fn what_is_wrong_is_said_with_line_key_and_what_is_allowed() {
    for (line, place, says) in WRONG_AXES {
        let count = if line.starts_with("containers") {
            ""
        } else {
            "containers = 8"
        };
        let said = refusal(&format!("[axes]\n{line}\n{count}\n"));
        assert!(
            said.contains(&format!("test.toml:{place}")),
            "{line}: wrong place\n{said}"
        );
        let last = line.lines().last().unwrap();
        assert!(said.contains(last), "{line}: the line is not shown\n{said}");
        for text in *says {
            assert!(said.contains(text), "{line}: does not say {text}\n{said}");
        }
    }
}

/// What follows `[axes]`, and what must be said of it.
const WRONG_TABLES: &[(&str, &[&str])] = &[
    (
        "workload = \"udp-rr\"\nsearch = \"0%\"",
        &["4:10", "`axes.search`", "no cell has a stream of datagrams"],
    ),
    (
        "workload = \"udp-stream\"\nsearch = \"1%\"",
        &["4:10", "\"none\", \"0%\", \"0.5%\""],
    ),
    (
        "workload = \"udp-stream\"\ntestbed = \"docker\"\nsearch = \"0%\"",
        &[
            "5:10",
            "testbed docker cannot be combined with a search",
            "testbed = \"kernel\"",
        ],
    ),
    (
        "workload = \"udp-stream\"\ndriver = \"processes\"\nsearch = \"0%\"",
        &[
            "driver processes cannot be combined with a search",
            "driver = \"threads\", \"workers\"",
        ],
    ),
    (
        "workload = \"udp-stream\"\nbeside = \"idle:1\"\nsearch = \"0.5%\"",
        &["beside idle:1 cannot be combined with a search"],
    ),
    (
        "workload = \"udp-rr\"\nbatch = \"mmsg\"",
        &["4:9", "`axes.batch`", "no cell has a stream of datagrams"],
    ),
    (
        "workload = \"udp-stream\"\nmessage = 1473\nbatch = \"gso\"",
        &["5:9", "1473 bytes is not cut", "message up to 1472"],
    ),
    (
        "workload = \"udp-stream\"\nmessage = 1453\nfamily = \"ipv6\"\nbatch = \"gso\"",
        &["message up to 1452"],
    ),
    (
        "workload = \"udp-stream\"\nmessage = 15",
        &["4:11", "no datagram of 15 bytes", "16 to 65507"],
    ),
    (
        "workload = \"udp-stream\"\nmessage = 65508",
        &["no datagram of 65508 bytes"],
    ),
    (
        "workload = \"udp-stream\"\nrate = 2000000",
        &["4:8", "`axes.rate`", "from 1 to 1000000"],
    ),
    (
        "rate = 100",
        &[
            "3:8",
            "`axes.rate`: tcp-stream is a stream of bytes: its rate is in bits a second",
            "such as \"100Mb/s\"",
        ],
    ),
    (
        "workload = \"tcp-rr\"\nrate = \"100Mb/s\"",
        &[
            "4:8",
            "tcp-rr sends messages: its rate is how many of them are sent a second",
            "a whole number from 1 to 1000000",
            "workload = \"tcp-stream\"",
        ],
    ),
    (
        "workload = [\"tcp-stream\", \"tcp-rr\"]\nrate = [1000, \"1Gb/s\"]",
        &["4:15", "are in one table", "rates in one unit", "[[axes]]"],
    ),
    (
        "rate = \"100Mbps\"",
        &[
            "3:8",
            "needs a unit",
            "Mb/s",
            "such as \"100Mb/s\", from 1 kb/s to 1 Tb/s",
        ],
    ),
    ("rate = \"2Tb/s\"", &["3:8", "out of bounds"]),
    (
        "workload = \"idle\"\nrate = \"1Mb/s\"",
        &["no cell has requests, datagrams or a stream of bytes"],
    ),
    (
        "rate = \"1Mb/s\"\ndriver = \"iperf3\"",
        &[
            "3:8",
            "iperf3 has no stream that is sent at given times",
            "\"workers\"",
        ],
    ),
    (
        "workload = \"udp-rr\"\nlisten = \"shared\"",
        &[
            "4:10",
            "`axes.listen`",
            "no cell has connections of TCP",
            "\"tcp-crr\"",
        ],
    ),
    (
        "backlog = 128",
        &[
            "3:11",
            "no cell has connections that are made all the time",
            "\"tcp-crr\" or \"tcp-cc\"",
        ],
    ),
    (
        "workload = \"tcp-rr\"\ncloses = \"client\"",
        &["4:10", "`axes.closes`", "\"tcp-crr\" or \"tcp-cc\""],
    ),
    (
        "workload = \"tcp-crr\"\nbacklog = 70000",
        &["4:11", "70000 is out of bounds", "from 1 to 65535"],
    ),
    (
        "listen = \"shared\"\nbeside = \"idle:1\"",
        &["3:10", "cannot call the same port", "beside = \"none\""],
    ),
    (
        "firewall = \"docker-29\"\npath = \"published\"\nlisten = [\"own\", \"shared\"]",
        &[
            "5:18",
            "on the path published each flow calls",
            "path = \"direct\"",
        ],
    ),
    (
        "workload = \"tcp-rr\"\nrate = 1000\noutstanding = 4",
        &[
            "5:15",
            "with a rate, requests are sent however many are in flight",
            "leave out one of `outstanding` and `rate`",
        ],
    ),
    (
        "workload = \"tcp-rr\"\nsend = \"sendfile\"",
        &[
            "4:8",
            "`axes.send`",
            "no cell has a stream of bytes",
            "\"tcp-stream\"",
        ],
    ),
    (
        "workload = \"udp-rr\"\nreceive = [\"copy\", \"discard\"]",
        &["4:20", "`axes.receive`", "leave it out"],
    ),
    (
        "napi = \"threaded\"\noffload = false",
        &["3:8", "`axes.napi`", "does not coalesce", "offload = true"],
    ),
    (
        "workload = \"tcp-cc\"\nmessage = 64",
        &[
            "4:11",
            "`axes.message`",
            "no cell has messages",
            "\"tcp-crr\"",
        ],
    ),
    (
        "workload = \"tcp-cc\"\nresponse = 64",
        &[
            "4:12",
            "no cell has responses",
            "\"tcp-rr\", \"tcp-crr\" or \"udp-rr\"",
        ],
    ),
    (
        "workload = \"tcp-cc\"\noutstanding = 4",
        &[
            "4:15",
            "no cell has several requests over one connection",
            "allowed with workload = \"tcp-rr\" or \"udp-rr\"",
        ],
    ),
    (
        "workload = \"tcp-crr\"\noutstanding = 4",
        &["4:15", "`axes.outstanding`", "over one connection"],
    ),
    (
        "[lab]\nper_namespace = 3",
        &["4:17", "`lab.per_namespace`", "3 is odd"],
    ),
    (
        "[lab]\nports_per_bridge = 1024",
        &["4:20", "from 2 to 1023"],
    ),
    ("[lab]\nports_per_bridge = 101", &["4:20", "101 is odd"]),
    (
        "topology = \"routed\"\nports_per_router = [1000, 101]",
        &["4:27", "101 is odd"],
    ),
    (
        "topology = \"routed\"\nports_per_router = 20002",
        &["4:20", "from 2 to 20000"],
    ),
    (
        "ports_per_router = 500",
        &[
            "3:20",
            "`axes.ports_per_router`: no cell has routers",
            "topology = \"routed\" or \"netkit\"",
        ],
    ),
    ("[lab]\nbridges = 0", &["4:11", "from 1"]),
    ("[lab]\nstack = [\"dual\"]", &["4:9", "a list"]),
    ("lab = 3", &["`axes.lab`", "unknown key"]),
    (
        "[labs]\nstack = \"dual\"",
        &["3:2", "`labs`", "did you mean `lab`?"],
    ),
    (
        "[trial]\nmeasure = 2",
        &["4:11", "2 needs a unit", "\"2s\""],
    ),
    ("[trial]\nmeasure = 200", &["\"200ms\""]),
    ("[trial]\nmeasure = \"2 parsecs\"", &["needs a unit"]),
    ("[trial]\nmeasure = \"10ms\"", &["from 100 ms to 3600 s"]),
    ("[trial]\nsample = \"50ms\"", &["from 100 ms"]),
    (
        "[trial]\nsample = \"2s\"",
        &["4:10", "longer than the window"],
    ),
    ("[trial]\nrepeats = 0", &["from 1 to 1000"]),
    (
        "[trial]\nrepeats = \"1..5\"",
        &["out of bounds", "from 2 on"],
    ),
    ("[trial]\nrepeats = \"5..3\"", &["runs backwards"]),
    ("[trial]\nrepeats = \"3..9 x2\"", &["not a value"]),
    ("[trial]\nrepeats = \"2..1001\"", &["out of bounds"]),
    (
        "[trial]\nwithin = \"5%\"",
        &["4:10", "3 trials whatever", "\"3..10\""],
    ),
    (
        "[trial]\nrepeats = 5\nmetrics = \"goodput\"",
        &["5:11", "5 trials whatever"],
    ),
    (
        "[trial]\nrepeats = \"3..9\"\nwithin = 5",
        &["not a value", "\"5%\""],
    ),
    (
        "[trial]\nrepeats = \"3..9\"\nmetrics = [\"goodput\", \"latency-p99\"]",
        &["5:23", "no cell of the scenario has latency-p99"],
    ),
    (
        "[trial]\nrepeats = \"3..9\"\nmetrics = \"jain\"",
        &["unknown metric", "\"pair-p50\""],
    ),
    ("[trial]\nagain = 1", &["not a value", "from 0% to 100%"]),
    ("[trial]\nagain = \"120%\"", &["out of bounds"]),
    ("[trial]\nseed = -1", &["from 0 to"]),
    ("[trial]\nbaseline = \"yes\"", &["true or false"]),
    ("[trial]\nrepeat = 2", &["did you mean `repeats`?"]),
    (
        "[sysctls]\n\"kernel.panic\" = 1",
        &[
            "`sysctls.kernel.panic`",
            "allowed: net.core.netdev_max_backlog",
        ],
    ),
    (
        "[sysctls]\n\"net.core.rmem_max\" = -1",
        &["not a whole number"],
    ),
    (
        "[sysctls]\n\"net.core.rmem_max\" = \"1 2\"",
        &["wrong number of values"],
    ),
    (
        "[sysctls]\n\"net.ipv4.tcp_mem\" = 5",
        &["wrong number of values"],
    ),
    (
        "[sysctls]\nnet.core.rmem_max = 5",
        &["`sysctls.net`", "quotes"],
    ),
];

#[test]
fn what_is_wrong_outside_the_axes_is_said_as_well() {
    for (tail, says) in WRONG_TABLES {
        let said = refusal(&format!("[axes]\ncontainers = 8\n{tail}\n"));
        for text in *says {
            assert!(said.contains(text), "{tail}: does not say {text}\n{said}");
        }
    }
}

#[test]
fn an_error_is_shown_whole() {
    let said = refusal("about = \"a test\"\n\n[axes]\ncontainers = [2, 4, 7]\n");
    insta::assert_snapshot!(said, @r"
    error: `axes.containers`: 7 is odd, and containers talk in pairs
     --> test.toml:4:21
      |
    4 | containers = [2, 4, 7]
      |                     ^
      |
      = help: allowed: even numbers
    ");
}

#[test]
fn a_file_with_carriage_returns_is_shown_without_them() {
    let said = refusal("[axes]\r\ncontainers = 7\r\n");
    assert!(
        said.contains("test.toml:2:14") && said.contains("containers = 7\n"),
        "{said}"
    );
}

#[test]
fn all_mistakes_are_reported_at_once_in_the_order_of_the_file() {
    let said =
        refusal("[axes]\ncontainers = 7\nfamily = \"ipx\"\n[trial]\nrepeats = 0\nwarm = 1\n");
    let places: Vec<_> = said
        .lines()
        .filter(|line| line.contains("-->"))
        .map(str::trim)
        .collect();
    assert_eq!(
        places,
        [
            "--> test.toml:2:14",
            "--> test.toml:3:10",
            "--> test.toml:5:11",
            "--> test.toml:6:1"
        ]
    );
}

#[test]
fn of_very_many_mistakes_the_first_are_shown() {
    let mut text = "axes.containers = 2\n".to_owned();
    for number in 0..1000 {
        writeln!(text, "key{number} = 1").unwrap();
    }
    let said = refusal(&text);
    assert!(
        said.contains("`key0`") && said.ends_with("... and 980 more"),
        "{said}"
    );
}

#[test]
fn a_scenario_without_containers_says_what_is_missing() {
    for text in ["name = \"x\"", "[axes]\nfamily = \"ipv6\""] {
        let said = refusal(text);
        assert!(
            said.contains("`axes.containers`: required, but absent"),
            "{said}"
        );
        assert!(said.contains("test.toml"), "{said}");
    }
}

#[test]
fn a_sweep_that_would_never_end_is_refused() {
    let said = refusal(
        "[axes]\ncontainers = \"2..10000 +2\"\nactive = \"2..2\"\nstreams = \"1..1024 +1\"",
    );
    assert!(
        said.contains("15360000 trials") && said.contains("up to 100000 trials"),
        "{said}"
    );
    let ranges = vec!["\"2..1000000 +102\""; 50_000].join(",");
    let said = refusal(&format!("axes.containers = [{ranges}]"));
    assert!(
        said.contains("more than 10000 values") && said.contains("test.toml:1:19"),
        "{said}"
    );
    assert!(said.len() < 500, "a line of a megabyte is shown");
}

/// Over lo all have one address, which has a local port for each connection to another's.
#[test]
fn a_port_with_more_clients_than_an_address_has_ports_is_refused() {
    let of = |topology: &str, more: &str| {
        format!(
            "[axes]\ntopology = \"{topology}\"\npattern = \"incast\"\nlisten = \"shared\"\n{more}"
        )
    };
    let all = "[lab]\nper_namespace = \"all\"";
    for (topology, lab) in [("loopback", ""), ("shared", all)] {
        let said = refusal(&of(topology, &format!("containers = 30000\n{lab}")));
        let expected = [
            "test.toml:4:10",
            "`axes.listen`: 29999 connections from one address to one port need a local port each, and there are 28232",
            "allowed: fewer containers or streams, or a topology whose containers have addresses of their own",
        ];
        for words in expected {
            assert!(said.contains(words), "{said}");
        }
        parsed(&of(topology, &format!("containers = 20000\n{lab}")));
    }
    // Each connection that a flow has under way has a port, and the one that it came up with as well.
    let said = refusal(&of(
        "loopback",
        "workload = \"tcp-crr\"\ncontainers = 20000",
    ));
    assert!(
        said.contains("39998 connections from one address"),
        "{said}"
    );
    parsed(&of("bridge", "containers = 30000\njoin = \"routed\""));
}

/// What is masqueraded has the ports of the one address that it leaves by.
#[test]
fn a_port_outside_with_more_clients_than_masquerading_has_ports_is_refused() {
    let of = |firewall: &str, streams: u32| {
        format!(
            "[axes]\ncontainers = 1000\npattern = \"incast\"\npath = \"outside\"\nlisten = \"shared\"\n\
             firewall = \"{firewall}\"\nworkload = \"idle\"\nstreams = {streams}"
        )
    };
    parsed(&of("docker-29", 64));
    let said = refusal(&of("docker-29", 65));
    let expected = "`axes.listen`: 64935 connections from one address to one port need a local port each, and there are 64512";
    assert!(
        said.contains(expected) && said.contains("firewall = \"none\""),
        "{said}"
    );
    parsed(&of("none", 65));
}

#[test]
fn mtu_below_ipv6_is_for_ipv4_alone() {
    let text = "axes = { containers = 2, mtu = 576 }\nlab.stack = \"single\"";
    assert_eq!(parsed(text).cells[0].mtu, Some(576));
    let said = refusal(&text.replace("mtu", "family = \"ipv6\", mtu"));
    assert!(said.contains("576 is below 1280"), "{said}");
}
