//! Rules in the kernel, read with `nft` and `iptables-save` inside the lab's host side, which share nothing with what
//! loaded them but the kernel.

use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::BorrowedFd;

use super::*;
use crate::lab::firewall::Script;
use crate::lab::tracking::Tracking;
use crate::scenario::rules::Stand;
use crate::scenario::{Backend, Factor, Family, Firewall, Stack};

/// What a program inside a namespace of the lab prints.
fn told_inside(namespace: BorrowedFd<'_>, script: &str) -> String {
    let file = format!("/proc/{}/fd/{}", std::process::id(), namespace.as_raw_fd());
    let output = Command::new("nsenter")
        .args([&format!("--net={file}"), "sh", "-ec", script])
        .output()
        .expect("these tests need nsenter, nft and iptables");
    assert!(output.status.success(), "{script}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The rules in a text as `iptables-save` writes it, each with its table.
fn saved_rules(text: &str) -> Vec<(String, String)> {
    let mut table = String::new();
    let mut rules = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('*') {
            name.clone_into(&mut table);
        } else if line.starts_with("-A ") {
            rules.push((table.clone(), line.to_owned()));
        }
    }
    rules.sort();
    rules
}

/// The lines of a text as `nft list ruleset` writes it, in any order, without what it counted.
fn listed_lines(text: &str) -> Vec<String> {
    let mut lines: Vec<_> = text
        .lines()
        .map(|line| match line.trim().split_once(" packets ") {
            // "packets 3 bytes 180" and what follows.
            Some((rule, counted)) => {
                let rest = counted.split(' ').skip(3);
                [rule].into_iter().chain(rest).collect::<Vec<_>>().join(" ")
            }
            None => line.trim().to_owned(),
        })
        // What a named counter has counted stands on a line of its own.
        .filter(|line| !line.is_empty() && !line.starts_with("packets "))
        .collect();
    lines.sort();
    lines
}

/// Holds what the kernel has against what was drawn for it.
fn check_host_side(lab: &Lab) {
    for (host, ruleset) in &lab.rules.host_sides {
        let namespace = lab.hosts[*host as usize].as_fd();
        for script in &ruleset.scripts {
            match script {
                Script::Nft(text) => {
                    let listed = told_inside(namespace, "nft list ruleset");
                    assert_eq!(listed_lines(&listed), listed_lines(text));
                }
                Script::Restore(family, text) => {
                    let program = match (family, ruleset.backend) {
                        (Family::Ipv4, Backend::IptablesLegacy) => "iptables-legacy-save",
                        (Family::Ipv6, Backend::IptablesLegacy) => "ip6tables-legacy-save",
                        (Family::Ipv4, _) => "iptables-nft-save",
                        (Family::Ipv6, _) => "ip6tables-nft-save",
                    };
                    let saved = told_inside(namespace, program);
                    assert_eq!(saved_rules(&saved), saved_rules(text), "{program}");
                }
            }
        }
    }
}

/// Whether the client of pair 0 reaches a listener of its server, made and called inside their namespaces: by a published
/// port, where that is the way.
fn pair_connects(lab: &Lab) -> bool {
    reached(lab, lab.entrance(0))
}

fn reached(lab: &Lab, entrance: Option<IpAddr>) -> bool {
    let (client, server) = (lab.seat(0), lab.seat(1));
    // The first flow's ports: 10000 of the host side leads to 5201.
    let port = if entrance.is_some() { 5201 } else { 0 };
    let listen = || {
        let visitor = Visitor::new().unwrap();
        visitor.enter(server.0).unwrap();
        TcpListener::bind(SocketAddr::new(server.1, port)).unwrap()
    };
    let listener = std::thread::scope(|scope| scope.spawn(listen).join().unwrap());
    let call = || {
        let visitor = Visitor::new().unwrap();
        visitor.enter(client.0).unwrap();
        let patience = Duration::from_secs(2);
        let target = match entrance {
            Some(address) => SocketAddr::new(address, 10_000),
            None => listener.local_addr().unwrap(),
        };
        TcpStream::connect_timeout(&target, patience).is_ok()
    };
    std::thread::scope(|scope| scope.spawn(call).join().unwrap())
}

/// Rules that the tools read back in a namespace, whoever loaded them.
fn rules_in(namespace: BorrowedFd<'_>) -> usize {
    let by_nft = told_inside(namespace, "nft -j list ruleset");
    let by_legacy = told_inside(namespace, "iptables-legacy-save; ip6tables-legacy-save");
    by_nft.matches("{\"rule\":").count() + saved_rules(&by_legacy).len()
}

/// Holds where a profile's rules are: on the host side, in the containers, or nowhere.
fn assert_rules_stand(lab: &Lab, firewall: Firewall, case: &str) {
    let found = [&lab.hosts[0], &lab.containers[0]].map(|one| rules_in(one.as_fd()) > 0);
    let expected = match firewall.facts().stand {
        Stand::Nowhere => [false, false],
        Stand::Inside => [false, true],
        Stand::HostSide | Stand::Bridge => [true, false],
    };
    assert_eq!(found, expected, "{case}");
}

/// What may load a profile, as a scenario says it; nothing where its text does.
fn loaders(firewall: Firewall) -> Vec<String> {
    match firewall {
        Firewall::None | Firewall::Custom => vec![String::new()],
        profile => {
            let backends = profile.backends().iter();
            let written = backends.map(|it| format!("backend = \"{it}\"\n"));
            written.collect()
        }
    }
}

#[test]
fn every_profile_by_each_of_its_loaders_stands_as_drawn_and_lets_the_containers_talk() {
    let Some(_alone) = kernel() else {
        return;
    };
    let own = tempfile::NamedTempFile::new().unwrap();
    let table = "table ip mine {\n\tchain c {\n\t\tip saddr {{address}} counter\n\t}\n}\n";
    fs::write(own.path(), table).unwrap();
    for firewall in Firewall::ALL {
        let families = if firewall.publishes() {
            Family::ALL
        } else {
            &[Family::Ipv4]
        };
        let lab = if *firewall == Firewall::Custom {
            format!("ruleset = {:?}", own.path())
        } else if firewall.publishes() {
            "published = 3".to_owned()
        } else {
            String::new()
        };
        let ways = loaders(*firewall).into_iter();
        for (loader, family) in
            ways.flat_map(|one| families.iter().map(move |it| (one.clone(), it)))
        {
            let axes = format!(
                "containers = 4\nfamily = \"{family}\"\nfirewall = \"{firewall}\"\n{loader}[lab]\n{lab}"
            );
            let case = format!("{firewall} {loader} {family}");
            raise_check_and_remove(&axes, |lab| {
                assert_rules_stand(lab, *firewall, &case);
                // nft lists the elements of its maps in lines of its own.
                if *firewall != Firewall::KubernetesNft {
                    check_host_side(lab);
                }
                assert!(pair_connects(lab), "{case}");
                let loads = *firewall != Firewall::None;
                assert_eq!(lab.phases().firewall > Duration::ZERO, loads, "{case}");
            });
        }
    }
}

#[test]
fn a_profile_that_would_load_nothing_is_refused() {
    for profile in ["docker-1.12", "docker-20.10"] {
        let mut cell = cell(&format!("containers = 2\nfirewall = \"{profile}\""));
        // No scenario may ask for it, so the cell is made by hand.
        (cell.family, cell.stack) = (Family::Ipv6, Stack::Single);
        let error = Lab::setup(&cell, &|| false).expect_err("it has no rules for IPv6");
        let expected =
            format!("load the rules of {profile}: it has none for the protocols of this lab");
        assert_eq!(error.sentence(), expected);
    }
}

#[test]
fn where_a_router_has_no_bridge_its_links_stand_for_one() {
    let Some(_alone) = kernel() else {
        return;
    };
    for profile in ["docker-1.12", "docker-20.10", "docker-29", "kubernetes"] {
        for path in ["direct", "outside", "published"] {
            let axes = format!(
                "topology = \"routed\"\ncontainers = 4\nfirewall = \"{profile}\"\npath = \"{path}\""
            );
            raise_check_and_remove(&axes, |lab| {
                check_host_side(lab);
                assert!(pair_connects(lab), "{profile}, {path}");
            });
        }
    }
}

#[test]
fn published_ports_lead_to_their_containers_from_outside_and_from_a_container() {
    let Some(_alone) = kernel() else {
        return;
    };
    for (profile, families) in [
        ("docker-1.12", &["ipv4"][..]),
        ("docker-20.10", &["ipv4"]),
        ("docker-29", &["ipv4", "ipv6"]),
        ("docker-29-nft", &["ipv4", "ipv6"]),
        ("kubernetes", &["ipv4", "ipv6"]),
    ] {
        for (family, path) in families
            .iter()
            .flat_map(|one| [(one, "published"), (one, "hairpin")])
        {
            let axes = format!(
                "containers = 4\nfamily = \"{family}\"\nfirewall = \"{profile}\"\npath = \"{path}\""
            );
            raise_check_and_remove(&axes, |lab| {
                assert!(lab.entrance(0).is_some());
                check_host_side(lab);
                assert!(pair_connects(lab), "{profile}, {family}, {path}");
            });
        }
    }
}

#[test]
fn a_published_port_stands_on_the_host_side_of_its_own_container() {
    let Some(_alone) = kernel() else {
        return;
    };
    let axes = "containers = 8\nfirewall = \"docker-29\"\npath = \"published\"\n[lab]\nbridges = 2";
    raise_check_and_remove(axes, |lab| {
        check_host_side(lab);
        assert!(pair_connects(lab));
        let rules = |host: usize| told_inside(lab.hosts[host].as_fd(), "iptables-nft-save -t nat");
        let leads = |text: &str| text.matches("-j DNAT").count();
        let found = [leads(&rules(0)), leads(&rules(1))];
        assert_eq!(found.iter().sum::<usize>(), 4, "{found:?}");
        for (number, (_, ruleset)) in lab.rules.host_sides.iter().enumerate() {
            let own = lab
                .layout
                .ports()
                .filter(|port| port.host as usize == number);
            for port in own {
                let address = port.far.link.addresses[0].address.to_string();
                let named = ruleset.scripts[0]
                    .text()
                    .contains(&format!("-d {address}/32"));
                assert!(named, "{address} on host side {number}");
            }
        }
    });
}

#[test]
fn what_leaves_by_dockers_rules_comes_from_the_host_sides_address() {
    let Some(_alone) = kernel() else {
        return;
    };
    for profile in [
        "docker-1.12",
        "docker-20.10",
        "docker-29",
        "docker-29-nft",
        "kubernetes",
    ] {
        let axes = format!("containers = 2\nfirewall = \"{profile}\"\npath = \"outside\"");
        raise_check_and_remove(&axes, |lab| {
            let (client, server) = (lab.seat(0), lab.seat(1));
            let listen = || {
                let visitor = Visitor::new().unwrap();
                visitor.enter(server.0).unwrap();
                TcpListener::bind(SocketAddr::new(server.1, 0)).unwrap()
            };
            let listener = std::thread::scope(|scope| scope.spawn(listen).join().unwrap());
            let call = || {
                let visitor = Visitor::new().unwrap();
                visitor.enter(client.0).unwrap();
                TcpStream::connect(listener.local_addr().unwrap()).unwrap()
            };
            let _calling = std::thread::scope(|scope| scope.spawn(call).join().unwrap());
            let (_accepted, from) = listener.accept().unwrap();
            assert_eq!(from.ip().to_string(), "198.18.0.1", "{profile}");
        });
    }
}

#[test]
fn frames_are_shown_to_rules_only_where_the_profile_has_them_shown() {
    let Some(_alone) = kernel() else {
        return;
    };
    let file = "/proc/sys/net/bridge/bridge-nf-call-iptables";
    if !std::path::Path::new(file).exists() {
        eprintln!("SKIPPED: this kernel has no br_netfilter");
        return;
    }
    for (profile, shown) in [
        ("none", "0"),
        ("docker-29", "0"),
        ("docker-20.10", "1"),
        ("kubernetes", "1"),
    ] {
        let axes = format!("containers = 2\nfirewall = \"{profile}\"");
        raise_check_and_remove(&axes, |lab| {
            let told = told_inside(lab.hosts[0].as_fd(), &format!("cat {file}"));
            assert_eq!(told.trim(), shown, "{profile}");
        });
    }
}

#[test]
fn rules_that_match_nothing_stand_in_every_shape_and_count_no_packet() {
    let Some(_alone) = kernel() else {
        return;
    };
    for shape in ["linear", "set", "map"] {
        for hook in ["raw", "filter", "nat"] {
            let axes = format!(
                "containers = 2\nrules = 5\nrule_shape = \"{shape}\"\nrule_hook = \"{hook}\""
            );
            raise_check_and_remove(&axes, |lab| {
                check_host_side(lab);
                assert!(pair_connects(lab), "{shape} at {hook}");
            });
        }
    }
}

#[test]
fn conntrack_tracks_inside_every_container_and_nowhere_else() {
    let Some(_alone) = kernel() else {
        return;
    };
    let count = "cat /proc/sys/net/netfilter/nf_conntrack_count";
    for topology in ["bridge", "veth"] {
        let axes = format!("containers = 4\ntopology = \"{topology}\"\nfirewall = \"conntrack\"");
        raise_check_and_remove(&axes, |lab| {
            for container in &lab.containers {
                let listed = told_inside(container.as_fd(), "nft list ruleset");
                assert!(listed.contains("hook input"), "{listed}");
                assert!(
                    listed.contains("ct state established,related accept"),
                    "{listed}"
                );
            }
            assert!(pair_connects(lab));
            for container in [0, 1] {
                let tracked = told_inside(lab.containers[container].as_fd(), count);
                assert_eq!(tracked.trim(), "1", "{topology} container {container}");
            }
            for host in &lab.hosts {
                assert_eq!(told_inside(host.as_fd(), "nft list ruleset"), "");
            }
            let mut tracking = Tracking::of(lab).unwrap();
            assert_eq!((tracking.containers, tracking.tables.len()), (4, 4));
            let entries = tracking.read().unwrap().into_iter().map(|it| it.entries);
            assert_eq!(entries.sum::<u64>(), 2, "one connection, at both its ends");
        });
    }
}

#[test]
fn of_many_containers_that_track_a_sample_of_whole_pairs_is_read() {
    let Some(_alone) = kernel() else {
        return;
    };
    for (containers, active, read) in [(100, 100, 26), (100, 4, 4)] {
        let axes = format!(
            "containers = {containers}\nactive = {active}\ntopology = \"veth\"\nfirewall = \"conntrack\""
        );
        raise_check_and_remove(&axes, |lab| {
            let tracking = Tracking::of(lab).unwrap();
            assert_eq!(tracking.containers, read, "{active} of {containers}");
        });
    }
}

/// A rule set of one's own in a file, and the axes that ask for it.
fn custom(text: &str) -> (tempfile::NamedTempFile, String) {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(&file, text).unwrap();
    let axes = format!(
        "containers = 2\nfirewall = \"custom\"\n[lab]\nruleset = {:?}",
        file.path().to_str().unwrap()
    );
    (file, axes)
}

#[test]
fn rules_that_cut_containers_off_are_lifted_to_see_it() {
    let Some(_alone) = kernel() else {
        return;
    };
    for text in [
        "table ip mine {\n\tchain forward {\n\t\ttype filter hook forward priority filter; policy drop;\n\t}\n}\n",
        "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n",
    ] {
        let (_file, axes) = custom(text);
        raise_check_and_remove(&axes, |lab| {
            assert!(!pair_connects(lab), "{text}");
            assert!(lab.lift_rules().unwrap());
            assert!(pair_connects(lab), "{text}");
        });
    }
}

#[test]
fn a_rule_set_that_does_not_parse_is_refused_with_the_tools_words_and_its_line() {
    let Some(_alone) = kernel() else {
        return;
    };
    for (text, tool, line) in [
        (
            "table ip mine {\n\tchain c {\n\t\tfrobnicate\n\t}\n}\n",
            "nft: ",
            "correct line 3 of the rules, which reads: frobnicate",
        ),
        (
            "*filter\n-A FORWARD -m nonesuch -j DROP\nCOMMIT\n",
            "iptables-nft-restore: ",
            "correct line 2 of the rules, which reads: -A FORWARD",
        ),
    ] {
        let (_file, axes) = custom(text);
        let before = descriptors();
        let error = Lab::setup(&cell(&axes), &|| false).unwrap_err();
        let sentence = error.sentence();
        assert!(
            sentence.starts_with(&format!("load the rules of custom: {tool}")),
            "{sentence}"
        );
        assert!(
            error.hint().is_some_and(|hint| hint.starts_with(line)),
            "{error:?}"
        );
        assert_eq!(descriptors(), before);
    }
}
