//! Measuring between containers and namespaces that were there, which must be as they were.

use std::process::{Child, Command, Stdio};

use nix::sys::signal::Signal;

use crate::daemon::{Daemon, allowed};
use crate::ends::Long;
use crate::harness::{is_real_root, kilonet, plainly, said};
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
    let attached = |record: &&serde_json::Value| record["cell"]["topology"] == "attached";
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

    fn ip(&self, arguments: &str) -> String {
        let namespace = format!("--net=/proc/{}/ns/net", self.pid());
        let run = said(
            plainly("nsenter")
                .arg(namespace)
                .arg("ip")
                .args(arguments.split(' ')),
        );
        assert_eq!(run.code, Some(0), "ip {arguments}: {run:?}");
        run.out
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
