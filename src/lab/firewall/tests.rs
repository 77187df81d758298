//! Each profile's rules, two containers and a published port, held as texts.

use std::fs;
use std::net::IpAddr;

use insta::assert_snapshot;

use super::site::{Net, Proxy, Publication, Site};
use super::*;
use crate::scenario::{Family, RuleHook, RuleShape, Scenario, Services};

/// The one cell of some axes, in a lab of some keys.
fn cell(axes: &str, lab: &str) -> Cell {
    let text = format!("[axes]\ncontainers = 2\n{axes}\n[lab]\n{lab}\n[trial]\nbaseline = false\n");
    let scenario = Scenario::parse(&text, "rules").unwrap_or_else(|error| panic!("{error}"));
    let [cell] = &scenario.cells[..] else {
        panic!("one cell expected")
    };
    cell.clone()
}

fn net(family: Family, subnet: &str, containers: [&str; 2]) -> Net {
    let (first, bits) = subnet.split_once('/').unwrap();
    Net {
        family,
        subnet: (first.parse().unwrap(), bits.parse().unwrap()),
        containers: containers
            .map(|one| one.parse::<IpAddr>().unwrap())
            .to_vec(),
    }
}

/// Docker's own default bridge, with a port published for its first container.
fn site(proxy: Proxy) -> Site {
    let port = Publication {
        container: 0,
        host_port: 8080,
        port: 80,
    };
    Site {
        device: "docker0".to_owned(),
        containers: vec![0, 1],
        nets: vec![
            net(Family::Ipv4, "172.17.0.0/16", ["172.17.0.2", "172.17.0.3"]),
            net(Family::Ipv6, "fd00:17::/64", ["fd00:17::2", "fd00:17::3"]),
        ],
        published: vec![port],
        proxy,
        services: Services {
            count: 2,
            endpoints: 2,
        },
    }
}

fn show(ruleset: &Ruleset) -> String {
    let of_script = |script: &Script| match script {
        Script::Nft(text) => format!("# nft\n{text}"),
        Script::Restore(family, text) => format!("# {family}\n{text}"),
    };
    let scripts: String = ruleset.scripts.iter().map(of_script).collect();
    format!(
        "# frames {:?}, forwarding {}\n{scripts}",
        ruleset.frames, ruleset.forwarding
    )
}

fn drawn(axes: &str, proxy: Proxy) -> String {
    show(&Ruleset::of(&cell(axes, ""), &site(proxy)).unwrap())
}

#[test]
fn each_profile_is_what_it_was_read_to_be() {
    for profile in [
        "docker-1.12",
        "docker-20.10",
        "docker-29",
        "docker-29-nft",
        "kubernetes",
        "kubernetes-nft",
    ] {
        let axes = format!("firewall = \"{profile}\"");
        assert_snapshot!(profile, drawn(&axes, Proxy::Process));
    }
}

#[test]
fn without_its_proxy_docker_leads_containers_back_in_by_rules() {
    for profile in ["docker-20.10", "docker-29", "docker-29-nft"] {
        let axes = format!("firewall = \"{profile}\"\npath = \"hairpin\"");
        assert_snapshot!(
            format!("{profile} without proxy"),
            drawn(&axes, Proxy::Rules)
        );
    }
}

#[test]
fn only_docker_29_and_kubernetes_have_rules_for_ipv6() {
    for (profile, families) in [
        ("docker-1.12", vec![Family::Ipv4]),
        ("docker-20.10", vec![Family::Ipv4]),
        ("docker-29", vec![Family::Ipv4, Family::Ipv6]),
        ("kubernetes", vec![Family::Ipv4, Family::Ipv6]),
    ] {
        let cell = cell(&format!("firewall = \"{profile}\""), "");
        let ruleset = Ruleset::of(&cell, &site(Proxy::Process)).unwrap();
        let found: Vec<_> = ruleset
            .scripts
            .iter()
            .map(|script| match script {
                Script::Restore(family, _) => *family,
                Script::Nft(text) => panic!("{text}"),
            })
            .collect();
        assert_eq!(found, families, "{profile}");
    }
}

#[test]
fn a_service_of_kube_proxy_has_as_many_rules_and_chains_as_its_source_makes() {
    for (services, endpoints) in [(1, 1), (3, 4), (10, 2)] {
        let counted = |count: u32| {
            let site = Site {
                services: Services { count, endpoints },
                published: Vec::new(),
                ..site(Proxy::Process)
            };
            let nat = kubernetes::tables(&site, &site.nets[0])[0].to_string();
            let lines = |start: &str| nat.lines().filter(|line| line.starts_with(start)).count();
            (lines("-A "), lines(":KUBE-"))
        };
        let (with, without) = (counted(services), counted(0));
        let each = (services as usize, endpoints as usize);
        assert_eq!(with.0 - without.0, each.0 * (2 + 3 * each.1));
        assert_eq!(with.1 - without.1, each.0 * (1 + each.1));
    }
}

