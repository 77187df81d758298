//! Measuring between containers and namespaces that were there, which must be as they were.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::daemon::{Daemon, allowed};
use crate::ends::Long;
use crate::harness::{is_real_root, kilonet, plainly, records, said};
use crate::well;

const SHORT: &[&str] = &[
    "--measure",
    "300ms",
    "--warmup",
    "100ms",
    "--repeats",
    "1",
    "--out",
];

#[test]
fn idle_containers_of_the_engine_are_measured_by_name_and_stay_as_they_were() {
    if !allowed() {
        return;
    }
    let daemon = Daemon::start(&[]);
    let long = Long::start(&daemon, "4");
    let listed = daemon.docker(&["ps", "--format", "{{.Names}}"]);
    let mut names: Vec<&str> = listed.lines().collect();
    names.sort_unstable();
    let look = || {
        daemon.docker(&[
            "inspect",
            "--format",
            "{{json .NetworkSettings}}",
            names[2],
            names[3],
        ])
    };
    let before = look();

    let mut attach = daemon.kilonet(&["attach", names[2], names[3]]);
    let run = said(attach.args(SHORT).arg(daemon.results()));

    let records = well(&run);
    let attached = |record: &&Value| record["cell"]["topology"] == "attached";
    let record = records.iter().find(attached).unwrap();
    assert!(record["lab"].is_null(), "nothing was set up: {record}");
    assert_eq!(look(), before);
    long.end(Signal::SIGINT);
}

/// A process in a network namespace of its own.
struct Resident(Child);

impl Resident {
    fn new() -> Self {
        let mut command = Command::new("unshare");
        // It says that it is there, and stays until its input ends.
        command.args(["--net", "sh", "-c", "ip link set lo up; echo; cat"]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut [0]).unwrap();
        Self(child)
    }

    fn pid(&self) -> String {
        self.0.id().to_string()
    }

    /// What enters it before it does what is asked.
    fn enter(&self) -> Command {
        let mut command = plainly("nsenter");
        command.arg(format!("--net=/proc/{}/ns/net", self.pid()));
        command
    }

    fn inside(&self, program: &[&str]) -> String {
        let run = said(self.enter().args(program));
        assert_eq!(run.code, Some(0), "{program:?}: {run:?}");
        run.out
    }

    fn ip(&self, arguments: &str) -> String {
        let words: Vec<_> = ["ip"].into_iter().chain(arguments.split(' ')).collect();
        self.inside(&words)
    }
}

impl Drop for Resident {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

#[test]
fn namespaces_are_measured_by_process_and_by_path() {
    if !is_real_root() {
        return;
    }
    let (red, blue) = (Resident::new(), Resident::new());
    red.ip(&format!(
        "link add up0 type veth peer name down0 netns {}",
        blue.pid()
    ));
    for (place, link, address) in [
        (&red, "up0", "10.77.0.1/24"),
        (&blue, "down0", "10.77.0.2/24"),
    ] {
        place.ip(&format!("address add {address} dev {link}"));
        // No address of the kernel's own, which would change by itself while it is proven unique.
        place.ip(&format!("link set {link} addrgenmode none"));
        place.ip(&format!("link set {link} up"));
    }
    let out = tempfile::tempdir().unwrap();
    let path = format!("/proc/{}/ns/net", blue.pid());
    // Without the links' states, which follow a carrier in their own time.
    let places = [&red, &blue];
    let before = places.map(|place| place.ip("-o address"));

    let run = said(
        kilonet(["attach", &red.pid(), &path])
            .args(SHORT)
            .arg(out.path()),
    );

    well(&run);
    assert_eq!(places.map(|place| place.ip("-o address")), before);
}

#[test]
fn what_is_not_there_is_said_with_the_remedy() {
    if !is_real_root() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let attach = |places: &[&str]| {
        let mut command = kilonet([&["attach"], places].concat());
        command.env("DOCKER_HOST", "unix:///nowhere/sock");
        said(command.args(SHORT).arg(out.path()))
    };
    let nobody = attach(&["nobody-of-this-name", "1"]);
    assert_eq!(nobody.code, Some(1), "{nobody:?}");
    assert!(nobody.err.contains("it is not in /run/netns"), "{nobody:?}");
    assert!(
        nobody.err.contains("hint: give a running container"),
        "{nobody:?}"
    );
    let file = attach(&["/etc/hostname", "1"]);
    assert_eq!(file.code, Some(1), "{file:?}");
    assert!(file.err.contains("Invalid argument"), "{file:?}");
    let odd = attach(&["1"]);
    assert_eq!(odd.code, Some(2), "{odd:?}");
    assert!(odd.err.contains("1 place given"), "{odd:?}");
}

/// Two namespaces with a router between them, which tracks what it forwards.
struct Routed {
    router: Resident,
    client: Resident,
    server: Resident,
}

impl Routed {
    fn new() -> Self {
        let [router, client, server] = [(); 3].map(|()| Resident::new());
        for (place, link, own, gateway) in [
            (&client, "to-client", "10.78.1.2/24", "10.78.1.1"),
            (&server, "to-server", "10.78.2.2/24", "10.78.2.1"),
        ] {
            let peer = place.pid();
            router.ip(&format!(
                "link add {link} type veth peer name eth0 netns {peer}"
            ));
            router.ip(&format!("address add {gateway}/24 dev {link}"));
            router.ip(&format!("link set {link} up"));
            place.ip(&format!("address add {own} dev eth0"));
            place.ip("link set eth0 up");
            place.ip(&format!("route add default via {gateway}"));
        }
        let rules = "add table ip t; add chain ip t c { type filter hook forward priority 0; }; add rule ip t c ct state new accept";
        let script = format!("echo 1 > /proc/sys/net/ipv4/ip_forward && nft '{rules}'");
        router.inside(&["sh", "-c", &script]);
        Self {
            router,
            client,
            server,
        }
    }

