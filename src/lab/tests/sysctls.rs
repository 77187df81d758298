//! Sysctls of containers' namespaces, read by a process that was started inside.

use super::*;
use crate::scenario::registry::namespaces::NAMESPACE_SYSCTLS;

/// What `cat` says of a file below `/proc/sys` in a namespace.
fn shown(namespace: &Namespace, name: &str) -> String {
    let file = format!("/proc/sys/{}", name.replace('.', "/"));
    let said = netns::visit(|visitor| {
        setup::enter(visitor, namespace)?;
        Ok(Command::new("cat").arg(&file).output().unwrap().stdout)
    });
    let said = String::from_utf8(said.unwrap()).unwrap();
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

const SET: &[(&str, &str)] = &[
    ("net.core.somaxconn", "77"),
    ("net.ipv4.ip_local_port_range", "20000 21000"),
    ("net.ipv4.tcp_rmem", "4096 65536 131072"),
    ("net.ipv4.tcp_tw_reuse", "1"),
];

#[test]
fn every_containers_namespace_has_what_is_asked_for_and_nobody_elses_does() {
    let Some(_alone) = kernel() else {
        return;
    };
    let own = |name: &str| fs::read_to_string(format!("/proc/sys/{}", name.replace('.', "/"))).ok();
    let before: Vec<_> = SET.iter().map(|(name, _)| own(name)).collect();
    let lines = SET
        .iter()
        .map(|(name, value)| format!("\"{name}\" = \"{value}\"\n"));
    for topology in ["bridge", "veth", "routed", "shared", "loopback", "macvlan"] {
        let axes = format!(
            "topology = \"{topology}\"\ncontainers = 4\n[namespace.sysctls]\n{}",
            lines.clone().collect::<String>()
        );
        let cell = cell(&axes);
        let sysctls = NAMESPACE_SYSCTLS.of(&cell);
        raise_check_and_remove(&axes, |lab| {
            for (name, value) in SET {
                for container in &lab.containers {
                    assert_eq!(shown(container, name), *value, "{topology}: {name}");
                }
                for host in &lab.hosts {
                    assert_ne!(
                        shown(host, name),
                        *value,
                        "{topology}: {name} of the host side"
                    );
                }
            }
            let read = read_back::sysctls(lab, &sysctls).unwrap().unwrap();
            assert_eq!(read.namespaces as usize, lab.containers.len());
            assert_eq!(read.values["net.ipv4.tcp_rmem"], "4096 65536 131072");
            assert_moves_bytes(lab, 0, 1);
        });
    }
    let after: Vec<_> = SET.iter().map(|(name, _)| own(name)).collect();
    assert_eq!(after, before, "the namespace that kilonet itself is in");
}

#[test]
fn what_the_kernel_does_not_take_or_does_not_keep_is_an_error() {
    let Some(_alone) = kernel() else {
        return;
    };
    let asked = |setting: &str| {
        cell(&format!(
            "topology = \"bridge\"\ncontainers = 2\nnamespace_sysctls = \"{setting}\""
        ))
    };
    let refused = Lab::setup(&asked("net.ipv4.tcp_syn_retries=1000"), &|| false).unwrap_err();
    let said = refused.sentence();
    assert!(
        said.contains("set sysctl net.ipv4.tcp_syn_retries of container "),
        "{said}"
    );
    let lab = Lab::setup(&asked("net.core.somaxconn=77"), &|| false).unwrap();
    netns::visit(|visitor| {
        setup::enter(visitor, &lab.containers[0])?;
        fs::write("/proc/sys/net/core/somaxconn", "78").unwrap();
        Ok(())
    })
    .unwrap();
    let sysctls = NAMESPACE_SYSCTLS.of(&asked("net.core.somaxconn=77"));
    let said = read_back::sysctls(&lab, &sysctls).unwrap_err().sentence();
    assert!(
        said.ends_with("the kernel has `78` instead of `77`"),
        "{said}"
    );
    lab.teardown().unwrap();
    let usual = cell("topology = \"bridge\"\ncontainers = 2");
    let lab = Lab::setup(&usual, &|| false).unwrap();
    assert_eq!(
        read_back::sysctls(&lab, &NAMESPACE_SYSCTLS.of(&usual)).unwrap(),
        None
    );
    lab.teardown().unwrap();
}
