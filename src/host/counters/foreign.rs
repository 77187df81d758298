//! The CPU time of processes other than kilonet's.
//!
//! Must not know windows. The invariant: neither this process nor a kernel thread is counted, since the kernel works
//! for the lab in its own threads too. Reading every process takes milliseconds on a full machine, so this is taken
//! outside a window's edges and keeps its own time.
//!
//! Seen is what this pid namespace shows; inside a container that is not the whole machine, and a reading says so.

use std::collections::HashMap;
use std::os::linux::fs::MetadataExt;
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_getres, clock_gettime};
use nix::unistd::Pid;
use procfs::process::{Process, Stat, all_processes};

use super::ticks::tick_ns;
use crate::error::{Error, Result};

/// The kernel's mark of its own threads, in the process flags.
const PF_KTHREAD: u32 = 0x0020_0000;

/// The inode of the pid namespace that the machine starts with (`PROC_PID_INIT_INO` of `include/linux/proc_ns.h`).
const INITIAL_PID_NAMESPACE: u64 = 0xefff_fffc;

/// A process: its pid and, as pids are used again, when it started in ticks since boot.
type Name = (i32, u64);

/// CPU time, user and kernel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Times {
    /// Its own, to the nanosecond; of what runs right now on another CPU all but the time since the kernel's last timer tick.
    own: Duration,
    /// Of its children that ended and that it has waited for, with theirs: user and kernel, in ticks, which is how the kernel
    /// shows it.
    inherited: [u64; 2],
    /// Whether it was running, or waiting to.
    running: bool,
}

/// CPU time of all foreign processes at about one instant.
#[derive(Debug, Clone)]
pub struct Foreign {
    taken: Instant,
    processes: HashMap<Name, Times>,
    hidden: bool,
}

/// What foreign processes used between two readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForeignDelta {
    /// User and kernel time.
    pub cpu: Duration,
    /// What they used at least: the kernel counts some of it in steps.
    pub at_least: Duration,
    /// What those that were seen used at most.
    pub at_most: Duration,
    /// Time between the readings.
    pub elapsed: Duration,
    /// Whether there may be processes that this one cannot see: behind a pid namespace, or by the option `hidepid` of `/proc`.
    pub hidden: bool,
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
            .filter_map(|stat| Some(((stat.pid, stat.starttime), Times::of(&stat)?)))
            .collect();
        Ok(Self {
            taken,
            processes,
            hidden: are_hidden(),
        })
    }

    /// What was used from `earlier` to this reading.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> ForeignDelta {
        let cpu = growth(&self.processes, &earlier.processes);
        let steps = tick() * inheritances(&self.processes, &earlier.processes);
        let before = steps + timer_tick() * running(&earlier.processes);
        let after = steps + timer_tick() * running(&self.processes);
        ForeignDelta {
            cpu,
            at_least: cpu.saturating_sub(before),
            at_most: cpu + after,
            elapsed: self.taken.saturating_duration_since(earlier.taken),
            hidden: self.hidden || earlier.hidden,
        }
    }
}

impl Times {
    /// Those of a process; absent once it has ended.
    fn of(stat: &Stat) -> Option<Self> {
        let clock = ClockId::pid_cpu_clock_id(Pid::from_raw(stat.pid)).ok()?;
        let inherited = [stat.cutime, stat.cstime].map(|ticks| u64::try_from(ticks).unwrap_or(0));
        Some(Self {
            own: clock_gettime(clock).ok()?.into(),
            inherited,
            running: stat.state == 'R',
        })
    }

    fn total(&self) -> Duration {
        self.own + Duration::from_nanos(self.inherited.iter().sum::<u64>() * tick_ns())
    }
}

/// Whether others' processes may be out of sight. The machine's first process is nobody's to hide but by such means.
fn are_hidden() -> bool {
    let namespace = std::fs::metadata("/proc/self/ns/pid").map(|it| it.st_ino());
    let first = Process::new(1).and_then(|process| process.stat());
    namespace.ok() != Some(INITIAL_PID_NAMESPACE) || first.is_err()
}

/// A step in which the kernel shows the time of processes that have ended.
fn tick() -> Duration {
    Duration::from_nanos(tick_ns())
}

/// A step of the kernel's own timer, by which at most the time of what runs on another CPU is behind.
fn timer_tick() -> Duration {
    clock_getres(ClockId::CLOCK_MONOTONIC_COARSE).map_or_else(|_| tick(), Duration::from)
}

fn running(processes: &HashMap<Name, Times>) -> u32 {
    let running = processes.values().filter(|times| times.running).count();
    u32::try_from(running).unwrap_or(u32::MAX)
}

/// Of how many counts in ticks there is a growth, each of which is off by less than a tick.
fn inheritances(now: &HashMap<Name, Times>, earlier: &HashMap<Name, Times>) -> u32 {
    let moved = now.iter().map(|(process, times)| {
        let before = earlier.get(process).copied().unwrap_or_default();
        let pairs = times.inherited.iter().zip(before.inherited);
        pairs.filter(|(now, before)| **now != *before).count()
    });
    u32::try_from(moved.sum::<usize>()).unwrap_or(u32::MAX)
}

