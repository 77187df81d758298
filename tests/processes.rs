//! The driver `processes`: each container is a process in control groups and a namespace of its own, and none of it outlives
//! the run, however that ends.
//!
//! The witnesses are the kernel's own: `/proc` of each process, its interfaces, and the hierarchies of control groups.

mod harness;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use harness::{
    SHORT, assert_true_to_its_witnesses, assert_valid_unless_busy, for_nobody, is_real_root,
    kilonet, plainly, records, said,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// A run with a window of so long, and its processes by container.
struct Running {
    run: Child,
    agents: BTreeMap<u32, i32>,
}

impl Running {
    /// Waits until the process of each container moves traffic, as its own namespace counts.
    fn start(out: &Path, containers: u32, measure: &str) -> Self {
        Self::limited(out, (containers, ""), measure)
    }

    /// The same with more keys of its axes.
    fn limited(out: &Path, (containers, axes): (u32, &str), measure: &str) -> Self {
        let file = out.join("running.toml");
        let text = format!(
            "[axes]\ntopology = \"veth\"\ndriver = \"processes\"\ncontainers = {containers}\n{axes}\n\
             [trial]\nwarmup = \"0ms\"\nmeasure = \"{measure}\"\nrepeats = 1\nbaseline = false\n"
        );
        fs::write(&file, text).unwrap();
        let mut command = kilonet(["run", "--quiet", "--out"]);
        let run = command.arg(out).arg(file);
        let run = run.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = Self {
            run: run.spawn().unwrap(),
            agents: BTreeMap::new(),
        };
        while running.agents.len() < containers as usize {
            assert_eq!(running.run.try_wait().unwrap(), None, "it ended before");
            let agents = running.descendants().into_iter();
            let busy = agents.filter(|agent| moved(*agent) > Some(1 << 20));
            running.agents = busy.filter_map(|it| Some((container(it)?, it))).collect();
            std::thread::yield_now();
        }
        running
    }

    fn pid(&self) -> i32 {
        self.run.id().cast_signed()
    }

    /// The nursery, and those who were born there.
    fn descendants(&self) -> BTreeSet<i32> {
        let parents = parents();
        let children = |of: i32| parents.iter().filter(move |it| *it.1 == of).map(|it| *it.0);
        let nurseries: Vec<_> = children(self.pid()).collect();
        let born = nurseries.iter().flat_map(|nursery| children(*nursery));
        born.chain(nurseries.iter().copied()).collect()
    }

    /// The folders of its control groups, one in each hierarchy.
    fn groups(&self) -> Vec<PathBuf> {
        let named = format!("kilonet-{}-", self.pid());
        groups_named(Path::new("/sys/fs/cgroup"), &named)
    }
}

/// Who is whose child.
fn parents() -> BTreeMap<i32, i32> {
    let numbers = fs::read_dir("/proc").unwrap().flatten();
    let pids = numbers.filter_map(|it| it.file_name().to_str()?.parse::<i32>().ok());
    pids.filter_map(|pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (_, rest) = stat.rsplit_once(')')?;
        let mut fields = rest.split_whitespace();
        // One that has ended is nobody's any more.
        fields.next().filter(|state| *state != "Z")?;
        Some((pid, fields.next()?.parse().ok()?))
    })
    .collect()
}

/// Bytes that passed the interface of a process's namespace, in and out: the first and the ninth column.
/// Nothing before the process is in a namespace of its own, for the machine has an `eth0` too.
fn moved(pid: i32) -> Option<u64> {
    let network = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/net")).ok();
    if network(&pid.to_string())? == network("self")? {
        return None;
    }
    let devices = fs::read_to_string(format!("/proc/{pid}/net/dev")).ok()?;
    let mut lines = devices.lines();
    let line = lines.find_map(|line| line.trim().strip_prefix("eth0:"))?;
    let columns: Vec<u64> = line
        .split_whitespace()
        .map(|it| it.parse().unwrap())
        .collect();
    Some(columns[0] + columns[8])
}

/// The group of a process in the hierarchy that charges memory.
fn memory_group(pid: i32) -> Option<String> {
    let memberships = fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    let mut lines = memberships.lines();
    let line =
        lines.find(|line| line.split(':').nth(1) == Some("memory") || line.starts_with("0::"));
    line?.splitn(3, ':').nth(2).map(str::to_owned)
}

