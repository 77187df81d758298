//! The CPU time of other people's processes.
//!
//! Must not know windows. The invariant: neither this process nor a kernel thread is counted, since the kernel works
//! for the lab in its own threads too. Reading every process takes milliseconds on a full machine, so this is taken
//! outside a window's edges and keeps its own time.
//!
//! Seen is what this pid namespace shows; inside a container that is not the whole machine.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use procfs::process::{Stat, all_processes};

use crate::error::{Error, Result};

/// The kernel's mark of its own threads, in the process flags.
const PF_KTHREAD: u32 = 0x0020_0000;

/// A process: its pid and, as pids are used again, when it started in ticks since boot.
type Process = (i32, u64);

/// CPU time in ticks, user and kernel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Ticks {
    own: u64,
    /// Of its children that ended and that it has waited for, with theirs.
    inherited: u64,
}

/// CPU time of all foreign processes at about one instant.
#[derive(Debug, Clone)]
pub struct Foreign {
    taken: Instant,
    processes: HashMap<Process, Ticks>,
}

/// What foreign processes used between two readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForeignDelta {
    /// User and kernel time.
    pub cpu: Duration,
    /// Time between the readings.
    pub elapsed: Duration,
}

impl Foreign {
    /// Reads every process there is but this one and its `kin`, which work for it; one that ends meanwhile is left out.
    ///
    /// # Errors
    /// When `/proc` cannot be listed.
    pub fn take(kin: &[i32]) -> Result<Self> {
        let taken = Instant::now();
        let own_pid = nix::unistd::getpid().as_raw();
        let processes = all_processes()
            .map_err(|reason| Error::refused("list", "processes", reason.to_string()))?
            .filter_map(|process| process.ok()?.stat().ok())
            .filter(|stat| stat.pid != own_pid && !kin.contains(&stat.pid))
            .filter(|stat| stat.flags & PF_KTHREAD == 0)
            .map(|stat| ((stat.pid, stat.starttime), ticks(&stat)))
            .collect();
        Ok(Self { taken, processes })
    }

    /// What was used from `earlier` to this reading.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> ForeignDelta {
        let ticks = growth(&self.processes, &earlier.processes);
        let cpu = Duration::from_secs(ticks)
            / u32::try_from(procfs::ticks_per_second().max(1)).unwrap_or(u32::MAX);
        ForeignDelta {
            cpu,
            elapsed: self.taken.saturating_duration_since(earlier.taken),
        }
    }
}

fn ticks(stat: &Stat) -> Ticks {
    let inherited = u64::try_from(stat.cutime.saturating_add(stat.cstime)).unwrap_or(0);
    Ticks {
        own: stat.utime + stat.stime,
        inherited,
    }
}

/// A process that ends hands its time to the parent that waits for it, so the sum over all processes, inherited time
/// included, keeps what the ended ones used. Where a parent does not wait, that sum loses a whole life at once; what the
/// surviving processes used themselves is then the better bound from below. The larger of the two is taken.
fn growth(now: &HashMap<Process, Ticks>, earlier: &HashMap<Process, Ticks>) -> u64 {
    let total = |processes: &HashMap<Process, Ticks>| -> u64 {
        processes
            .values()
            .map(|ticks| ticks.own + ticks.inherited)
            .sum()
    };
    let survivors = now
        .iter()
        .map(|(process, ticks)| {
            ticks
                .own
                .saturating_sub(earlier.get(process).map_or(0, |before| before.own))
        })
        .sum();
    total(now).saturating_sub(total(earlier)).max(survivors)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    use super::*;

    const SHELL: Process = (100, 7);
    const JOB: Process = (101, 9);

    fn processes(list: &[(Process, u64, u64)]) -> HashMap<Process, Ticks> {
        list.iter()
            .map(|(process, own, inherited)| {
                (
                    *process,
                    Ticks {
                        own: *own,
                        inherited: *inherited,
                    },
                )
            })
            .collect()
    }

    #[test]
    fn a_process_that_ended_is_counted_by_its_parent_and_only_for_the_time_between() {
        let before = processes(&[(SHELL, 5, 0), (JOB, 1_000, 0)]);
        let after = processes(&[(SHELL, 6, 1_020)]);
        assert_eq!(growth(&after, &before), 21);
    }

    #[test]
    fn a_process_nobody_waited_for_does_not_hide_the_others() {
        let before = processes(&[(SHELL, 5, 0), (JOB, 1_000, 0)]);
        let after = processes(&[(SHELL, 30, 0)]);
        assert_eq!(growth(&after, &before), 25);
    }

    #[test]
    fn a_pid_used_again_is_another_process() {
        let before = processes(&[(JOB, 1_000, 0)]);
        let after = processes(&[((JOB.0, 11), 40, 0)]);
        assert_eq!(growth(&after, &before), 40);
    }

    #[test]
    fn kernel_threads_and_this_process_are_not_seen_and_a_child_is() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let pids: Vec<i32> = Foreign::take(&[])
            .unwrap()
            .processes
            .into_keys()
            .map(|(pid, _)| pid)
            .collect();
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(pids.contains(&i32::try_from(child.id()).unwrap()));
        assert!(!pids.contains(&nix::unistd::getpid().as_raw()));
        let second = std::fs::read_to_string("/proc/2/comm").unwrap_or_default();
        assert!(second.trim() != "kthreadd" || !pids.contains(&2));
    }

    #[test]
    fn the_work_of_another_process_is_counted_at_least_as_it_counts_itself() {
        let before = Foreign::take(&[]).unwrap();
        let script = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; read stat </proc/$$/stat; echo \"$stat\"; read end";
        let mut child = Command::new("sh")
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let seen = growth(&Foreign::take(&[]).unwrap().processes, &before.processes);
        drop(child.stdin.take());
        child.wait().unwrap();
        let worked = ticks(&procfs::FromRead::from_read(line.as_bytes()).unwrap()).own;
        assert!(worked > 0 && seen >= worked, "seen {seen}, worked {worked}");
    }
}
