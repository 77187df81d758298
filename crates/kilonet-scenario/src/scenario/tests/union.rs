//! Several tables of axes.

use super::*;

const TWO: &str = r#"
name = "two"

[[axes]]
topology = ["loopback", "bridge"]
containers = [2, 4]

# The same again by IPv6, and on veths.
[[axes]]
topology = ["bridge", "veth"]
family = ["ipv4", "ipv6"]
containers = 4

[trial]
repeats = 2
"#;

fn points(scenario: &Scenario) -> Vec<(&'static str, &'static str, u32)> {
    let point = |cell: &Cell| (cell.topology.word(), cell.family.word(), cell.containers);
    scenario.cells.iter().map(point).collect()
}

#[test]
fn cells_are_those_of_every_table_in_order_and_each_once() {
    let expected = [
        ("loopback", "ipv4", 2),
        ("loopback", "ipv4", 4),
        ("bridge", "ipv4", 2),
        ("bridge", "ipv4", 4),
        ("bridge", "ipv6", 4),
        ("veth", "ipv4", 4),
        ("veth", "ipv6", 4),
    ];
    assert_eq!(points(&parsed(TWO)), expected);
}

#[test]
fn one_table_in_a_list_is_one_table() {
    let tables = [
        "[axes]\ncontainers = [2, 8]\n",
        "[[axes]]\ncontainers = [2, 8]\n",
        "axes = [{ containers = [2, 8] }]\n",
        "axes = [{ containers = 2 }, { containers = 8 }]\n",
    ];
    let cells: Vec<_> = tables.map(|text| parsed(text).cells).into();
    for (text, other) in tables.iter().zip(&cells) {
        assert_eq!(*other, cells[0], "{text}");
    }
}

#[test]
fn a_flag_stands_in_every_table() {
    let inline = "axes = [{ containers = 4, topology = \"shared\" }, { family = \"ipv6\" }]";
    let overrides = given(&[("containers", "2,6"), ("topology", "veth")]);
    let table = [
        (
            TWO,
            vec![
                ("veth", "ipv4", 2),
                ("veth", "ipv4", 6),
                ("veth", "ipv6", 2),
                ("veth", "ipv6", 6),
            ],
        ),
        (
            inline,
            vec![
                ("veth", "ipv4", 2),
                ("veth", "ipv4", 6),
                ("veth", "ipv6", 2),
                ("veth", "ipv6", 6),
            ],
        ),
        (
            "[[axes]]\n[[axes]]",
            vec![("veth", "ipv4", 2), ("veth", "ipv4", 6)],
        ),
    ];
    for (file, expected) in table {
        let source = Source::new("test.toml", file)
            .with(&overrides.settings())
            .unwrap();
        let scenario = believe(&source, "test")
            .unwrap_or_else(|error| panic!("{file}\n{}\n{error}", source.text));
        assert_eq!(points(&scenario), expected, "{}", source.text);
        assert_eq!(Scenario::parse(&scenario.text, "test").unwrap(), scenario);
    }
}

#[test]
fn a_wrong_flag_is_said_once_however_many_tables_it_stands_in() {
    let overrides = given(&[("containers", "3")]);
    let source = Source::new("test.toml", TWO)
        .with(&overrides.settings())
        .unwrap();
    let said = believe(&source, "test").unwrap_err().to_string();
    assert_eq!(said.matches("error: ").count(), 1, "{said}");
    assert!(said.contains("`--containers`: 3 is odd"), "{said}");
}

/// A file, and for each mistake its place and what is said of it.
const WRONG: &[(&str, &[(&str, &str)])] = &[
    (
        "[[axes]]\ncontainers = 2\n[[axes]]\ncontainers = 7\n",
        &[("4:14", "`axes[1].containers`: 7 is odd")],
    ),
    (
        "[[axes]]\ncontainers = 2\n[[axes]]\ncontainers = 2\ntopolgy = \"veth\"\n",
        &[("5:1", "`axes[1].topolgy`: unknown key")],
    ),
    (
        "[[axes]]\ncontainers = 2\n\n[[axes]]\nfamily = \"ipx\"\n",
        &[
            ("4:1", "`axes[1].containers`: required, but absent"),
            ("5:10", "`axes[1].family`: unknown family \"ipx\""),
        ],
    ),
    (
        "[[axes]]\ncontainers = 4\nactive = 8\n[[axes]]\ncontainers = 8\nactive = 8\n",
        &[("3:10", "at most the smallest of `axes[0].containers`, 4")],
    ),
    (
        "[[axes]]\ncontainers = 2\n[[axes]]\ncontainers = 2\nmtu = 1000\n",
        &[("5:7", "`axes[1].mtu`: 1000 is below 1280")],
    ),
    (
        "axes = [{ containers = 2 }, 3]\n",
        &[
            ("1:29", "`axes[1]`: 3 where a table belongs"),
            ("1:29", "`axes[1].containers`: required"),
        ],
    ),
    ("axes = []\n", &[("1:8", "`axes`: an empty list")]),
    (
        "axes = 3\n",
        &[
            ("1:8", "`axes`: 3 where a table belongs"),
            ("", "`axes.containers`: required"),
        ],
    ),
    (
        "[[lab]]\n[axes]\ncontainers = 2\n",
        &[("1:1", "`lab`: a list where a table belongs")],
    ),
];

