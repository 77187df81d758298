//! Bridges that are joined, bridges that are set otherwise than usual, and bridges over a tunnel.

use super::*;

/// The ports that a forwarding table has entries of ours for: port, then MAC, sorted.
fn pinned(inside: &Inside) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let ours = inside
        .forwarding
        .iter()
        .filter(|entry| entry["state"] == "static" && text(&entry["mac"]).starts_with("02:42:0a"));
    let mut pinned: Vec<_> = ours
        .map(|entry| (text(&entry["ifname"]), text(&entry["mac"])))
        .collect();
    pinned.sort();
    pinned.dedup();
    pinned
}

/// The names of the ports of a bridge, sorted.
fn ports_of(inside: &Inside, bridge: &str) -> Vec<String> {
    let on_it = inside.links.iter().filter(|link| link["master"] == bridge);
    let mut names: Vec<_> = on_it
        .map(|link| link["ifname"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn pairs_cross_trunks_between_bridges_that_know_who_is_where() {
    let Some(_alone) = kernel() else {
        return;
    };
    let axes = "topology = \"bridge\"\ncontainers = 8\njoin = \"trunk\"\ncrossing = true\n[lab]\nports_per_bridge = 4";
    raise_check_and_remove(axes, |lab| {
        assert_eq!(lab.hosts.len(), 3);
        let [first, second, core] = [0, 1, 2].map(|host: usize| Inside::of(&lab.hosts[host]));
        let names = |all: &[&str]| {
            all.iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            ports_of(&first, "br0"),
            names(&["trunk", "v00000", "v00002", "v00005", "v00007"])
        );
        assert_eq!(
            ports_of(&second, "br1"),
            names(&["trunk", "v00001", "v00003", "v00004", "v00006"])
        );
        assert_eq!(ports_of(&core, "core"), names(&["node0", "node1"]));
        for inside in [&first, &second, &core] {
            assert!(
                inside
                    .links
                    .iter()
                    .filter(|link| link["master"].is_string())
                    .all(is_up)
            );
        }
        // Each bridge has four of its own and the partners of these beyond the trunk.
        let beyond = |inside: &Inside| {
            pinned(inside)
                .iter()
                .filter(|(port, _)| port == "trunk")
                .count()
        };
        assert_eq!((pinned(&first).len(), beyond(&first)), (8, 4));
        assert_eq!((pinned(&second).len(), beyond(&second)), (8, 4));
        assert_eq!(pinned(&core).len(), 8);
        let container = Inside::of(&lab.containers[1]);
        assert_eq!(
            container.addresses("eth0"),
            ["10.0.8.3/8", "fd6b:696c:0:1::3/32"]
        );
        for (client, server) in lab.pairs() {
            assert_moves_bytes(lab, *client, *server);
        }
        // These two share a bridge with neither's partner, and nobody told them of each other.
        assert_moves_bytes(lab, 0, 6);
    });
}

#[test]
fn pairs_cross_a_router_between_bridges() {
    let Some(_alone) = kernel() else {
        return;
    };
    for family in ["ipv4", "ipv6"] {
        let axes = format!(
            "topology = \"bridge\"\nfamily = \"{family}\"\ncontainers = 2\njoin = \"routed\"\ncrossing = true"
        );
        raise_check_and_remove(&axes, |lab| {
            assert_eq!(lab.hosts.len(), 3);
            let one = Inside::of(&lab.containers[1]);
            assert_eq!(
                one.addresses("eth0"),
                ["10.0.8.3/21", "fd6b:696c:0:1::3/64"]
            );
            let before = received_on(lab, 2, "node0");
            assert_moves_bytes(lab, 0, 1);
            assert!(received_on(lab, 2, "node0") - before >= BYTES as u64);
        });
    }
}

#[test]
fn joined_bridges_whose_pairs_do_not_cross_keep_them_apart_from_the_trunk() {
    let Some(_alone) = kernel() else {
        return;
    };
    let axes = "topology = \"bridge\"\ncontainers = 8\njoin = \"trunk\"\n[lab]\nbridges = 2";
    raise_check_and_remove(axes, |lab| {
        let before = received_on(lab, 2, "node0");
        assert_moves_bytes(lab, 0, 1);
        assert!(received_on(lab, 2, "node0") - before < BYTES as u64 / 2);
    });
}

#[test]
fn bridges_are_set_as_asked() {
    let Some(_alone) = kernel() else {
        return;
    };
    let axes = "topology = \"bridge\"\ncontainers = 4\nsnooping = true\nentries = \"learned\"\nageing = 7\nhairpin = true\npath = \"outside\"\nisolation = true";
    raise_check_and_remove(axes, |lab| {
        let inside = Inside::of(&lab.hosts[0]);
        let bridge = &inside.link("br0")["linkinfo"]["info_data"];
        assert_eq!(
            (&bridge["mcast_snooping"], &bridge["ageing_time"]),
            (&1.into(), &700.into())
        );
        for port in ["v00000", "v00003"] {
            let set = &inside.link(port)["linkinfo"]["info_slave_data"];
            assert_eq!(
                (&set["hairpin"], &set["isolated"]),
                (&true.into(), &true.into()),
                "{set}"
            );
        }
        assert_moves_bytes(lab, 0, 1);
    });
}

/// Whether a connection comes about, between sockets that share nothing with `traffic`. Frames that a bridge keeps back are
/// lost without an answer, so that no is known only after a while.
fn connects(lab: &Lab, client: u32, server: u32) -> bool {
    let inside = |container| {
        let (namespace, address) = lab.seat(container);
        let visitor = Visitor::new().unwrap();
        visitor.enter(namespace).unwrap();
        (visitor, address)
    };
    let listener = {
        let (_visitor, address) = inside(server);
        std::net::TcpListener::bind((address, 0)).unwrap()
    };
    let (_visitor, _) = inside(client);
    let patience = Duration::from_secs(2);
    std::net::TcpStream::connect_timeout(&listener.local_addr().unwrap(), patience).is_ok()
}

#[test]
fn isolated_ports_of_one_bridge_do_not_reach_each_other_but_what_is_beyond_it() {
    let Some(_alone) = kernel() else {
        return;
    };
    // Both pairs are on two bridges, 0 and 3 behind the first: isolation keeps these apart, and lets both through the trunk.
    let axes = "topology = \"bridge\"\ncontainers = 4\njoin = \"trunk\"\ncrossing = true\nentries = \"learned\"\n[lab]\nbridges = 2";
    for isolation in [false, true] {
        let axes = axes.replace("\n[lab]", &format!("\nisolation = {isolation}\n[lab]"));
        raise_check_and_remove(&axes, |lab| {
            let first = Inside::of(&lab.hosts[0]);
            let port = |name| first.link(name)["linkinfo"]["info_slave_data"]["isolated"].clone();
            assert_eq!(
                ports_of(&first, "br0").len(),
                3,
                "two containers and the trunk"
            );
            assert_eq!(port("v00000"), isolation);
            assert_eq!(port("trunk"), false);
            assert_moves_bytes(lab, 0, 1);
            assert_eq!(connects(lab, 0, 3), !isolation, "isolation = {isolation}");
        });
    }
}

#[test]
fn vlan_filtering_is_on_or_refused_by_name() {
    let Some(_alone) = kernel() else {
        return;
    };
    let axes = "topology = \"bridge\"\ncontainers = 2\nvlan_filtering = true";
    match Lab::setup(&cell(axes), &|| false) {
        Ok(lab) => {
            let inside = Inside::of(&lab.hosts[0]);
            assert_eq!(
                inside.link("br0")["linkinfo"]["info_data"]["vlan_filtering"],
                1
            );
            assert_moves_bytes(&lab, 0, 1);
            lab.teardown().unwrap();
        }
        Err(error) => {
            let hint = error.hint().unwrap_or_default();
            assert!(
                hint.starts_with("not available: this kernel's bridges"),
                "{}",
                error.sentence()
            );
        }
    }
}

#[test]
fn where_entries_are_learned_nobody_is_told_and_all_find_each_other() {
    let Some(_alone) = kernel() else {
        return;
    };
    for topology in ["veth", "bridge", "routed", "vxlan", "macvlan"] {
        for family in ["ipv4", "ipv6"] {
            let axes = format!(
                "topology = \"{topology}\"\nfamily = \"{family}\"\ncontainers = 4\nentries = \"learned\""
            );
            raise_check_and_remove(&axes, |lab| {
                for namespace in lab.containers.iter().chain(&lab.hosts) {
                    let inside = Inside::of(namespace);
                    assert_eq!(inside.permanent_neighbours(), [], "{topology}");
                    assert_eq!(pinned(&inside), [], "{topology}");
                }
                assert_moves_bytes(lab, 0, 1);
            });
        }
    }
}

#[test]
fn nodes_are_joined_by_a_tunnel_that_pairs_go_through() {
    let Some(_alone) = kernel() else {
        return;
    };
    for family in ["ipv4", "ipv6"] {
        let axes = format!(
            "topology = \"vxlan\"\nfamily = \"{family}\"\ncontainers = 8\n[lab]\nports_per_bridge = 2"
        );
        raise_check_and_remove(&axes, |lab| {
            assert_eq!(lab.hosts.len(), 4, "two nodes for each two pairs");
            let node = Inside::of(&lab.hosts[3]);
            let tunnel = node.link("vxlan");
            assert!(is_up(tunnel) && is_up(node.link("below")) && is_up(node.link("br3")));
            let set = &tunnel["linkinfo"]["info_data"];
            assert_eq!(
                (&set["id"], &set["local"], &set["remote"], &set["port"]),
                (
                    &2.into(),
                    &"198.18.0.6".into(),
                    &"198.18.0.5".into(),
                    &4789.into()
                )
            );
            assert_eq!(
                (&tunnel["mtu"], &node.link("below")["mtu"]),
                (&1500.into(), &1550.into())
            );
            assert_eq!(ports_of(&node, "br3"), ["v00005", "v00007", "vxlan"]);
            let before = received_on(lab, 3, "below");
            for (client, server) in lab.pairs() {
                assert_moves_bytes(lab, *client, *server);
            }
            assert!(received_on(lab, 3, "below") - before >= 2 * BYTES as u64);
        });
    }
}

#[test]
fn links_take_units_of_the_size_that_was_asked_for() {
    let Some(_alone) = kernel() else {
        return;
    };
    let sizes = [
        ("gso_max = \"128KiB\"", [131_072, 131_072]),
        ("gso_ipv4_max = \"128KiB\"", [65_536, 131_072]),
        (
            "gso_max = \"256KiB\"\ngso_ipv4_max = \"32KiB\"",
            [262_144, 32_768],
        ),
        (
            "gso_max = \"16KiB\"\ngso_ipv4_max = \"64KiB\"",
            [16_384, 65_536],
        ),
    ];
    let of_veth = sizes.map(|size| ("veth", size));
    for (topology, (asked, expected)) in of_veth
        .into_iter()
        .chain([("bridge", sizes[0]), ("routed", sizes[2])])
    {
        let axes = format!("topology = \"{topology}\"\ncontainers = 2\n{asked}");
        raise_check_and_remove(&axes, |lab| {
            let near = lab.hosts.first().map(Inside::of);
            let far = Inside::of(&lab.containers[0]);
            let ends = [
                Some(far.link("eth0")),
                near.as_ref().map(|node| node.link("v00000")),
            ];
            for end in ends.into_iter().flatten() {
                let [of_all, of_ipv4] = expected;
                for size in ["gso_max_size", "gro_max_size"] {
                    assert_eq!(end[size], of_all, "{topology} {asked}");
                }
                // Older versions of `ip` do not show those of IPv4.
                for size in ["gso_ipv4_max_size", "gro_ipv4_max_size"] {
                    assert!(
                        end[size].is_null() || end[size] == of_ipv4,
                        "{topology} {asked}"
                    );
                }
            }
            assert_moves_bytes(lab, 0, 1);
        });
    }
}

#[test]
fn without_offload_each_packet_is_one_of_its_own() {
    let Some(_alone) = kernel() else {
        return;
    };
    for (offload, whole) in [("true", false), ("false", true)] {
        let axes = format!("topology = \"bridge\"\ncontainers = 2\noffload = {offload}");
        raise_check_and_remove(&axes, |lab| {
            let packets = || {
                Inside::of(&lab.containers[1]).link("eth0")["stats64"]["rx"]["packets"]
                    .as_u64()
                    .unwrap()
            };
            let before = packets();
            assert_moves_bytes(lab, 0, 1);
            // 1,448 bytes of payload fit a packet of 1,500.
            let single = packets() - before >= BYTES as u64 / 1448;
            assert_eq!(single, whole, "offload = {offload}");
        });
    }
}

/// Bytes that came in on a link of a namespace of the host side.
fn received_on(lab: &Lab, host: usize, link: &str) -> u64 {
    let inside = Inside::of(&lab.hosts[host]);
    inside.link(link)["stats64"]["rx"]["bytes"]
        .as_u64()
        .unwrap()
}
