//! Labs whose traffic is routed: between containers, and to a place outside.

use super::*;

/// Address and MAC of every permanent neighbour on one link.
fn known_on(inside: &Inside, link: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let on_it = inside
        .neighbours
        .iter()
        .filter(|one| one["dev"] == link && one["state"] == serde_json::json!(["PERMANENT"]));
    let mut known: Vec<_> = on_it
        .map(|one| (text(&one["dst"]), text(&one["lladdr"])))
        .collect();
    known.sort();
    known
}

/// Where a link leads to, as `ip` says it; without what the kernel enters by itself.
fn led_to(inside: &Inside, link: &str) -> Vec<String> {
    let of_link = inside
        .routes
        .iter()
        .filter(|route| route["dev"] == link && route["protocol"] == "static");
    of_link
        .map(|route| match route["gateway"].as_str() {
            Some(gateway) => format!("{} via {gateway}", route["dst"].as_str().unwrap()),
            None => route["dst"].as_str().unwrap().to_owned(),
        })
        .collect()
}

#[test]
fn routed_containers_have_one_gateway_and_the_router_a_route_to_each() {
    let Some(_alone) = kernel() else {
        return;
    };
    raise_check_and_remove("topology = \"routed\"\ncontainers = 4", |lab| {
        let router = Inside::of(&lab.hosts[0]);
        let router_mac = "ee:ee:ee:ee:ee:ee".to_owned();
        for container in 0..4_usize {
            let inside = Inside::of(&lab.containers[container]);
            let (v4, v6) = (
                format!("10.0.0.{}", container + 2),
                format!("fd6b:696c::{}", container + 2),
            );
            assert_eq!(
                inside.addresses("eth0"),
                [format!("{v4}/32"), format!("{v6}/128")]
            );
            assert_eq!(
                led_to(&inside, "eth0"),
                [
                    "default via 169.254.1.1",
                    "169.254.1.1",
                    "default via fe80::ecee:eeff:feee:eeee"
                ]
            );
            assert_eq!(
                inside.permanent_neighbours(),
                ["169.254.1.1", "fe80::ecee:eeff:feee:eeee"]
                    .map(|gateway| (gateway.to_owned(), router_mac.clone()))
            );
            let port = format!("v{container:05}");
            assert!(is_up(router.link(&port)));
            assert_eq!(router.link(&port)["address"], router_mac);
            assert_eq!(router.addresses(&port), ["fe80::ecee:eeff:feee:eeee/64"]);
            assert_eq!(led_to(&router, &port), [v4.clone(), v6.clone()]);
            let mac = format!("02:42:0a:00:00:{:02x}", container + 2);
            assert_eq!(known_on(&router, &port), [(v4, mac.clone()), (v6, mac)]);
        }
        assert_moves_bytes(lab, 0, 1);
    });
}

/// A router's links, counted by `ip`, where there are fewer to a router than usual, and more.
#[test]
fn a_router_has_as_many_containers_as_are_asked_for() {
    let Some(_alone) = kernel() else {
        return;
    };
    for (containers, ports, routers) in [(8, 4, 2), (1_100, 1_200, 1)] {
        let axes = format!(
            "topology = \"routed\"\ncontainers = {containers}\nports_per_router = {ports}\nactive = 4"
        );
        raise_check_and_remove(&axes, |lab| {
            assert_eq!(lab.hosts.len(), routers);
            for host in &lab.hosts {
                let inside = Inside::of(host);
                let names = inside.link_names().into_iter();
                let ports = names.filter(|name| name.starts_with("v0")).count();
                assert_eq!(ports, containers / routers);
            }
            assert_moves_bytes(lab, 0, 1);
            let last = u32::try_from(containers).unwrap() - 1;
            assert_moves_bytes(lab, last - 1, last);
        });
    }
}

#[test]
fn a_router_answers_those_who_have_to_ask_for_the_gateway() {
    let Some(_alone) = kernel() else {
        return;
    };
    let axes = "topology = \"routed\"\nfamily = [FAMILY]\ncontainers = 4\nactive = 2";
    for family in ["\"ipv4\"", "\"ipv6\""] {
        raise_check_and_remove(&axes.replace("[FAMILY]", family), |lab| {
            assert_eq!(Inside::of(&lab.containers[2]).permanent_neighbours(), []);
            // Nobody told these two of their gateway, nor the router of them.
            assert_moves_bytes(lab, 2, 3);
        });
    }
}

#[test]
fn routed_containers_of_a_single_stack_have_the_other_nowhere() {
    let Some(_alone) = kernel() else {
        return;
    };
    for (family, address, other) in [
        ("ipv4", "10.0.0.2/32", "fd6b"),
        ("ipv6", "fd6b:696c::2/128", "10.0"),
    ] {
        let axes = format!(
            "topology = \"routed\"\nfamily = \"{family}\"\ncontainers = 2\n[lab]\nstack = \"single\""
        );
        raise_check_and_remove(&axes, |lab| {
            let inside = Inside::of(&lab.containers[0]);
            assert_eq!(inside.addresses("eth0"), [address]);
            let router = Inside::of(&lab.hosts[0]);
            let foreign = router.routes.iter().find(|route| {
                route["dst"]
                    .as_str()
                    .is_some_and(|to| to.starts_with(other))
            });
            assert_eq!(foreign, None);
            assert_moves_bytes(lab, 0, 1);
        });
    }
}

#[test]
fn servers_outside_are_reached_through_every_kind_of_router() {
    let Some(_alone) = kernel() else {
        return;
    };
    for (topology, family, nodes, lab) in [
        ("bridge", "ipv4", 2, "ports_per_bridge = 4"),
        ("bridge", "ipv6", 2, "ports_per_bridge = 4"),
        ("routed", "ipv4", 1, ""),
        ("routed", "ipv6", 1, ""),
    ] {
        let axes = format!(
            "topology = \"{topology}\"\nfamily = \"{family}\"\npath = \"outside\"\ncontainers = 8\n[lab]\n{lab}"
        );
        raise_check_and_remove(&axes, |lab| {
            assert_eq!((lab.containers.len(), lab.hosts.len()), (8, nodes + 1));
            let outside = Inside::of(&lab.hosts[nodes]);
            for node in 0..nodes {
                let at = 4 * node + 2;
                let expected = [format!("198.18.0.{at}/30"), format!("{}/64", beyond(node))];
                assert_eq!(outside.addresses(&format!("node{node}")), expected);
                let inside = Inside::of(&lab.hosts[node]);
                assert!(is_up(inside.link("uplink")));
                let via = [format!("198.18.0.{at}"), beyond(node).to_string()];
                assert_eq!(inside.gateways(), via);
            }
            let before = received(&outside, "node0");
            for (client, server) in lab.pairs() {
                assert_moves_bytes(lab, *client, *server);
            }
            let grown = received(&Inside::of(&lab.hosts[nodes]), "node0") - before;
            assert!(
                grown >= BYTES as u64 * 4 / nodes as u64,
                "{grown} came by the uplink"
            );
        });
    }
}

/// The outside's address on the link to a node.
fn beyond(node: usize) -> Ipv6Addr {
    Ipv6Addr::new(0x2001, 2, 0, u16::try_from(node).unwrap(), 0, 0, 0, 2)
}

/// Bytes that came in on a link, by the kernel's count of the moment.
fn received(inside: &Inside, link: &str) -> u64 {
    inside.link(link)["stats64"]["rx"]["bytes"]
        .as_u64()
        .unwrap()
}