#[test]
fn what_is_wrong_in_a_table_is_said_of_that_table() {
    for (file, mistakes) in WRONG {
        let said = refusal(file);
        assert_eq!(
            said.matches("error: ").count(),
            mistakes.len(),
            "{file}\n{said}"
        );
        for (place, text) in *mistakes {
            assert!(
                said.contains(&format!("test.toml:{place}")) || place.is_empty(),
                "{file}: {place}\n{said}"
            );
            assert!(said.contains(text), "{file}: {text}\n{said}");
        }
    }
}

#[test]
fn the_trials_of_all_tables_together_have_a_bound() {
    let table = "[[axes]]\ncontainers = \"2..10000 +2\"\nstreams = \"1..8 +1\"\n";
    let said = refusal(&table.repeat(2));
    assert!(
        said.contains("240000 trials") && said.contains("up to 100000"),
        "{said}"
    );
}

#[test]
fn a_testbed_is_refused_topologies_it_does_not_have() {
    let mixed = "[axes]\ncontainers = 2\ntopology = [\"bridge\", \"loopback\"]\ntestbed = [\"kernel\", \"docker\"]\n";
    let said = refusal(mixed);
    assert!(
        said.contains("`axes.topology`: the testbed docker has no loopback"),
        "{said}"
    );
    assert!(
        said.contains("test.toml:3:23") && said.contains("allowed with it: shared, veth, bridge"),
        "{said}"
    );
    let apart = "[[axes]]\ncontainers = 2\ntopology = [\"bridge\", \"loopback\"]\n[[axes]]\ncontainers = 2\ntestbed = \"docker\"\n";
    let cells = parsed(apart).cells;
    let seen: Vec<_> = cells
        .iter()
        .map(|cell| (cell.topology, cell.testbed))
        .collect();
    let expected = [
        (Topology::Bridge, Testbed::Kernel),
        (Topology::Loopback, Testbed::Kernel),
        (Topology::Bridge, Testbed::Docker),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_modelled_cell_reads_as_before_there_were_testbeds() {
    let cells = parsed("axes = { containers = 2, testbed = [\"kernel\", \"docker\"] }").cells;
    let written: Vec<_> = cells
        .iter()
        .map(|cell| serde_json::to_value(cell).unwrap())
        .collect();
    assert!(written[0].get("testbed").is_none(), "{}", written[0]);
    assert_eq!(written[1]["testbed"], "docker");
    for (cell, json) in cells.iter().zip(written) {
        assert_eq!(serde_json::from_value::<Cell>(json).unwrap(), *cell);
    }
}

/// What an engine decides for itself is not the scenario's to ask for.
#[test]
fn an_engine_is_asked_for_nothing_that_it_has_its_own_way_with() {
    for (keys, said) in [
        (
            "driver = \"workers\"",
            "`axes.driver`: the testbed docker has no workers",
        ),
        (
            "pinning = \"apart\"",
            "`axes.pinning`: the testbed docker has no threads that are pinned apart",
        ),
        (
            "firewall = \"docker-29\"",
            "`axes.firewall`: the testbed docker has no docker-29",
        ),
        (
            "path = \"outside\"",
            "`axes.path`: the testbed docker has no outside",
        ),
        (
            "mtu = 9000",
            "9000 is not the MTU of an engine's default bridge",
        ),
        ("topology = \"routed\"", "the testbed docker has no routed"),
    ] {
        let text = format!("[axes]\ncontainers = 2\ntestbed = \"docker\"\n{keys}\n");
        let error = refusal(&text);
        assert!(error.contains(said), "{error}");
    }
    let own =
        "[axes]\ncontainers = 4\ntestbed = \"docker\"\ntopology = \"user-bridge\"\nmtu = 9000\n";
    let cells = parsed(own).cells;
    assert_eq!(
        (cells[0].mtu, cells[0].bridges.unwrap().get()),
        (Some(9000), 1)
    );
}
