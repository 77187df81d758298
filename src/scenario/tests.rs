//! Scenarios as a user writes them: what they come to, and what is said of those that are wrong.

use std::fmt::Write as _;
use std::fs;

use proptest::prelude::*;

use super::*;
use crate::Error;

fn parsed(text: &str) -> Scenario {
    Scenario::parse(text, "test").unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn refusal(text: &str) -> String {
    match Scenario::parse(text, "test") {
        Err(Error::Scenario(said)) => said,
        other => panic!("{other:?}\n{text}"),
    }
}

fn given(set: impl FnOnce(&mut Overrides)) -> Overrides {
    let mut overrides = Overrides::default();
    set(&mut overrides);
    overrides
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
    assert_eq!(scenario.timing.repeats, 3);
    assert_eq!(scenario.baseline, Baseline::Interleaved);
}

#[test]
fn every_default_in_the_schema_is_the_one_that_is_used() {
    let schema = schema();
    let mut text = String::new();
    for table in ["axes", "lab", "trial"] {
        writeln!(text, "[{table}]").unwrap();
        let properties = schema["properties"][table]["properties"]
            .as_object()
            .unwrap();
        for (key, property) in properties {
            match property.get("default") {
                Some(default) => writeln!(text, "{key} = {default}").unwrap(),
                None => writeln!(text, "{key} = [2, 3000]").unwrap(),
            }
        }
    }
    let written = parsed(&text);
    let spared = parsed("axes.containers = [2, 3000]");
    assert_eq!(
        Scenario {
            text: String::new(),
            ..written
        },
        Scenario {
            text: String::new(),
            ..spared
        }
    );
}

#[test]
fn the_schema_asks_for_the_containers_and_nothing_else() {
    let schema = schema();
    assert_eq!(schema["required"], serde_json::json!(["axes"]));
    assert_eq!(
        schema["properties"]["axes"]["required"],
        serde_json::json!(["containers"])
    );
    for table in ["lab", "trial"] {
        assert_eq!(
            schema["properties"][table]["required"]
                .as_array()
                .map_or(0, Vec::len),
            0,
            "{table}"
        );
    }
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
        &["2.5 is not a value this key takes"],
    ),
    (
        "containers = \"many\"",
        "2:14",
        &["\"many\" is not a value", "a whole number"],
    ),
    ("containers = true", "2:14", &["true is not a value"]),
    ("containers = [[2]]", "2:15", &["a list"]),
    ("containers = \"8..2\"", "2:14", &["runs backwards"]),
    ("containers = \"2..8 x1\"", "2:14", &["x1 never arrives"]),
    ("containers = \"2..8 +0\"", "2:14", &["+0 never arrives"]),
    ("containers = \"2..\"", "2:14", &["no number"]),
    ("containers = \"2..9 x2\"", "2:14", &["9 is odd"]),
    ("containers = \"3..99 +2\"", "2:14", &["3 is odd"]),
    (
        "topolgy = \"veth\"",
        "2:1",
        &["`axes.topolgy`", "no such key", "did you mean `topology`?"],
    ),
    (
        "zebra = 1",
        "2:1",
        &["no such key", "allowed: topology, family"],
    ),
    (
        "topology = \"brigde\"",
        "2:12",
        &[
            "no topology",
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
        &["no name of an algorithm", "\"bbr\""],
    ),
    (
        "congestion = \"averyveryverylongname\"",
        "2:14",
        &["no name of an algorithm"],
    ),
    ("buffers = \"big\"", "2:11", &["\"auto\" or a size"]),
    ("buffers = 1", "2:11", &["out of bounds", "4 KiB"]),
    (
        "mtu = 1000",
        "2:7",
        &["1000 is below 1280", "stack = \"single\""],
    ),
    ("mtu = 70000", "2:7", &["from 68 to 65535"]),
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
        assert!(said.contains(line), "{line}: the line is not shown\n{said}");
        for text in *says {
            assert!(said.contains(text), "{line}: does not say {text}\n{said}");
        }
    }
}

