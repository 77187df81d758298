//! Where this process stands in the control groups, and which limits hold there.
//!
//! Must not know what a limit is compared with. The invariant: a limit is the tightest of the process's own group and
//! all groups above it that this mount namespace shows, since the kernel enforces every one of them.

use std::io::BufReader;
use std::path::{Path, PathBuf};

use procfs::process::{MountInfo, MountInfos};
use procfs::{FromBufRead, ProcessCGroup, ProcessCGroups};

use crate::error::{Error, Result};
use crate::host::pseudo;

/// How control groups are mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::host) enum Version {
    /// Nothing is mounted.
    None,
    /// One hierarchy per controller.
    V1,
    /// One hierarchy for all.
    V2,
    /// Controllers in version 1 hierarchies, and a version 2 hierarchy beside them.
    Hybrid,
}

impl Version {
    /// As manifests and `doctor` show it.
    pub(in crate::host) fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::V1 => "v1",
            Self::V2 => "v2",
            Self::Hybrid => "hybrid",
        }
    }
}

/// A controller that limits something kilonet needs.
#[derive(Debug, Clone, Copy)]
pub(in crate::host) enum Controller {
    Memory,
    Pids,
}

impl Controller {
    fn word(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Pids => "pids",
        }
    }

    /// The file with the limit in a hierarchy of this type, and the one with what is used of it.
    fn files(self, fs_type: &str) -> (&'static str, &'static str) {
        match (self, fs_type) {
            (Self::Pids, _) => ("pids.max", "pids.current"),
            (Self::Memory, "cgroup2") => ("memory.max", "memory.current"),
            (Self::Memory, _) => ("memory.limit_in_bytes", "memory.usage_in_bytes"),
        }
    }
}

/// A limit of a control group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::host) struct GroupLimit {
    /// Processes and threads, or bytes.
    pub(in crate::host) limit: u64,
    /// How much of it is used; page cache that can be dropped is not counted.
    pub(in crate::host) used: u64,
    /// The file that sets it.
    pub(in crate::host) file: PathBuf,
}

/// Version 1 writes "no limit" as the largest multiple of a page; nothing near it is a real limit.
const UNLIMITED_BYTES: u64 = 1 << 62;

/// A group in one hierarchy, below which others can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Branch {
    pub(super) folder: PathBuf,
    /// Whether the hierarchy is of version 2.
    pub(super) is_unified: bool,
}

/// The groups of this process and where they are mounted.
#[derive(Debug)]
pub(in crate::host) struct Groups {
    memberships: ProcessCGroups,
    mounts: Vec<MountInfo>,
}

impl Groups {
    /// Reads both from `/proc/self`.
    pub(in crate::host) fn of_self() -> Result<Self> {
        Self::parse(
            &pseudo::text("/proc/self/cgroup")?,
            &pseudo::text("/proc/self/mountinfo")?,
        )
    }

    pub(super) fn parse(cgroup: &str, mountinfo: &str) -> Result<Self> {
        let memberships = ProcessCGroups::from_buf_read(BufReader::new(cgroup.as_bytes()))
            .map_err(|reason| malformed("/proc/self/cgroup", &reason))?;
        let mounts = MountInfos::from_buf_read(BufReader::new(mountinfo.as_bytes()))
            .map_err(|reason| malformed("/proc/self/mountinfo", &reason))?;
        let mounts = mounts
            .into_iter()
            .filter(|mount| matches!(mount.fs_type.as_str(), "cgroup" | "cgroup2"))
            .collect();
        Ok(Self {
            memberships,
            mounts,
        })
    }

    pub(in crate::host) fn version(&self) -> Version {
        let mounted = |fs_type: &str| self.mounts.iter().any(|mount| mount.fs_type == fs_type);
        match (mounted("cgroup"), mounted("cgroup2")) {
            (false, false) => Version::None,
            (true, false) => Version::V1,
            (false, true) => Version::V2,
            (true, true) => Version::Hybrid,
        }
    }

