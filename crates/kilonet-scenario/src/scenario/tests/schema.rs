//! The schema says what the reader does.

use std::fmt::Write as _;

use super::*;

/// The schema of a table; of the axes, that of one of their tables.
fn table_of<'a>(schema: &'a serde_json::Value, table: &str) -> &'a serde_json::Value {
    match table {
        "axes" => &schema["$defs"]["Axes"],
        _ => &schema["properties"][table],
    }
}

#[test]
fn every_default_in_the_schema_is_the_one_that_is_used() {
    let schema = schema();
    let mut text = String::new();
    for table in ["axes", "lab", "trial"] {
        writeln!(text, "[{table}]").unwrap();
        let properties = table_of(&schema, table)["properties"].as_object().unwrap();
        for (key, property) in properties {
            match property.get("default") {
                Some(default) => writeln!(text, "{key} = {default}").unwrap(),
                None if key == "containers" => writeln!(text, "{key} = [2, 3000]").unwrap(),
                // What has no default is absent by default.
                None => {}
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
        table_of(&schema, "axes")["required"],
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
fn the_reference_is_a_scenario_of_the_defaults() {
    let written = parsed(&reference());
    let spared = parsed("axes.containers = [2, 8, 32]");
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
    for key in registry::keys() {
        let name = key.facts().name;
        let stands = |line: &str| {
            line.trim_start_matches("# ")
                .starts_with(&format!("{name} = "))
        };
        assert!(reference().lines().any(stands), "{name}");
    }
}

/// After a change that is meant, `INSTA_UPDATE=always` writes it anew, to be read in the diff.
#[test]
fn the_guide_to_scenario_files_holds_the_reference() {
    let page = path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/scenario.md");
    let text = std::fs::read_to_string(&page).unwrap();
    let (before, behind) = text.split_once("```toml\n").expect("a file of TOML");
    let (_, behind) = behind.split_once("```").expect("its end");
    let made = format!("{before}```toml\n{}```{behind}", reference());
    if std::env::var_os("INSTA_UPDATE").is_some_and(|wish| wish == "always") {
        std::fs::write(&page, &made).unwrap();
    } else {
        assert_eq!(text, made, "the guide is not what the program says");
    }
}
