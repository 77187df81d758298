//! Rules in a scenario: what cells they come to, and what does not go together.

use std::collections::HashSet;

use super::*;
use crate::scenario::rules::{Backend, RuleHook, RuleShape};

/// Keys of `[axes]` and `[lab]`, the line and column of what is wrong with them, and what must be said of it.
const WRONG: &[(&str, &str, &str, &[&str])] = &[
    (
        "topology = [\"bridge\", \"veth\"]\nfirewall = \"docker-29\"",
        "",
        "4:12",
        &[
            "`axes.firewall`: the topology veth has no host side",
            "\"bridge\", \"routed\"",
        ],
    ),
    (
        "topology = \"shared\"\nrules = 5",
        "",
        "4:9",
        &["`axes.rules`: the topology shared has no host side"],
    ),
    // A redirect comes before every rule.
    (
        "topology = \"tc-redirect\"\nfirewall = \"kubernetes\"",
        "",
        "4:12",
        &["`axes.firewall`: the topology tc-redirect has no host side for the rules of kubernetes"],
    ),
    (
        "topology = \"tc-redirect\"\nrules = 5",
        "",
        "4:9",
        &["`axes.rules`: the topology tc-redirect has no host side for rules"],
    ),
    (
        "topology = \"routed\"\nfirewall = \"docker-29-nft\"",
        "",
        "4:12",
        &["has no bridge, which docker-29-nft needs"],
    ),
    (
        "topology = \"routed\"\nfirewall = \"docker-29\"\npath = \"hairpin\"",
        "",
        "5:8",
        &["has no bridge, which hairpin needs"],
    ),
    (
        "firewall = \"docker-29\"\npath = \"hairpin\"\ncrossing = true\njoin = \"trunk\"",
        "bridges = 2",
        "4:8",
        &[
            "a pair that crosses bridges has two host sides",
            "crossing = false",
        ],
    ),
    (
        "firewall = \"docker-20.10\"\nbackend = \"nft\"",
        "",
        "4:11",
        &[
            "docker-20.10 cannot be loaded by nft",
            "\"iptables-nft\", \"iptables-legacy\"",
        ],
    ),
    (
        "firewall = \"docker-20.10\"\nrules = 10\nrule_shape = \"set\"",
        "",
        "5:14",
        &[
            "iptables loads the rules of docker-20.10 here, and has no shape \"set\"",
            "\"linear\"",
        ],
    ),
    (
        "rules = 0\nrule_shape = \"set\"",
        "",
        "4:14",
        &[
            "no cell has a rule that could be in a set",
            "`rules` of 1 and more",
        ],
    ),
    (
        "ageing = [0, 300]",
        "",
        "3:11",
        &[
            "with static entries bridges learn nothing that they could forget",
            "entries = \"learned\"",
        ],
    ),
    (
        "path = \"published\"",
        "",
        "3:8",
        &[
            "firewall \"none\" has no rules that publish ports",
            "\"docker-1.12\"",
        ],
    ),
    (
        "firewall = \"docker-29\"\npath = \"published\"\nstreams = 1024",
        "",
        "4:8",
        &[
            "51200 flows, each by a published port of its own",
            "up to 22000",
        ],
    ),
    (
        "firewall = \"custom\"",
        "",
        "3:12",
        &["no file is given for the rules of custom", "`lab.ruleset`"],
    ),
    (
        "testbed = \"docker\"\nfirewall = \"docker-29\"",
        "",
        "4:12",
        &["docker-29 beside the rules that an engine brings"],
    ),
    (
        "family = [\"ipv4\", \"ipv6\"]\nfirewall = [\"docker-29\", \"docker-20.10\"]\npath = \"published\"",
        "",
        "4:26",
        &[
            "docker-20.10 has no rules for ipv6, which path = \"published\" goes by",
            "family = \"ipv4\", or firewall = \"docker-29\", \"docker-29-nft\", \"kubernetes\", \"kubernetes-nft\"; each",
        ],
    ),
    (
        "family = \"ipv6\"\nfirewall = \"docker-1.12\"",
        "stack = \"single\"",
        "4:12",
        &["docker-1.12 has no rules for ipv6, the only protocol of the lab"],
    ),
    ("rules = 100_001", "", "3:9", &["100001 is out of bounds"]),
    ("", "endpoints = 0", "5:13", &["0 is out of bounds"]),
];

#[test]
fn what_does_not_go_together_is_refused_at_its_place() {
    for (axes, lab, place, said) in WRONG {
        let refusal = refusal(&format!("[axes]\ncontainers = 100\n{axes}\n[lab]\n{lab}\n"));
        assert!(refusal.contains(&format!("test.toml:{place}")), "{refusal}");
        for words in *said {
            assert!(refusal.contains(words), "{words}\n{refusal}");
        }
    }
}

