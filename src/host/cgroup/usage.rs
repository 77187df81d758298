//! CPU time and memory that the processes of a control group used, as the group reports them.
//!
//! Must not know whose group it is. The invariant: what the kernel does not say is absent, never zero.

use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use super::groups::{Branch, Groups};
use crate::host::pseudo;

/// CPU time since a group was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CpuTime {
    /// Measured whenever the scheduler switches.
    total: Duration,
    /// Counted or adjusted by the clock's ticks, as is the next: what part of the total was which.
    user: Duration,
    system: Duration,
}

impl CpuTime {
    /// What was used from `earlier` to this reading in user mode and in the kernel: the exact total, split as the ticks say.
    #[must_use]
    pub fn since(self, earlier: Self) -> (Duration, Duration) {
        let total = self.total.saturating_sub(earlier.total);
        let user = self.user.saturating_sub(earlier.user).as_nanos();
        let system = self.system.saturating_sub(earlier.system).as_nanos();
        let share = total.as_nanos() * user / (user + system).max(1);
        let user = u64::try_from(share).map_or(total, Duration::from_nanos);
        (user, total.saturating_sub(user))
    }

    /// Version 1 has a file for each, version 2 one for all (`cpu.stat`, in microseconds).
    pub(super) fn read(group: &Branch) -> Option<Self> {
        if group.is_unified {
            return Self::parse(&pseudo::word(group.folder.join("cpu.stat"))?);
        }
        let time = |name| pseudo::number(group.folder.join(name)).map(Duration::from_nanos);
        Some(Self {
            total: time("cpuacct.usage")?,
            user: time("cpuacct.usage_user")?,
            system: time("cpuacct.usage_sys")?,
        })
    }

    fn parse(stat: &str) -> Option<Self> {
        let time = |key| field(stat, key).map(Duration::from_micros);
        Some(Self {
            total: time("usage_usec")?,
            user: time("user_usec")?,
            system: time("system_usec")?,
        })
    }
}

/// What a group has used of memory since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Memory {
    /// The most it was charged with at once, in bytes: of its processes, and of the kernel for them.
    pub peak_bytes: Option<u64>,
    /// Processes of it that the kernel killed for want of memory; absent before Linux 4.13.
    pub oom_kills: Option<u64>,
}

impl Memory {
    pub(super) fn read(group: &Branch) -> Self {
        let folder = group.folder.as_path();
        let (peaks, events): (&[_], _) = if group.is_unified {
            // Before 5.19 there is no peak; what is used now is the next best.
            (&["memory.peak", "memory.current"], "memory.events")
        } else {
            (&["memory.max_usage_in_bytes"], "memory.oom_control")
        };
        let mut peaks = peaks.iter().map(|name| folder.join(name));
        Self {
            peak_bytes: peaks.find_map(pseudo::number),
            oom_kills: oom_kills(&folder.join(events)),
        }
    }
}

/// Periods in which a group was held back by its quota: the file and the line have one name in both versions.
pub(super) fn throttled_periods(group: &Branch) -> Option<u64> {
    field(
        &pseudo::word(group.folder.join("cpu.stat"))?,
        "nr_throttled",
    )
}

/// Periods in which the group of this process, or one above it, was held back by its quota so far; absent where no hierarchy with
/// quotas is mounted. A group without a figure can have no quota. Which groups these are is found once: nobody moves a process that
/// measures.
pub fn own_throttled_periods() -> Option<u64> {
    static OWN: OnceLock<Vec<Branch>> = OnceLock::new();
    let own = OWN.get_or_init(|| {
        let groups = Groups::of_self();
        groups.map_or_else(|_| Vec::new(), |it| it.branches("cpu"))
    });
    let sum = own.iter().filter_map(throttled_periods).sum();
    (!own.is_empty()).then_some(sum)
}

fn oom_kills(events: &Path) -> Option<u64> {
    field(&pseudo::word(events)?, "oom_kill")
}

/// A figure of a file with a name and a figure a line.
fn field(text: &str, key: &str) -> Option<u64> {
    let mut lines = text.lines();
    lines.find_map(|line| {
        line.strip_prefix(key)?
            .strip_prefix(' ')?
            .trim()
            .parse()
            .ok()
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn group(is_unified: bool, files: &[(&str, &str)]) -> (tempfile::TempDir, Branch) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let branch = Branch {
            folder: folder.path().to_owned(),
            is_unified,
        };
        (folder, branch)
    }

    #[test]
    fn version_2_says_all_in_one_file() {
        let stat = "usage_usec 900\nuser_usec 300\nsystem_usec 600\nnice_usec 0\nnr_periods 0\n";
        let events = "low 0\nhigh 0\nmax 12\noom 2\noom_kill 1\noom_group_kill 0\n";
        let (_folder, group) = group(
            true,
            &[
                ("cpu.stat", stat),
                ("memory.peak", "4096\n"),
                ("memory.current", "1024\n"),
                ("memory.events", events),
            ],
        );
        let used = CpuTime::read(&group).unwrap().since(CpuTime::default());
        assert_eq!(
            used,
            (Duration::from_micros(300), Duration::from_micros(600))
        );
        let memory = Memory::read(&group);
        assert_eq!((memory.peak_bytes, memory.oom_kills), (Some(4096), Some(1)));
        assert_eq!(throttled_periods(&group), None, "it has no quota");
    }

    #[test]
    fn periods_of_being_held_back_are_read_alike_in_both_versions() {
        let stat = "nr_periods 40\nnr_throttled 17\nthrottled_time 900\n";
        for is_unified in [true, false] {
            let (_folder, group) = group(is_unified, &[("cpu.stat", stat)]);
            assert_eq!(throttled_periods(&group), Some(17));
        }
    }

    #[test]
    fn version_1_has_a_file_for_each() {
        let (_folder, group) = group(
            false,
            &[
                ("cpuacct.usage", "1000000\n"),
                // Ticks: they say how the exact total is split.
                ("cpuacct.usage_user", "4000000\n"),
                ("cpuacct.usage_sys", "12000000\n"),
                ("memory.max_usage_in_bytes", "8192\n"),
                (
                    "memory.oom_control",
                    "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
                ),
            ],
        );
        let used = CpuTime::read(&group).unwrap().since(CpuTime::default());
        assert_eq!(
            used,
            (Duration::from_micros(250), Duration::from_micros(750))
        );
        let memory = Memory::read(&group);
        assert_eq!((memory.peak_bytes, memory.oom_kills), (Some(8192), Some(3)));
    }

    #[test]
    fn what_an_older_kernel_does_not_say_is_absent() {
        let (_folder, group) = group(true, &[("memory.current", "1024\n")]);
        assert_eq!(CpuTime::read(&group), None);
        assert_eq!(Memory::read(&group).peak_bytes, Some(1024));
        assert_eq!(Memory::read(&group).oom_kills, None);
    }
}
