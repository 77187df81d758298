//! Patterns in a scenario: what does not go together with them.

use super::*;

/// Keys of `[axes]` and `[lab]`, the line and column of what is wrong with them, and what must be said of it.
const WRONG: &[(&str, &str, &str, &[&str])] = &[
    (
        "topology = \"tc-redirect\"\npattern = \"incast\"",
        "",
        "3:12",
        &[
            "`axes.topology`: only the two containers of a pair are joined, but in pattern \"incast\" others talk as well",
        ],
    ),
    (
        "topology = [\"bridge\", \"veth\"]\npattern = \"ring\"",
        "",
        "3:23",
        &[
            "`axes.topology`: only the two containers of a pair are joined, but in pattern \"ring\" others talk as well",
            "pairs",
        ],
    ),
    (
        "topology = \"shared\"\npattern = \"incast\"",
        "",
        "3:12",
        &[
            "different namespaces cannot reach each other",
            "per_namespace = \"all\"",
        ],
    ),
    (
        "topology = \"bridge\"\npattern = \"incast\"",
        "bridges = 2",
        "3:12",
        &[
            "bridges that nothing joins",
            "join = \"trunk\" or \"routed\"",
        ],
    ),
    (
        "topology = \"bridge\"\npattern = \"incast\"\njoin = [\"trunk\", \"none\"]",
        "ports_per_bridge = 4",
        "3:12",
        &["bridges that nothing joins", "up to 4 containers"],
    ),
    (
        "topology = \"vxlan\"\npattern = \"outcast\"",
        "ports_per_bridge = 2",
        "3:12",
        &["only two nodes are joined", "up to 4 containers"],
    ),
    (
        "pattern = [\"pairs\", \"ring\"]\npath = \"outside\"",
        "",
        "4:8",
        &[
            "`axes.path`: the path outside leads to servers that only answer, and containers of ring call as well",
            "allowed with it: pattern = \"pairs\", \"incast\"",
        ],
    ),
    (
        "pattern = \"ring\"\njoin = \"trunk\"\ncrossing = true",
        "",
        "5:12",
        &["`axes.crossing`: crossing needs containers that talk in pairs"],
    ),
    (
        "topology = \"vxlan\"\npattern = \"ring\"\nisolation = true",
        "",
        "5:13",
        &["`axes.isolation`: isolation needs containers that talk in pairs"],
    ),
    (
        "direction = \"both\"\npath = \"outside\"",
        "",
        "4:8",
        &["`axes.path`: the path outside goes one way only"],
    ),
    (
        "pattern = \"ring\"\npeers = 2",
        "",
        "4:9",
        &[
            "`axes.peers`: no cell has a pattern that draws peers",
            "all-to-all",
        ],
    ),
    (
        "pattern = \"all-to-all\"\npeers = [2, 8]",
        "",
        "4:13",
        &["`axes.peers`: 8 peers among 8 containers", "1 to 7"],
    ),
    (
        "pattern = \"all-to-all\"\nactive = 4\npeers = 4",
        "",
        "5:9",
        &["`axes.peers`: 4 peers among 4 containers"],
    ),
    (
        "pattern = \"pair\"",
        "",
        "3:11",
        &["unknown pattern", "did you mean \"pairs\"?"],
    ),
];

#[test]
fn what_cannot_reach_each_other_is_refused_with_its_place_and_a_remedy() {
    for (axes, lab, place, words) in WRONG {
        let said = refusal(&format!("[axes]\ncontainers = 8\n{axes}\n[lab]\n{lab}"));
        assert!(
            said.contains(&format!("test.toml:{place}")),
            "{axes}\n{said}"
        );
        for word in *words {
            assert!(said.contains(word), "{axes}: no {word:?} in\n{said}");
        }
    }
}

#[test]
fn too_many_pairs_are_refused_before_they_are_counted_out() {
    let said =
        refusal("axes = { pattern = \"all-to-all\", containers = 2000, topology = \"macvlan\" }");
    assert!(
        said.contains("all-to-all of 2000 containers is 3998000 pairs"),
        "{said}"
    );
    assert!(said.contains("peers = 10"), "{said}");
}

#[test]
fn only_pairs_ask_for_even_numbers() {
    let scenario =
        parsed("axes = { pattern = \"incast\", containers = [3, 5, 9], active = [3, \"all\"] }");
    let counts: Vec<_> = scenario
        .cells
        .iter()
        .map(|cell| (cell.active, cell.pairs))
        .collect();
    assert_eq!(counts, [(3, 2), (3, 2), (5, 4), (3, 2), (9, 8)]);
    let said = refusal("axes = { pattern = [\"incast\", \"pairs\"], containers = [4, 9] }");
    assert!(said.contains("9 is odd"), "{said}");
}

#[test]
fn a_usual_cell_says_nothing_of_its_pattern_but_the_name() {
    let cell = &parsed("axes.containers = 4").cells[0];
    let written = serde_json::to_value(cell).unwrap();
    assert_eq!(written["pattern"], "pairs");
    for key in ["direction", "peers", "pattern_seed"] {
        assert!(written.get(key).is_none(), "{key}");
    }
    assert_eq!(serde_json::from_value::<Cell>(written).unwrap(), *cell);
    let drawn = &parsed(
        "axes = { pattern = \"all-to-all\", peers = 2, direction = \"both\", containers = 4 }",
    )
    .cells[0];
    let written = serde_json::to_value(drawn).unwrap();
    assert_eq!(
        (
            &written["direction"],
            &written["peers"],
            &written["pattern_seed"]
        ),
        (&"both".into(), &2.into(), &1.into())
    );
    assert_eq!(serde_json::from_value::<Cell>(written).unwrap(), *drawn);
}