    /// The tightest limit of `controller` on this process; absent where nothing limits it.
    pub(in crate::host) fn limit(&self, controller: Controller) -> Option<GroupLimit> {
        let (mount, group) = self.place(controller.word())?;
        let (limit_file, used_file) = controller.files(&mount.fs_type);
        ladder(&mount.mount_point, &group)
            .into_iter()
            .filter_map(|folder| {
                let file = folder.join(limit_file);
                let limit = pseudo::number(&file).filter(|limit| *limit < UNLIMITED_BYTES)?;
                let used = pseudo::number(folder.join(used_file)).unwrap_or(0);
                let used = used.saturating_sub(droppable(controller, &folder));
                Some(GroupLimit { limit, used, file })
            })
            .min_by_key(|limit| limit.limit.saturating_sub(limit.used))
    }

    /// Whether what this process uses is charged to a group below the root; absent where the controller is in no
    /// hierarchy that is mounted. In version 2 the root alone has no usage file, so that file tells even where a cgroup
    /// namespace shows our group as the root.
    pub(in crate::host) fn is_charged(&self, controller: Controller) -> Option<bool> {
        if let Some((_, group)) = self.in_v1(controller.word()) {
            return Some(group != "/");
        }
        let (mount, group) = self.place(controller.word())?;
        let (_, used_file) = controller.files(&mount.fs_type);
        Some(
            mount
                .mount_point
                .join(group.strip_prefix("/").unwrap_or(&group))
                .join(used_file)
                .exists(),
        )
    }

    /// The process's own group in `controller`'s hierarchy, where one is mounted.
    pub(super) fn branch(&self, controller: &str) -> Option<Branch> {
        let (mount, group) = self.place(controller)?;
        let below = group.strip_prefix("/").unwrap_or(&group);
        Some(Branch {
            folder: mount.mount_point.join(below),
            is_unified: mount.fs_type == "cgroup2",
        })
    }

    /// The same with all groups above it that are shown, the mount point last; empty where no hierarchy is mounted.
    pub(super) fn branches(&self, controller: &str) -> Vec<Branch> {
        let Some((mount, group)) = self.place(controller) else {
            return Vec::new();
        };
        let is_unified = mount.fs_type == "cgroup2";
        let folders = ladder(&mount.mount_point, &group).into_iter();
        folders
            .map(|folder| Branch { folder, is_unified })
            .collect()
    }

    /// Where the hierarchies are mounted.
    pub(super) fn mount_points(&self) -> impl Iterator<Item = &Path> {
        self.mounts.iter().map(|mount| mount.mount_point.as_path())
    }

    /// The mount that shows `controller`'s hierarchy, and the process's group in it as a path below the mount point.
    fn place(&self, controller: &str) -> Option<(&MountInfo, PathBuf)> {
        let (mount, group) = self.in_v1(controller).or_else(|| self.in_v2())?;
        // A mount may show only a part of the hierarchy; a group outside of that part is seen as the mount's own root.
        let below = Path::new(group).strip_prefix(&mount.root);
        Some((
            mount,
            below.map_or_else(|_| PathBuf::new(), Path::to_path_buf),
        ))
    }

    fn in_v1(&self, word: &str) -> Option<(&MountInfo, &str)> {
        let holds = |group: &&ProcessCGroup| group.controllers.iter().any(|name| name == word);
        let shows = |mount: &&MountInfo| {
            mount.fs_type == "cgroup" && mount.super_options.contains_key(word)
        };
        let group = self.memberships.0.iter().find(holds)?;
        Some((self.mounts.iter().find(shows)?, &group.pathname))
    }

    fn in_v2(&self) -> Option<(&MountInfo, &str)> {
        let group = self
            .memberships
            .0
            .iter()
            .find(|group| group.hierarchy == 0)?;
        let mount = self
            .mounts
            .iter()
            .find(|mount| mount.fs_type == "cgroup2")?;
        Some((mount, &group.pathname))
    }
}

/// The folder of `group` below `mount_point` and all folders above it, the mount point last.
fn ladder(mount_point: &Path, group: &Path) -> Vec<PathBuf> {
    let group = group.strip_prefix("/").unwrap_or(group);
    group
        .ancestors()
        .map(|part| mount_point.join(part))
        .collect()
}