/// What follows `[axes]`, and what must be said of it.
const WRONG_TABLES: &[(&str, &[&str])] = &[
    (
        "[lab]\nper_namespace = 3",
        &["4:17", "`lab.per_namespace`", "3 is odd"],
    ),
    (
        "[lab]\nports_per_bridge = 1024",
        &["4:20", "from 2 to 1023"],
    ),
    ("[lab]\nports_per_bridge = 101", &["4:20", "101 is odd"]),
    ("[lab]\nbridges = 0", &["4:11", "from 1"]),
    ("[lab]\nstack = [\"dual\"]", &["4:9", "a list"]),
    ("lab = 3", &["`axes.lab`", "no such key"]),
    (
        "[labs]\nstack = \"dual\"",
        &["3:2", "`labs`", "did you mean `lab`?"],
    ),
    (
        "[trial]\nmeasure = 2",
        &["4:11", "2 needs a unit", "\"2ms\""],
    ),
    ("[trial]\nmeasure = \"2 parsecs\"", &["needs a unit"]),
    ("[trial]\nmeasure = \"10ms\"", &["from 100 ms to 3600 s"]),
    ("[trial]\nsample = \"50ms\"", &["from 100 ms"]),
    (
        "[trial]\nsample = \"2s\"",
        &["4:10", "longer than the window"],
    ),
    ("[trial]\nrepeats = 0", &["from 1 to 1000"]),
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
        &["no whole number"],
    ),
    (
        "[sysctls]\n\"net.core.rmem_max\" = \"1 2\"",
        &["another count"],
    ),
    ("[sysctls]\n\"net.ipv4.tcp_mem\" = 5", &["another count"]),
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
            said.contains("`axes.containers`: required, but not there"),
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

#[test]
fn mtu_below_ipv6_is_for_ipv4_alone() {
    let text = "axes = { containers = 2, mtu = 576 }\nlab.stack = \"single\"";
    assert_eq!(parsed(text).cells[0].mtu, Some(576));
    let said = refusal(&text.replace("mtu", "family = \"ipv6\", mtu"));
    assert!(said.contains("576 is below 1280"), "{said}");
}

#[test]
fn a_flag_replaces_its_key_wherever_that_stands() {
    let files = [
        "axes.containers = 4\ntrial.repeats = 1",
        "axes = { containers = 4 }",
        "axes = {}\n",
        "[axes]\ncontainers = [\n  2, # a pair\n  4,\n]\n[trial]\n",
        "[axes]\nfamily = \"ipv4\"\ncontainers = 4",
        "[axes] # nothing yet",
        "name = \"test\"",
        "[trial]\nrepeats = 9\n\n[axes]",
    ];
    let overrides = given(|flags| {
        flags.containers = Some("2..8".to_owned());
        flags.topology = Some("veth, bridge".to_owned());
        flags.repeats = Some("5".to_owned());
    });
    for file in files {
        let source = Source::new("test.toml", file)
            .with(&overrides.settings())
            .unwrap();
        let scenario = believe(&source, "test")
            .unwrap_or_else(|error| panic!("{file}\n{}\n{error}", source.text));
        let seen: Vec<_> = scenario
            .cells
            .iter()
            .map(|cell| (cell.topology.word(), cell.containers))
            .collect();
        let expected = [
            ("veth", 2),
            ("veth", 4),
            ("veth", 8),
            ("bridge", 2),
            ("bridge", 4),
            ("bridge", 8),
        ];
        assert_eq!(seen, expected, "{file}");
        assert_eq!(scenario.timing.repeats, 5, "{file}");
        assert_eq!(
            Scenario::parse(&scenario.text, "test").unwrap(),
            scenario,
            "{file}"
        );
    }
}

#[test]
fn a_wrong_flag_is_named_and_the_files_lines_stay_its_own() {
    let file = "[axes]\ncontainers = [\n  2,\n  4,\n]\nfamily = \"ipx\"\n";
    let overrides = given(|flags| {
        flags.containers = Some("2,7".to_owned());
        flags.streams = Some("none".to_owned());
    });
    let source = Source::new("test.toml", file)
        .with(&overrides.settings())
        .unwrap();
    let said = believe(&source, "test").unwrap_err().to_string();
    assert!(
        said.contains("`--containers`: 7 is odd") && said.contains("--containers 2,7"),
        "{said}"
    );
    assert!(
        said.contains("`--streams`: \"none\" is not a value"),
        "{said}"
    );
    assert!(
        said.contains("test.toml:6:10") && said.contains("`axes.family`"),
        "{said}"
    );
}

