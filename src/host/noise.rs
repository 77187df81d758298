//! Whether others disturbed a window, as sentences to stand beside its figures.
//!
//! Must not know what was measured. The invariant: a sentence comes only from a share beyond its threshold, and says the
//! share; what could not be read gives none.

use super::counters::{Delta, ForeignDelta};
use crate::units::{counted, were};

/// A share of the CPU that others may take before a reader is told. On a node whose CPUs are all busy, goodput is
/// proportional to the CPU that is left, so a share taken is a share of the figure lost; repeats of one cell differ
/// by about this much on a quiet machine, so less cannot be seen in the result.
pub const STEAL_SHARE: f64 = 0.02;

/// The same for processes of others on this machine: they cost what the hypervisor's other guests cost.
pub const FOREIGN_SHARE: f64 = 0.02;

/// Packets dropped at a full backlog, of those processed. TCP sends a dropped packet again and backs off, by which a
/// flow of 64 KiB units loses throughput visibly from about one drop in ten thousand on.
pub const BACKLOG_DROP_SHARE: f64 = 1e-4;

/// Steps of the kernel's clock below which a share of the CPU is guesswork: with a hundred, one step is a percent.
const LEAST_TICKS: u64 = 100;

/// The sentences on one window and on the foreign processes around it, the gravest kind first.
#[must_use]
pub fn warnings(window: &Delta, foreign: Option<&ForeignDelta>) -> Vec<String> {
    let found = [backlog(window), neighbours(window)];
    let mut sentences = disturbances(window, foreign);
    sentences.extend(found.into_iter().flatten());
    sentences
}

/// Those of them that say that others took what the trial should have had.
#[must_use]
pub fn disturbances(window: &Delta, foreign: Option<&ForeignDelta>) -> Vec<String> {
    let others = foreign.and_then(|foreign| others(window, foreign));
    steal(window).into_iter().chain(others).collect()
}

fn steal(window: &Delta) -> Option<String> {
    let total = window.cpu.total_ns();
    if total < LEAST_TICKS * 1_000_000_000 / procfs::ticks_per_second().max(1) {
        return None;
    }
    let share = window.cpu.steal_ns as f64 / total as f64;
    (share > STEAL_SHARE).then(|| format!("steal took {} of the CPU in the window", percent(share)))
}

fn others(window: &Delta, foreign: &ForeignDelta) -> Option<String> {
    let there_was = foreign.elapsed.as_secs_f64() * window.cpus as f64;
    if there_was * procfs::ticks_per_second() as f64 <= LEAST_TICKS as f64 {
        return None;
    }
    // Ticks are counted per process and per CPU apart, so that the parts can come to a little more than the whole.
    let share = (foreign.cpu.as_secs_f64() / there_was).min(1.0);
    (share > FOREIGN_SHARE).then(|| {
        format!(
            "other processes took {} of the CPU around the window",
            percent(share)
        )
    })
}

fn backlog(window: &Delta) -> Option<String> {
    let seen = window.softnet.processed + window.softnet.dropped;
    let share = window.softnet.dropped as f64 / seen.max(1) as f64;
    (share > BACKLOG_DROP_SHARE).then(|| {
        let dropped = window.softnet.dropped;
        format!(
            "{} {} dropped at a full backlog (sysctl net.core.netdev_max_backlog), {} of all",
            counted(dropped, "packet"),
            were(dropped),
            percent(share)
        )
    })
}

fn neighbours(window: &Delta) -> Option<String> {
    let overflows = window
        .neighbour_overflows
        .filter(|overflows| *overflows > 0)?;
    Some(format!(
        "the neighbour table overflowed {} (sysctl net.ipv4.neigh.default.gc_thresh3)",
        counted(overflows, "time")
    ))
}

fn percent(share: f64) -> String {
    match share * 100.0 {
        percent if percent >= 1.0 => format!("{percent:.0} %"),
        percent => format!("{percent:.2} %"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::host::counters::{CpuTimes, OwnCpu, Softnet};

    const SECOND: u64 = 1_000_000_000;

    /// Two seconds of two CPUs, `steal` of them stolen.
    fn window(steal_ns: u64) -> Delta {
        Delta {
            elapsed: Duration::from_secs(2),
            cpus: 2,
            cpu: CpuTimes {
                steal_ns,
                user_ns: 4 * SECOND - steal_ns,
                ..CpuTimes::default()
            },
            own: OwnCpu::default(),
            softnet: Softnet {
                processed: 1_000_000,
                ..Softnet::default()
            },
            tcp_memory_pages: None,
            neighbour_overflows: None,
        }
    }

    #[test]
    fn a_quiet_window_has_no_sentence() {
        let foreign = ForeignDelta {
            cpu: Duration::from_millis(79),
            elapsed: Duration::from_secs(2),
        };
        assert_eq!(warnings(&window(79_000_000), Some(&foreign)), [""; 0]);
    }

    #[test]
    fn steal_and_others_are_said_with_their_share() {
        let foreign = ForeignDelta {
            cpu: Duration::from_millis(750),
            elapsed: Duration::from_millis(2500),
        };
        assert_eq!(
            warnings(&window(280_000_000), Some(&foreign)),
            [
                "steal took 7 % of the CPU in the window",
                "other processes took 15 % of the CPU around the window"
            ]
        );
    }

    #[test]
    fn drops_and_overflows_name_the_sysctl_that_helps() {
        let mut window = window(0);
        window.softnet.dropped = 5_000;
        window.neighbour_overflows = Some(3);
        assert_eq!(
            warnings(&window, None),
            [
                "5000 packets were dropped at a full backlog (sysctl net.core.netdev_max_backlog), 0.50 % of all",
                "the neighbour table overflowed 3 times (sysctl net.ipv4.neigh.default.gc_thresh3)",
            ]
        );
    }

    #[test]
    fn a_window_of_a_few_ticks_says_nothing_of_shares() {
        let mut window = window(0);
        window.cpu = CpuTimes {
            steal_ns: 10_000_000,
            idle_ns: 20_000_000,
            ..CpuTimes::default()
        };
        assert_eq!(warnings(&window, None), [""; 0]);
    }

    #[test]
    fn an_empty_interval_is_no_division_by_zero() {
        let foreign = ForeignDelta {
            cpu: Duration::from_secs(1),
            elapsed: Duration::ZERO,
        };
        assert_eq!(warnings(&window(0), Some(&foreign)), [""; 0]);
    }
}
