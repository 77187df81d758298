//! Plans of scenarios: what each block holds, in which order, under which names, and what it takes.

use std::collections::HashSet;
use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::scenario::{Family, Scenario, Topology};

fn scenario(text: &str) -> Scenario {
    Scenario::parse(text, "test").unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn plan(text: &str) -> Plan {
    Plan::new(&scenario(text))
}

fn ids(plan: &Plan) -> Vec<&str> {
    plan.trials.iter().map(|trial| trial.id.as_str()).collect()
}

#[test]
fn each_block_holds_every_cell_and_a_baseline_of_each_family() {
    let plan =
        plan("axes = { topology = \"veth\", family = [\"ipv4\", \"ipv6\"], containers = [2, 8] }");
    assert_eq!(plan.trials.len(), 3 * 6);
    for (repeat, block) in (0..).zip(plan.trials.chunks(6)) {
        let mut names: Vec<_> = block.iter().map(|trial| trial.id.to_string()).collect();
        names.sort();
        let expected = [
            "loopback-ipv4-none-c2",
            "loopback-ipv6-none-c2",
            "veth-ipv4-none-c2",
            "veth-ipv4-none-c8",
            "veth-ipv6-none-c2",
            "veth-ipv6-none-c8",
        ];
        assert_eq!(names, expected.map(|name| format!("{name}-r{repeat}")));
        assert!(block.iter().all(|trial| trial.repeat == repeat));
        for trial in block {
            let added = trial.cell.topology == Topology::Loopback;
            assert_eq!(trial.role == Role::Baseline, added, "{}", trial.id);
        }
    }
}

#[test]
fn a_sweep_that_has_loopback_needs_no_other_baseline() {
    let plan = plan(
        "axes = { topology = [\"loopback\", \"bridge\"], containers = [2, 8] }\nlab.macs = \"random\"",
    );
    assert_eq!(plan.trials.len(), 3 * 4);
    assert!(plan.trials.iter().all(|trial| trial.role == Role::Cell));
    let baselines = plan
        .trials
        .iter()
        .filter(|trial| trial.cell == trial.cell.baseline());
    assert_eq!(baselines.count(), 3);
}

#[test]
fn no_baseline_is_added_where_none_is_wanted() {
    let plan = plan("axes.containers = [2, 8]\ntrial.baseline = false");
    assert_eq!(plan.trials.len(), 6);
}

#[test]
fn a_trial_is_called_by_what_is_not_usual_about_it() {
    let table = [
        ("axes.containers = 128", "bridge-ipv4-none-c128-r0"),
        (
            "axes = { containers = 128, active = 100 }",
            "bridge-ipv4-none-c128-a100-r0",
        ),
        (
            "axes = { containers = 8, driver = \"workers\" }",
            "bridge-ipv4-none-c8-workers-r0",
        ),
        (
            "axes = { containers = 8, pinning = \"same\" }",
            "bridge-ipv4-none-c8-pin-same-r0",
        ),
        (
            "axes = { containers = 8, send = \"sendfile\", receive = \"discard\" }",
            "bridge-ipv4-none-c8-tx-sendfile-rx-discard-r0",
        ),
        (
            "axes = { containers = 8, streams = 4, message = 4096 }",
            "bridge-ipv4-none-c8-s4-m4096-r0",
        ),
        (
            "axes = { containers = 8, congestion = \"bbr\", buffers = \"64KiB\" }",
            "bridge-ipv4-none-c8-cc-bbr-b65536-r0",
        ),
        (
            "axes = { containers = 8, mtu = 9000 }\nlab.stack = \"single\"",
            "bridge-ipv4-none-c8-mtu9000-single-r0",
        ),
        (
            "axes.containers = 8\nlab = { macs = \"random\", bridges = 4 }",
            "bridge-ipv4-none-c8-random-br4-r0",
        ),
        (
            "axes = { containers = 8, topology = \"shared\" }\nlab.per_namespace = \"all\"",
            "shared-ipv4-none-c8-n8-r0",
        ),
        (
            "axes = { containers = 8, join = \"trunk\", crossing = true, entries = \"learned\", ageing = 0, offload = false }",
            "bridge-ipv4-none-c8-trunk-crossing-learned-age0-nogso-br2-r0",
        ),
        (
            "axes = { containers = 2, workload = \"udp-stream\", search = \"0.5%\", rate = 5000 }",
            "bridge-ipv4-none-c2-udp-stream-5000ps-search0.5p-r0",
        ),
        (
            "axes = { containers = 2, rate = \"100Mb/s\" }",
            "bridge-ipv4-none-c2-m25000-100Mbps-r0",
        ),
        (
            "axes = { containers = 9, pattern = \"incast\", workload = \"tcp-crr\", listen = \"shared\", backlog = 128, closes = \"client\" }",
            "bridge-ipv4-none-c9-tcp-crr-incast-oneport-backlog128-closedbyclient-r0",
        ),
        (
            "axes = { containers = 4, topology = \"vxlan\", gso_max = \"256KiB\" }",
            "vxlan-ipv4-none-c4-gso262144-r0",
        ),
        (
            "axes = { containers = 2, topology = \"veth\", gso_ipv4_max = 131072, napi = \"threaded\", rps = \"0x03\" }",
            "veth-ipv4-none-c2-v4gso131072-threaded-rps-0x3-r0",
        ),
        (
            "axes = { containers = 8, topology = \"routed\", path = \"outside\" }",
            "routed-ipv4-none-c8-outside-r0",
        ),
        (
            "axes = { containers = 2, topology = \"loopback\", family = \"ipv6\" }",
            "loopback-ipv6-none-c2-r0",
        ),
    ];
    for (text, id) in table {
        assert!(
            ids(&plan(text)).contains(&id),
            "{text}: {:?}",
            ids(&plan(text))
        );
    }
}

#[test]
fn the_order_of_a_seed_does_not_change_between_versions() {
    let plan = plan(
        "axes = { topology = \"loopback\", containers = [2, 4, 6] }\ntrial = { seed = 42, repeats = 2 }",
    );
    insta::assert_snapshot!(ids(&plan).join("\n"), @r"
    loopback-ipv4-none-c2-r0
    loopback-ipv4-none-c6-r0
    loopback-ipv4-none-c4-r0
    loopback-ipv4-none-c2-r1
    loopback-ipv4-none-c4-r1
    loopback-ipv4-none-c6-r1
    ");
}

#[test]
fn need_is_counted_by_topology() {
    let need = |text: &str| {
        let scenario = scenario(text);
        Need::of(&scenario.cells[0])
    };
    let of = |topology: &str| {
        need(&format!(
            "axes = {{ topology = \"{topology}\", containers = 3000, streams = 2 }}"
        ))
    };
    let namespaces = ["loopback", "shared", "veth", "tc-redirect", "bridge"];
    let namespaces = namespaces.map(|topology| of(topology).namespaces);
    assert_eq!(namespaces, [3, 1502, 3002, 3005, 3005]);
    let bridge = of("bridge");
    assert_eq!(
        (bridge.threads, bridge.bridge_ports, bridge.local_ports),
        (6008, 1000, 2)
    );
    // Of each of three host sides four files of counters, and the interfaces.
    assert_eq!(bridge.descriptors, 3005 + 6000 + 3 * (4 + 1) + 64);
    assert_eq!(
        bridge.memory_bytes,
        3000 * 330_000 + 5 * 200_000 + 3000 * 65_536
    );
    let workers = need("axes = { driver = \"workers\", containers = 3000 }");
    assert_eq!(workers.threads, 8);
    let processes = need("axes = { driver = \"iperf3\", containers = 3000, streams = 2 }");
    assert_eq!(processes.threads, 8 + 3000);
    assert_eq!(processes.descriptors, 3005 + 2 * 3000 + 3 * (4 + 1) + 64);
    // A host side for every two: of many, 16 are watched, and each has interfaces, and rules that track.
    let routed = "topology = \"routed\", ports_per_router = 2, containers = 4000";
    let [plain, ruled] = ["", ", firewall = \"docker-29\""]
        .map(|rules| need(&format!("axes = {{ {routed}{rules} }}")).descriptors);
    assert_eq!(plain, 6002 + 4000 + 16 * 4 + 2000 + 64);
    assert_eq!(ruled, plain + 2000);
    let fixed = need("axes = { buffers = \"64KiB\", containers = 8000 }");
    assert_eq!(fixed.tcp_memory_bytes, 4000 * 4 * 65_536);
}

/// A trunk from each bridge takes a port there, and one of the bridge between.
#[test]
fn ports_of_bridges_are_those_of_the_one_that_has_most() {
    let ports = |axes: &str| Need::of(&scenario(&format!("[axes]\n{axes}")).cells[0]).bridge_ports;
    let trunk = "topology = \"bridge\"\njoin = \"trunk\"\n";
    assert_eq!(ports(&format!("{trunk}containers = 3000")), 1001);
    let many = format!("{trunk}containers = 2050\nports_per_bridge = 2");
    assert_eq!(ports(&many), 1025);
    let routed = many.replace("trunk", "routed");
    assert_eq!(ports(&routed), 2);
}

#[test]
fn ports_and_neighbours_are_counted_by_who_talks_to_whom() {
    let need = |axes: &str| Need::of(&scenario(&format!("[axes]\n{axes}")).cells[0]);
    // Axes -> ports that are listened on at one address, neighbours that are asked for.
    let table = [
        ("containers = 8\nstreams = 3", 3, 8),
        (
            "containers = 8\nstreams = 3\ntopology = \"loopback\"",
            12,
            0,
        ),
        (
            "containers = 8\ntopology = \"shared\"\n[lab]\nper_namespace = 4",
            2,
            0,
        ),
        ("containers = 8\npath = \"outside\"", 4, 8),
        ("containers = 9\npattern = \"incast\"\nstreams = 2", 16, 16),
        ("containers = 9\npattern = \"outcast\"", 1, 16),
        (
            "containers = 9\npattern = \"incast\"\ndirection = \"both\"",
            8,
            16,
        ),
        ("containers = 9\npattern = \"all-to-all\"", 8, 72),
        (
            "containers = 9\npattern = \"ring\"\ntopology = \"routed\"",
            1,
            18,
        ),
    ];
    for (axes, ports, neighbours) in table {
        assert_eq!(need(axes).local_ports, ports, "{axes}");
        assert_eq!(need(axes).neighbours, 0, "{axes}");
        if neighbours > 0 {
            let learned =
                need(&axes.replacen("containers", "entries = \"learned\"\ncontainers", 1));
            assert_eq!(learned.neighbours, neighbours, "{axes}");
        }
    }
}

#[test]
fn a_plan_needs_the_most_of_each_and_takes_the_sum_of_all() {
    let plan = plan(
        "axes = { topology = [\"veth\", \"shared\"], containers = [2, 100] }\n\
         trial = { repeats = 2, baseline = false, warmup = \"0ms\", measure = \"1s\" }",
    );
    assert_eq!(plan.need().namespaces, 102);
    assert_eq!(plan.need().threads, 108);
    let labs = 2 * (2 + 100 + 1 + 50);
    assert_eq!(
        plan.estimate_duration().1.as_millis(),
        2 * (4 * 1100 + labs)
    );
}

#[test]
fn the_thousands_fit_in_the_arithmetic() {
    let plan = plan("axes = { containers = 1_000_000, streams = 1024 }");
    assert_eq!(plan.need().threads, 1_024_000_008);
    assert!(plan.estimate_duration().1.as_secs() > 6000);
}

/// Scenarios that vary anything: a list of levels for each axis, and some lab.
fn any_scenario() -> impl Strategy<Value = String> {
    let some = |levels: &'static [&'static str]| {
        proptest::sample::subsequence(levels, 1..=levels.len().min(3))
    };
    let axes = (
        some(&["\"loopback\"", "\"shared\"", "\"veth\"", "\"bridge\""]),
        some(&["\"ipv4\"", "\"ipv6\""]),
        some(&["\"threads\"", "\"workers\""]),
        some(&["4", "8", "100", "2002"]),
        some(&["\"all\"", "2", "4"]),
        some(&["1", "4", "41"]),
        some(&["1", "\"4KiB\"", "\"128KiB\""]),
        some(&[
            "\"cubic\"",
            "\"s4\"",
            "\"single\"",
            "\"b65536\"",
            "\"cc\"",
            "\"workers\"",
        ]),
        some(&["\"auto\"", "65536"]),
        some(&["1500", "9000"]),
    );
    let lab = (
        1..20_u32,
        1..=500_u32,
        1..50_u32,
        some(&["\"dual\"", "\"single\""]),
        some(&["\"random\"", "\"derived\""]),
    );
    (axes, lab, any::<u32>()).prop_map(|(axes, lab, seed)| {
        let keys = [
            "topology",
            "family",
            "driver",
            "containers",
            "active",
            "streams",
            "message",
            "congestion",
            "buffers",
            "mtu",
        ];
        let levels = [
            axes.0, axes.1, axes.2, axes.3, axes.4, axes.5, axes.6, axes.7, axes.8, axes.9,
        ];
        // A key that no topology has a place for is refused.
        let topologies = levels[0].clone();
        let has_any = |names: &[&str]| topologies.iter().any(|it| names.contains(it));
        let has_links = topologies
            .iter()
            .any(|it| !["\"loopback\"", "\"shared\""].contains(it));
        let mut text = "[axes]\n".to_owned();
        for (key, levels) in keys.iter().zip(levels) {
            if *key != "mtu" || has_links {
                writeln!(text, "{key} = [{}]", levels.join(", ")).unwrap();
            }
        }
        let (seats, ports, bridges, stack, macs) = lab;
        text.push_str("[lab]\n");
        if has_any(&["\"shared\""]) {
            writeln!(text, "per_namespace = {}", seats * 2).unwrap();
        }
        if has_any(&["\"bridge\"", "\"vxlan\""]) {
            writeln!(
                text,
                "ports_per_bridge = {}\nbridges = {bridges}",
                ports * 2
            )
            .unwrap();
        }
        if has_links {
            writeln!(text, "stack = {}\nmacs = {}", stack[0], macs[0]).unwrap();
        }
        writeln!(text, "[trial]\nrepeats = 1\nseed = {seed}").unwrap();
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn ids_are_unique_and_a_plan_is_the_same_again(text in any_scenario()) {
        let scenario = scenario(&text);
        let plan = Plan::new(&scenario);
        let unique: HashSet<_> = ids(&plan).into_iter().collect();
        prop_assert_eq!(unique.len(), plan.trials.len());
        prop_assert_eq!(&plan, &Plan::new(&scenario));
    }

    #[test]
    fn a_block_holds_each_cell_once_and_every_cell_has_its_baseline(text in any_scenario()) {
        let scenario = scenario(&text);
        let plan = Plan::new(&scenario);
        let planned: HashSet<_> = plan.trials.iter().map(|trial| &trial.cell).collect();
        prop_assert_eq!(planned.len(), plan.trials.len());
        for cell in &scenario.cells {
            prop_assert!(planned.contains(cell));
            prop_assert!(planned.contains(&cell.baseline()));
        }
    }

    #[test]
    fn every_cell_can_be_laid_out(text in any_scenario()) {
        for cell in &scenario(&text).cells {
            prop_assert!(cell.containers % 2 == 0 && cell.active % 2 == 0 && cell.active <= cell.containers);
            prop_assert_eq!(cell.pairs * 2, cell.active);
            prop_assert!(cell.family == Family::Ipv4 || cell.mtu.is_none_or(|mtu| mtu >= 1280));
            if let (Some(bridges), Some(ports)) = (cell.bridges, cell.ports_per_bridge) {
                prop_assert!(ports.get() <= 1023 && ports.get() % 2 == 0);
                prop_assert!(bridges.get() * ports.get() >= cell.containers);
                prop_assert!((bridges.get() - 1) * ports.get() < cell.containers);
            }
            if let Some(seats) = cell.per_namespace {
                prop_assert!(seats.get() % 2 == 0 && seats.get() <= cell.containers);
            }
        }
    }
}

#[test]
fn what_is_tracked_counts_only_where_there_are_rules() {
    let tracked = |axes: &str| {
        let text = format!("axes.containers = 100\naxes.streams = 3\n{axes}");
        Plan::new(&scenario(&text)).need().tracked
    };
    assert_eq!(tracked(""), 0);
    assert_eq!(tracked("axes.firewall = \"docker-29\""), 2 * 50 * 3);
    assert_eq!(tracked("axes.rules = 0"), 2 * 50 * 3);
}

#[test]
fn every_shipped_scenario_plans_to_what_its_name_promises() {
    // name, trials, the most containers, whole minutes at most
    let table = [
        ("quickstart", 60, 512, 2),
        ("post-2017", 170, 2, 12),
        ("docker-model-vs-real", 185, 64, 30),
        ("bridge-scaling", 39, 4096, 4),
        ("thousands", 9, 10_000, 3),
        ("idle-neighbours", 40, 4000, 5),
        ("docker-rules", 80, 1000, 4),
        ("incast", 54, 257, 3),
        ("accept-queue", 27, 513, 4),
        ("generators", 48, 128, 4),
        ("connection-rate", 52, 200, 3),
        ("latency-under-load", 48, 512, 3),
        ("processes-vs-threads", 108, 256, 3),
        ("request-latency", 120, 512, 6),
        ("tcp-memory", 18, 8000, 4),
        ("udp-loss", 84, 32, 5),
    ];
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let stem = |file: std::path::PathBuf| file.file_stem().unwrap().to_str().unwrap().to_owned();
    let shipped: HashSet<_> = files.map(stem).collect();
    assert_eq!(shipped, table.map(|row| row.0.to_owned()).into());
    for (name, trials, most, minutes) in table {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("../../scenarios/{name}.toml"));
        let scenario = Scenario::load(&path, &crate::scenario::Overrides::default())
            .unwrap_or_else(|error| panic!("{error}"));
        let plan = Plan::new(&scenario);
        assert_eq!(scenario.name, name);
        assert!(scenario.about.is_some(), "{name}");
        assert_eq!(plan.trials.len(), trials, "{name}");
        assert_eq!(
            scenario.cells.iter().map(|cell| cell.containers).max(),
            Some(most),
            "{name}"
        );
        let (_, duration) = plan.estimate_duration();
        assert!(duration.as_secs() <= minutes * 60, "{name}: {duration:?}");
    }
}

#[test]
fn an_id_has_room_in_a_file_name_whatever_its_cell_has() {
    let cpus = |first: u32| -> String {
        let list: Vec<_> = (0..200).map(|nth| (2 * nth + first).to_string()).collect();
        list.join(",")
    };
    let id = |first: u32| {
        let text = format!(
            "axes = {{ topology = \"veth\", driver = \"processes\", containers = 2, cpuset = \"{}\" }}",
            cpus(first)
        );
        let veth = plan(&text)
            .trials
            .into_iter()
            .rfind(|trial| !trial.is_baseline());
        veth.unwrap().id
    };
    let (even, odd) = (id(0), id(1));
    assert_ne!(even, odd);
    assert_eq!(even, id(0));
    for id in [even, odd] {
        let file = id.once_more().file(".flent.gz").to_string();
        assert!(file.len() < 255, "{file}");
        assert!(file.ends_with("-r2-again.flent.gz"), "{file}");
        assert_eq!(id.as_str().parse(), Ok(id));
    }
}

#[test]
fn an_id_that_leads_out_of_a_folder_is_none() {
    for text in ["", "../../name", "/etc/passwd", "a/b", "a\nb", ".."] {
        let error = text.parse::<TrialId>().unwrap_err();
        assert!(error.contains("cannot be the name of a file"), "{error}");
    }
}