#[test]
fn flags_alone_make_a_scenario_that_can_be_kept() {
    let overrides = given(|flags| {
        flags.containers = Some("2,8,32".to_owned());
        flags.active = Some("2".to_owned());
        flags.message = Some("4KiB".to_owned());
        flags.warmup = Some("0ms".to_owned());
        flags.seed = Some("7".to_owned());
    });
    let scenario = Scenario::from_overrides(&overrides).unwrap();
    insta::assert_snapshot!(scenario.text, @r#"
    # Made from the flags of `kilonet sweep`.
    name = "sweep"

    [axes]
    containers = [2, 8, 32]
    active = 2
    message = "4KiB"

    [trial]
    warmup = "0ms"
    seed = 7
    "#);
    assert_eq!(
        (
            scenario.name.as_str(),
            scenario.seed,
            scenario.timing.warmup
        ),
        ("sweep", 7, Duration::ZERO)
    );
    assert_eq!(Scenario::parse(&scenario.text, "other").unwrap(), scenario);
    let said = Scenario::from_overrides(&Overrides::default())
        .unwrap_err()
        .to_string();
    assert!(said.contains("`axes.containers`: required"), "{said}");
}

#[test]
fn what_is_no_scenario_file_is_refused_without_reading_it_whole() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let huge = folder.path().join("huge.toml");
    fs::File::create(&huge).unwrap().set_len(50 << 20).unwrap();
    let table = [
        (write("text.toml", b"hello there\n"), "not TOML"),
        (write("twice.toml", b"[axes]\n[axes]\n"), "not TOML"),
        (write("empty.toml", b" \n"), "empty"),
        (
            write("latin.toml", b"name = 1\nabout = \"\xe9\"\n"),
            "not UTF-8, from line 2 on",
        ),
        (huge, "larger than 1 MiB"),
        (folder.path().to_owned(), "Is a directory"),
        (folder.path().join("absent.toml"), "No such file"),
    ];
    for (path, reason) in table {
        let error = Scenario::load(&path, &Overrides::default()).unwrap_err();
        assert!(error.is_usage());
        let said = error.to_string();
        assert!(
            said.contains(reason) && said.contains(&*path.to_string_lossy()),
            "{reason}\n{said}"
        );
    }
}

#[test]
fn the_name_is_that_of_the_file_unless_it_says_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    for (file, text, name) in [
        ("my sweep.toml", "axes.containers = 2", "my-sweep"),
        (".toml", "axes.containers = 2", "scenario.toml"),
        ("a.toml", "name = \"b\"\naxes.containers = 2", "b"),
    ] {
        let path = folder.path().join(file);
        fs::write(&path, text).unwrap();
        assert_eq!(
            Scenario::load(&path, &Overrides::default()).unwrap().name,
            name
        );
    }
    assert!(refusal("name = \"../x\"\naxes.containers = 2").contains("does not fit"));
}

/// A scenario with a few of its characters replaced, taken out or put in.
fn damaged_scenario() -> impl Strategy<Value = String> {
    const WHOLE: &str = concat!(
        "name = \"näme\"\n[axes]\ncontainers = [2, \"4..64 x2\"] # é\ntopology = [\"veth\",\n \"bridge\"]\n",
        "mtu = 1_500\nlab = { macs = 'random' }\r\n[trial]\nmeasure = \"2s\"\n[sysctls]\n\"net.core.rmem_max\" = 5\n",
    );
    let piece = prop_oneof![
        "[\\[\\]{}=,.\"'#\n é-]",
        "[0-9x+]{1,12}",
        Just(String::new()),
        any::<String>()
    ];
    let damage = (any::<prop::sample::Index>(), 0..6_usize, piece);
    prop::collection::vec(damage, 0..4).prop_map(|damages| {
        let mut text: Vec<char> = WHOLE.chars().collect();
        for (at, length, piece) in damages {
            let start = at.index(text.len() + 1);
            let end = (start + length).min(text.len());
            text.splice(start..end, piece.chars());
        }
        text.into_iter().collect()
    })
}

proptest! {
    #[test]
    fn whatever_is_in_a_file_it_is_read_or_refused(text in damaged_scenario(), flag in "[0-9a-z.,x +\"é-]{0,8}") {
        let overrides = given(|flags| {
            flags.containers = Some(flag.clone());
            flags.measure = Some(flag);
        });
        if let Err(error) = Scenario::parse(&text, "test") {
            prop_assert!(error.to_string().contains("test.toml"), "{}", error);
        }
        let edited = Source::new("test.toml", text).with(&overrides.settings());
        if let Ok(scenario) = edited.and_then(|source| believe(&source, "test")) {
            prop_assert_eq!(&Scenario::parse(&scenario.text, "test").unwrap(), &scenario);
        }
    }
}