/// Bytes of the group that the kernel drops before it refuses memory: the inactive page cache.
fn droppable(controller: Controller, folder: &Path) -> u64 {
    let Controller::Memory = controller else {
        return 0;
    };
    let Some(stat) = pseudo::word(folder.join("memory.stat")) else {
        return 0;
    };
    // Version 1 counts the group alone under `inactive_file`, and with its children under `total_inactive_file`.
    ["total_inactive_file ", "inactive_file "]
        .iter()
        .find_map(|key| {
            stat.lines()
                .find_map(|line| line.strip_prefix(key)?.parse().ok())
        })
        .unwrap_or(0)
}

fn malformed(object: &str, reason: &procfs::ProcError) -> Error {
    Error::Malformed {
        object: object.to_owned(),
        reason: reason.to_string(),
        remedy: None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const V2_LINE: &str = "31 23 0:28 / MOUNT rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";

    /// A hierarchy on disk: each file with its content below a temporary folder.
    fn hierarchy(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        root
    }

    fn groups(root: &tempfile::TempDir, cgroup: &str, mountinfo: &str) -> Groups {
        Groups::parse(
            cgroup,
            &mountinfo.replace("MOUNT", root.path().to_str().unwrap()),
        )
        .unwrap()
    }

    #[test]
    fn in_v2_a_group_above_may_be_the_tighter_one() {
        let root = hierarchy(&[
            ("user.slice/pids.max", "100\n"),
            ("user.slice/pids.current", "40\n"),
            ("user.slice/mine/pids.max", "5000\n"),
            ("user.slice/mine/pids.current", "4\n"),
        ]);
        let groups = groups(&root, "0::/user.slice/mine\n", V2_LINE);
        let limit = groups.limit(Controller::Pids).unwrap();
        assert_eq!((limit.limit, limit.used), (100, 40));
        assert!(limit.file.ends_with("user.slice/pids.max"));
        assert_eq!(groups.version(), Version::V2);
    }

    #[test]
    fn in_v2_max_is_no_limit() {
        let root = hierarchy(&[("mine/pids.max", "max\n"), ("mine/memory.max", "max\n")]);
        let groups = groups(&root, "0::/mine\n", V2_LINE);
        assert_eq!(groups.is_charged(Controller::Memory), Some(false));
        fs::write(root.path().join("mine/memory.current"), "1\n").unwrap();
        assert_eq!(groups.is_charged(Controller::Memory), Some(true));
        assert_eq!(groups.limit(Controller::Pids), None);
        assert_eq!(groups.limit(Controller::Memory), None);
    }

    #[test]
    fn in_v1_each_controller_has_its_mount_and_the_largest_number_is_no_limit() {
        let root = hierarchy(&[
            ("memory/job/memory.limit_in_bytes", "1073741824\n"),
            ("memory/job/memory.usage_in_bytes", "600000000\n"),
            (
                "memory/job/memory.stat",
                "inactive_file 1\ntotal_inactive_file 200000000\n",
            ),
            ("memory/memory.limit_in_bytes", "9223372036854771712\n"),
        ]);
        let mounts = "34 31 0:31 / MOUNT/pids rw - cgroup cgroup rw,pids\n\
                      35 31 0:32 / MOUNT/memory rw - cgroup cgroup rw,memory\n\
                      36 31 0:33 / MOUNT/unified rw - cgroup2 cgroup2 rw\n";
        let groups = groups(&root, "8:pids:/\n4:memory:/job\n0::/\n", mounts);
        let limit = groups.limit(Controller::Memory).unwrap();
        assert_eq!((limit.limit, limit.used), (1 << 30, 400_000_000));
        assert_eq!(groups.limit(Controller::Pids), None);
        assert_eq!(groups.version(), Version::Hybrid);
    }

    #[test]
    fn a_container_that_sees_only_its_part_of_the_hierarchy_reads_its_own_limit() {
        let root = hierarchy(&[("pids.max", "512\n"), ("pids.current", "3\n")]);
        let mounts = "34 31 0:31 /docker/abc MOUNT ro - cgroup cgroup rw,pids\n";
        let groups = groups(&root, "8:pids:/docker/abc\n", mounts);
        assert_eq!(groups.limit(Controller::Pids).unwrap().limit, 512);
    }

    #[test]
    fn the_real_files_of_this_machine_are_understood() {
        Groups::of_self().unwrap();
    }
}
