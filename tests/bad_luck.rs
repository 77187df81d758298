//! Runs that end as nobody planned: killed at any instant, interrupted, resumed. Nothing of them may stay behind, and what
//! they had measured must be there.
//!
//! The witnesses are the machine's own: `ip`, `lsns`, the mount table, `/proc` and the kernel's count of namespaces.

mod harness;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use harness::{
    SHORT, Said, TINY, binary, crate_dir, is_real_root, kernel_allows, plainly, records, said,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// What the machine has that a run might leave something in, each as text to be compared.
#[derive(Debug, PartialEq, Eq)]
struct Machine {
    links: String,
    addresses: String,
    network_namespaces: BTreeSet<String>,
    mounts: String,
    cgroups: BTreeSet<PathBuf>,
    sysctls: Vec<String>,
    journals: Vec<PathBuf>,
    processes: Vec<String>,
}

impl Machine {
    fn now() -> Self {
        let namespaces = output("lsns", &["--type", "net", "--noheadings", "--output", "NS"]);
        let nsfs = |mounts: String| {
            mounts
                .lines()
                .filter(|line| line.contains("nsfs"))
                .collect()
        };
        Self {
            links: output("ip", &["-o", "link"]),
            addresses: output("ip", &["-o", "-br", "address"]),
            network_namespaces: namespaces.split_whitespace().map(str::to_owned).collect(),
            mounts: nsfs(fs::read_to_string("/proc/self/mountinfo").unwrap()),
            cgroups: cgroups(Path::new("/sys/fs/cgroup")),
            sysctls: sysctls(),
            journals: children(Path::new("/run/kilonet"))
                .filter(|path| !path.ends_with("lock"))
                .collect(),
            processes: processes(),
        }
    }
}

fn output(program: &str, arguments: &[&str]) -> String {
    let said = said(plainly(program).args(arguments));
    assert_eq!(said.code, Some(0), "{program}: {said:?}");
    said.out
}

fn children(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
}

fn cgroups(folder: &Path) -> BTreeSet<PathBuf> {
    let below = children(folder).filter(|path| path.is_dir() && !path.is_symlink());
    below
        .flat_map(|path| cgroups(&path).into_iter().chain([path]).collect::<Vec<_>>())
        .collect()
}

/// The settings that a run may raise, and those near them; not the counters among the sysctls.
fn sysctls() -> Vec<String> {
    let names = [
        "net.core.somaxconn",
        "net.core.netdev_max_backlog",
        "net.core.rmem_max",
        "net.core.wmem_max",
        "net.ipv4.tcp_mem",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_wmem",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.tcp_congestion_control",
        "net.ipv4.neigh.default.gc_thresh3",
        "net.ipv6.conf.default.disable_ipv6",
        "net.ipv6.conf.all.disable_ipv6",
        "kernel.pid_max",
        "kernel.threads-max",
        "fs.file-max",
        "fs.nr_open",
        "user.max_net_namespaces",
        "user.max_user_namespaces",
    ];
    let value = |name: &str| fs::read_to_string(format!("/proc/sys/{}", name.replace('.', "/")));
    names
        .iter()
        .map(|name| format!("{name} = {:?}", value(name).ok()))
        .collect()
}

/// The program by a name of its own: others start it meanwhile, to read runs and to be told what it refuses, and what runs by this name
/// was started here. One that was lent to an ordinary user nobody else starts.
fn own_binary() -> &'static Path {
    static OWN: OnceLock<PathBuf> = OnceLock::new();
    OWN.get_or_init(|| {
        if std::env::var_os("KILONET_BINARY").is_some() {
            return binary();
        }
        let own = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kilonet-of-bad-luck");
        // That of the test before, of which nothing runs any more.
        let _ = fs::remove_file(&own);
        fs::hard_link(binary(), &own).unwrap();
        own
    })
}

/// `kilonet` by that name, with these arguments.
fn kilonet<I: AsRef<OsStr>>(arguments: impl IntoIterator<Item = I>) -> Command {
    let mut command = plainly(own_binary());
    command.args(arguments).current_dir(crate_dir());
    command
}

/// Processes of this binary, by the file they run.
fn processes() -> Vec<String> {
    let exe = fs::canonicalize(own_binary()).unwrap();
    children(Path::new("/proc"))
        .filter(|path| fs::read_link(path.join("exe")).is_ok_and(|one| one == exe))
        .map(|path| path.display().to_string())
        .collect()
}

