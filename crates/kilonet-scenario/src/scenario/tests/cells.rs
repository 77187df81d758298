//! What the axes of one table come to.

use super::*;
use kilonet_record::factors::registry::links::SNOOPING;

/// Routers that hold all containers either way are one lab.
#[test]
fn containers_of_a_router_are_as_usual_unless_more_or_fewer_routers_are_made() {
    let text = "[axes]\ntopology = [\"routed\", \"bridge\"]\ncontainers = [64, 2400]\nports_per_router = [40, 1000, 4000]\n";
    let cells = parsed(text).cells;
    let ids: Vec<_> = cells.iter().map(kilonet_record::store::cell_id).collect();
    let usual = parsed(&text.replace("[40, 1000, 4000]", "1000")).cells;
    assert_eq!(
        ids,
        [
            "routed-ipv4-none-c64-rt40",
            "routed-ipv4-none-c64",
            "routed-ipv4-none-c2400-rt40",
            "routed-ipv4-none-c2400",
            "routed-ipv4-none-c2400-rt4000",
            "bridge-ipv4-none-c64",
            "bridge-ipv4-none-c2400",
        ]
    );
    assert!(usual.iter().all(|cell| cells.contains(cell)));
    let routers: Vec<_> = cells.iter().map(registry::routers::host_sides).collect();
    assert_eq!(routers, [2, 1, 60, 3, 1, 0, 0]);
    let json = serde_json::to_value(&cells[1]).unwrap();
    assert!(json.get("ports_per_router").is_none());
    assert_eq!(
        serde_json::to_value(&cells[0]).unwrap()["ports_per_router"],
        40
    );
    let far =
        refusal("[axes]\ntopology = \"routed\"\ncontainers = 1000000\nports_per_router = 100\n");
    assert!(
        far.contains("10000 routers, and there are addresses for 8192"),
        "{far}"
    );
    assert!(far.contains("124 or more"), "{far}");
}

#[test]
fn the_least_a_scenario_needs_is_a_count() {
    let scenario = parsed("axes.containers = 128");
    assert_eq!(scenario.name, "test");
    assert_eq!(scenario.cells.len(), 1);
    let cell = &scenario.cells[0];
    assert_eq!(
        (cell.topology, cell.family),
        (Topology::Bridge, Family::Ipv4)
    );
    assert_eq!(
        (cell.containers, cell.active, cell.pairs, cell.streams),
        (128, 128, 64, 1)
    );
    assert_eq!((cell.message_bytes, cell.mtu), (131_072, Some(1500)));
    assert_eq!(cell.congestion.0, "cubic");
    assert_eq!(scenario.repeats, Repeats::Fixed(3));
    assert_eq!(scenario.baseline, Baseline::Interleaved);
}

