//! Nests in hierarchies that are plain folders, laid out as the kernel's documents say; and one in the machine's own.

use std::process::Command;

use super::*;
use crate::host::privilege::in_own_user_namespace;
use crate::scenario::{CpuMax, MemoryMax};

const V2: &str = "31 23 0:28 / MOUNT rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
const V1: &str = "34 31 0:31 / MOUNT/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
                  35 31 0:32 / MOUNT/memory rw - cgroup cgroup rw,memory\n\
                  36 31 0:33 / MOUNT/cpuset rw - cgroup cgroup rw,cpuset\n";

fn groups(root: &Path, cgroup: &str, mountinfo: &str) -> Groups {
    Groups::parse(cgroup, &mountinfo.replace("MOUNT", root.to_str().unwrap())).unwrap()
}

fn folders(root: &Path, groups: &Groups, limits: &Limits) -> Vec<(Part, String, bool)> {
    let parts = parts(groups, limits).unwrap().into_iter();
    let below = |branch: &Branch| {
        branch
            .folder
            .strip_prefix(root)
            .unwrap()
            .display()
            .to_string()
    };
    parts
        .map(|(part, branch)| (part, below(&branch), branch.is_unified))
        .collect()
}

fn all() -> Limits {
    Limits {
        cpu_max: CpuMax(Some(500)),
        memory_max: MemoryMax(Some(64 << 20)),
        cpuset: "0".parse().unwrap(),
    }
}

#[test]
fn each_layout_has_its_places() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    fs::create_dir_all(root.join("mine")).unwrap();
    fs::write(
        root.join("mine/cgroup.controllers"),
        "cpuset cpu io memory pids\n",
    )
    .unwrap();
    let v2 = groups(root, "0::/mine\n", V2);
    let unified = [Part::Time, Part::Memory, Part::Share, Part::Cpus];
    let unified = unified.map(|part| (part, "mine".to_owned(), true));
    assert_eq!(folders(root, &v2, &all()), unified);

    let memberships = "3:cpuset:/\n2:memory:/job\n1:cpu,cpuacct:/job\n0::/\n";
    let together = format!("{V1}37 31 0:34 / MOUNT/unified rw - cgroup2 cgroup2 rw\n");
    let split = [
        (Part::Time, "cpu,cpuacct/job".to_owned(), false),
        (Part::Memory, "memory/job".to_owned(), false),
        (Part::Share, "cpu,cpuacct/job".to_owned(), false),
        (Part::Cpus, "cpuset".to_owned(), false),
    ];
    for mounts in [V1, &together] {
        assert_eq!(
            folders(root, &groups(root, memberships, mounts), &all()),
            split
        );
    }
}

#[test]
fn a_controller_that_is_missing_is_named_with_the_remedy() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("cgroup.controllers"), "cpu pids\n").unwrap();
    let groups = groups(root.path(), "0::/\n", V2);
    let error = parts(&groups, &Limits::default()).unwrap_err();
    assert_eq!(
        error.sentence(),
        "make control groups: no hierarchy that is mounted here has the controller memory"
    );
    assert_eq!(error.remedy(), Some(&Remedy::OwnControlGroup));
}

#[test]
fn limits_are_written_as_each_version_wants_them() {
    for (is_unified, expected) in [
        (
            true,
            [
                ("memory.max", "67108864"),
                ("cpu.max", "50000 100000"),
                ("cpuset.cpus", "0"),
            ]
            .as_slice(),
        ),
        (
            false,
            &[
                ("memory.limit_in_bytes", "67108864"),
                ("cpu.cfs_quota_us", "50000"),
                ("cpu.cfs_period_us", "100000"),
                ("cpuset.cpus", "0"),
                ("cpuset.mems", "0-1"),
            ],
        ),
    ] {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("cpuset.mems"), "0-1\n").unwrap();
        let branch = Branch {
            folder: root.path().to_owned(),
            is_unified,
        };
        let group = leaf(&branch, 0);
        fs::create_dir(&group.folder).unwrap();
        for part in [Part::Time, Part::Memory, Part::Share, Part::Cpus] {
            limit(part, &branch, &group, &all()).unwrap();
        }
        for (file, text) in expected {
            assert_eq!(
                fs::read_to_string(group.folder.join(file)).unwrap(),
                *text,
                "{file}"
            );
        }
        assert_eq!(fs::read_dir(&group.folder).unwrap().count(), expected.len());
    }
}

#[test]
fn controllers_are_passed_on_and_taken_back() {
    let root = tempfile::tempdir().unwrap();
    let nest = root.path().join("nest");
    fs::create_dir(&nest).unwrap();
    let passed = |folder: &Path| fs::read_to_string(folder.join("cgroup.subtree_control")).unwrap();
    fs::write(root.path().join("cgroup.subtree_control"), "memory\n").unwrap();
    let delegation = Delegation::begin(root.path(), &nest, &["memory", "cpu"]).unwrap();
    assert_eq!(
        (passed(root.path()), passed(&nest)),
        ("+cpu".to_owned(), "+memory +cpu".to_owned())
    );
    fs::write(nest.join("cgroup.subtree_control"), "memory cpu\n").unwrap();
    delegation.end();
    assert_eq!(
        (passed(root.path()), passed(&nest)),
        ("-cpu".to_owned(), "-memory -cpu".to_owned())
    );
}

#[test]
fn a_process_that_joins_is_counted_where_it_joined_and_the_nest_leaves_nothing() {
    if !nix::unistd::geteuid().is_root() || in_own_user_namespace() {
        return eprintln!("SKIPPED: this one is for root");
    }
    let nest = Nest::build(2, &Limits::default()).unwrap();
    let doors = nest.doors(1);
    let join = doors
        .iter()
        .map(|door| format!("echo 0 > '{}'; ", door.display()));
    // Long enough for any clock, and independent of it: so many rounds of the shell's own arithmetic.
    let script = format!(
        "{} i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done",
        join.collect::<String>()
    );
    assert!(
        Command::new("sh")
            .args(["-c", &script])
            .status()
            .unwrap()
            .success()
    );

    let (user, system) = nest.cpu_time(1).unwrap().since(CpuTime::default());
    assert!(
        user + system > std::time::Duration::from_millis(1),
        "{user:?} {system:?}"
    );
    assert_eq!(nest.cpu_time(0), Some(CpuTime::default()));
    assert!(
        nest.memory(1).peak_bytes > Some(4096),
        "{:?}",
        nest.memory(1)
    );
    assert_eq!(nest.memory(0).oom_kills, Some(0));
    drop(nest);
    assert!(
        doors
            .iter()
            .all(|door| !door.parent().unwrap().parent().unwrap().exists())
    );
}
