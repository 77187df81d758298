//! A real engine of a test's own: `dockerd` in a network and a mount namespace of its own, so that neither its bridge, its
//! rules nor its mounts are the machine's.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread::JoinHandle;

use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::harness::{Said, is_real_root, kilonet, plainly, said};

/// A running engine; it is stopped when this is dropped.
pub(crate) struct Daemon {
    process: Child,
    folder: TempDir,
    /// Goes on reading what the engine logs, which would block it otherwise.
    log: Option<JoinHandle<()>>,
}

/// Whether an engine may be started here. Where it must be (`KILONET_REQUIRE_KERNEL`), it is a failure that it may not.
pub(crate) fn allowed() -> bool {
    if !is_real_root() {
        return false;
    }
    let there = said(plainly("sh").args(["-c", "command -v dockerd"])).code == Some(0);
    if !there {
        assert!(
            std::env::var_os("KILONET_REQUIRE_KERNEL").is_none(),
            "dockerd is required here: install docker.io"
        );
        eprintln!("SKIPPED: there is no dockerd");
    }
    there
}

impl Daemon {
    /// Starts one, with these options beside those that keep it apart, and waits until it says that it listens.
    pub(crate) fn start(options: &[&str]) -> Self {
        Self::launch("true", options)
    }

    /// One whose data have room for so many MiB and no more.
    pub(crate) fn cramped(mebibytes: u32) -> Self {
        // Inside the engine's mount namespace; its folder for data is the last option.
        let shrink = format!(
            "for data; do :; done; mkdir $data && mount -t tmpfs -o size={mebibytes}m none $data"
        );
        Self::launch(&shrink, &[])
    }

    fn launch(preparation: &str, options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let script = format!(
            "ip link set lo up && {preparation} && exec setpriv --pdeathsig TERM dockerd \"$@\""
        );
        let mut command = Command::new("unshare");
        command
            .args(["--net", "--mount", "sh", "-c", &script, "dockerd"])
            .args(["--host", &format!("unix://{}", path("sock"))])
            .args(["--exec-root", &path("exec")])
            .args(["--pidfile", &path("pid")])
            .args(["--cgroup-parent", &group_in(folder.path())])
            .args(options)
            .args(["--data-root", &path("data")])
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        // What an engine that dies leaves behind becomes ours to end.
        set_child_subreaper(true).unwrap();
        let mut process = command.spawn().unwrap();
        let log = listening(process.stderr.take().unwrap());
        Self {
            process,
            folder,
            log: Some(log),
        }
    }

    /// As `DOCKER_HOST` has it.
    pub(crate) fn host(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("sock")
    }

    /// A folder of the test's own, removed with the engine.
    pub(crate) fn results(&self) -> PathBuf {
        self.folder.path().join("results")
    }

    /// `kilonet` with these arguments, to be measured on this engine.
    pub(crate) fn kilonet(&self, arguments: &[&str]) -> Command {
        let mut command = kilonet(arguments);
        command.env("DOCKER_HOST", self.host());
        command
    }

    /// `kilonet sweep`: one short trial of each cell, without a baseline's worth of time.
    pub(crate) fn sweep(&self, arguments: &[&str]) -> Said {
        let short = ["--warmup", "100ms", "--measure", "300ms", "--repeats", "1"];
        let mut command = self.kilonet(&["sweep", "--testbed", "docker"]);
        said(
            command
                .args(short)
                .args(arguments)
                .arg("--out")
                .arg(self.results()),
        )
    }

    /// What the engine's own client says.
    pub(crate) fn docker(&self, arguments: &[&str]) -> String {
        let mut command = plainly("docker");
        let run = said(command.args(arguments).env("DOCKER_HOST", self.host()));
        assert_eq!(run.code, Some(0), "docker {arguments:?}: {run:?}");
        run.out
    }

