//! The binary as a user has it: started with arguments, read by what it prints and how it exits.

#![allow(dead_code, reason = "each test file uses a part of this")]
#![allow(unreachable_pub, reason = "a module that several test files include")]

pub mod verdicts;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use verdicts::Verdicts;

/// The binary under test: what cargo built beside the test, or where it was lent to an ordinary user.
pub fn binary() -> PathBuf {
    std::env::var_os("KILONET_BINARY")
        .map_or_else(|| env!("CARGO_BIN_EXE_kilonet").into(), PathBuf::from)
}

/// The crate's folder, in which `scenarios/` is.
pub fn crate_dir() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
}

/// A command whose output is the same on every terminal.
pub fn plainly(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .env_remove("CLICOLOR_FORCE")
        .env_remove("RUST_BACKTRACE");
    command
}

/// `kilonet` with these arguments.
pub fn kilonet<I: AsRef<OsStr>>(arguments: impl IntoIterator<Item = I>) -> Command {
    let mut command = plainly(binary());
    command.args(arguments).current_dir(crate_dir());
    command
}

/// What a command said and how it ended.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("the output is text"),
            err: String::from_utf8(output.stderr).expect("the progress is text"),
        }
    }
}

/// Runs a command to its end.
pub fn said(command: &mut Command) -> Said {
    command.output().expect("it starts").into()
}

impl Said {
    /// The run folder: the last line on standard output.
    pub fn folder(&self) -> PathBuf {
        let last = self
            .out
            .lines()
            .last()
            .unwrap_or_else(|| panic!("nothing was said: {self:?}"));
        PathBuf::from(last)
    }

    /// Exit code, standard output and standard error, as a snapshot shows them.
    pub fn transcript(&self) -> String {
        let code = self
            .code
            .map_or("killed".to_owned(), |code| code.to_string());
        format!(
            "exit {code}\n--- standard output\n{}--- standard error\n{}",
            self.out, self.err
        )
    }
}

/// The records of a run folder, as JSON and not as the library has them. There is at least one: what a test holds of each of
/// none, it holds of nothing.
pub fn records(folder: &Path) -> Vec<Value> {
    let path = folder.join("trials.jsonl");
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let records: Vec<_> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a whole line"))
        .collect();
    assert!(!records.is_empty(), "{}: no record", path.display());
    records
}

/// Whether others had a tenth of the CPU or more.
fn others_took_the_cpu(record: &Value) -> bool {
    let nanos = |kind: &str| record["cpu"][kind].as_f64().unwrap_or(0.0);
    let kinds = ["user_ns", "system_ns", "softirq_ns", "steal_ns", "idle_ns"];
    let all: f64 = kinds.into_iter().map(nanos).sum();
    nanos("foreign_ns") + nanos("steal_ns") >= 0.1 * all
}

/// Holds that a record says of itself that its witnesses agree, and that the test's own do. Interfaces are read beside the
/// window, not in it: on a machine that others keep busy the two may drift apart, which the record's own figures show, and it
/// is not judged for. How often that may be is bounded over all tests (see [`verdicts`]).
pub fn assert_valid_unless_busy(record: &Value, agree: bool) {
    let trial = record["trial"].as_str().expect("a name");
    if agree && record["checks"]["valid"] == true {
        Verdicts::of_this_run().judged(trial);
    } else {
        assert!(others_took_the_cpu(record), "{record}");
        eprintln!(
            "{trial}: not judged on a busy machine: {}",
            record["checks"]
        );
        Verdicts::of_this_run().excused(trial);
    }
}

/// By how much the interfaces' bytes may be off the sockets', beyond what lay unread between them.
const INTERFACES: f64 = 0.1;

/// Holds what a record of streams of TCP says against its second witnesses. Whether these agree is worked out here, and the
/// record's own verdict is held against it.
pub fn assert_true_to_its_witnesses(record: &Value) {
    let trial = &record["trial"];
    assert_eq!(record["status"], "ok", "{record}");
    let goodput = record["aggregate"]["goodput_bps"].as_f64();
    assert!(goodput > Some(0.0), "{trial}");
    let flows = &record["flows"];
    assert_eq!(
        (&flows["expected"], &flows["died"]),
        (&flows["connected"], &Value::from(0)),
        "{trial}: {flows}"
    );
    let checks = &record["checks"];
    let ratio = |name: &str| checks[name].as_f64();
    // The very same bytes, however busy the machine was.
    let info = ratio("tcp_info_bytes_ratio").expect("TCP_INFO was read");
    assert!((info - 1.0).abs() < 1e-9, "{trial}: {info}");
    // Interfaces count what lies unread too, each over a window of its own.
    let crossed = ratio("interface_bytes_ratio").expect("interfaces were read");
    let unread = ratio("unread_ratio").unwrap_or(0.0);
    let agree = (crossed - 1.0).abs() <= INTERFACES + unread;
    assert_eq!(checks["valid"], agree, "{trial}: {checks}");
    assert_valid_unless_busy(record, agree);
}

/// One trial of each cell, as short as may be.
pub const SHORT: &[&str] = &["--warmup", "0ms", "--measure", "100ms", "--repeats", "1"];

/// The smallest run that touches the kernel.
pub const TINY: &[&str] = &[
    "--topology",
    "shared",
    "--containers",
    "2",
    "--warmup",
    "0ms",
    "--measure",
    "100ms",
    "--repeats",
    "1",
];

/// Whether namespaces may be made here. Where they must be (`KILONET_REQUIRE_KERNEL`), it is a failure that they may not.
pub fn kernel_allows() -> bool {
    let mut probe = Command::new("unshare");
    let allowed = probe
        .args(["--user", "--map-root-user", "--net", "true"])
        .output()
        .is_ok_and(|it| it.status.success());
    if !allowed {
        assert!(
            std::env::var_os("KILONET_REQUIRE_KERNEL").is_none(),
            "namespaces are required here"
        );
        eprintln!("SKIPPED: no namespaces for this user");
    }
    allowed
}

/// Whether this is root over the machine, and not over a user namespace, and may make namespaces, which root in a container
/// may not. Rings that need it are not meant for others.
pub fn is_real_root() -> bool {
    let whole = ["0", "0", "4294967295"];
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let root = nix::unistd::geteuid().is_root() && map.split_whitespace().eq(whole);
    if !root {
        eprintln!("SKIPPED: this one is for root");
    }
    root && kernel_allows()
}

/// The binary where an ordinary user can reach it, in a folder that is theirs.
pub fn for_nobody() -> tempfile::TempDir {
    let home = tempfile::Builder::new()
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .tempdir()
        .unwrap();
    std::fs::copy(binary(), home.path().join("kilonet")).unwrap();
    let out = home.path().join("out");
    std::fs::create_dir(&out).unwrap();
    std::os::unix::fs::chown(&out, Some(65_534), Some(65_534)).unwrap();
    home
}
