//! The engine's own rules against the model's, as `iptables-save` writes both.

use std::collections::BTreeSet;
use std::net::IpAddr;

use kilonet::lab::firewall::site::{Net, Proxy, Publication, Site};
use kilonet::lab::firewall::{Ruleset, Script};
use kilonet::scenario::{Family, Scenario};

use super::daemon::{Daemon, allowed};

/// The port of each container that is published, and that of the host which the first one's is.
const PORT: u16 = 80;
const FIRST_HOST_PORT: u16 = 8000;

/// An image with nothing in it, whose containers borrow the machine's programs.
fn empty_image(daemon: &Daemon) {
    let folder = tempfile::tempdir().unwrap();
    let tar = folder.path().join("empty.tar");
    // Two blocks of zeros end an archive.
    std::fs::write(&tar, [0; 1024]).unwrap();
    daemon.docker(&["import", tar.to_str().unwrap(), "empty"]);
}

fn start(daemon: &Daemon, number: u16) -> IpAddr {
    let publish = format!("{}:{PORT}", FIRST_HOST_PORT + number);
    let borrowed =
        ["/usr", "/lib", "/lib64", "/bin"].map(|path| format!("--volume={path}:{path}:ro"));
    let mut arguments = vec!["run", "--detach", "--publish", &publish];
    arguments.extend(borrowed.iter().map(String::as_str));
    arguments.extend(["empty", "/bin/sleep", "1000"]);
    let id = daemon.docker(&arguments);
    let address = daemon.docker(&[
        "inspect",
        "--format",
        "{{.NetworkSettings.IPAddress}}",
        id.trim(),
    ]);
    address.trim().parse().unwrap()
}

/// The rules that 20.10 is believed to have for these containers.
fn modelled(containers: Vec<IpAddr>) -> String {
    let text = "axes.containers = 2\naxes.firewall = \"docker-20.10\"\n";
    let cell = &Scenario::parse(text, "rules").unwrap().cells[0];
    let published = (0..)
        .zip(0..containers.len())
        .map(|(number, container)| Publication {
            container,
            host_port: FIRST_HOST_PORT + number,
            port: PORT,
        });
    let site = Site {
        device: "docker0".to_owned(),
        containers: (0..u32::try_from(containers.len()).unwrap()).collect(),
        published: published.collect(),
        nets: vec![Net {
            family: Family::Ipv4,
            subnet: ("172.17.0.0".parse().unwrap(), 16),
            containers,
        }],
        proxy: Proxy::Process,
        services: cell.rules.services(),
    };
    let ruleset = Ruleset::of(cell, &site).unwrap();
    ruleset.scripts.iter().map(Script::text).collect()
}

/// Each chain's rules in their order, chains and policies in any; without counts, and without tables that are not in use.
fn normal(saved: &str) -> BTreeSet<(String, String, Vec<String>)> {
    let mut chains = BTreeSet::new();
    for table in saved
        .split("COMMIT")
        .filter_map(|table| Some(table.split_once('*')?.1))
    {
        let name = table.lines().next().unwrap_or_default();
        for chain in table.lines().filter_map(|line| line.strip_prefix(':')) {
            let (chain, policy) = chain.split_once(' ').unwrap();
            let policy = policy.split(' ').next().unwrap_or_default();
            let start = format!("-A {chain} ");
            let rules = table.lines().filter(|line| line.starts_with(&start));
            let place = format!("{name} {chain}");
            chains.insert((place, policy.to_owned(), rules.map(str::to_owned).collect()));
        }
    }
    chains
}

#[test]
fn the_engine_has_the_rules_that_the_model_of_its_version_has() {
    if !allowed() {
        return;
    }
    let daemon = Daemon::start(&[]);
    let version = daemon.docker(&["version", "--format", "{{.Server.Version}}"]);
    if !version.starts_with("20.10.") {
        eprintln!(
            "SKIPPED: this engine is {}, and the model is of 20.10",
            version.trim()
        );
        return;
    }
    empty_image(&daemon);
    let mut containers = Vec::new();
    for count in [2, 20] {
        for number in containers.len()..count {
            containers.push(start(&daemon, u16::try_from(number).unwrap()));
        }
        let (real, model) = (daemon.iptables_save(), modelled(containers.clone()));
        assert_eq!(
            normal(&real),
            normal(&model),
            "{count} containers:\n{real}\n{model}"
        );
    }
}