#[test]
fn axes_multiply_and_factors_a_topology_lacks_collapse() {
    let scenario = parsed(
        r#"
        [axes]
        topology = ["loopback", "veth"]
        containers = [2, 4]
        mtu = [1500, 9000]
        "#,
    );
    let seen: Vec<_> = scenario
        .cells
        .iter()
        .map(|cell| (cell.topology.word(), cell.mtu, cell.containers))
        .collect();
    let expected = [
        ("loopback", None, 2),
        ("loopback", None, 4),
        ("veth", Some(1500), 2),
        ("veth", Some(1500), 4),
        ("veth", Some(9000), 2),
        ("veth", Some(9000), 4),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_stream_at_a_rate_has_messages_of_two_milliseconds_unless_their_size_is_asked_for() {
    let sizes = |more: &str| {
        let cells = parsed(&format!("[axes]\ncontainers = 2\n{more}")).cells;
        let cells = cells.into_iter();
        let of = |cell: Cell| (cell.workload.word(), cell.load.rate_bps, cell.message_bytes);
        cells.map(of).collect::<Vec<_>>()
    };
    let fast = Some(100_000_000);
    assert_eq!(sizes("rate = \"100Mb/s\""), [("tcp-stream", fast, 25_000)]);
    assert_eq!(
        sizes("rate = \"100Mb/s\"\nmessage = \"128KiB\""),
        [("tcp-stream", fast, 131_072)]
    );
    assert_eq!(sizes(""), [("tcp-stream", None, 131_072)]);
    // Beside it, what asks does so as fast as it is answered; and beside that at a rate, a stream goes without pause.
    let both = "workload = [\"tcp-stream\", \"tcp-rr\"]\n";
    assert_eq!(
        sizes(&format!("{both}rate = \"100Mb/s\"")),
        [("tcp-stream", fast, 25_000), ("tcp-rr", None, 1)]
    );
    assert_eq!(
        sizes(&format!("{both}rate = 50")),
        [("tcp-stream", None, 131_072), ("tcp-rr", None, 1)]
    );
}

#[test]
fn every_topology_has_its_own_factors_only() {
    let text = r#"axes = { topology = ["loopback", "shared", "veth", "bridge"], containers = 8 }"#;
    let cells = parsed(text).cells;
    let has = |cell: &Cell| {
        (
            cell.mtu.is_some(),
            cell.per_namespace.is_some(),
            cell.bridges.is_some(),
            cell.ports_per_bridge.is_some(),
        )
    };
    let seen: Vec<_> = cells.iter().map(has).collect();
    assert_eq!(
        seen,
        [
            (false, false, false, false),
            (false, true, false, false),
            (true, false, false, false),
            (true, false, true, true)
        ]
    );
}

#[test]
fn a_path_outside_needs_a_router_and_is_taken_out_where_there_is_none() {
    let axes = |topology: &str| {
        format!("[axes]\ntopology = {topology}\npath = [\"direct\", \"outside\"]\ncontainers = 4")
    };
    let said = refusal(&axes("\"veth\""));
    assert!(
        said.contains("none of the topologies has a router"),
        "{said}"
    );
    let cells = parsed(&axes("[\"veth\", \"routed\"]")).cells;
    let seen: Vec<_> = cells
        .iter()
        .map(|cell| (cell.topology, cell.path))
        .collect();
    let (veth, routed) = (Topology::Veth, Topology::Routed);
    assert_eq!(
        seen,
        [
            (veth, Path::Direct),
            (routed, Path::Direct),
            (routed, Path::Outside)
        ]
    );
    let mut baselines = cells.iter().map(|cell| cell.baseline().path);
    assert!(baselines.all(|path| path == Path::Direct));
}

#[test]
fn how_links_and_bridges_are_set_is_taken_out_where_there_is_no_such_thing() {
    let of = |topology: &str| {
        let text = format!(
            "[axes]\ntopology = [\"bridge\", \"{topology}\"]\ncontainers = 8\njoin = \"trunk\"\ncrossing = true\nentries = \"learned\"\nsnooping = true\nageing = 0\noffload = false\ngso_max = \"32KiB\""
        );
        let cells = parsed(&text).cells;
        let mut cells = cells.iter();
        let cell = cells.find(|cell| cell.topology.word() == topology).unwrap();
        (cell.wiring.clone(), SNOOPING.of(cell))
    };
    let (bridge, snooping) = of("bridge");
    assert!(bridge.crossing && snooping && bridge.offload_off);
    assert_eq!(
        (bridge.ageing_s, bridge.gso_max_bytes),
        (Some(0), Some(32_768))
    );
    assert_eq!(of("loopback"), (Wiring::default(), false));
    let only_learned = Wiring {
        entries: Entries::Learned,
        ..Wiring::default()
    };
    assert_eq!(of("macvlan"), (only_learned.clone(), false));
    let veth = Wiring {
        offload_off: true,
        gso_max_bytes: Some(32_768),
        ..only_learned
    };
    assert_eq!(of("veth"), (veth, false));
    let (vxlan, snooping) = of("vxlan");
    assert!(snooping && !vxlan.crossing && vxlan.join == Join::None);
}

#[test]
fn what_is_set_as_usual_makes_no_cell_of_its_own() {
    let text =
        "[axes]\ncontainers = 8\nageing = 300\ngso_max = 65536\njoin = \"none\"\nsnooping = false";
    assert_eq!(parsed(text).cells, parsed("axes.containers = 8").cells);
}

#[test]
fn pairs_that_cross_have_two_bridges_at_least_and_nodes_come_in_twos() {
    // axes -> bridges, ports of each but the last
    let table = [
        ("containers = 2\njoin = \"trunk\"\ncrossing = true", (2, 2)),
        (
            "containers = 2000\njoin = \"routed\"\ncrossing = true",
            (2, 1000),
        ),
        ("containers = 6\njoin = \"trunk\"\ncrossing = true", (2, 4)),
        ("topology = \"vxlan\"\ncontainers = 2", (2, 1)),
        ("topology = \"vxlan\"\ncontainers = 2000", (2, 1000)),
        ("topology = \"vxlan\"\ncontainers = 2002", (4, 501)),
    ];
    for (axes, expected) in table {
        let cell = &parsed(&format!("[axes]\n{axes}")).cells[0];
        let laid = (
            cell.bridges.unwrap().get(),
            cell.ports_per_bridge.unwrap().get(),
        );
        assert_eq!(laid, expected, "{axes}");
    }
}

#[test]
fn pairs_are_spread_evenly_over_the_bridges() {
    // containers, lab -> bridges, ports of each but the last
    let table = [
        (2, "", (1, 2)),
        (1000, "", (1, 1000)),
        (1002, "", (2, 502)),
        (10_000, "", (10, 1000)),
        (100, "ports_per_bridge = 40", (3, 34)),
        (100, "bridges = 4", (4, 26)),
        (4, "bridges = 4", (2, 2)),
        (4000, "bridges = 2", (4, 1000)),
    ];
    for (containers, lab, expected) in table {
        let scenario = parsed(&format!("axes.containers = {containers}\n[lab]\n{lab}"));
        let cell = &scenario.cells[0];
        let laid = (
            cell.bridges.unwrap().get(),
            cell.ports_per_bridge.unwrap().get(),
        );
        assert_eq!(laid, expected, "{containers} {lab}");
        assert!(
            laid.0 * laid.1 >= containers && (laid.0 - 1) * laid.1 < containers,
            "{containers} {lab}"
        );
    }
}

#[test]
fn containers_share_a_namespace_two_by_two_or_as_asked() {
    for (lab, expected) in [
        ("", [2, 2]),
        ("per_namespace = 4", [2, 4]),
        ("per_namespace = \"all\"", [2, 64]),
    ] {
        let text =
            format!("axes = {{ topology = \"shared\", containers = [2, 64] }}\n[lab]\n{lab}");
        let seats: Vec<_> = parsed(&text)
            .cells
            .iter()
            .map(|cell| cell.per_namespace.unwrap().get())
            .collect();
        assert_eq!(seats, expected, "{lab}");
    }
}

#[test]
fn sysctls_are_kept_as_the_kernel_takes_them() {
    let scenario = parsed(
        r#"
        axes.containers = 2
        [sysctls]
        "net.core.netdev_max_backlog" = 10_000
        "net.ipv4.tcp_mem" = "1  2 3"
        "#,
    );
    let seen: Vec<_> = scenario
        .sysctls
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        seen,
        [
            ("net.core.netdev_max_backlog", "10000"),
            ("net.ipv4.tcp_mem", "1 2 3")
        ]
    );
}

#[test]
fn the_usual_cell_is_the_one_of_a_scenario_that_says_nothing() {
    let scenario = Scenario::parse("[axes]\ncontainers = 2\n", "bare").unwrap();
    assert_eq!(
        scenario.cells,
        [usual(Topology::Bridge, Testbed::Kernel).unwrap()]
    );
    for topology in Topology::ALL {
        for testbed in Testbed::ALL {
            if let Some(cell) = usual(*topology, *testbed) {
                assert_eq!((cell.topology, cell.testbed), (*topology, *testbed));
            }
        }
    }
    assert_eq!(usual(Topology::Vxlan, Testbed::Docker), None);
}