    /// The engine's client, telling a line for each container that starts from now on, however late it subscribes itself.
    pub(crate) fn starts(&self) -> Child {
        let now = self.docker(&["info", "--format", "{{.SystemTime}}"]);
        let mut command = plainly("docker");
        command.args(["events", "--since", now.trim(), "--filter", "event=start"]);
        command
            .args(["--format", "{{.ID}}"])
            .env("DOCKER_HOST", self.host());
        command.stdout(Stdio::piped()).spawn().unwrap()
    }

    /// What a program says inside the engine's network namespace.
    pub(crate) fn inside(&self, program: &[&str]) -> String {
        let namespace = format!("--net=/proc/{}/ns/net", self.process.id());
        let run = said(plainly("nsenter").arg(namespace).args(program));
        assert_eq!(run.code, Some(0), "{program:?}: {run:?}");
        run.out
    }

    /// The rules that the engine has loaded.
    pub(crate) fn iptables_save(&self) -> String {
        self.inside(&["iptables-save"])
    }

    /// Everything that carries our label, and every network but the engine's own.
    pub(crate) fn ours(&self) -> Vec<String> {
        let label = ["--filter", "label=org.kilonet.run"];
        let containers = self.docker(&[&["ps", "--all", "--quiet"], &label[..]].concat());
        let networks = self.docker(&[&["network", "ls", "--quiet"], &label[..]].concat());
        let images = self.docker(&[&["images", "--quiet"], &label[..]].concat());
        let all = [containers, networks, images].concat();
        all.lines().map(str::to_owned).collect()
    }

    /// Kills it as a fault would, without a chance to stop its containers.
    pub(crate) fn die(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let pid = Pid::from_raw(i32::try_from(self.process.id()).unwrap());
        if matches!(self.process.try_wait(), Ok(None)) {
            let _ = kill(pid, Signal::SIGTERM);
            let _ = self.process.wait();
        }
        if let Some(log) = self.log.take() {
            let _ = log.join();
        }
        end_orphans(self.folder.path());
        remove_groups(&group_in(self.folder.path()));
    }
}

/// Ends the keepers of containers (`containerd-shim`) that an engine in this folder has left to us, and what they kept.
fn end_orphans(folder: &Path) {
    let folder = folder.display().to_string();
    loop {
        let children = children().into_iter();
        let left: Vec<_> = children
            .filter(|pid| {
                let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                String::from_utf8_lossy(&line).contains(&folder)
            })
            .collect();
        if left.is_empty() {
            return;
        }
        for pid in left {
            let _ = kill(pid, Signal::SIGKILL);
            let _ = waitpid(pid, None);
        }
    }
}

/// The processes whose parent is this one.
fn children() -> Vec<Pid> {
    let threads = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let lists =
        threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    let all: String = lists.collect();
    all.split_whitespace()
        .map(|pid| Pid::from_raw(pid.parse().unwrap()))
        .collect()
}

/// The cgroup that an engine in this folder puts its containers into: a name of its own, as the folder has.
fn group_in(folder: &Path) -> String {
    let name = folder.file_name().unwrap().to_str().unwrap();
    format!("kilonet-engine{name}")
}

/// Removes what an engine leaves of its cgroup, one for each controller (v1) or one (v2), each where this process's own group is;
/// a killed engine leaves those of its containers in it as well.
fn remove_groups(name: &str) {
    remove_within(Path::new("/sys/fs/cgroup"), name, false);
}

/// Removes the groups of a name below a folder, and all that are in one such.
fn remove_within(folder: &Path, name: &str, ours: bool) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        // Links to controllers by other names are none of these.
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let ours = ours || entry.file_name() == name;
        remove_within(&entry.path(), name, ours);
        if ours {
            let _ = std::fs::remove_dir(entry.path());
        }
    }
}

/// Reads the log until the engine says that it listens, and leaves the rest to a thread.
fn listening(log: ChildStderr) -> JoinHandle<()> {
    let mut lines = BufReader::new(log).lines();
    let mut said = String::new();
    for line in lines.by_ref() {
        let line = line.unwrap();
        said.push_str(&line);
        said.push('\n');
        if line.contains("API listen on") {
            return std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        }
    }
    panic!("dockerd ended:\n{said}");
}