/// A process that ends hands its time to the parent that waits for it, so the sum over all processes, inherited time
/// included, keeps what the ended ones used. Where a parent does not wait, that sum loses a whole life at once; what the
/// surviving processes used themselves is then the better bound from below. The larger of the two is taken.
fn growth(now: &HashMap<Name, Times>, earlier: &HashMap<Name, Times>) -> Duration {
    let total = |processes: &HashMap<Name, Times>| -> Duration {
        processes.values().map(Times::total).sum()
    };
    let survivors = now
        .iter()
        .map(|(process, times)| {
            let before = earlier.get(process).map_or(Duration::ZERO, |it| it.own);
            times.own.saturating_sub(before)
        })
        .sum();
    total(now).saturating_sub(total(earlier)).max(survivors)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    use nix::sched::CloneFlags;

    use super::*;
    use crate::host::alone;
    use crate::host::privilege::tests::user_namespaces_are_allowed;

    const SHELL: Name = (100, 7);
    const JOB: Name = (101, 9);

    /// By name, with what each used itself and what it inherited as user time, in ticks.
    fn processes(list: &[(Name, u32, u64)]) -> HashMap<Name, Times> {
        let times = list.iter().map(|(process, own, inherited)| {
            let times = Times {
                own: tick() * *own,
                inherited: [*inherited, 0],
                running: false,
            };
            (*process, times)
        });
        times.collect()
    }

    #[test]
    fn a_process_that_ended_is_counted_by_its_parent_and_only_for_the_time_between() {
        let before = processes(&[(SHELL, 5, 0), (JOB, 1_000, 0)]);
        let after = processes(&[(SHELL, 6, 1_020)]);
        assert_eq!(growth(&after, &before), tick() * 21);
    }

    #[test]
    fn a_process_nobody_waited_for_does_not_hide_the_others() {
        let before = processes(&[(SHELL, 5, 0), (JOB, 1_000, 0)]);
        let after = processes(&[(SHELL, 30, 0)]);
        assert_eq!(growth(&after, &before), tick() * 25);
    }

    #[test]
    fn a_pid_used_again_is_another_process() {
        let before = processes(&[(JOB, 1_000, 0)]);
        let after = processes(&[((JOB.0, 11), 40, 0)]);
        assert_eq!(growth(&after, &before), tick() * 40);
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
        let stat: Stat = procfs::FromRead::from_read(line.as_bytes()).unwrap();
        let worked = Duration::from_nanos((stat.utime + stat.stime) * tick_ns());
        assert!(
            worked > Duration::ZERO && seen >= worked,
            "seen {seen:?}, worked {worked:?}"
        );
    }

    #[test]
    fn what_is_counted_in_steps_has_bounds_that_hold_the_step() {
        let reading = |list: &[(Name, u32, u64)], running: bool| {
            let mut processes = processes(list);
            for times in processes.values_mut() {
                times.running = running;
            }
            Foreign {
                taken: Instant::now(),
                processes,
                hidden: false,
            }
        };
        let bounds = |now: &Foreign, then: &Foreign| {
            let since = now.since(then);
            (since.at_least, since.cpu, since.at_most)
        };
        let before = reading(&[(SHELL, 5, 7)], false);
        // What is counted to the nanosecond is known to the nanosecond.
        let exact = reading(&[(SHELL, 6, 7)], false);
        assert_eq!(bounds(&exact, &before), (tick(), tick(), tick()));
        // The child's time may have been all but none of the tick, or all but one of two.
        let inherited = reading(&[(SHELL, 5, 8)], false);
        let expected = (Duration::ZERO, tick(), tick() * 2);
        assert_eq!(bounds(&inherited, &before), expected);
        // What runs at an edge is behind there by no more than the timer's tick.
        let started = reading(&[(SHELL, 5, 7)], true);
        let expected = (tick().saturating_sub(timer_tick()), tick(), tick());
        assert_eq!(bounds(&exact, &started), expected);
        let goes_on = reading(&[(SHELL, 6, 7)], true);
        let expected = (tick(), tick(), tick() + timer_tick());
        assert_eq!(bounds(&goes_on, &before), expected);
    }

    #[test]
    fn who_is_behind_a_pid_namespace_knows_that_others_are_hidden() {
        if !user_namespaces_are_allowed() {
            return;
        }
        let pid = alone::start(|| {
            // What comes after it is in the new namespace, of which it is the first process.
            nix::sched::unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWPID).unwrap();
            let inside = alone::start(|| {
                assert!(Foreign::take(&[]).unwrap().hidden);
            });
            assert_eq!(alone::exit_code(inside), 0);
        });
        assert_eq!(alone::exit_code(pid), 0);
    }
}
