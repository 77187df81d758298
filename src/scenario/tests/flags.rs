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
