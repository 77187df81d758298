//! Labs whose containers' devices stand on another.

use super::*;

#[test]
fn macvlans_stand_on_one_parent_and_know_their_partners() {
    let Some(_alone) = kernel() else {
        return;
    };
    raise_check_and_remove("topology = \"macvlan\"\ncontainers = 4", |lab| {
        assert_eq!((lab.containers.len(), lab.hosts.len()), (4, 1));
        let parent = Inside::of(&lab.hosts[0]);
        assert!(is_up(parent.link("parent")) && is_up(parent.link("idle")));
        for container in 0..4_u32 {
            let inside = Inside::of(&lab.containers[container as usize]);
            let eth0 = inside.link("eth0");
            assert!(is_up(eth0), "{eth0}");
            assert_eq!(eth0["linkinfo"]["info_kind"], "macvlan");
            assert_eq!(eth0["linkinfo"]["info_data"]["mode"], "bridge");
            assert_eq!(eth0["link_index"], parent.link("parent")["ifindex"]);
            assert_eq!(eth0["address"], Expected::behind_bridge(container, 4).mac());
            let (v4, v6) = (container + 2, container + 2);
            assert_eq!(
                inside.addresses("eth0"),
                [format!("10.0.0.{v4}/8"), format!("fd6b:696c::{v6}/64")]
            );
            let partner = Expected::behind_bridge(container ^ 1, 4);
            assert_eq!(inside.permanent_neighbours(), partner.as_neighbours());
        }
        assert_moves_bytes(lab, 0, 1);
        assert_moves_bytes(lab, 2, 3);
    });
}

#[test]
fn macvlans_of_a_single_stack_reach_each_other() {
    let Some(_alone) = kernel() else {
        return;
    };
    for (family, address) in [("ipv4", "10.0.0.2/8"), ("ipv6", "fd6b:696c::2/64")] {
        let axes = format!(
            "topology = \"macvlan\"\nfamily = \"{family}\"\ncontainers = 2\nmtu = 9000\n[lab]\nstack = \"single\"\nmacs = \"random\""
        );
        raise_check_and_remove(&axes, |lab| {
            let inside = Inside::of(&lab.containers[0]);
            assert_eq!(inside.addresses("eth0"), [address]);
            assert_eq!(inside.link("eth0")["mtu"], 9000);
            assert_moves_bytes(lab, 0, 1);
        });
    }
}

/// Whether `ip` can make a link of this kind here.
fn there_is(kind: &str) -> bool {
    let script = format!(
        "ip link add p type veth peer name q && ip link add {} probe type {kind}",
        if kind == "ipvlan" { "link p name" } else { "" }
    );
    let tried = Command::new("unshare")
        .args(["-n", "sh", "-c", &script])
        .output();
    tried.is_ok_and(|output| output.status.success())
}

#[test]
fn what_the_kernel_lacks_is_refused_by_name_and_what_it_has_moves_bytes() {
    let Some(_alone) = kernel() else {
        return;
    };
    for (kind, topology) in [
        ("ipvlan", "ipvlan-l2"),
        ("ipvlan", "ipvlan-l3"),
        ("netkit", "netkit"),
    ] {
        for family in ["ipv4", "ipv6"] {
            let axes = format!("topology = \"{topology}\"\nfamily = \"{family}\"\ncontainers = 4");
            if there_is(kind) {
                raise_check_and_remove(&axes, |lab| assert_moves_bytes(lab, 0, 1));
                continue;
            }
            let before = descriptors();
            let error =
                Lab::setup(&cell(&axes), &|| false).expect_err("the kernel has no such link");
            assert_eq!(
                error.errno(),
                Some(Errno::EOPNOTSUPP as i32),
                "{}",
                error.sentence()
            );
            let hint = error.hint().unwrap_or_default();
            let expected = format!("not available: this kernel has no {kind}");
            assert!(hint.starts_with(&expected), "{hint}");
            assert_eq!(descriptors(), before);
        }
    }
}
