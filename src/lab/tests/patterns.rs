//! Labs in which one container talks to several: each is told of those it talks to, and of nobody else.

use std::collections::BTreeSet;

use super::*;

/// Shapes in which everybody reaches everybody, with more than one bridge where they can have it: axes, then keys of `[lab]`.
const SHAPES: &[(&str, &str)] = &[
    ("topology = \"bridge\"", ""),
    (
        "topology = \"bridge\"\njoin = \"trunk\"",
        "ports_per_bridge = 4",
    ),
    (
        "topology = \"bridge\"\njoin = \"routed\"",
        "ports_per_bridge = 4",
    ),
    ("topology = \"vxlan\"", ""),
    ("topology = \"macvlan\"", ""),
    ("topology = \"routed\"", ""),
];

/// Those that talk with a container, by the pairs alone.
fn partners(lab: &Lab, container: u32) -> BTreeSet<u32> {
    let pairs = lab.pairs().iter();
    let partners = pairs.filter_map(|(client, server)| match container {
        one if one == *client => Some(*server),
        one if one == *server => Some(*client),
        _ => None,
    });
    partners.collect()
}

/// The addresses of a container, without their prefixes.
fn addresses(inside: &Inside) -> impl Iterator<Item = String> {
    let written = inside.addresses("eth0").into_iter();
    written.map(|one| one.split('/').next().unwrap().to_owned())
}

/// Whether two containers are behind one device of the host side.
fn together(lab: &Lab, one: u32, other: u32) -> bool {
    let host_of = |container| {
        let mut ports = lab.layout.ports();
        let own = ports.find(|port| port.far.container == container);
        own.map(|port| port.host)
    };
    host_of(one) == host_of(other)
}

/// Holds whom a container knows against whom it talks to. A router in between is known by an address of its own.
fn check_known(lab: &Lab, insides: &[Inside], container: u32, routed: bool) {
    let inside = &insides[container as usize];
    let known = inside.permanent_neighbours().into_iter();
    let known: BTreeSet<String> = known.map(|(address, _)| address).collect();
    let (near, far): (BTreeSet<u32>, BTreeSet<u32>) = partners(lab, container)
        .into_iter()
        .partition(|other| !routed || together(lab, container, *other));
    let mut expected: BTreeSet<String> = near
        .into_iter()
        .flat_map(|other| addresses(&insides[other as usize]))
        .collect();
    if !far.is_empty() {
        expected.extend(inside.gateways().into_iter().map(str::to_owned));
    }
    assert_eq!(known, expected, "container {container}");
}

#[test]
fn everybody_knows_those_it_talks_to_and_reaches_them_without_asking() {
    let Some(_alone) = kernel() else {
        return;
    };
    for (axes, keys) in SHAPES {
        for (pattern, family) in [
            ("incast", "ipv4"),
            ("ring", "ipv6"),
            ("permutation", "ipv4"),
            ("all-to-all\"\npeers = 2\ndirection = \"both", "ipv6"),
        ] {
            let axes = format!(
                "{axes}\npattern = \"{pattern}\"\nfamily = \"{family}\"\ncontainers = 7\n[lab]\n{keys}"
            );
            raise_check_and_remove(&axes, |lab| {
                if !axes.contains("topology = \"routed\"") {
                    let routed = axes.contains("join = \"routed\"");
                    let insides: Vec<_> = lab.containers.iter().map(Inside::of).collect();
                    (0..7).for_each(|container| check_known(lab, &insides, container, routed));
                }
                for (client, server) in lab.pairs() {
                    assert_moves_bytes(lab, *client, *server);
                }
                (0..7).for_each(|container| assert_asked_nobody(lab, container));
            });
        }
    }
}

/// Whoever had to be asked for is a neighbour that is not permanent.
fn assert_asked_nobody(lab: &Lab, container: u32) {
    let inside = Inside::of(&lab.containers[container as usize]);
    let asked = inside.neighbours.iter().filter(|one| {
        one["dev"] == "eth0"
            && one["state"] != serde_json::json!(["PERMANENT"])
            && one["state"] != serde_json::json!(["NOARP"])
    });
    assert_eq!(
        asked.collect::<Vec<_>>(),
        Vec::<&Value>::new(),
        "container {container}"
    );
}

#[test]
fn an_odd_container_out_has_a_port_and_nobody_to_talk_to() {
    let Some(_alone) = kernel() else {
        return;
    };
    raise_check_and_remove(
        "topology = \"bridge\"\npattern = \"outcast\"\ncontainers = 5\nactive = 3",
        |lab| {
            assert_eq!(lab.pairs(), [(0, 1), (0, 2)]);
            let known: Vec<_> = (0..5)
                .map(|container: usize| {
                    Inside::of(&lab.containers[container])
                        .permanent_neighbours()
                        .len()
                })
                .collect();
            // By two protocols each.
            assert_eq!(known, [4, 2, 2, 0, 0]);
        },
    );
}