#[test]
fn rules_that_match_nothing_come_before_all_others_in_every_shape() {
    let axes = "firewall = \"docker-29\"\nrules = 2\nrule_hook = [\"raw\", \"filter\", \"nat\"]";
    let text = format!("[axes]\ncontainers = 2\n{axes}\n[trial]\nbaseline = false\n");
    let cells = Scenario::parse(&text, "rules").unwrap().cells;
    for (cell, (table, chain)) in cells.iter().zip([
        ("*raw", "PREROUTING"),
        ("*filter", "FORWARD"),
        ("*nat", "PREROUTING"),
    ]) {
        let ruleset = Ruleset::of(cell, &site(Proxy::Process)).unwrap();
        let (_, rest) = ruleset.scripts[0].text().split_once(table).unwrap();
        let first: Vec<_> = rest
            .lines()
            .filter(|line| line.starts_with("-A"))
            .take(2)
            .collect();
        let expected =
            ["100.64.0.1", "100.64.0.2"].map(|one| format!("-A {chain} -s {one} -j ACCEPT"));
        assert_eq!(first, expected);
        assert_eq!(ruleset.frames, Frames::Shown);
    }
    for shape in [RuleShape::Linear, RuleShape::Set, RuleShape::Map] {
        let axes = format!("rules = 3\nrule_shape = \"{shape}\"");
        assert_snapshot!(format!("filler {shape}"), drawn(&axes, Proxy::Process));
    }
    assert_snapshot!(
        "filler of none",
        drawn("rules = 0\nrule_hook = \"filter\"", Proxy::Process)
    );
    assert_eq!(cells[2].rules.rule_hook, Some(RuleHook::Nat));
}

#[test]
fn no_rules_leave_nothing_to_load_and_hide_bridged_frames() {
    let ruleset = Ruleset::of(&cell("", ""), &site(Proxy::Process)).unwrap();
    assert_eq!((ruleset.frames, ruleset.scripts.len()), (Frames::Hidden, 0));
    assert!(!ruleset.forwarding);
}

#[test]
fn frames_are_shown_where_the_real_thing_loads_br_netfilter() {
    for (axes, frames) in [
        ("firewall = \"docker-1.12\"", Frames::Shown),
        ("firewall = \"docker-20.10\"", Frames::Shown),
        ("firewall = \"kubernetes\"", Frames::Shown),
        ("firewall = \"docker-29\"", Frames::Hidden),
        ("firewall = \"docker-29-nft\"", Frames::Hidden),
        (
            "firewall = \"docker-29\"\npath = \"hairpin\"",
            Frames::Shown,
        ),
        ("firewall = \"docker-29\"\nrules = 0", Frames::Shown),
        ("firewall = \"conntrack\"", Frames::Hidden),
    ] {
        let ruleset = Ruleset::of(&cell(axes, ""), &site(Proxy::Process)).unwrap();
        assert_eq!(ruleset.frames, frames, "{axes}");
    }
}

fn custom(text: &str) -> Result<Ruleset> {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(&file, text).unwrap();
    let lab = format!("ruleset = {:?}", file.path().to_str().unwrap());
    Ruleset::of(&cell("firewall = \"custom\"", &lab), &site(Proxy::Process))
}

#[test]
fn a_custom_rule_set_is_written_for_the_lab_and_handed_to_the_tool_it_is_for() {
    let nft = custom(
        "table ip mine {\n\tchain c {\n\t\tip saddr {{address}} iifname {{bridge}} comment \"{{container}}\"\n\t}\n}\n",
    );
    assert_snapshot!("custom nft", show(&nft.unwrap()));
    let saved = "# Generated by iptables-save v1.8.9\n*filter\n-A FORWARD -s {{subnet}} -j ACCEPT\nCOMMIT\n\
                 # Generated by ip6tables-save v1.8.9\n*filter\n-A FORWARD -s {{address6}} -j ACCEPT\nCOMMIT\n";
    assert_snapshot!("custom iptables-save", show(&custom(saved).unwrap()));
}

#[test]
fn a_name_with_nothing_behind_it_is_refused_with_its_line() {
    let error = custom("table ip mine {\nchain c {\n# {{adress}}\n}\n}\n").unwrap_err();
    let sentence = error.sentence();
    assert!(
        sentence.ends_with("line 3: nothing stands behind {{adress}}"),
        "{sentence}"
    );
    assert!(
        error
            .hint()
            .is_some_and(|hint| hint.contains("{{address}}"))
    );
}

#[test]
fn lifting_empties_every_table_that_was_named() {
    let text = "*filter\n:FORWARD DROP [0:0]\n:MINE - [0:0]\n-A FORWARD -j MINE\nCOMMIT\n";
    let lifted = Script::Restore(Family::Ipv4, text.to_owned()).lifted();
    assert_eq!(lifted.text(), "*filter\n:FORWARD ACCEPT [0:0]\nCOMMIT\n");
}
