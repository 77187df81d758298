//! A terminal that is closed in the middle of a run.

use std::fs::{self, File};
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::pty::openpty;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::harness::{binary, is_real_root, kernel_allows, plainly, records};

/// The sysctl that is raised. The machine's own is never touched: in a mount namespace of our own, a plain file stands in its
/// place.
const SYSCTL: &str = "/proc/sys/net/ipv4/neigh/default/gc_thresh3";

/// Ten short trials, so that some are recorded when the terminal goes and some are not.
const SCENARIO: &str = "[axes]\ntopology = \"shared\"\ncontainers = \"2..20 +2\"\n[trial]\nwarmup = \"0ms\"\nmeasure = \"100ms\"\nrepeats = 1\n";

/// Those, and the baseline.
const TRIALS: usize = 11;

/// A shell at a terminal of its own, and that terminal's other end.
struct Seat {
    child: Child,
    screen: File,
    written: Vec<u8>,
}

impl Seat {
    fn start(script: &str, out: &Path) -> Self {
        let pty = openpty(None, None).unwrap();
        // Held by this test alone, so that its own end hangs up on the program.
        fcntl(&pty.master, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).unwrap();
        fcntl(&pty.slave, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).unwrap();
        let end = || Stdio::from(OwnedFd::try_clone(&pty.slave).unwrap());
        let mut command: Command = plainly("setsid");
        command.args(["--ctty", "--", "bash", "-ec", script]);
        command.env("KILONET", binary()).env("OUT", out);
        let child = command.stdin(end()).stdout(end()).stderr(end());
        Self {
            child: child.spawn().unwrap(),
            screen: pty.master.into(),
            written: Vec::new(),
        }
    }

    /// Reads until this has been written.
    fn wait_for(&mut self, words: &str) {
        let mut part = [0; 4096];
        while !String::from_utf8_lossy(&self.written).contains(words) {
            let count = self.screen.read(&mut part).expect("it still writes");
            self.written.extend_from_slice(&part[..count]);
        }
    }

    /// Closes the terminal, and gives the exit code of what ran on it.
    fn hang_up(self) -> Option<i32> {
        let Self {
            mut child, screen, ..
        } = self;
        drop(screen);
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), None, "it was killed");
        status.code()
    }
}

/// A script that becomes a run with a raised sysctl.
fn raising(out: &Path, flags: &str) -> String {
    let sysctls = "[sysctls]\n\"net.ipv4.neigh.default.gc_thresh3\" = 4096\n";
    fs::write(out.join("raise.toml"), format!("{SCENARIO}{sysctls}")).unwrap();
    fs::write(out.join("value"), "1024\n").unwrap();
    format!(
        r#"
cd "$OUT"
exec unshare --mount bash -ec '
mount --bind value {SYSCTL}
mount -t tmpfs tmpfs /run
TERM=xterm exec "$KILONET" run raise.toml {flags} --out results'
"#
    )
}

/// The sysctl, as it stands.
fn value(out: &Path) -> String {
    let text = fs::read_to_string(out.join("value")).unwrap();
    text.trim().to_owned()
}

fn has_recorded(out: &Path) -> bool {
    let folders = fs::read_dir(out.join("results")).into_iter().flatten();
    let mut trials = folders.flatten().map(|it| it.path().join("trials.jsonl"));
    trials.any(|trials| fs::metadata(trials).is_ok_and(|it| it.len() > 0))
}

/// The folder of the one run there.
fn folder(out: &Path) -> std::path::PathBuf {
    let mut folders = fs::read_dir(out.join("results")).unwrap();
    let folder = folders.next().expect("a run folder").unwrap().path();
    assert!(folders.next().is_none());
    folder
}

fn reported(out: &Path) -> usize {
    let folder = folder(out);
    assert!(folder.join("report.html").exists(), "no report");
    records(&folder).len()
}

#[test]
fn a_run_whose_terminal_is_closed_restores_sysctls_and_reports() {
    if !is_real_root() || !kernel_allows() {
        return;
    }
    for flags in ["", "--live", "--quiet"] {
        let out = tempfile::tempdir().unwrap();
        let watch = format!(
            "( while ! grep -qs . \"$OUT\"/results/*/trials.jsonl; do :; done; grep -q 4096 \"$OUT/value\" && echo raised and recorded ) &\n{}",
            raising(out.path(), flags)
        );
        let mut seat = Seat::start(&watch, out.path());
        seat.wait_for("raised and recorded");
        assert_eq!(seat.hang_up(), Some(1), "{flags}");
        assert_eq!(value(out.path()), "1024", "{flags}: it is still raised");
        let done = reported(out.path());
        assert!((1..TRIALS).contains(&done), "{flags}: {done} records");
    }
}

#[test]
fn a_run_that_is_to_survive_its_terminal_does() {
    if !kernel_allows() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    fs::write(out.path().join("short.toml"), SCENARIO).unwrap();
    let script = r#"
cd "$OUT"
( while ! grep -qs . results/*/trials.jsonl; do :; done; echo recorded ) &
trap '' HUP
exec "$KILONET" run short.toml --out results > said
"#;
    let mut seat = Seat::start(script, out.path());
    seat.wait_for("recorded");
    assert_eq!(seat.hang_up(), Some(0));
    assert_eq!(reported(out.path()), TRIALS, "all trials");
    let said = fs::read_to_string(out.path().join("said")).unwrap();
    assert!(
        said.lines()
            .last()
            .is_some_and(|last| last.contains("results/")),
        "{said}"
    );
}

/// As a service manager, a user or a limit ends it.
#[test]
fn whatever_signal_ends_a_run_it_restores_sysctls() {
    if !is_real_root() || !kernel_allows() {
        return;
    }
    for signal in [
        Signal::SIGTERM,
        Signal::SIGHUP,
        Signal::SIGQUIT,
        Signal::SIGXCPU,
    ] {
        let out = tempfile::tempdir().unwrap();
        let mut command = plainly("bash");
        command.args(["-ec", &raising(out.path(), "--quiet")]);
        command.env("KILONET", binary()).env("OUT", out.path());
        // Each becomes the next, so that it is kilonet itself in the end.
        let mut run = command.stdout(Stdio::null()).spawn().unwrap();
        // There is nothing to wait on but the file.
        while !has_recorded(out.path()) {
            assert!(run.try_wait().unwrap().is_none(), "{signal}: it has ended");
            std::thread::yield_now();
        }
        assert_eq!(value(out.path()), "4096", "{signal}: it is not raised");
        kill(Pid::from_raw(run.id().cast_signed()), signal).unwrap();
        assert_eq!(run.wait().unwrap().code(), Some(1), "{signal}");
        assert_eq!(value(out.path()), "1024", "{signal}: it is still raised");
        assert!((1..TRIALS).contains(&reported(out.path())), "{signal}");
    }
}
