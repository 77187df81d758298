//! Control groups that a killed kilonet could not remove, recognised by their name.
//!
//! Must not know what was in them. The invariant: only groups are removed that are named for a process of this pid namespace
//! that is no more; and the kernel itself refuses to remove one with a process in it.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::groups::Groups;
use crate::error::{Error, Remedy, Result};
use crate::host::pseudo::start_of;
use crate::swept::Swept;

/// The name of the groups of a process: its pid, when it started, and the namespace in which the pid is its.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner {
    pid: u32,
    started: u64,
    pids: u64,
}

impl Owner {
    /// This process.
    pub(super) fn this() -> Result<Self> {
        let pid = std::process::id();
        let unknown = || Error::refused("find", "this process in /proc", "it is not there");
        let pids = fs::metadata("/proc/self/ns/pid")
            .map_err(|source| Error::kernel("read", "the namespace of process numbers", source))?;
        Ok(Self {
            pid,
            started: start_of(pid).ok_or_else(unknown)?,
            pids: pids.ino(),
        })
    }

    /// What its groups are called.
    pub(super) fn name(self) -> String {
        let Self { pid, started, pids } = self;
        format!("kilonet-{pid}-{started}-{pids}")
    }

    fn parse(name: &str) -> Option<Self> {
        let mut numbers = name.strip_prefix("kilonet-")?.splitn(3, '-');
        Some(Self {
            pid: numbers.next()?.parse().ok()?,
            started: numbers.next()?.parse().ok()?,
            pids: numbers.next()?.parse().ok()?,
        })
    }

    fn is_dead(self, this: Self) -> bool {
        self.pids == this.pids && start_of(self.pid) != Some(self.started)
    }
}

/// Removes the groups of dead processes of ours wherever hierarchies show them. What cannot be removed is an error, and is
/// left for whoever may.
#[must_use]
pub fn remove_leftovers() -> Swept {
    let found = Owner::this().and_then(|this| Ok((this, Groups::of_self()?)));
    let (this, groups) = match found {
        Ok(found) => found,
        Err(error) => return Swept::refused(error),
    };
    let dead = groups
        .mount_points()
        .flat_map(|root| of_the_dead(root, this));
    Swept::of("control group", dead.filter_map(|group| swept(&group)))
}

/// Removes a group; nothing where somebody else was faster.
pub(crate) fn swept(group: &Path) -> Option<Result<()>> {
    match remove_tree(group) {
        Ok(()) => Some(Ok(())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(source) => Some(Err(Error::kernel(
            "remove",
            format!("control group {}", group.display()),
            source,
        )
        .with_remedy(Remedy::CleanAsOwner))),
    }
}

/// Whole groups: those below one of them are its own.
fn of_the_dead(folder: &Path, this: Owner) -> Vec<PathBuf> {
    let below = folders_in(folder).into_iter();
    let found = below.flat_map(|group| {
        let name = group.file_name().and_then(|name| name.to_str());
        match name.and_then(Owner::parse) {
            Some(owner) if owner.is_dead(this) => vec![group],
            Some(_) => Vec::new(),
            None => of_the_dead(&group, this),
        }
    });
    found.collect()
}

/// Removes a group and all below it. Its files go with it: the kernel shows them, nobody made them.
pub(super) fn remove_tree(group: &Path) -> io::Result<()> {
    for below in folders_in(group) {
        // What keeps one of them keeps the whole, and is said of that.
        let _ = remove_tree(&below);
    }
    fs::remove_dir(group)
}

fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_groups_of_the_dead_are_found_however_deep() {
        let this = Owner::this().unwrap();
        let dead = Owner {
            started: this.started - 1,
            ..this
        };
        let elsewhere = Owner {
            pids: dead.pids + 1,
            ..dead
        };
        let root = tempfile::tempdir().unwrap();
        let make = |path: String| {
            let path = root.path().join(path);
            fs::create_dir_all(&path).unwrap();
            path
        };
        let left = make(format!("user.slice/deep/{}", dead.name()));
        make(format!("user.slice/deep/{}/c00000", dead.name()));
        let kept = [
            make(this.name()),
            make(elsewhere.name()),
            make("kilonet-1".to_owned()),
            make("kilonet-a-b-c".to_owned()),
        ];
        assert_eq!(of_the_dead(root.path(), this), std::slice::from_ref(&left));
        assert!(remove_tree(&left).is_ok());
        assert!(of_the_dead(root.path(), this).is_empty());
        assert!(kept.iter().all(|path| path.exists()));
    }
}
