//! Labs in the kernel against what they should be, read with `ip` and `bridge`, which share nothing with the code that
//! raised them. Expected addresses are worked out here, not taken from the layout. Needs root or a user namespace.

use std::collections::HashSet;
use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU32;
use std::os::fd::AsRawFd;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use nix::errno::Errno;
use serde_json::Value;

use super::netns::Visitor;
use super::*;
use crate::error::Error;
use crate::scenario::Scenario;

mod bridged;
mod patterns;
mod receive;
mod redirected;
mod routed;
mod rules;
mod stacked;
mod sysctls;

/// The descriptors of the process are counted, so no two tests may run in it at once.
static ALONE: Mutex<()> = Mutex::new(());

/// Leave to make namespaces, for one test at a time; `None` where that is not allowed, which is a failure where it must be
/// (`KILONET_REQUIRE_KERNEL`).
pub(crate) fn kernel() -> Option<MutexGuard<'static, ()>> {
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let made = Visitor::new().unwrap().create().map(drop);
    if let Err(error) = &made {
        assert!(
            std::env::var_os("KILONET_REQUIRE_KERNEL").is_none(),
            "namespaces are required here: {error}"
        );
        eprintln!("SKIPPED: no namespaces for this user: {error}");
    }
    made.is_ok().then_some(alone)
}

fn cell(axes: &str) -> Cell {
    let text = format!("[axes]\n{axes}\n[trial]\nbaseline = false\n");
    let scenario = Scenario::parse(&text, "lab").unwrap_or_else(|error| panic!("{error}"));
    let [cell] = &scenario.cells[..] else {
        panic!("one cell expected")
    };
    cell.clone()
}

fn raise(axes: &str) -> Lab {
    Lab::setup(&cell(axes), &|| false).unwrap_or_else(|error| panic!("{}", error.sentence()))
}

/// What a lab's namespace holds, in the words of `ip` and `bridge`.
struct Inside {
    links: Vec<Value>,
    routes: Vec<Value>,
    neighbours: Vec<Value>,
    forwarding: Vec<Value>,
}

impl Inside {
    fn of(namespace: &Namespace) -> Self {
        let file = format!(
            "/proc/{}/fd/{}",
            std::process::id(),
            namespace.as_fd().as_raw_fd()
        );
        let script = "ip -j -d -s addr; ip -j -4 route; ip -j -6 route; ip -j neigh; bridge -j fdb";
        let output = Command::new("nsenter")
            .args([&format!("--net={file}"), "sh", "-ec", script])
            .output()
            .expect("these tests need nsenter, ip and bridge");
        assert!(output.status.success(), "{output:?}");
        let lists = serde_json::Deserializer::from_slice(&output.stdout);
        let lists: Vec<Vec<Value>> = lists
            .into_iter()
            .collect::<Result<_, _>>()
            .expect("five lists");
        let [links, v4, v6, neighbours, forwarding] = <[_; 5]>::try_from(lists).expect("five");
        let routes = [v4, v6].concat();
        Self {
            links,
            routes,
            neighbours,
            forwarding,
        }
    }

    fn link(&self, name: &str) -> &Value {
        let named = |link: &&Value| link["ifname"] == name;
        self.links
            .iter()
            .find(named)
            .unwrap_or_else(|| panic!("no {name} among {:?}", self.link_names()))
    }

    fn link_names(&self) -> Vec<&str> {
        self.links
            .iter()
            .map(|link| link["ifname"].as_str().unwrap())
            .collect()
    }

    /// Addresses of a link, with their prefixes, sorted.
    fn addresses(&self, name: &str) -> Vec<String> {
        let assigned = self.link(name)["addr_info"].as_array().unwrap().iter();
        let mut written: Vec<_> = assigned
            .map(|one| {
                format!(
                    "{}/{}",
                    one["local"].as_str().unwrap_or("?"),
                    one["prefixlen"]
                )
            })
            .collect();
        written.sort();
        written
    }

