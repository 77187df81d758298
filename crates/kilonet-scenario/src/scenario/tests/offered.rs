//! What is offered is accepted, and what is accepted changes something: every key of the schema is walked, so that one that
//! comes later is walked too.

use serde_json::Value;

use super::*;

/// Lines that other keys need beside them to mean anything; one table of each is tried after the other.
const SURROUNDINGS: &[&str] = &[
    "",
    "topology = \"loopback\"",
    "topology = \"shared\"",
    "testbed = \"docker\"",
    "firewall = \"docker-29\"",
    "firewall = \"kubernetes\"",
    "firewall = \"custom\"",
    "firewall = \"docker-29-nft\"",
    "backend = \"nft\"\nrules = 10",
    "rules = 10",
    "entries = \"learned\"",
    "workload = \"tcp-rr\"",
    "workload = \"udp-stream\"",
    "workload = \"udp-stream\"\nrate = 100",
    "workload = \"udp-stream\"\nmessage = 64",
    "workload = \"udp-rr\"\nrate = 100",
    "workload = \"udp-rr\"",
    "rate = \"100Mb/s\"",
    "workload = \"tcp-crr\"",
    "workload = \"idle\"",
    "driver = \"processes\"",
    "topology = \"veth\"",
    "topology = \"vxlan\"",
    "topology = \"routed\"",
    "join = \"trunk\"\ncrossing = true",
    "pattern = \"all-to-all\"\npeers = 2",
];

/// What is written beside the table of axes.
const BESIDE: &str = "[lab]\nruleset = \"rules.nft\"";

fn schema_of(table: &str) -> Value {
    let schema = schema();
    match table {
        "axes" => schema["$defs"]["Axes"].clone(),
        _ => schema["properties"][table].clone(),
    }
}

/// The definition that a schema points to, or itself.
fn resolved<'a>(whole: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(path) => whole.pointer(path.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

/// The words that a schema lists, wherever it lists them.
fn words(whole: &Value, schema: &Value) -> Vec<String> {
    let schema = resolved(whole, schema);
    let own = schema["const"].as_str().map(str::to_owned).into_iter();
    let listed = schema["enum"].as_array().into_iter().flatten();
    let listed = listed.filter_map(|word| word.as_str().map(str::to_owned));
    let below = ["anyOf", "oneOf"].into_iter();
    let below = below.flat_map(|key| schema[key].as_array().into_iter().flatten());
    let below = below.flat_map(|inner| words(whole, inner));
    own.chain(listed).chain(below).collect()
}

/// The file with a line in a table, among surroundings; a key that these have already is taken out of them.
fn text(table: &str, key: &str, line: &str, around: &str) -> String {
    let lines = around.lines().chain(["containers = 16"]);
    let own = |other: &&str| table != "axes" || !other.starts_with(&format!("{key} "));
    let axes: Vec<_> = lines.filter(own).collect();
    let axes = axes.join("\n");
    let custom = around.contains("custom") || line.contains("custom");
    let beside = if custom && key != "ruleset" {
        BESIDE
    } else {
        "[lab]"
    };
    match table {
        "axes" => format!("[axes]\n{axes}\n{line}\n{beside}"),
        "lab" => format!("[axes]\n{axes}\n{beside}\n{line}"),
        // Some say when there are trials enough, which is to be said only where their number is not.
        _ if key == "repeats" => format!("[axes]\n{axes}\n[trial]\n{line}"),
        _ => format!("[axes]\n{axes}\n[trial]\nrepeats = \"3..10\"\n{line}"),
    }
}

#[test]
fn every_word_that_is_offered_is_accepted_by_some_scenario() {
    let whole = schema();
    let mut walked = 0;
    for table in ["axes", "lab", "trial"] {
        for (key, property) in schema_of(table)["properties"].as_object().unwrap() {
            for word in words(&whole, property) {
                let line = format!("{key} = \"{word}\"");
                let mut around = SURROUNDINGS.iter();
                let accepted =
                    |around: &&str| Scenario::parse(&text(table, key, &line, around), "t").is_ok();
                assert!(around.any(accepted), "{table}: nothing takes {line}");
                walked += 1;
            }
        }
    }
    assert!(walked > 60, "only {walked} words were found");
}