#[test]
fn rules_for_ipv4_alone_stand_beside_traffic_over_ipv6_that_does_not_need_them() {
    let axes = "axes.containers = 4\naxes.firewall = \"docker-1.12\"\naxes.family = \"ipv6\"";
    assert_eq!(parsed(axes).cells.len(), 1);
}

#[test]
fn an_engine_publishes_ports_without_rules_of_ours() {
    let axes = "axes.testbed = \"docker\"\naxes.topology = [\"bridge\", \"user-bridge\"]\naxes.containers = 4\naxes.path = [\"published\", \"hairpin\"]";
    let cells = parsed(axes).cells;
    let paths: Vec<_> = cells.iter().map(|cell| cell.path).collect();
    assert_eq!(paths.len(), 4);
    assert!(paths.contains(&Path::Published) && paths.contains(&Path::Hairpin));
    assert!(cells.iter().all(|cell| cell.rules == Rules::default()));
}

#[test]
fn a_cell_without_rules_says_nothing_of_them() {
    let text = "axes.containers = 4\naxes.firewall = [\"none\", \"kubernetes\"]\nlab.published = 7\nlab.services = 9";
    let cell = &parsed(text).cells[0];
    assert_eq!(cell.rules, Rules::default());
    assert!(!cell.has_rules());
    let written = serde_json::to_value(cell).unwrap();
    for key in [
        "backend",
        "published",
        "services",
        "endpoints",
        "rules",
        "rule_shape",
        "path",
    ] {
        assert!(written.get(key).is_none(), "{key}");
    }
    assert_eq!(serde_json::from_value::<Cell>(written).unwrap(), *cell);
}

/// Where they were written before, these mean what they did: the same cells under the same names.
#[test]
fn counts_of_rules_and_ports_are_axes_and_are_read_where_they_were_before() {
    let ids = |text: &str| {
        let cells = parsed(text).cells;
        let ids = cells.iter().map(kilonet_record::store::cell_id);
        (ids.collect::<Vec<_>>(), cells)
    };
    let axes = "[axes]\ncontainers = 8\nfirewall = \"kubernetes\"\n";
    for line in [
        "published = 30",
        "services = 7",
        "endpoints = 5",
        "ports_per_bridge = 4",
    ] {
        let (now, before) = (
            ids(&format!("{axes}{line}")),
            ids(&format!("{axes}[lab]\n{line}")),
        );
        assert_eq!(now, before, "{line}");
        assert_eq!(now.0.len(), 1);
    }
    for (line, expected) in [
        (
            "published = [0, 30]",
            ["bridge-ipv4-kubernetes-c8", "bridge-ipv4-kubernetes-c8-p30"],
        ),
        (
            "services = \"10..20\"",
            [
                "bridge-ipv4-kubernetes-c8",
                "bridge-ipv4-kubernetes-c8-20x2",
            ],
        ),
        (
            "endpoints = [2, 3]",
            [
                "bridge-ipv4-kubernetes-c8",
                "bridge-ipv4-kubernetes-c8-10x3",
            ],
        ),
        (
            "ports_per_bridge = [8, 4]",
            ["bridge-ipv4-kubernetes-c8", "bridge-ipv4-kubernetes-c8-br2"],
        ),
    ] {
        for text in [format!("{axes}{line}"), format!("{axes}[lab]\n{line}")] {
            assert_eq!(ids(&text).0, expected, "{text}");
        }
    }
}

/// How many bridges there are says how many ports each has.
#[test]
fn cells_of_as_many_bridges_have_as_many_ports_on_each() {
    for axes in [
        "topology = [\"bridge\", \"vxlan\"]",
        "topology = \"bridge\"\njoin = \"trunk\"\ncrossing = [true, false]",
    ] {
        let text = format!(
            "[axes]\ncontainers = [2, 30, 64, 250]\n{axes}\nports_per_bridge = \"2..250 +2\"\n"
        );
        let cells = parsed(&text).cells;
        let ids = cells.iter().map(kilonet_record::store::cell_id);
        let ids: HashSet<_> = ids.collect();
        assert_eq!(ids.len(), cells.len());
        assert!(cells.len() > 40, "{}", cells.len());
    }
}