    /// The gateways of the default routes, sorted.
    fn gateways(&self) -> Vec<&str> {
        let default = self.routes.iter().filter(|route| route["dst"] == "default");
        let mut gateways: Vec<_> = default
            .filter_map(|route| route["gateway"].as_str())
            .collect();
        gateways.sort_unstable();
        gateways
    }

    /// Address and MAC of every permanent neighbour, sorted.
    fn permanent_neighbours(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
        let permanent = self
            .neighbours
            .iter()
            .filter(|one| one["state"] == serde_json::json!(["PERMANENT"]));
        let mut known: Vec<_> = permanent
            .map(|one| (text(&one["dst"]), text(&one["lladdr"])))
            .collect();
        known.sort();
        known
    }
}

/// Up, with a carrier. (`operstate` follows later: the kernel's link watch updates it at its leisure.)
fn is_up(link: &Value) -> bool {
    link["flags"]
        .as_array()
        .is_some_and(|flags| flags.contains(&"UP".into()) && flags.contains(&"LOWER_UP".into()))
}

/// An end as it should be: the host's number in a subnet's range decides everything.
struct Expected {
    v4: Ipv4Addr,
    v4_prefix: u8,
    v6: Ipv6Addr,
}

impl Expected {
    /// A container of a lab whose bridges hold `per_bridge` ports: host 1 of a subnet of 2,048 is the bridge.
    fn behind_bridge(container: u32, per_bridge: u32) -> Self {
        let (bridge, port) = (container / per_bridge, container % per_bridge);
        Self {
            v4: Ipv4Addr::from_bits(
                Ipv4Addr::new(10, 0, 0, 0).to_bits() + 2048 * bridge + port + 2,
            ),
            v4_prefix: 21,
            v6: format!("fd6b:696c:0:{bridge:x}::{:x}", port + 2)
                .parse()
                .unwrap(),
        }
    }

    /// A container of a veth pair: a subnet of four for each pair.
    fn on_cable(container: u32) -> Self {
        let (cable, end) = (container / 2, container % 2);
        Self {
            v4: Ipv4Addr::from_bits(Ipv4Addr::new(10, 0, 0, 0).to_bits() + 4 * cable + end + 1),
            v4_prefix: 30,
            v6: format!("fd6b:696c:0:{cable:x}::{:x}", end + 1)
                .parse()
                .unwrap(),
        }
    }

    /// `02:42:` and the IPv4 address, as Docker has it.
    fn mac(&self) -> String {
        let [a, b, c, d] = self.v4.octets();
        format!("02:42:{a:02x}:{b:02x}:{c:02x}:{d:02x}")
    }

    fn addresses(&self) -> Vec<String> {
        vec![
            format!("{}/{}", self.v4, self.v4_prefix),
            format!("{}/64", self.v6),
        ]
    }

    fn as_neighbours(&self) -> Vec<(String, String)> {
        vec![
            (self.v4.to_string(), self.mac()),
            (self.v6.to_string(), self.mac()),
        ]
    }
}

/// Holds a container's end against what it should be. Its partner is its one neighbour, by both protocols.
fn check_container(lab: &Lab, container: u32, expected: impl Fn(u32) -> Expected) {
    let inside = Inside::of(&lab.containers[container as usize]);
    let (own, partner) = (expected(container), expected(container ^ 1));
    let eth0 = inside.link("eth0");
    assert!(
        is_up(eth0) && is_up(inside.link("lo")),
        "container {container}: {eth0}"
    );
    assert_eq!(eth0["address"], own.mac(), "container {container}");
    assert_eq!(eth0["mtu"], 1500, "container {container}");
    assert_eq!(eth0["linkinfo"]["info_kind"], "veth");
    assert_eq!(
        (&eth0["num_tx_queues"], &eth0["num_rx_queues"]),
        (&1.into(), &1.into())
    );
    assert_eq!(
        inside.addresses("eth0"),
        own.addresses(),
        "container {container}"
    );
    assert_eq!(
        inside.permanent_neighbours(),
        partner.as_neighbours(),
        "container {container}"
    );
}

