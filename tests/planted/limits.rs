//! Limits of a process and of its control group that fall while a run goes on, as where others use them up: a run is held against
//! them before it begins, so that it is refused by none that was there then.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::harness::{binary, crate_dir, is_real_root, kernel_allows, plainly, records, said};
use crate::{consequences, counts, ids, mechanisms, planted, scenario_in};

/// Pairs that need little, and pairs that need more than is left.
const AXES: &str = "[axes]\ntopology = \"veth\"\ncontainers = [2, 64]\n";

/// Runs a scenario by a command that takes the program's, and lets a limit fall when its first trial is over; gives the folder.
fn lowered(out: &Path, mut start: Command, lower: impl FnOnce(u32)) -> PathBuf {
    let run = start.arg(binary()).args(["run", "--out"]).arg(out);
    let run = run.arg(scenario_in(out, AXES)).current_dir(crate_dir());
    let run = run.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut run = run.spawn().expect("it starts");
    let mut told = BufReader::new(run.stderr.take().unwrap()).lines();
    let first = told.by_ref().map(Result::unwrap);
    let mut first = first.skip_while(|line| !line.starts_with("1/4 "));
    assert!(first.next().is_some(), "no trial has ended");
    lower(run.id());
    let rest: Vec<_> = first.collect();
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{rest:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    PathBuf::from(text.lines().last().expect("a folder"))
}

/// Holds that this mechanism is the first, for certain, at 64 containers alone and by this limit, which left less than they need, and
/// that trials failed by it.
fn assert_named(folder: &Path, id: &str, limit: (&str, &str)) {
    let all = mechanisms(folder);
    assert_eq!(ids(&all).first(), Some(&id), "{all:#?}");
    let one = &all[0];
    assert_eq!(one["certain"], true, "{one}");
    assert_eq!(counts(one), [64], "{one}");
    assert_eq!(one["began_at"]["count"], 64, "{one}");
    for record in records(folder) {
        let lost = record["status"] == "failed" || record["errors"].is_array();
        let exceeded = record["exceeded"].as_array();
        let named = exceeded.into_iter().flatten();
        let is_named = named.clone().any(|it| it["limit"] == limit.0);
        assert_eq!(is_named, lost, "{record}");
        assert!(named.clone().all(|it| it["need"].as_u64() > Some(0)));
    }
    let named = ["name", "value"].map(|it| one["limit"][it].as_str().unwrap());
    assert_eq!(named, [limit.0, limit.1], "{one}");
    let follows = consequences(one);
    let failed = ["failed", "setup_failed", "starved", "died"];
    assert!(failed.iter().any(|it| follows.contains(it)), "{one}");
}

#[test]
fn open_files_that_run_out() {
    if !kernel_allows() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let folder = lowered(out.path(), plainly("env"), |pid| {
        let pid = pid.to_string();
        let lower = ["--pid", &pid, "--nofile=100:100"];
        let done = Command::new("prlimit").args(lower).status().unwrap();
        assert!(done.success());
    });
    assert_named(&folder, "descriptors", ("RLIMIT_NOFILE", "100"));
}

#[test]
fn namespaces_that_run_out() {
    if !kernel_allows() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let mut start = plainly("unshare");
    start.args(["--user", "--map-root-user"]);
    let folder = lowered(out.path(), start, |pid| {
        let user = format!("--user=/proc/{pid}/ns/user");
        let script = "echo 30 > /proc/sys/user/max_net_namespaces";
        let mut enter = Command::new("nsenter");
        let enter = enter.args([&user, "--preserve-credentials", "sh", "-ec", script]);
        assert!(enter.status().unwrap().success());
    });
    assert_named(&folder, "namespaces", ("user.max_net_namespaces", "30"));
}

/// A control group of the test's own in the hierarchy of a controller; none where there is no such hierarchy to be had.
struct Group(PathBuf);

impl Group {
    fn of(controller: &str) -> Option<Self> {
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap();
        let of = |line: &str| {
            let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
            let is_it = controllers.split(',').any(|it| it == controller);
            is_it.then(|| path.trim_start_matches('/').to_owned())
        };
        let own = groups.lines().find_map(of);
        let Some(own) = own else {
            eprintln!("SKIPPED: {controller} is in no hierarchy of version 1");
            return None;
        };
        let parent = Path::new("/sys/fs/cgroup").join(controller).join(own);
        let group = parent.join(format!("kilonet-planted-{}", std::process::id()));
        fs::create_dir(&group).unwrap();
        Some(Self(group))
    }

    /// What begins in it.
    fn starts(&self) -> Command {
        let mut command = plainly("sh");
        let script = "echo $$ > \"$0\"/cgroup.procs; exec \"$@\"";
        command.args(["-ec", script]).arg(&self.0);
        command
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        fs::remove_dir(&self.0).expect("all that was in it has ended");
    }
}

#[test]
fn threads_that_run_out() {
    if !is_real_root() {
        return;
    }
    let Some(group) = Group::of("pids") else {
        return;
    };
    let out = tempfile::tempdir().unwrap();
    let folder = lowered(out.path(), group.starts(), |_| {
        fs::write(group.0.join("pids.max"), "30").unwrap();
    });
    assert_named(&folder, "threads", ("cgroup pids", "30"));
}

/// What a service or a container has that kilonet runs in: nothing of it is a factor.
#[test]
fn a_quota_of_the_group_that_kilonet_runs_in() {
    if !is_real_root() {
        return;
    }
    let Some(group) = Group::of("cpu") else {
        return;
    };
    fs::write(group.0.join("cpu.cfs_quota_us"), "30000").unwrap();
    let out = tempfile::tempdir().unwrap();
    let mut run = group.starts();
    let run = run.arg(binary()).args(["run", "--quiet", "--out"]);
    let run = run.arg(out.path()).arg(scenario_in(out.path(), AXES));
    let told = said(run.current_dir(crate_dir()));
    assert_eq!(told.code, Some(0), "{told:?}");
    let all = mechanisms(&told.folder());
    assert_eq!(ids(&all).first(), Some(&"cpu_quota"), "{all:#?}");
    assert_eq!(counts(&all[0]), [2, 64], "{}", all[0]);
    assert_eq!(all[0]["began_at"]["phase"], "warmup", "{}", all[0]);
}

#[test]
fn memory_that_runs_out_in_containers() {
    if !is_real_root() {
        return;
    }
    let all = planted(
        "memory",
        "[axes]\ntopology = \"veth\"\ndriver = \"processes\"\nmemory_max = \"2MiB\"\nmessage = \"16MiB\"\ncontainers = [2, 8]\n",
    );
    assert_eq!(counts(&all[0]), [2, 8]);
    assert_eq!(all[0]["witness"]["name"], "oom_kills", "{}", all[0]);
}
