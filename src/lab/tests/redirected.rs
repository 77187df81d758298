//! Labs whose pairs are joined by a redirect, held against what `tc` says and counts.

use super::*;

/// Of a host side, by the name of a link: where `tc` redirects what comes in by it, and the bytes that it has redirected.
fn redirected(host: &Namespace) -> Vec<(String, String, u64)> {
    let file = format!(
        "/proc/{}/fd/{}",
        std::process::id(),
        host.as_fd().as_raw_fd()
    );
    let inside = Inside::of(host);
    let links = inside
        .link_names()
        .into_iter()
        .filter(|name| name.starts_with('v'));
    let links: Vec<_> = links.collect();
    let ask = |link| format!("tc -j -s filter show dev {link} ingress;");
    let script: String = links.iter().map(ask).collect();
    let output = Command::new("nsenter")
        .args([&format!("--net={file}"), "sh", "-ec", &script])
        .output()
        .expect("these tests need nsenter and tc");
    assert!(output.status.success(), "{output:?}");
    let answers = serde_json::Deserializer::from_slice(&output.stdout);
    let answers: Vec<Vec<Value>> = answers.into_iter().collect::<Result<_, _>>().unwrap();
    assert_eq!(answers.len(), links.len());
    let mut found = Vec::new();
    for (link, filters) in links.into_iter().zip(answers) {
        let actions: Vec<_> = filters
            .iter()
            .filter_map(|filter| filter["options"]["actions"].as_array())
            .flatten()
            .collect();
        let [action] = &actions[..] else {
            panic!("one action expected at {link}: {filters:?}")
        };
        let way = ["kind", "mirred_action", "direction"].map(|key| action[key].as_str().unwrap());
        assert_eq!(way, ["mirred", "redirect", "egress"], "{link}");
        let to = action["to_dev"].as_str().unwrap().to_owned();
        found.push((
            link.to_owned(),
            to,
            action["stats"]["bytes"].as_u64().unwrap(),
        ));
    }
    found
}

#[test]
fn redirected_pairs_are_wired_as_drawn_and_tc_counts_what_crosses() {
    let Some(_alone) = kernel() else {
        return;
    };
    raise_check_and_remove("topology = \"tc-redirect\"\ncontainers = 4", |lab| {
        assert_eq!((lab.containers.len(), lab.hosts.len()), (4, 1));
        let host = Inside::of(&lab.hosts[0]);
        for container in 0..4 {
            check_container(lab, container, Expected::on_cable);
            let near = format!("v{container:05}");
            assert!(is_up(host.link(&near)), "{near}");
            assert_eq!(host.link(&near)["master"], Value::Null, "{near}");
            assert_eq!(host.addresses(&near), [""; 0], "{near}");
        }
        let before = redirected(&lab.hosts[0]);
        let ways: Vec<_> = before
            .iter()
            .map(|(from, to, _)| (&**from, &**to))
            .collect();
        let expected = [
            ("v00000", "v00001"),
            ("v00001", "v00000"),
            ("v00002", "v00003"),
            ("v00003", "v00002"),
        ];
        assert_eq!(ways, expected);
        assert_moves_bytes(lab, 0, 1);
        let after = redirected(&lab.hosts[0]);
        let counted = before
            .iter()
            .zip(&after)
            .map(|(before, after)| after.2 - before.2);
        let counted: Vec<_> = counted.collect();
        assert!(counted[0] >= BYTES as u64 && counted[1] > 0, "{counted:?}");
        assert!(
            counted[2] + counted[3] < 10_000,
            "the other pair was silent: {counted:?}"
        );
    });
}

#[test]
fn redirected_pairs_find_each_other_by_asking_whatever_their_family() {
    let Some(_alone) = kernel() else {
        return;
    };
    for family in ["ipv4", "ipv6"] {
        let axes = format!(
            "topology = \"tc-redirect\"\nfamily = \"{family}\"\ncontainers = 2\nmtu = 9000\nentries = \"learned\"\n[lab]\nstack = \"single\""
        );
        raise_check_and_remove(&axes, |lab| {
            let inside = Inside::of(&lab.containers[0]);
            assert_eq!(inside.permanent_neighbours(), []);
            assert_eq!(inside.link("eth0")["mtu"], 9000);
            assert_moves_bytes(lab, 0, 1);
            assert_moves_bytes(lab, 1, 0);
        });
    }
}