/// Holds bridge `number` of a lab against the ports it should have.
fn check_bridge(lab: &Lab, number: u32, ports: std::ops::Range<u32>) {
    let inside = Inside::of(&lab.hosts[number as usize]);
    let name = format!("br{number}");
    let bridge = inside.link(&name);
    assert!(is_up(bridge), "{bridge}");
    assert_eq!(bridge["linkinfo"]["info_data"]["mcast_snooping"], 0);
    let gateway = Ipv4Addr::from_bits(Ipv4Addr::new(10, 0, 0, 0).to_bits() + 2048 * number + 1);
    assert!(
        inside.addresses(&name).contains(&format!("{gateway}/21")),
        "{bridge}"
    );

    let expected: HashSet<_> = ports.clone().map(|port| format!("v{port:05}")).collect();
    let on_it = inside
        .links
        .iter()
        .filter(|link| link["master"] == name.as_str());
    let mut seen = HashSet::new();
    for port in on_it {
        assert!(is_up(port), "{port}");
        assert_eq!(
            port["linkinfo"]["info_slave_data"]["state"], "forwarding",
            "{port}"
        );
        seen.insert(port["ifname"].as_str().unwrap().to_owned());
    }
    assert_eq!(seen, expected);

    let pinned: HashSet<_> = inside
        .forwarding
        .iter()
        .filter(|entry| {
            entry["mac"]
                .as_str()
                .is_some_and(|mac| mac.starts_with("02:42:0a"))
        })
        .map(|entry| {
            (
                entry["mac"].as_str().unwrap().to_owned(),
                entry["ifname"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    for port in ports.clone() {
        let mac = Expected::behind_bridge(port, ports.end - ports.start).mac();
        assert!(
            pinned.contains(&(mac.clone(), format!("v{port:05}"))),
            "{mac} of v{port:05}"
        );
    }
}

/// Bytes that a test sends.
const BYTES: usize = 300_000;

/// Sends some bytes from a container's seat to another's, over sockets that share nothing with `traffic`.
fn assert_moves_bytes(lab: &Lab, client: u32, server: u32) {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    let inside = |container: u32| {
        let (namespace, address) = lab.seat(container);
        let visitor = Visitor::new().unwrap();
        visitor.enter(namespace).unwrap();
        (visitor, address)
    };
    let listener = {
        let (_visitor, address) = inside(server);
        TcpListener::bind((address, 0)).unwrap()
    };
    let mut stream = {
        let (_visitor, _) = inside(client);
        let patience = Duration::from_secs(20);
        TcpStream::connect_timeout(&listener.local_addr().unwrap(), patience)
            .unwrap_or_else(|error| panic!("{client} does not reach {server}: {error}"))
    };
    let (mut accepted, from) = listener.accept().unwrap();
    assert_eq!(from.ip(), lab.seat(client).1, "the server sees the client");
    let send = std::thread::spawn(move || stream.write_all(&vec![7; BYTES]).unwrap());
    let mut got = Vec::new();
    accepted.read_to_end(&mut got).unwrap();
    send.join().unwrap();
    assert_eq!(got.len(), BYTES);
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Raises a lab, has it checked, tears it down, and holds what is left against what there was.
fn raise_check_and_remove(axes: &str, check: impl FnOnce(&Lab)) {
    let (home, before) = (
        fs::read_link("/proc/thread-self/ns/net").unwrap(),
        descriptors(),
    );
    let lab = raise(axes);
    let namespaces = lab.containers.len() + lab.hosts.len();
    assert_eq!(
        descriptors(),
        before + namespaces,
        "a descriptor for each namespace and no other"
    );
    check(&lab);
    let waited = lab
        .teardown()
        .unwrap_or_else(|error| panic!("{}", error.sentence()));
    assert!(waited.is_some(), "the barrier was not reached");
    assert_eq!(descriptors(), before);
    assert_eq!(fs::read_link("/proc/thread-self/ns/net").unwrap(), home);
}

#[test]
fn two_bridged_containers_are_wired_as_drawn() {
    let Some(_alone) = kernel() else {
        return;
    };
    raise_check_and_remove("topology = \"bridge\"\ncontainers = 2", |lab| {
        check_bridge(lab, 0, 0..2);
        for container in 0..2 {
            check_container(lab, container, |one| Expected::behind_bridge(one, 2));
            let inside = Inside::of(&lab.containers[container as usize]);
            assert_eq!(inside.gateways(), ["10.0.0.1", "fd6b:696c::1"]);
        }
    });
}

#[test]
fn a_thousand_bridged_containers_are_wired_as_drawn() {
    let Some(_alone) = kernel() else {
        return;
    };
    raise_check_and_remove("topology = \"bridge\"\ncontainers = 1000", |lab| {
        assert_eq!((lab.containers.len(), lab.hosts.len()), (1000, 1));
        check_bridge(lab, 0, 0..1000);
        // The host side shows every port; every namespace read costs five processes, so these are a sample.
        for container in (0..1000).step_by(41).chain([999]) {
            check_container(lab, container, |one| Expected::behind_bridge(one, 1000));
        }
    });
}

#[test]
fn ten_containers_on_a_veth_each_pair_are_wired_as_drawn() {
    let Some(_alone) = kernel() else {
        return;
    };
    raise_check_and_remove("topology = \"veth\"\ncontainers = 10", |lab| {
        assert_eq!((lab.containers.len(), lab.hosts.len()), (10, 0));
        for container in 0..10 {
            check_container(lab, container, Expected::on_cable);
            let inside = Inside::of(&lab.containers[container as usize]);
            assert_eq!(inside.gateways(), [""; 0]);
        }
    });
}

#[test]
fn shared_and_loopback_labs_have_lo_and_nothing_else_that_is_up() {
    let Some(_alone) = kernel() else {
        return;
    };
    for (topology, namespaces) in [("shared", 5), ("loopback", 1)] {
        let axes = format!("topology = \"{topology}\"\ncontainers = 10");
        raise_check_and_remove(&axes, |lab| {
            assert_eq!((lab.containers.len(), lab.hosts.len()), (namespaces, 0));
            for namespace in &lab.containers {
                let inside = Inside::of(namespace);
                let up: Vec<_> = inside.links.iter().filter(|link| is_up(link)).collect();
                assert_eq!(up.len(), 1, "{up:?}");
                assert_eq!(inside.addresses("lo"), ["127.0.0.1/8", "::1/128"]);
            }
        });
    }
}

#[test]
fn every_namespace_of_a_lab_is_another_one_and_not_the_machines() {
    let Some(_alone) = kernel() else {
        return;
    };
    raise_check_and_remove("topology = \"bridge\"\ncontainers = 20", |lab| {
        let of_lab = lab.containers.iter().chain(&lab.hosts);
        let mut inodes: HashSet<_> = of_lab
            .map(|one| fs::read_link(format!("/proc/self/fd/{}", one.as_fd().as_raw_fd())).unwrap())
            .collect();
        assert_eq!(inodes.len(), 21);
        assert!(inodes.insert(fs::read_link("/proc/self/ns/net").unwrap()));
    });
}

#[test]
fn several_bridges_share_nothing_and_keep_pairs_together() {
    let Some(_alone) = kernel() else {
        return;
    };
    let axes = "topology = \"bridge\"\ncontainers = 12\n[lab]\nports_per_bridge = 4";
    raise_check_and_remove(axes, |lab| {
        assert_eq!(lab.hosts.len(), 3);
        let bridges = lab.hosts.iter().map(Inside::of);
        for (number, inside) in (0..).zip(bridges) {
            let ports = inside
                .link_names()
                .into_iter()
                .filter(|name| name.starts_with("v0"));
            let expected: Vec<_> = (4 * number..4 * number + 4)
                .map(|one| format!("v{one:05}"))
                .collect();
            assert_eq!(ports.collect::<Vec<_>>(), expected);
        }
        for container in 0..12 {
            check_container(lab, container, |one| Expected::behind_bridge(one, 4));
        }
    });
}

#[test]
fn idle_containers_are_addressed_and_know_nobody() {
    let Some(_alone) = kernel() else {
        return;
    };
    raise_check_and_remove("topology = \"bridge\"\ncontainers = 6\nactive = 2", |lab| {
        check_container(lab, 1, |one| Expected::behind_bridge(one, 6));
        let idle = Inside::of(&lab.containers[4]);
        assert_eq!(
            idle.addresses("eth0"),
            Expected::behind_bridge(4, 6).addresses()
        );
        assert_eq!(idle.permanent_neighbours(), []);
    });
}

#[test]
fn a_single_stack_of_jumbo_frames_is_raised_as_asked() {
    let Some(_alone) = kernel() else {
        return;
    };
    let axes = "topology = \"veth\"\nfamily = \"ipv6\"\ncontainers = 2\nmtu = 9000\n[lab]\nstack = \"single\"\nmacs = \"random\"";
    raise_check_and_remove(axes, |lab| {
        let [here, there] = [0, 1].map(|one: usize| Inside::of(&lab.containers[one]));
        assert_eq!(here.link("eth0")["mtu"], 9000);
        assert_eq!(here.addresses("eth0"), ["fd6b:696c::1/64"]);
        assert_eq!(there.addresses("eth0"), ["fd6b:696c::2/64"]);
        assert_ne!(here.link("eth0")["address"], there.link("eth0")["address"]);
        let mac = there.link("eth0")["address"].as_str().unwrap().to_owned();
        assert_eq!(
            here.permanent_neighbours(),
            [("fd6b:696c::2".to_owned(), mac)]
        );
    });
}

#[test]
fn a_port_beyond_1023_is_refused_by_name_and_leaves_nothing() {
    let Some(_alone) = kernel() else {
        return;
    };
    // No scenario may ask for it, so the cell is made by hand.
    let mut full = cell("topology = \"bridge\"\ncontainers = 1024");
    full.ports_per_bridge = NonZeroU32::new(1024);
    full.bridges = NonZeroU32::new(1);
    let before = descriptors();
    let error = Lab::setup(&full, &|| false).expect_err("a bridge holds 1,023 ports");
    assert_eq!(
        error.errno(),
        Some(Errno::EXFULL as i32),
        "{}",
        error.sentence()
    );
    assert!(
        error.sentence().starts_with("add port v0"),
        "{}",
        error.sentence()
    );
    assert!(error.hint().is_some_and(|hint| hint.contains("1023 ports")));
    assert_eq!(descriptors(), before);
    raise_check_and_remove("topology = \"bridge\"\ncontainers = 2", |lab| {
        check_bridge(lab, 0, 0..2);
    });
}

#[test]
fn a_set_up_that_is_told_to_stop_leaves_nothing() {
    let Some(_alone) = kernel() else {
        return;
    };
    let before = descriptors();
    let asked = AtomicU32::new(0);
    let stop = || asked.fetch_add(1, Ordering::Relaxed) >= 50;
    let ended = Lab::setup(&cell("topology = \"bridge\"\ncontainers = 1000"), &stop);
    assert!(matches!(ended, Err(Error::Interrupted)));
    assert_eq!(descriptors(), before);
    assert!(
        asked.into_inner() < 100,
        "containers were raised after the stop"
    );
}