/// The container that a process is, by the name of its group.
fn container(pid: i32) -> Option<u32> {
    let group = memory_group(pid)?;
    group.rsplit_once("/c")?.1.parse().ok()
}

fn groups_named(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let folders = entries.filter(|it| it.file_type().is_ok_and(|kind| kind.is_dir()));
    let found = folders.flat_map(|it| {
        if it
            .file_name()
            .to_str()
            .is_some_and(|name| name.starts_with(prefix))
        {
            vec![it.path()]
        } else {
            groups_named(&it.path(), prefix)
        }
    });
    found.collect()
}

fn namespace(pid: i32) -> PathBuf {
    fs::read_link(format!("/proc/{pid}/ns/net")).unwrap()
}

fn sweep(flags: &[&str], out: &Path) -> Vec<Value> {
    let mut command = kilonet([
        "sweep",
        "--driver",
        "processes",
        "--warmup",
        "50ms",
        "--repeats",
        "1",
    ]);
    let run = said(command.args(flags).args(["--quiet", "--out"]).arg(out));
    assert_eq!(run.code, Some(0), "{run:?}");
    records(&run.folder())
}

/// What holds of every trial, whatever its flows do.
fn assert_accounted(record: &Value) {
    assert_valid_unless_busy(record, true);
    assert_eq!(record["flows"]["died"], 0, "{record}");
    let used = &record["per_container"];
    assert_eq!(used["processes"], record["cell"]["containers"]);
    assert!(used["cpu_ns"]["min"].as_u64() > Some(0), "{record}");
    assert!(used["memory_peak_bytes"]["min"].as_u64() > Some(4096));
    let confinement = &record["effective"]["confinement"];
    assert_eq!(
        (&confinement["memory_cgroup"], &confinement["seccomp"]),
        (&true.into(), &false.into())
    );
}

#[test]
fn bytes_agree_with_the_interfaces_in_every_topology_and_family() {
    if !is_real_root() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let topologies = "loopback,shared,veth,bridge,routed,vxlan,macvlan";
    let flags = [
        "--topology",
        topologies,
        "--family",
        "ipv4,ipv6",
        "--containers",
        "4",
    ];
    let records = sweep(&[&flags[..], &["--measure", "250ms"]].concat(), out.path());
    // Every combination, and a loopback pair for each family.
    assert_eq!(records.len(), 7 * 2 + 2);
    for record in &records {
        assert_true_to_its_witnesses(record);
        assert_accounted(record);
    }
}

#[test]
fn requests_are_answered_over_either_protocol_and_family() {
    if !is_real_root() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let flags = [
        "--workload",
        "tcp-rr,udp-rr",
        "--topology",
        "shared,bridge",
        "--family",
        "ipv4,ipv6",
    ];
    let more = ["--containers", "4", "--measure", "250ms"];
    let records = sweep(&[&flags[..], &more].concat(), out.path());
    assert_eq!(records.len(), 2 * 2 * 2 + 2 * 2);
    for record in &records {
        assert_accounted(record);
        // At each edge of the window each flow may be counted in one of them and not yet in the other.
        let ratio = record["checks"]["transactions_ratio"].as_f64().unwrap();
        assert!((ratio - 1.0).abs() < 0.01, "{record}");
        assert!(record["aggregate"]["transactions_per_s"].as_f64() > Some(0.0));
    }
}

#[test]
fn published_ports_and_odd_patterns_are_for_processes_too() {
    if !is_real_root() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let published = [
        "--topology",
        "bridge",
        "--firewall",
        "docker-29",
        "--path",
        "published,outside",
    ];
    let more = ["--containers", "4", "--measure", "250ms"];
    for record in sweep(&[&published[..], &more].concat(), out.path()) {
        assert_true_to_its_witnesses(&record);
    }
    let incast = [
        "--topology",
        "bridge",
        "--pattern",
        "incast",
        "--containers",
        "5",
        "--streams",
        "2",
    ];
    for record in sweep(&[&incast[..], &["--measure", "250ms"]].concat(), out.path()) {
        assert_true_to_its_witnesses(&record);
    }
}