#[test]
fn what_only_records_have_is_neither_offered_nor_accepted_and_is_read() {
    let offered = words(&schema(), &schema_of("axes")["properties"]["topology"]);
    for word in ["attached", "openvswitch"] {
        assert!(!offered.iter().any(|it| it == word), "{offered:?}");
        let said = refusal(&format!("axes.containers = 2\naxes.topology = \"{word}\""));
        let (refused, allowed) = said.split_once("allowed:").unwrap();
        assert!(refused.contains("unknown topology"), "{said}");
        assert!(!allowed.contains(word), "{said}");
    }
    let read: Topology = serde_json::from_str("\"attached\"").unwrap();
    assert_eq!(read, Topology::Attached);
}

/// Values of each key of a table that are not its default, as TOML.
fn unusual(whole: &Value, key: &str, property: &Value) -> Vec<String> {
    let words = words(whole, property).into_iter();
    let words: Vec<_> = words.map(|word| format!("\"{word}\"")).collect();
    let written: &[&str] = match key {
        "active" => &["2"],
        "per_namespace" => &["4"],
        "rps" => &["\"all\"", "\"0x1\""],
        "crossing" | "snooping" | "hairpin" | "isolation" | "vlan_filtering" => &["true"],
        "offload" => &["false"],
        "cpu_max" => &["0.5"],
        "memory_max" => &["\"64MiB\""],
        "buffers" => &["\"256KiB\""],
        "cpuset" => &["\"0\""],
        "beside" => &["\"tcp-crr:1\""],
        "congestion" => &["\"reno\""],
        "namespace_sysctls" => &["\"net.core.somaxconn=128\"", "\"net.ipv4.tcp_tw_reuse=1\""],
        "ruleset" => &["\"other.nft\"", "\"third.nft\""],
        "mtu" => &["9000"],
        "message" | "response" => &["64", "96"],
        "gso_max" | "gso_ipv4_max" => &["\"32KiB\"", "\"16KiB\""],
        "containers" => &[],
        _ if words.is_empty() => &["3", "6"],
        _ => &[],
    };
    let written = written.iter().map(|it| (*it).to_owned());
    words.into_iter().chain(written).collect()
}

/// Values of a key that surroundings take and that leave the cells as they are without it.
fn unchanging(table: &str, key: &str, values: &[String], around: &str) -> (usize, Vec<String>) {
    let without = Scenario::parse(&text(table, key, "", around), "t");
    let without = without.map(|scenario| scenario.cells).ok();
    let line = |value: &String| format!("{key} = {value}");
    let taken = values.iter().filter_map(|value| {
        let with = Scenario::parse(&text(table, key, &line(value), around), "t").ok()?;
        Some((value.clone(), Some(with.cells) == without))
    });
    let taken: Vec<_> = taken.collect();
    let same = taken.iter().filter(|(_, same)| *same);
    (taken.len(), same.map(|(value, _)| value.clone()).collect())
}

#[test]
fn a_key_that_is_accepted_changes_a_cell() {
    let whole = schema();
    let mut ignored = Vec::new();
    for table in ["axes", "lab"] {
        let properties = schema_of(table)["properties"].as_object().unwrap().clone();
        for (key, property) in properties.iter().filter(|(key, _)| *key != "containers") {
            let usual = property["default"].to_string();
            let mut values = unusual(&whole, key, property);
            values.retain(|value| *value != usual);
            // Without a default of its own, one value may be what there is anyway.
            let allowed = usize::from(property["default"].is_null());
            let mut accepted = 0;
            for around in SURROUNDINGS {
                let (taken, same) = unchanging(table, key, &values, around);
                if same.len() > allowed {
                    ignored.push(format!("{key} = {same:?} among {around:?}"));
                }
                accepted += taken;
            }
            assert!(accepted > 0, "{table}: no value of {key} was accepted");
        }
    }
    assert!(
        ignored.is_empty(),
        "taken, and without effect:\n{}",
        ignored.join("\n")
    );
}
