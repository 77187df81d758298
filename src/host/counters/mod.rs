//! The machine's counters at an instant, and what they grew by between two.
//!
//! Must not know windows or flows, nor judge. The invariant: a snapshot is cheap enough for the edge of a window (a few
//! small files, read once), and a difference is never negative, since some kernels let idle and I/O wait run backwards.
//!
//! All of it is of the whole machine, whatever namespace we are in, but for the process's own CPU time; and for what the network
//! stack of a namespace counts ([`Stack`], [`Sides`]), which is read by files that were opened inside.

mod foreign;
mod kernel_memory;
mod neighbours;
mod sides;
mod softnet;
mod stack;
mod ticks;
mod totals;

use std::collections::BTreeMap;
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

use super::pseudo;
use crate::error::{Error, Result};
use crate::lab::protocols::{in_lines, malformed};

pub(super) use neighbours::neighbour_entries;
pub(super) use ticks::tick_ns;

pub use foreign::{Foreign, ForeignDelta};
pub use kernel_memory::KernelMemory;
pub use neighbours::hold_neighbours;
pub use sides::{HostSide, Sides};
pub use softnet::Softnet;
pub use stack::Stack;
pub use totals::{Counted, Totals};

/// CPU time by kind, in nanoseconds summed over CPUs, in steps of the kernel's tick (10 ms where `USER_HZ` is 100).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CpuTimes {
    /// User mode, niced and guests included.
    pub user_ns: u64,
    /// Kernel mode, interrupts excluded.
    pub system_ns: u64,
    /// Hard and soft interrupts.
    pub softirq_ns: u64,
    /// Taken by the hypervisor for others.
    pub steal_ns: u64,
    /// Idle, waiting for I/O included.
    pub idle_ns: u64,
}

impl CpuTimes {
    /// All CPU time there was: elapsed time times CPUs, but for rounding.
    #[must_use]
    pub fn total_ns(&self) -> u64 {
        self.user_ns + self.system_ns + self.softirq_ns + self.steal_ns + self.idle_ns
    }

    /// What was worked: user, system and interrupts.
    #[must_use]
    pub fn busy_ns(&self) -> u64 {
        self.user_ns + self.system_ns + self.softirq_ns
    }

    /// Reads the line `cpu` of `/proc/stat`. Guest time is part of user time already, so its columns are left out; old
    /// kernels have fewer columns.
    fn parse(line: &str, tick_ns: u64) -> Option<Self> {
        let columns: Vec<u64> = line
            .split_whitespace()
            .skip(1)
            .map(str::parse)
            .collect::<Result<_, _>>()
            .ok()?;
        let [user, nice, system, idle, ..] = columns[..] else {
            return None;
        };
        let late = |column: usize| columns.get(column).copied().unwrap_or(0);
        let (iowait, irq, softirq, steal) = (late(4), late(5), late(6), late(7));
        Some(Self {
            user_ns: (user + nice) * tick_ns,
            system_ns: system * tick_ns,
            softirq_ns: (irq + softirq) * tick_ns,
            steal_ns: steal * tick_ns,
            idle_ns: (idle + iowait) * tick_ns,
        })
    }

    fn since(&self, earlier: &Self) -> Self {
        Self {
            user_ns: self.user_ns.saturating_sub(earlier.user_ns),
            system_ns: self.system_ns.saturating_sub(earlier.system_ns),
            softirq_ns: self.softirq_ns.saturating_sub(earlier.softirq_ns),
            steal_ns: self.steal_ns.saturating_sub(earlier.steal_ns),
            idle_ns: self.idle_ns.saturating_sub(earlier.idle_ns),
        }
    }
}

/// CPU time of this process, all its threads and none of its children.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OwnCpu {
    /// User mode.
    pub user_ns: u64,
    /// Kernel mode on its behalf; softirqs that ran in its time slices are not in it where the kernel accounts them.
    pub system_ns: u64,
}

impl OwnCpu {
    fn take() -> Result<Self> {
        let usage = getrusage(UsageWho::RUSAGE_SELF)
            .map_err(|errno| Error::kernel("read", "the process's CPU time", errno.into()))?;
        Ok(Self {
            user_ns: nanoseconds(usage.user_time()),
            system_ns: nanoseconds(usage.system_time()),
        })
    }

    fn since(&self, earlier: &Self) -> Self {
        Self {
            user_ns: self.user_ns.saturating_sub(earlier.user_ns),
            system_ns: self.system_ns.saturating_sub(earlier.system_ns),
        }
    }
}

fn nanoseconds(time: TimeVal) -> u64 {
    let micros = time.tv_sec() * 1_000_000 + time.tv_usec();
    u64::try_from(micros).unwrap_or(0) * 1_000
}

