//! Flags in place of keys.

use super::*;

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
    let overrides = given(&[
        ("containers", "2..8"),
        ("topology", "veth, bridge"),
        ("repeats", "5"),
    ]);
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
        assert_eq!(scenario.repeats, Repeats::Fixed(5), "{file}");
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
    let overrides = given(&[("containers", "2,7"), ("streams", "none")]);
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
    let overrides = given(&[
        ("containers", "2,8,32"),
        ("active", "2"),
        ("message", "4KiB"),
        ("warmup", "0ms"),
        ("seed", "7"),
    ]);
    let scenario = Scenario::from_overrides(&overrides).unwrap();
    insta::assert_snapshot!(scenario.text, @r#"
    # Made from the flags of `kilonet sweep`.
    name = "sweep"

    [axes]
    message = "4KiB"
    containers = [2, 8, 32]
    active = 2

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
fn trials_may_go_on_until_cells_are_known() {
    let overrides = given(&[
        ("containers", "2"),
        ("workload", "tcp-stream,tcp-rr"),
        ("repeats", "3..10"),
        ("within", "2.5%"),
        ("metrics", "goodput,latency-p99"),
    ]);
    let scenario = Scenario::from_overrides(&overrides).unwrap();
    let goal = scenario.repeats.goal().unwrap();
    assert_eq!((goal.min, goal.max), (3, 10));
    assert_eq!(goal.within.to_string(), "2.5%");
    let gauges = scenario.cells.iter().map(|cell| goal.gauges(cell));
    assert_eq!(
        gauges.collect::<Vec<_>>(),
        [
            vec![Gauge::Goodput],
            vec![Gauge::Goodput, Gauge::LatencyP99]
        ]
    );
    assert_eq!(Scenario::parse(&scenario.text, "sweep").unwrap(), scenario);
}

#[test]
fn a_cell_is_judged_by_its_workload_where_nothing_is_asked_for() {
    let text = "axes = { containers = 2, workload = [\"tcp-stream\", \"tcp-rr\"] }\ntrial.repeats = \"2..5\"";
    let scenario = parsed(text);
    let goal = scenario.repeats.goal().unwrap();
    assert!((goal.within.share() - 0.05).abs() < 1e-12);
    let gauges = scenario.cells.iter().map(|cell| goal.gauges(cell));
    assert_eq!(
        gauges.collect::<Vec<_>>(),
        [
            [Gauge::Goodput, Gauge::PairP50],
            [Gauge::Transactions, Gauge::PairP50]
        ]
    );
    let streams = parsed(
        "axes = { containers = 2, workload = [\"tcp-stream\", \"tcp-rr\"] }\n\
         trial = { repeats = \"2..5\", metrics = \"latency-p50\" }",
    );
    let goal = streams.repeats.goal().unwrap();
    assert_eq!(
        goal.gauges(&streams.cells[0]),
        [Gauge::Goodput, Gauge::PairP50]
    );
}