    /// A run between the two, from inside a namespace, and its record of them.
    fn attach(&self, from: Option<&Resident>, out: &Path) -> Value {
        let (client, server) = (self.client.pid(), self.server.pid());
        let attach = kilonet(["attach", &client, &server]);
        let mut command = match from {
            Some(place) => place.enter(),
            None => plainly("env"),
        };
        command.arg(attach.get_program()).args(attach.get_args());
        command.args(["--workload", "udp-stream", "--buffers", "4KiB"]);
        let run = said(command.args(SHORT).arg(out));
        assert_eq!(run.code, Some(0), "{run:?}");
        let records = records(&run.folder());
        let attached = |record: &Value| record["cell"]["topology"] == "attached";
        records.into_iter().find(attached).unwrap()
    }

    /// Datagrams that found a full buffer at the server, as its namespace has counted since it was made.
    fn missed(&self) -> u64 {
        let text = self.server.inside(&["cat", "/proc/net/snmp"]);
        let mut lines = text.lines().filter(|line| line.starts_with("Udp: "));
        let mut next = || lines.next().unwrap().split(' ');
        let place = next().position(|it| it == "RcvbufErrors").unwrap();
        next().nth(place).unwrap().parse().unwrap()
    }
}

#[test]
fn what_joins_those_that_are_attached_to_is_watched_where_kilonet_runs_there() {
    if !is_real_root() {
        return;
    }
    let (lab, out) = (Routed::new(), tempfile::tempdir().unwrap());
    // What was counted by then is nobody's of the next run.
    lab.attach(Some(&lab.router), out.path());
    let before = lab.missed();
    assert!(before > 0, "nothing was missed");

    let record = lab.attach(Some(&lab.router), out.path());

    let grown = lab.missed() - before;
    let watched = &record["watched"];
    assert_eq!(
        (&watched["containers"], &watched["of"]),
        (&2.into(), &2.into())
    );
    let missed = watched["udp_receive_buffer_errors"].as_u64().unwrap();
    assert!(
        0 < missed && missed <= grown,
        "{missed} of {grown}: {record}"
    );
    assert_eq!(
        record["host_sides"],
        json!({"read": 1, "of": 1}),
        "{record}"
    );
    for phase in ["setup", "connect", "window", "teardown"] {
        let counted = &record["phases"][phase]["udp_receive_buffer_errors"];
        assert_eq!(counted, 0, "the router has no socket: {phase} {record}");
    }
    let count = "/proc/sys/net/netfilter/nf_conntrack_count";
    let tracked: u64 = lab.router.inside(&["cat", count]).trim().parse().unwrap();
    assert!(tracked > 0, "the rule tracks nothing");
    let after = record["connections"]["after"].as_u64();
    assert!(
        Some(1) <= after && after <= Some(tracked),
        "{after:?} {record}"
    );
    assert!(
        !record["warnings"].to_string().contains("not watched"),
        "{record}"
    );

    let elsewhere = lab.attach(None, out.path());

    let said = "the lab's host side is not watched: find the namespace that joins what was attached to: it is not the one that kilonet runs in";
    assert!(
        elsewhere["warnings"].to_string().contains(said),
        "{elsewhere}"
    );
    assert_eq!(elsewhere["host_sides"], json!({"read": 0, "of": 1}));
    assert!(elsewhere["connections"].is_null(), "{elsewhere}");
    assert!(elsewhere["phases"]["window"]["conntrack_drops"].is_null());
    assert_eq!(elsewhere["watched"]["of"], 2, "{elsewhere}");
}