/// All counters at one instant.
#[derive(Debug, Clone)]
pub struct Snapshot {
    totals: Totals,
    /// By the numbers of CPUs, those that are online.
    each: Vec<(u32, CpuTimes)>,
    cpu: CpuTimes,
    own: OwnCpu,
    tcp_memory_pages: Option<u64>,
}

impl Snapshot {
    /// Reads them, first the CPU's, so that what the reading itself costs falls behind them.
    ///
    /// # Errors
    /// When `/proc/stat` is not there or reads differently from every kernel known: without CPU time there is no figure of cost.
    pub fn take() -> Result<Self> {
        let taken = Instant::now();
        let own = OwnCpu::take()?;
        let stat = pseudo::text("/proc/stat")?;
        let cpu = CpuTimes::parse(stat.lines().next().unwrap_or_default(), tick_ns())
            .ok_or_else(|| malformed("/proc/stat"))?;
        Ok(Self {
            totals: Totals::begun(taken),
            each: each_cpu(&stat, tick_ns()),
            cpu,
            own,
            tcp_memory_pages: tcp_memory_pages(),
        })
    }

    /// What happened from `earlier` to this snapshot.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Delta {
        Delta {
            counted: self.totals.since(&earlier.totals),
            cpus: self.each.len(),
            each: grown(&self.each, &earlier.each),
            cpu: self.cpu.since(&earlier.cpu),
            counts_steal: self.cpu.steal_ns > 0,
            own: self.own.since(&earlier.own),
            tcp_memory_pages: self.tcp_memory_pages,
        }
    }
}

/// What happened between two snapshots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delta {
    /// Time between them, and what went wrong meanwhile.
    pub counted: Counted,
    /// CPUs online at the end.
    pub cpus: usize,
    /// CPU time by kind of each CPU that was online all the time, by its number.
    pub each: Vec<(u32, CpuTimes)>,
    /// The machine's CPU time by kind.
    pub cpu: CpuTimes,
    /// Whether the kernel has counted any steal since the machine started. Where it has not, there is nobody to take it, or
    /// nobody who says so.
    pub counts_steal: bool,
    /// This process's CPU time.
    pub own: OwnCpu,
    /// Pages in TCP sockets at the end, not a difference. Each CPU keeps some back, so it is coarse.
    pub tcp_memory_pages: Option<u64>,
}

/// The mark of TCP's memory pool, one for the whole machine, in pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpMemory {
    /// From it on sockets get less buffer than they ask for.
    pub pressure_pages: u64,
}

impl TcpMemory {
    /// Reads `net.ipv4.tcp_mem`, as `sysctls` sets it for the run or else as the machine has it. Only the initial network
    /// namespace shows it: call it before [`super::privilege::acquire`].
    #[must_use]
    pub fn thresholds(sysctls: &BTreeMap<String, String>) -> Option<Self> {
        const NAME: &str = "net.ipv4.tcp_mem";
        let set = sysctls.get(NAME).cloned();
        Self::parse(&set.or_else(|| pseudo::sysctl(NAME))?)
    }

    fn parse(text: &str) -> Option<Self> {
        let figures: Option<Vec<u64>> = text.split_whitespace().map(|it| it.parse().ok()).collect();
        let [_, pressure_pages, _] = figures?[..] else {
            return None;
        };
        Some(Self { pressure_pages })
    }
}

/// What all of the machine's TCP sockets have of memory, in pages.
fn tcp_memory_pages() -> Option<u64> {
    of_sockstat(&pseudo::word("/proc/net/sockstat")?, "mem")
}

/// Closed connections of the namespace in which the thread is that still keep their ports, of either family; absent where the kernel
/// does not say.
#[must_use]
pub fn time_wait() -> Option<u64> {
    of_sockstat(&pseudo::word("/proc/thread-self/net/sockstat")?, "tw")
}

/// A figure of TCP in a namespace's `sockstat`; all but `mem` are of that namespace only.
fn of_sockstat(text: &str, name: &str) -> Option<u64> {
    let mut figures = in_lines(text);
    let found = figures.find(|(protocol, figure, _)| (*protocol, *figure) == ("TCP:", name));
    found.map(|(_, _, number)| number)
}

/// The lines of `/proc/stat` that are of one CPU each.
fn each_cpu(stat: &str, tick_ns: u64) -> Vec<(u32, CpuTimes)> {
    let lines = stat.lines().take_while(|line| line.starts_with("cpu"));
    let numbered = lines.filter_map(|line| {
        let number = line.strip_prefix("cpu")?.split(' ').next()?;
        Some((number.parse().ok()?, CpuTimes::parse(line, tick_ns)?))
    });
    numbered.collect()
}