#[test]
fn limits_hold_for_each_container() {
    if !is_real_root() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let axes = "cpu_max = 0.1\nmemory_max = \"64MiB\"\ncpuset = \"0\"";
    let running = Running::limited(out.path(), (2, axes), "1s");
    let files = [
        ("memory.limit_in_bytes", "67108864"),
        ("memory.max", "67108864"),
        ("cpu.cfs_quota_us", "10000"),
        ("cpu.max", "10000 100000"),
    ];
    let groups = running.groups();
    let limits = groups
        .iter()
        .flat_map(|group| files.map(|(file, text)| (group.join("c00001").join(file), text)));
    let there = limits.filter(|(file, _)| file.exists());
    let read = there.map(|(file, text)| assert_eq!(fs::read_to_string(file).unwrap().trim(), text));
    assert_eq!(read.count(), 2);
    let status = fs::read_to_string(format!("/proc/{}/status", running.agents[&0])).unwrap();
    assert!(status.contains("Cpus_allowed_list:\t0\n"), "{status}");

    let run = harness::Said::from(running.run.wait_with_output().unwrap());
    let records = records(&run.folder());
    let used = records[0]["per_container"]["cpu_ns"]["max"]
        .as_u64()
        .unwrap();
    let window = records[0]["window"]["duration_ns"].as_u64().unwrap();
    assert!(used < window / 3, "{}", records[0]);
}

/// What `tests/effects.rs` does for other factors: the mechanism goes, and the trial says that its level did not hold.
#[test]
fn a_limit_that_is_taken_away_in_the_window_does_not_hold() {
    if !is_real_root() || std::thread::available_parallelism().unwrap().get() < 2 {
        return;
    }
    for (factor, level, files) in [
        (
            "cpu_max",
            "0.1",
            [("cpu.cfs_quota_us", "-1"), ("cpu.max", "max 100000")],
        ),
        (
            "cpuset",
            "\"0\"",
            [("cpuset.cpus", "1"), ("cpuset.cpus.exclusive", "")],
        ),
    ] {
        let out = tempfile::tempdir().unwrap();
        let axes = format!("{factor} = {level}");
        let running = Running::limited(out.path(), (2, &axes), "2s");
        let groups = running.groups();
        let containers = groups
            .iter()
            .flat_map(|group| ["c00000", "c00001"].map(|it| group.join(it)));
        let there = containers.flat_map(|group| files.map(|(file, text)| (group.join(file), text)));
        let there = there.filter(|(file, text)| file.exists() && !text.is_empty());
        let taken = there.map(|(file, text)| fs::write(&file, text).unwrap());
        assert_eq!(taken.count(), 2, "{factor}");
        let run = harness::Said::from(running.run.wait_with_output().unwrap());
        let record = records(&run.folder()).remove(0);
        let effects = record["effects"].as_array().unwrap();
        let effect = effects.iter().find(|it| it["factor"] == factor).unwrap();
        assert_eq!(effect["verdict"], "not_held", "{effect}");
        assert_eq!(record["checks"]["valid"], false, "{record}");
    }
}

#[test]
fn a_process_that_needs_more_memory_than_it_may_is_named_with_the_reason() {
    if !is_real_root() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let mut command = kilonet([
        "sweep",
        "--topology",
        "veth",
        "--driver",
        "processes",
        "--quiet",
    ]);
    command.args([
        "--containers",
        "2",
        "--memory-max",
        "2MiB",
        "--message",
        "16MiB",
    ]);
    let run = said(command.args(SHORT).arg("--out").arg(out.path()));
    assert_eq!(run.code, Some(1), "{run:?}");
    let records = records(&run.folder());
    let record = records
        .iter()
        .find(|it| it["cell"]["topology"] == "veth")
        .unwrap();
    let hint = record["error"]["hint"].as_str().unwrap();
    let sentence = "by the kernel, for want of memory in its control group";
    let remedy = "give containers more memory (memory_max), or find out what killed them: ";
    assert!(
        hint.starts_with(remedy) && hint.contains(sentence),
        "{record}"
    );
}