/// 500 bridged containers and a loopback pair, long enough to be killed in any phase.
fn five_hundred(out: &Path) -> Command {
    let mut command = kilonet(["sweep", "--topology", "bridge", "--containers", "500"]);
    command
        .args([
            "--warmup",
            "200ms",
            "--measure",
            "300ms",
            "--repeats",
            "1",
            "--out",
        ])
        .arg(out);
    command
}

/// Runs the smallest lab to its end, which is the event to wait for: the kernel destroys namespaces in the order in which
/// they were given up, and this run waits until its own are destroyed.
fn await_destruction() {
    let out = tempfile::tempdir().unwrap();
    let run = said(kilonet(["sweep"]).args(TINY).arg("--out").arg(out.path()));
    assert_eq!(run.code, Some(0), "{run:?}");
}

fn only_folder(out: &Path) -> Option<PathBuf> {
    let mut folders = children(out);
    let first = folders.next();
    assert_eq!(folders.next(), None, "a second folder");
    first
}

fn send(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
}

#[test]
fn killed_at_twenty_instants_a_run_leaves_the_machine_as_it_was() {
    if !kernel_allows() {
        return;
    }
    let before = Machine::now();
    let mut instants = StdRng::seed_from_u64(500);
    for _ in 0..20 {
        let out = tempfile::tempdir().unwrap();
        let mut run = five_hundred(out.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let instant = Duration::from_millis(instants.random_range(0..2_000));
        // The instant is the point: there is no event that stands for a random one.
        std::thread::sleep(instant);
        send(&run, Signal::SIGKILL);
        let status = run.wait().unwrap();
        assert!(status.signal() == Some(9) || status.success(), "{status:?}");
        assert_eq!(Machine::now(), before, "killed after {instant:?}");
        if let Some(folder) =
            only_folder(out.path()).filter(|folder| folder.join("manifest.json").exists())
        {
            let report = said(kilonet(["report"]).arg(&folder));
            assert_eq!(report.code, Some(0), "killed after {instant:?}: {report:?}");
        }
    }
    await_destruction();
    assert_eq!(Machine::now(), before);
}

/// Whether a process has joined the last of so many groups of a run.
fn is_settled(run: &Child, containers: u32) -> bool {
    let root = format!("kilonet-{}-", run.id());
    let last = format!("c{:05}", containers - 1);
    let of_run = |path: &PathBuf| path.to_string_lossy().contains(&root) && path.ends_with(&last);
    let mut groups = cgroups(Path::new("/sys/fs/cgroup")).into_iter();
    groups.any(|group| {
        let inside = fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
        of_run(&group) && !inside.is_empty()
    })
}

/// The processes of containers are started from one that holds the run's standard error too: its end is that of all of them.
#[test]
fn a_killed_run_of_processes_leaves_no_control_group() {
    if !is_real_root() {
        return;
    }
    let before = Machine::now();
    let out = tempfile::tempdir().unwrap();
    let flags = "--driver processes --topology veth --containers 4 --baseline false --measure 10m --repeats 1 --quiet --out";
    let mut run = kilonet(["sweep"])
        .args(flags.split(' '))
        .arg(out.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !is_settled(&run, 4) {
        assert_eq!(run.try_wait().unwrap(), None, "it ended before");
        std::thread::yield_now();
    }
    send(&run, Signal::SIGKILL);
    run.wait().unwrap();
    let mut said = String::new();
    run.stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    await_destruction();
    assert_eq!(Machine::now(), before, "{said}");
}

/// In a user namespace that may hold 560 network namespaces, 500 that stayed behind would be missed by the next run: the
/// kernel itself keeps this count, and lowers it when a namespace is destroyed, whoever still had a name for it.
#[test]
fn the_kernels_own_count_of_namespaces_comes_back_after_each_kill() {
    if !kernel_allows() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let script = r#"
echo 560 > /proc/sys/user/max_net_namespaces
for instant in 0.4 0.9 1.4 1.9; do
    timeout --signal=KILL $instant "$KILONET" sweep --topology bridge --containers 500 --measure 300ms --repeats 1 --quiet --out "$OUT/killed" >/dev/null || true
    "$KILONET" sweep --topology shared --containers 2 --warmup 0ms --measure 100ms --repeats 1 --quiet --out "$OUT/barrier" >/dev/null
    # The little run's own few may still be dying; 500 cannot.
    echo 60 > /proc/sys/user/max_net_namespaces
    unshare --net true
    echo 560 > /proc/sys/user/max_net_namespaces
done
"$KILONET" sweep --topology bridge --containers 500 --warmup 0ms --measure 100ms --repeats 1 --quiet --out "$OUT/last" >/dev/null
echo 60 > /proc/sys/user/max_net_namespaces
unshare --net true
"#;
    let mut command = plainly("unshare");
    command.args(["--user", "--map-root-user", "--net", "bash", "-ec", script]);
    let run = said(command.env("KILONET", own_binary()).env("OUT", out.path()));
    assert_eq!(run.code, Some(0), "{run:?}");
}

#[test]
fn the_count_would_catch_a_namespace_that_stayed() {
    if !kernel_allows() {
        return;
    }
    let script = "echo 3 > /proc/sys/user/max_net_namespaces
unshare --net sleep infinity & unshare --net sleep infinity &
while [ $(lsns --type net --noheadings | grep -c 'sleep infinity') -lt 2 ]; do :; done
if unshare --net true; then exit 3; fi
kill %1 %2";
    let mut command = plainly("unshare");
    command.args([
        "--user",
        "--map-root-user",
        "--net",
        "--pid",
        "--fork",
        "--mount-proc",
        "--kill-child",
        "bash",
        "-ec",
        script,
    ]);
    let run = said(&mut command);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.err.contains("No space left on device"), "{run:?}");
}

/// A run of many short trials, with its progress to wait on.
struct Many {
    run: Child,
    progress: BufReader<ChildStderr>,
}

/// Ten counts and the loopback pair they are compared with.
const TRIALS: usize = 11;

impl Many {
    fn start(out: &Path) -> Self {
        let mut command = kilonet(["sweep", "--topology", "shared", "--containers", "2..20 +2"]);
        command.args(SHORT).arg("--out").arg(out);
        let mut run = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let progress = BufReader::new(run.stderr.take().unwrap());
        Self { run, progress }
    }

    /// Waits until the log shows that this many trials ended.
    fn await_trials(&mut self, count: usize) {
        let ended = format!("{count}/");
        let mut line = String::new();
        while !line.starts_with(&ended) {
            line.clear();
            assert_ne!(
                self.progress.read_line(&mut line).unwrap(),
                0,
                "it ended before trial {count}"
            );
        }
    }

    fn end(mut self) -> Said {
        let mut err = String::new();
        self.progress.read_to_string(&mut err).unwrap();
        let mut said = Said::from(self.run.wait_with_output().unwrap());
        said.err = err;
        said
    }
}

/// Every trial of the run once, and all of them measured.
fn assert_complete(folder: &Path) {
    let records = records(folder);
    let ids: BTreeSet<_> = records
        .iter()
        .map(|record| record["trial"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!((ids.len(), records.len()), (TRIALS, TRIALS));
    assert!(records.iter().all(|record| record["status"] == "ok"));
}

#[test]
fn the_first_interrupt_ends_the_trial_and_reports_what_there_is() {
    if !kernel_allows() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let before = Machine::now();
    let mut many = Many::start(out.path());
    many.await_trials(3);
    send(&many.run, Signal::SIGINT);
    let ended = many.end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.contains("interrupted"), "{}", ended.err);
    let folder = ended.folder();
    assert_eq!(
        Some(&folder),
        only_folder(out.path()).as_ref(),
        "the folder is the last line"
    );
    let measured = records(&folder).len();
    assert!(
        (3..10).contains(&measured),
        "{measured} records after an interrupt in the fourth trial"
    );
    assert!(folder.join("report.html").exists());
    assert_eq!(Machine::now(), before);

    // What is advised is followed as it stands.
    let advised = ended.err.split('`').nth(1).unwrap_or_default();
    let mut words = advised.split(' ');
    assert_eq!(words.next(), Some("kilonet"), "{}", ended.err);
    let resumed = said(kilonet(words).arg("--quiet"));
    assert_eq!(resumed.code, Some(0), "{resumed:?}");
    assert_eq!(resumed.folder(), folder);
    assert_complete(&folder);
}

#[test]
fn a_second_interrupt_leaves_at_once_and_leaves_nothing() {
    if !kernel_allows() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let before = Machine::now();
    // A window of ten minutes, which only an interrupt ends.
    let mut command = kilonet([
        "sweep",
        "--topology",
        "bridge",
        "--containers",
        "200",
        "--measure",
        "10m",
        "--repeats",
        "1",
    ]);
    let run = command
        .arg("--out")
        .arg(out.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    await_blocked_signals(&run);
    send(&run, Signal::SIGINT);
    send(&run, Signal::SIGTERM);
    let ended = Said::from(run.wait_with_output().unwrap());
    assert_eq!(ended.code, Some(1), "{ended:?}");
    await_destruction();
    assert_eq!(Machine::now(), before);
}

/// Waits until the process takes signals as events. There is nothing to wait on but its status.
fn await_blocked_signals(run: &Child) {
    let blocks = |status: &str| {
        let mask = status
            .lines()
            .find_map(|line| line.strip_prefix("SigBlk:"))?;
        let mask = u64::from_str_radix(mask.trim(), 16).ok()?;
        Some(mask & (1 << (Signal::SIGINT as u32 - 1)) != 0)
    };
    let path = format!("/proc/{}/status", run.id());
    while blocks(&fs::read_to_string(&path).expect("it runs")) != Some(true) {
        std::thread::yield_now();
    }
}

#[test]
fn a_run_that_was_killed_is_resumed_and_complete() {
    if !kernel_allows() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let mut many = Many::start(out.path());
    many.await_trials(5);
    send(&many.run, Signal::SIGKILL);
    assert_eq!(many.end().code, None);
    let folder = only_folder(out.path()).expect("a folder");
    let kept = fs::read_to_string(folder.join("trials.jsonl")).unwrap();
    assert!(kept.lines().count() >= 5, "an ended trial is on the disk");

    let resumed = said(kilonet(["run", "--quiet", "--resume"]).arg(&folder));
    assert_eq!(resumed.code, Some(0), "{resumed:?}");
    assert!(
        fs::read_to_string(folder.join("trials.jsonl"))
            .unwrap()
            .starts_with(&kept),
        "what was kept was changed"
    );
    assert_complete(&folder);
}

#[test]
fn a_folder_that_is_being_written_to_cannot_be_resumed() {
    if !kernel_allows() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let mut many = Many::start(out.path());
    many.await_trials(1);
    let folder = only_folder(out.path()).expect("a folder");
    let second = said(kilonet(["run", "--resume"]).arg(&folder));
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(
        second.err.contains("another run is writing to it"),
        "{}",
        second.err
    );
    send(&many.run, Signal::SIGINT);
    assert_eq!(many.end().code, Some(1));
}

/// A sysctl that was raised by a run that was killed is put back by the next. The machine's own is never touched: in a mount
/// namespace of our own, a plain file stands in its place.
#[test]
fn a_sysctl_that_a_killed_run_had_raised_is_put_back_by_the_next() {
    if !is_real_root() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    fs::write(out.path().join("value"), "1024\n").unwrap();
    let scenario = "[axes]\ntopology = \"shared\"\ncontainers = 2\n[trial]\nmeasure = \"10m\"\nrepeats = 1\n[sysctls]\n\"net.ipv4.neigh.default.gc_thresh3\" = 4096\n";
    fs::write(out.path().join("raise.toml"), scenario).unwrap();
    let script = r#"
cd "$OUT"
sysctl=/proc/sys/net/ipv4/neigh/default/gc_thresh3
mount --bind value $sysctl
mount -t tmpfs tmpfs /run
"$KILONET" run raise.toml --quiet --out results & run=$!
while ! grep -q 4096 $sysctl; do kill -0 $run; done
kill -KILL $run
wait $run || true
grep -q 4096 $sysctl
ls /run/kilonet
"$KILONET" sweep --topology shared --containers 2 --warmup 0ms --measure 100ms --repeats 1 --out results
grep -qx 1024 $sysctl
"#;
    let mut command = plainly("unshare");
    command.args(["--mount", "bash", "-ec", script]);
    let run = said(command.env("KILONET", own_binary()).env("OUT", out.path()));
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(
        run.err
            .contains("had raised net.ipv4.neigh.default.gc_thresh3"),
        "{}",
        run.err
    );
}
