//! Runs on an engine that end as nobody planned. What is left is removed by the next, or by `kilonet clean`, and what is
//! not theirs stays.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::daemon::{Daemon, allowed};
use crate::harness::{Said, said};
use crate::well;

const TRIAL: &str = "[trial]\nmeasure = \"10m\"\nrepeats = 1\nbaseline = false\n";

/// A run on the engine that measures for as long as it is let.
pub(crate) struct Long(Child);

impl Long {
    /// Starts it, and waits until it measures: the engine runs so many containers then, and says so.
    pub(crate) fn start(daemon: &Daemon, containers: &str) -> Self {
        let scenario = daemon.results().join("long.toml");
        fs::create_dir_all(daemon.results()).unwrap();
        let axes = format!("[axes]\ntestbed = \"docker\"\ncontainers = {containers}\nactive = 2\n");
        fs::write(&scenario, axes + TRIAL).unwrap();
        let mut command = daemon.kilonet(&["run"]);
        command.arg(&scenario).arg("--out").arg(daemon.results());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut events = daemon.starts();
        let run = Self(command.spawn().unwrap());
        let lines = BufReader::new(events.stdout.take().unwrap()).lines();
        let wanted: usize = containers.parse().unwrap();
        assert_eq!(lines.take(wanted).map_while(Result::ok).count(), wanted);
        events.kill().unwrap();
        events.wait().unwrap();
        run
    }

    pub(crate) fn end(mut self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.0.id()).unwrap()), signal).unwrap();
        self.0.wait().unwrap();
    }
}

/// A container with a label that is not made by any run that died.
fn stranger(daemon: &Daemon, label: &str) -> String {
    let import = "tar -cf - -T /dev/null | docker import - empty >/dev/null && docker create --label \"$0\" empty nothing";
    let mut command = crate::plainly("sh");
    let made = said(
        command
            .args(["-c", import, label])
            .env("DOCKER_HOST", daemon.host()),
    );
    assert_eq!(made.code, Some(0), "{made:?}");
    made.out.trim().to_owned()
}

fn all(daemon: &Daemon) -> Vec<String> {
    let listed = daemon.docker(&["ps", "--all", "--quiet", "--no-trunc"]);
    listed.lines().map(str::to_owned).collect()
}

fn clean(daemon: &Daemon) -> Said {
    let cleaned = said(&mut daemon.kilonet(&["clean"]));
    assert_eq!(cleaned.code, Some(0), "{cleaned:?}");
    cleaned
}

#[test]
fn what_a_killed_run_left_is_removed_by_clean_and_nothing_else_is() {
    if !allowed() {
        return;
    }
    let daemon = Daemon::start(&[]);
    let long = Long::start(&daemon, "2");
    let living = Long::start(&daemon, "2");
    let strangers = [
        stranger(&daemon, "org.example=1"),
        stranger(&daemon, "org.kilonet.run=of somebody else"),
    ];
    assert_eq!(all(&daemon).len(), 6);
    long.end(Signal::SIGKILL);

    let cleaned = clean(&daemon);

    assert!(cleaned.out.contains("2 containers"), "{cleaned:?}");
    let left = all(&daemon);
    assert_eq!(left.len(), 4, "{left:?}");
    assert!(strangers.iter().all(|it| left.contains(it)), "{left:?}");
    living.end(Signal::SIGINT);
    let left = all(&daemon);
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(clean(&daemon).out.contains("nothing"), "it was clean");
}

#[test]
fn what_a_killed_run_left_is_removed_by_the_next_run() {
    if !allowed() {
        return;
    }
    let daemon = Daemon::start(&[]);
    Long::start(&daemon, "2").end(Signal::SIGKILL);
    assert_ne!(daemon.ours(), [""; 0]);

    let next = daemon.sweep(&["--topology", "bridge", "--containers", "2"]);

    well(&next);
    assert_eq!(daemon.ours(), [""; 0]);
}

#[test]
fn an_interrupted_run_leaves_nothing() {
    if !allowed() {
        return;
    }
    let daemon = Daemon::start(&[]);
    for signal in [Signal::SIGINT, Signal::SIGHUP, Signal::SIGQUIT] {
        Long::start(&daemon, "2").end(signal);
        assert_eq!(daemon.ours(), [""; 0], "{signal}");
    }
}

/// Rules of the chains that every container's packets pass, at two counts of containers. The engine of Debian 12, 20.10, has
/// none for a container that publishes nothing.
#[test]
fn the_engine_s_rules_can_be_read_while_containers_run() {
    if !allowed() {
        return;
    }
    let daemon = Daemon::start(&[]);
    let rules = ["2", "20"].map(|containers| {
        let long = Long::start(&daemon, containers);
        let rules = daemon.iptables_save();
        long.end(Signal::SIGINT);
        assert!(rules.contains("-A FORWARD -o docker0 -j DOCKER"), "{rules}");
        rules.lines().filter(|line| line.starts_with("-A")).count()
    });
    assert_eq!(rules[0], rules[1]);
}

#[test]
fn an_engine_that_dies_costs_its_trials_and_not_the_run() {
    if !allowed() {
        return;
    }
    let mut daemon = Daemon::start(&[]);
    let long = Long::start(&daemon, "2");
    daemon.die();
    long.end(Signal::SIGINT);
    let flags = ["--topology", "bridge", "--containers", "2"];
    let none_left = daemon.sweep(&flags);
    assert_eq!((none_left.code, none_left.out.as_str()), (Some(1), ""));
    assert!(
        none_left.err.contains("hint: start the engine"),
        "{none_left:?}"
    );
    let mut both = daemon.kilonet(&["sweep", "--testbed", "kernel,docker"]);
    let both = both
        .args(flags)
        .args(["--warmup", "0ms", "--measure", "200ms", "--repeats", "1"]);
    let after = said(both.arg("--out").arg(daemon.results()));
    assert_eq!(after.code, Some(1), "{after:?}");
    let records = crate::harness::records(&after.folder());
    let failed: Vec<_> = crate::real(&records).collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["status"], "failed");
    assert_eq!(
        failed[0]["error"]["object"], "Docker engine",
        "{}",
        failed[0]
    );
    assert!(failed[0]["error"]["hint"].is_string(), "{}", failed[0]);
    let modelled = records.len() - failed.len();
    assert_eq!(modelled, 2, "the model and the baseline need no engine");
}