/// What each CPU did that is in both readings.
fn grown(now: &[(u32, CpuTimes)], earlier: &[(u32, CpuTimes)]) -> Vec<(u32, CpuTimes)> {
    let both = now.iter().filter_map(|(cpu, times)| {
        let (_, before) = earlier.iter().find(|(one, _)| one == cpu)?;
        Some((*cpu, times.since(before)))
    });
    both.collect()
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const TICK: u64 = 10_000_000;

    #[test]
    fn guest_time_is_not_counted_twice() {
        // user 100 of which guest 40; nice 10 of which guest_nice 5.
        let cpu = CpuTimes::parse("cpu  100 10 20 300 4 5 6 7 40 5", TICK).unwrap();
        assert_eq!(cpu.user_ns, 110 * TICK);
        assert_eq!(cpu.system_ns, 20 * TICK);
        assert_eq!(cpu.softirq_ns, 11 * TICK);
        assert_eq!(cpu.steal_ns, 7 * TICK);
        assert_eq!(cpu.idle_ns, 304 * TICK);
        assert_eq!(cpu.total_ns(), 452 * TICK);
        assert_eq!(cpu.busy_ns(), 141 * TICK);
    }

    #[test]
    fn a_kernel_without_the_late_columns_is_understood() {
        let cpu = CpuTimes::parse("cpu  1 2 3 4", TICK).unwrap();
        assert_eq!(
            (cpu.softirq_ns, cpu.steal_ns, cpu.idle_ns),
            (0, 0, 4 * TICK)
        );
    }

    #[test]
    fn what_is_no_cpu_line_is_refused() {
        for line in ["", "cpu", "cpu 1 2 3", "cpu 1 2 3 x"] {
            assert_eq!(CpuTimes::parse(line, TICK), None, "{line}");
        }
    }

    #[test]
    fn figures_of_sockets_are_found_by_name_not_by_place() {
        let text =
            "sockets: used 14\nTCP: inuse 1 orphan 0 tw 9 alloc 1 mem 433680\nUDP: inuse 0 mem 7\n";
        assert_eq!(of_sockstat(text, "mem"), Some(433_680));
        assert_eq!(of_sockstat(text, "tw"), Some(9));
        assert_eq!(of_sockstat("sockets: used 14\n", "mem"), None);
    }

    #[test]
    fn thresholds_are_three_figures() {
        let parsed = TcpMemory::parse("287898\t383867\t575796").unwrap();
        assert_eq!(parsed.pressure_pages, 383_867);
        assert_eq!(TcpMemory::parse("1 2"), None);
    }

    #[test]
    fn own_cpu_time_grows_by_what_another_clock_says() {
        use nix::time::{ClockId, clock_gettime};
        let clock = || Duration::from(clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).unwrap());
        let (before, witness) = (Snapshot::take().unwrap(), clock());
        while clock().saturating_sub(witness) < Duration::from_millis(50) {
            std::hint::black_box(0);
        }
        let own = Snapshot::take().unwrap().since(&before).own;
        // getrusage is exact in sum; it may lag by what the calls around it cost.
        assert!(own.user_ns + own.system_ns >= 49_000_000, "{own:?}");
    }

    #[test]
    fn cpus_are_those_nproc_counts() {
        let output = Command::new("getconf")
            .arg("_NPROCESSORS_ONLN")
            .output()
            .unwrap();
        let witness: usize = String::from_utf8(output.stdout)
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        let now = Snapshot::take().unwrap();
        assert_eq!(now.since(&now).cpus, witness);
    }

    #[test]
    fn each_cpu_is_its_share_of_all_and_one_that_came_or_went_is_left_out() {
        let stat = "cpu  3 0 30 300 0 0 7 0 0 0\ncpu0 1 0 10 100 0 0 3 0 0 0\ncpu3 2 0 20 200 0 0 4 0 0 0\nintr 5\n";
        let now = each_cpu(stat, TICK);
        assert_eq!(now.iter().map(|(cpu, _)| *cpu).collect::<Vec<_>>(), [0, 3]);
        let all = CpuTimes::parse(stat.lines().next().unwrap(), TICK).unwrap();
        let sum: u64 = now.iter().map(|(_, times)| times.total_ns()).sum();
        assert_eq!(sum, all.total_ns());
        assert_eq!(now[1].1.softirq_ns, 4 * TICK);
        let none = CpuTimes::default();
        let earlier = [(1, none), (3, now[1].1)];
        assert_eq!(grown(&now, &earlier), [(3, none)]);
    }

    proptest! {
        #[test]
        fn a_difference_is_never_negative(now in any::<[u32; 8]>(), before in any::<[u32; 8]>()) {
            let line = |columns: [u32; 8]| {
                columns.iter().fold("cpu ".to_owned(), |line, column| format!("{line} {column}"))
            };
            let times = |columns| CpuTimes::parse(&line(columns), TICK).unwrap();
            let delta = times(now).since(&times(before));
            prop_assert!(delta.user_ns <= times(now).user_ns);
            prop_assert!(delta.idle_ns <= times(now).idle_ns);
            prop_assert!(delta.steal_ns <= times(now).steal_ns);
        }
    }
}