#[test]
fn what_is_written_in_both_places_is_refused_and_what_is_beside_several_tables_is_for_whichever_has_a_place_for_it()
 {
    let both =
        "[axes]\ncontainers = 8\nfirewall = \"kubernetes\"\nservices = 3\n[lab]\nservices = 4\n";
    let said = refusal(both);
    assert!(
        said.contains("`axes.services`") && said.contains("test.toml:4:12"),
        "{said}"
    );
    assert!(said.contains("`lab.services` is written too"), "{said}");
    let tables = "[[axes]]\ncontainers = 8\n[[axes]]\ncontainers = 8\nfirewall = \"kubernetes\"\n[lab]\nservices = 4\n";
    let services: Vec<_> = parsed(tables)
        .cells
        .iter()
        .map(|cell| cell.rules.services)
        .collect();
    assert_eq!(services, [None, Some(4)]);
    let none = refusal("axes.containers = 8\n[lab]\nservices = 4\n");
    assert!(
        none.contains("`lab.services`: no cell has services"),
        "{none}"
    );
    let odd = refusal(
        "[[axes]]\ncontainers = 8\n[[axes]]\ncontainers = 16\n[lab]\nports_per_bridge = 5\n",
    );
    assert_eq!(odd.matches("5 is odd").count(), 1, "{odd}");
    assert!(odd.contains("`lab.ports_per_bridge`"), "{odd}");
}

/// A flag is put where its key is.
#[test]
fn a_flag_takes_the_place_of_a_key_where_it_was_before() {
    let flags = given(&[("services", "3,4")]);
    for file in [
        "[axes]\ncontainers = 8\nfirewall = \"kubernetes\"\n[lab]\nservices = 9\n",
        "[axes]\ncontainers = 8\nfirewall = \"kubernetes\"\nservices = 9\n",
        "[axes]\ncontainers = 8\nfirewall = \"kubernetes\"\n[lab]\n",
    ] {
        let source = Source::new("test.toml", file)
            .with(&flags.settings())
            .unwrap();
        let scenario = believe(&source, "test").unwrap();
        let services: Vec<_> = scenario
            .cells
            .iter()
            .map(|cell| cell.rules.services)
            .collect();
        assert_eq!(services, [Some(3), Some(4)], "{file}");
    }
}

/// One of several levels may leave a lab in pieces.
#[test]
fn bridges_that_any_level_leaves_apart_are_no_lab_in_which_all_talk_to_all() {
    let text = "[axes]\ncontainers = 16\npattern = \"all-to-all\"\npeers = 2\nports_per_bridge = ";
    assert_eq!(
        parsed(&format!("{text}[16, 20]")).cells.len(),
        1,
        "both are one bridge"
    );
    let said = refusal(&format!("{text}[16, 8]"));
    assert!(said.contains("cannot reach each other"), "{said}");
}

#[test]
fn each_profile_is_loaded_by_its_own_back_end_unless_another_is_asked_for() {
    for (firewall, backend) in [
        ("docker-1.12", Backend::IptablesNft),
        ("docker-20.10", Backend::IptablesNft),
        ("docker-29", Backend::IptablesNft),
        ("docker-29-nft", Backend::Nft),
        ("kubernetes", Backend::IptablesNft),
        ("conntrack", Backend::Nft),
    ] {
        let text = format!("axes.containers = 4\naxes.firewall = \"{firewall}\"");
        assert_eq!(
            parsed(&text).cells[0].rules.backend,
            Some(backend),
            "{firewall}"
        );
    }
    let both = "axes.containers = 4\naxes.firewall = [\"none\", \"docker-29\"]\n\
                axes.backend = [\"iptables-nft\", \"iptables-legacy\"]";
    let backends: Vec<_> = parsed(both)
        .cells
        .iter()
        .map(|cell| cell.rules.backend)
        .collect();
    assert_eq!(
        backends,
        [
            None,
            Some(Backend::IptablesNft),
            Some(Backend::IptablesLegacy)
        ]
    );
}

#[test]
fn rules_from_nothing_double_and_none_are_still_a_level() {
    let cells = parsed("axes.containers = 4\naxes.rules = \"0..6\"").cells;
    let counts: Vec<_> = cells.iter().map(|cell| cell.rules.filler).collect();
    assert_eq!(counts, [0, 1, 2, 4, 6].map(Some));
    let filler = cells[0].rules.filler().unwrap();
    assert_eq!(
        (filler.shape, filler.hook),
        (RuleShape::Linear, RuleHook::Raw)
    );
    assert_eq!(serde_json::to_value(&cells[4]).unwrap()["rules"], 6);
}

#[test]
fn a_published_path_publishes_a_port_for_each_flow_and_no_fewer() {
    let published = |lab: &str| {
        let text = format!(
            "axes.containers = 8\naxes.streams = 3\naxes.firewall = \"docker-29\"\naxes.path = [\"direct\", \"published\"]\n{lab}"
        );
        let cells = parsed(&text).cells;
        [cells[0].rules.published, cells[1].rules.published]
    };
    assert_eq!(published(""), [None, Some(12)]);
    assert_eq!(published("lab.published = 5"), [Some(5), Some(12)]);
    assert_eq!(published("lab.published = 50"), [Some(50), Some(50)]);
}
