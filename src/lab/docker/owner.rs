//! Whose a container is: the process that had it made, by a label that tells a living one from a dead one.
//!
//! Must not know the engine. The invariant: a label that cannot be read, or that is of another machine, another boot or
//! other process numbers, is nobody's we may judge.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::error::{Error, Remedy, Result};
use crate::swept::Swept;

/// The label that all things made for a run carry.
pub(super) const LABEL: &str = "org.kilonet.run";

/// A process, told from all others that had or will have its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    pid: u32,
    /// When it started, in ticks since boot.
    started: u64,
    /// The namespace in which the number is its.
    pids: u64,
    boot: String,
}

/// What is known of an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Living,
    Dead,
    /// Its number is of another namespace or machine.
    Unknown,
}

impl Owner {
    /// This process.
    ///
    /// # Errors
    /// When `/proc` is not there.
    pub fn this() -> Result<Self> {
        let pid = std::process::id();
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id")
            .map_err(|source| Error::kernel("read", "the boot's id", source))?;
        let pids = fs::metadata("/proc/self/ns/pid")
            .map_err(|source| Error::kernel("read", "the namespace of process numbers", source))?;
        let unknown = || Error::refused("find", "this process in /proc", "it is not there");
        Ok(Self {
            pid,
            started: start_of(pid).ok_or_else(unknown)?,
            pids: pids.ino(),
            boot: boot.trim().to_owned(),
        })
    }

    /// As a label has it.
    pub(super) fn label(&self) -> String {
        let Self {
            pid,
            started,
            pids,
            boot,
        } = self;
        format!("{pid}.{started}.{pids}.{boot}")
    }

    pub(super) fn labels(&self) -> HashMap<String, String> {
        HashMap::from([(LABEL.to_owned(), self.label())])
    }

    fn parse(label: &str) -> Option<Self> {
        let mut parts = label.splitn(4, '.');
        Some(Self {
            pid: parts.next()?.parse().ok()?,
            started: parts.next()?.parse().ok()?,
            pids: parts.next()?.parse().ok()?,
            boot: parts.next()?.to_owned(),
        })
    }

    /// What has become of the process that a label names, as `this` one can tell.
    pub(super) fn fate(this: &Self, label: &str) -> Fate {
        match Self::parse(label) {
            // Nothing lives through a boot, whatever namespace it was in; but another machine's boots are its own.
            Some(other) if other.boot != this.boot || other.pids != this.pids => Fate::Unknown,
            Some(other) if start_of(other.pid) == Some(other.started) => Fate::Living,
            Some(_) => Fate::Dead,
            None => Fate::Unknown,
        }
    }

    /// A name for something of this process's.
    fn name(&self) -> String {
        format!("kilonet-{}-{}", self.pid, self.started)
    }

    /// The name of its directory, in a place that processes of other namespaces may see too.
    fn directory(&self) -> String {
        format!("{}-{}", self.name(), self.pids)
    }

    pub(super) fn container(&self, number: u32) -> String {
        format!("{}-{number}", self.name())
    }

    pub(super) fn network(&self) -> String {
        self.name()
    }

    pub(super) fn image(&self) -> (String, String) {
        (
            "kilonet".to_owned(),
            format!("{}-{}", self.pid, self.started),
        )
    }
}

fn start_of(pid: u32) -> Option<u64> {
    let process = procfs::process::Process::new(i32::try_from(pid).ok()?).ok()?;
    let stat = process.stat().ok()?;
    // A zombie has ended, and its parent has not looked yet.
    (stat.state != 'Z').then_some(stat.starttime)
}

/// A directory in which agents report, removed when dropped.
#[derive(Debug)]
pub struct Directory(PathBuf);

impl Directory {
    /// Makes one that only this user, and containers it is shown to, can enter.
    ///
    /// # Errors
    /// When there is no place for it.
    pub fn create(owner: &Owner) -> Result<Self> {
        let made = places().into_iter().find_map(|place| {
            let path = place.join(owner.directory());
            let made = fs::create_dir_all(&place).and_then(|()| create(&path));
            made.is_ok().then_some(path)
        });
        made.map(Self).ok_or_else(|| {
            let reason = "neither /run/kilonet nor the directory for temporary files is writable";
            Error::refused("create", "a directory for agents to report in", reason)
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Removes those of processes that died before they could.
    #[must_use]
    pub fn remove_leftovers() -> Swept {
        let removed = Self::leftovers().into_iter().filter_map(|path| {
            let refused = |source: io::Error| {
                Error::kernel("remove", format!("directory {}", path.display()), source)
                    .with_remedy(Remedy::CleanAsOwner)
            };
            match fs::remove_dir_all(&path) {
                // Somebody else was faster.
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                outcome => Some(outcome.map_err(refused)),
            }
        });
        Swept::of("directory", removed)
    }

    /// Those of processes that died before they could remove them.
    fn leftovers() -> Vec<PathBuf> {
        let listed = places()
            .into_iter()
            .filter_map(|place| fs::read_dir(place).ok());
        let paths = listed.flat_map(|entries| entries.flatten().map(|entry| entry.path()));
        let Ok(this) = Owner::this() else {
            return Vec::new();
        };
        paths.filter(|path| is_dead(path, this.pids)).collect()
    }
}

fn create(path: &Path) -> io::Result<()> {
    // One of a process that had the same number at the same tick of another boot.
    let _ = fs::remove_dir_all(path);
    fs::DirBuilder::new().mode(0o700).create(path)
}

/// Where such directories are made, best first: one that the engine sees as we do.
fn places() -> [PathBuf; 2] {
    [PathBuf::from("/run/kilonet"), std::env::temp_dir()]
}

/// Whether a directory's name is that of a process that is no more, in the namespace of process numbers that is ours.
fn is_dead(path: &Path, pids: u64) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let numbers = name.and_then(|name| {
        let mut numbers = name.strip_prefix("kilonet-")?.splitn(3, '-');
        let pid = numbers.next()?.parse::<u32>().ok()?;
        let started = numbers.next()?.parse::<u64>().ok()?;
        Some((pid, started, numbers.next()?.parse::<u64>().ok()?))
    });
    numbers.is_some_and(|(pid, started, of)| of == pids && start_of(pid) != Some(started))
}

impl Drop for Directory {
    fn drop(&mut self) {
        // What cannot be removed now is found as a leftover later.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_tells_the_living_from_the_dead_and_from_strangers() {
        let this = Owner::this().unwrap();
        let label = |change: &dyn Fn(&mut Owner)| {
            let mut other = this.clone();
            change(&mut other);
            other.label()
        };
        assert_eq!(Owner::fate(&this, &this.label()), Fate::Living);
        let earlier = label(&|it| it.started -= 1);
        assert_eq!(Owner::fate(&this, &earlier), Fate::Dead);
        for stranger in [
            label(&|it| it.boot = "another".to_owned()),
            label(&|it| it.pids += 1),
            "not.a.label".to_owned(),
            String::new(),
        ] {
            assert_eq!(Owner::fate(&this, &stranger), Fate::Unknown, "{stranger}");
        }
    }

    #[test]
    fn a_directory_lives_as_long_as_its_owner() {
        let mut other = Owner::this().unwrap();
        other.started -= 1;
        let directory = Directory::create(&other).unwrap();
        assert!(Directory::leftovers().contains(&directory.path().to_owned()));
        let path = directory.path().to_owned();
        drop(directory);
        assert!(!path.exists());
    }
}
