//! A nest: a control group for each container of a lab, below the group of this process in each hierarchy that is needed.
//!
//! Must not know what runs in them. The invariant: all groups of a nest are below one that is named for this process, so that
//! nothing of another's is touched; they go with the nest, by whoever else was told how they are removed, or with the next that
//! finds its owner dead.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::delegation::{Delegation, refusal, write};
use super::groups::{Branch, Groups};
use super::leftovers::Owner;
use super::removal::{Removal, name};
use super::usage::{CpuTime, Memory, throttled_periods};
use crate::error::{Error, Remedy, Result};
use crate::host::pseudo;
use crate::scenario::Limits;

/// Microseconds that a limit of CPU time is shared out over: the kernel's own default.
const PERIOD_US: u64 = 100_000;

/// What groups are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Counting CPU time.
    Time,
    /// Counting and limiting memory.
    Memory,
    /// Limiting CPU time.
    Share,
    /// Choosing CPUs.
    Cpus,
}

impl Part {
    /// The controller in version 1.
    fn word(self) -> &'static str {
        match self {
            Self::Time => "cpuacct",
            Self::Memory => "memory",
            Self::Share => "cpu",
            Self::Cpus => "cpuset",
        }
    }

    /// The same in version 2, where every group counts its CPU time.
    fn unified_word(self) -> Option<&'static str> {
        (self != Self::Time).then(|| self.word())
    }
}

/// See the file's head.
#[derive(Debug)]
pub struct Nest {
    /// The folder of the nest for each part; several may be one.
    parts: Vec<(Part, Branch)>,
    removal: Removal,
}

impl Nest {
    /// Makes the groups of so many containers.
    ///
    /// # Errors
    /// When this user may not make groups, or a controller is missing; nothing is left of them then.
    pub fn build(containers: u32, limits: &Limits) -> Result<Self> {
        let name = Owner::this()?.name();
        let own = parts(&Groups::of_self()?, limits)?;
        let inside = |(part, branch): &(Part, Branch)| {
            let folder = branch.folder.join(&name);
            (
                *part,
                Branch {
                    folder,
                    ..branch.clone()
                },
            )
        };
        // Dropped on every way out from here, and its groups with it.
        let mut nest = Self {
            parts: own.iter().map(inside).collect(),
            removal: Removal {
                roots: Vec::new(),
                containers,
                delegation: None,
            },
        };
        let roots = nest.roots().into_iter().map(|root| root.folder.clone());
        nest.removal.roots = roots.collect();
        for root in &nest.removal.roots {
            make(root)?;
        }
        nest.delegate(&own)?;
        nest.seed_cpuset(&own)?;
        for container in 0..containers {
            nest.make_container(container, limits)?;
        }
        Ok(nest)
    }

    /// The files that a process of a container writes its pid to, or 0, to join.
    #[must_use]
    pub fn doors(&self, container: u32) -> Vec<PathBuf> {
        let roots = self.roots().into_iter();
        roots
            .map(|root| leaf(root, container).folder.join("cgroup.procs"))
            .collect()
    }

    /// CPU time that a container has used so far; absent where the kernel does not say.
    #[must_use]
    pub fn cpu_time(&self, container: u32) -> Option<CpuTime> {
        CpuTime::read(&leaf(self.part(Part::Time)?, container))
    }

    /// Periods in which a container was held back, as it had used up its share of CPU time; absent where it has no quota.
    #[must_use]
    pub fn throttled_periods(&self, container: u32) -> Option<u64> {
        throttled_periods(&leaf(self.part(Part::Share)?, container))
    }

    /// What a container has used of memory so far.
    #[must_use]
    pub fn memory(&self, container: u32) -> Memory {
        let group = self.part(Part::Memory);
        group.map_or_else(Memory::default, |group| {
            Memory::read(&leaf(group, container))
        })
    }

    /// How many containers it has groups for.
    #[must_use]
    pub fn containers(&self) -> u32 {
        self.removal.containers
    }

    /// What takes the groups away, for a process that is there when this one is killed.
    #[must_use]
    pub fn removal(&self) -> &Removal {
        &self.removal
    }

    fn part(&self, wanted: Part) -> Option<&Branch> {
        let mut parts = self.parts.iter();
        parts.find_map(|(part, branch)| (*part == wanted).then_some(branch))
    }

    /// The nest's own folders, each once.
    fn roots(&self) -> Vec<&Branch> {
        let mut roots: Vec<&Branch> = Vec::new();
        for (_, branch) in &self.parts {
            if !roots.contains(&branch) {
                roots.push(branch);
            }
        }
        roots
    }