#[test]
fn who_may_not_make_groups_is_told_so_and_measures_nothing() {
    if !is_real_root() {
        return;
    }
    let nobody = for_nobody();
    let mut command = plainly("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    command.arg(nobody.path().join("kilonet")).arg("sweep");
    command.args([
        "--topology",
        "veth",
        "--containers",
        "2",
        "--driver",
        "processes",
    ]);
    let run = said(
        command
            .args(SHORT)
            .args(["--quiet", "--out", "out"])
            .current_dir(nobody.path()),
    );
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(run.out, "", "nothing was measured");
    let begins = "error: use control groups: make ";
    assert!(run.err.starts_with(begins), "{run:?}");
    assert!(run.err.contains("/kilonet-"), "{run:?}");
    assert!(run.err.contains("Delegate=yes"), "{run:?}");
    let folders = fs::read_dir(nobody.path().join("out")).unwrap();
    assert_eq!(folders.count(), 0, "a folder was made");
}

#[test]
fn each_container_is_a_process_of_its_own_and_none_outlives_a_kill() {
    if !is_real_root() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let mut running = Running::start(out.path(), 4, "10m");
    let agents: Vec<_> = running.agents.values().copied().collect();
    let namespaces: BTreeSet<_> = agents.iter().map(|it| namespace(*it)).collect();
    assert_eq!(namespaces.len(), 4);
    assert!(!namespaces.contains(&namespace(running.pid())));
    for (number, agent) in &running.agents {
        let group = memory_group(*agent).unwrap();
        let tail = format!("/c{number:05}");
        assert!(group.contains(&format!("/kilonet-{}-", running.pid())) && group.ends_with(&tail));
        // Linux counts what no other process has in these two lines.
        let rollup = fs::read_to_string(format!("/proc/{agent}/smaps_rollup")).unwrap();
        let private = rollup.lines().filter(|line| line.starts_with("Private_"));
        let kilobytes = private.map(|line| {
            line.split_whitespace()
                .nth(1)
                .unwrap()
                .parse::<u64>()
                .unwrap()
        });
        assert!(kilobytes.sum::<u64>() <= 1024, "{rollup}");
    }
    let everyone = running.descendants();
    let groups = running.groups();
    assert!(everyone.len() == 5 && !groups.is_empty());

    kill(Pid::from_raw(running.pid()), Signal::SIGKILL).unwrap();
    running.run.wait().unwrap();
    // The last of them to end is the one that takes the groups away; the event to wait for is their end.
    while everyone.iter().any(|pid| parents().contains_key(pid)) {
        std::thread::yield_now();
    }
    assert!(running.groups().is_empty(), "{:?}", running.groups());
}

#[test]
fn groups_of_a_run_that_was_killed_with_all_its_processes_are_removed_by_the_next() {
    if !is_real_root() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let mut running = Running::start(out.path(), 2, "10m");
    let everyone = running.descendants();
    let groups = running.groups();
    // Or it would see the others die, and take the groups away itself.
    kill(Pid::from_raw(running.pid()), Signal::SIGSTOP).unwrap();
    for pid in &everyone {
        kill(Pid::from_raw(*pid), Signal::SIGKILL).unwrap();
    }
    kill(Pid::from_raw(running.pid()), Signal::SIGKILL).unwrap();
    running.run.wait().unwrap();
    while everyone.iter().any(|pid| parents().contains_key(pid)) {
        std::thread::yield_now();
    }
    assert!(!groups.is_empty());
    assert_eq!(running.groups(), groups, "nobody was left to remove them");
    sweep(
        &[
            "--topology",
            "shared",
            "--containers",
            "2",
            "--measure",
            "100ms",
        ],
        out.path(),
    );
    assert!(running.groups().is_empty());
}

#[test]
fn a_process_that_is_killed_costs_its_own_flows_and_is_named() {
    if !is_real_root() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let running = Running::start(out.path(), 4, "2s");
    let everyone = running.descendants();
    let groups = running.groups();
    kill(Pid::from_raw(running.agents[&1]), Signal::SIGKILL).unwrap();
    let run = harness::Said::from(running.run.wait_with_output().unwrap());
    assert_eq!(run.code, Some(0), "{run:?}");

    let records = records(&run.folder());
    let record = records
        .iter()
        .find(|it| it["cell"]["topology"] == "veth")
        .unwrap();
    assert_eq!(
        (&record["status"], &record["flows"]["died"]),
        (&"ok".into(), &1.into()),
        "{record}"
    );
    let warnings = record["warnings"].to_string();
    let sentence = "1 of 4 processes was killed: that of container 1 from outside, by signal 9";
    assert!(warnings.contains(sentence), "{warnings}");
    assert!(
        warnings.contains("1 of 2 flows was lost: 0 to 1 died"),
        "{warnings}"
    );
    let rows = fs::read_to_string(run.folder().join("containers.csv")).unwrap();
    assert_eq!(rows.lines().count(), 1 + 4, "{rows}");
    assert!(everyone.iter().all(|pid| !parents().contains_key(pid)));
    assert!(groups.iter().all(|group| !group.exists()));
}
