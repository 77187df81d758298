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

/// The file of the reference for people, which says of each key what it is.
fn reference() -> String {
    let page = path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/scenario.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, behind) = page.split_once("```toml\n").expect("a file of TOML");
    behind.split_once("```").unwrap().0.to_owned()
}

#[test]
fn the_reference_has_every_key_with_the_default_that_is_used() {
    let reference = reference();
    let schema = schema();
    for table in ["axes", "lab", "trial"] {
        let header = format!("[{table}]");
        let (_, behind) = reference.split_once(&header).expect("the table");
        let lines = behind.split("\n[").next().unwrap().lines();
        // What is absent by default stands behind a mark of a comment.
        let words = lines.map(|line| line.trim_start_matches("# ").split(['=', ' ']).next());
        let written: Vec<_> = words.flatten().collect();
        for key in table_of(&schema, table)["properties"]
            .as_object()
            .unwrap()
            .keys()
        {
            assert!(written.contains(&key.as_str()), "[{table}] has no {key}");
        }
    }
    let written = parsed(&reference);
    let spared = parsed("axes.containers = \"2..512 x4\"");
    assert_eq!(
        Scenario {
            name: spared.name.clone(),
            about: None,
            text: String::new(),
            ..written
        },
        Scenario {
            text: String::new(),
            ..spared
        }
    );
}