    /// In version 2, a group has controllers only if those above pass them on.
    fn delegate(&mut self, own: &[(Part, Branch)]) -> Result<()> {
        let pairs = own.iter().zip(&self.parts);
        let unified: Vec<_> = pairs.filter(|((_, own), _)| own.is_unified).collect();
        let words = unified
            .iter()
            .filter_map(|((part, _), _)| part.unified_word());
        let words: Vec<_> = words.collect();
        if let (Some(((_, own), (_, nest))), false) = (unified.first(), words.is_empty()) {
            self.removal.delegation = Some(Delegation::begin(&own.folder, &nest.folder, &words)?);
        }
        Ok(())
    }

    /// In version 1, a group of CPUs takes no process in before it has CPUs and memory nodes; a fresh one has none.
    fn seed_cpuset(&self, own: &[(Part, Branch)]) -> Result<()> {
        let own = own.iter().find(|(part, _)| *part == Part::Cpus);
        let Some(((_, own), nest)) = own.zip(self.part(Part::Cpus)) else {
            return Ok(());
        };
        if !own.is_unified {
            inherit("cpuset.cpus", &own.folder, &nest.folder)?;
            inherit("cpuset.mems", &own.folder, &nest.folder)?;
        }
        Ok(())
    }

    fn make_container(&self, container: u32, limits: &Limits) -> Result<()> {
        for root in self.roots() {
            make(&leaf(root, container).folder)?;
        }
        for (part, root) in &self.parts {
            limit(*part, root, &leaf(root, container), limits)?;
        }
        Ok(())
    }
}

impl Drop for Nest {
    fn drop(&mut self) {
        self.removal.carry_out();
    }
}

fn leaf(root: &Branch, container: u32) -> Branch {
    Branch {
        folder: root.folder.join(name(container)),
        ..root.clone()
    }
}

/// Where the parts that are needed are to be had.
fn parts(groups: &Groups, limits: &Limits) -> Result<Vec<(Part, Branch)>> {
    let wanted = [
        (Part::Time, true),
        (Part::Memory, true),
        (Part::Share, limits.cpu_max.0.is_some()),
        (Part::Cpus, limits.cpuset.list().is_some()),
    ];
    let wanted = wanted.into_iter().filter(|(_, wanted)| *wanted);
    wanted
        .map(|(part, _)| Ok((part, branch(groups, part)?)))
        .collect()
}

fn branch(groups: &Groups, part: Part) -> Result<Branch> {
    let missing = || {
        let reason = format!(
            "no hierarchy that is mounted here has the controller {}",
            part.word()
        );
        Error::refused("make", "control groups", reason).with_remedy(Remedy::OwnControlGroup)
    };
    let branch = groups.branch(part.word()).ok_or_else(missing)?;
    let Some(word) = part.unified_word().filter(|_| branch.is_unified) else {
        return Ok(branch);
    };
    let there = pseudo::word(branch.folder.join("cgroup.controllers")).unwrap_or_default();
    let there = there
        .split_whitespace()
        .any(|controller| controller == word);
    there.then_some(branch).ok_or_else(missing)
}

fn limit(part: Part, root: &Branch, group: &Branch, limits: &Limits) -> Result<()> {
    let folder = &group.folder;
    match (part, group.is_unified) {
        (Part::Time, _) => Ok(()),
        (Part::Memory, unified) => {
            let file = if unified {
                "memory.max"
            } else {
                "memory.limit_in_bytes"
            };
            let bytes = limits.memory_max.0.map(|bytes| bytes.to_string());
            bytes.map_or(Ok(()), |bytes| write(&folder.join(file), &bytes))
        }
        (Part::Share, unified) => {
            let thousandths = u64::from(limits.cpu_max.0.unwrap_or_default());
            let quota = thousandths * PERIOD_US / 1000;
            if unified {
                return write(&folder.join("cpu.max"), &format!("{quota} {PERIOD_US}"));
            }
            write(&folder.join("cpu.cfs_period_us"), &PERIOD_US.to_string())?;
            write(&folder.join("cpu.cfs_quota_us"), &quota.to_string())
        }
        (Part::Cpus, unified) => {
            let cpus = limits.cpuset.list().unwrap_or_default();
            write(&folder.join("cpuset.cpus"), &cpus)?;
            if unified {
                return Ok(());
            }
            inherit("cpuset.mems", &root.folder, folder)
        }
    }
}

fn inherit(file: &str, from: &Path, to: &Path) -> Result<()> {
    let value = pseudo::text(from.join(file))?;
    write(&to.join(file), value.trim())
}

fn make(folder: &Path) -> Result<()> {
    match fs::create_dir(folder) {
        // One of the lab before, with something in it that did not end in time.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map_err(|source| refusal("make", folder, source)),
    }
}

#[cfg(test)]
mod tests;
