//! Whether other processes or steal disturbed a window, as sentences for its record.
//!
//! Must not know what was measured. The invariant: a sentence comes only from a share beyond its threshold, and says the
//! share; a share of which it is not known on which side of its threshold it lies is said to be so.

use std::time::Duration;

use super::counters::{Delta, ForeignDelta, Softnet, tick_ns};
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

/// What can be said of others in a window.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// That they took what the trial should have had.
    pub disturbed: Vec<String>,
    /// That it cannot be told whether they did, and why.
    pub unjudged: Vec<String>,
}

/// What the kernel itself did in the window that figures suffer from, the gravest first.
#[must_use]
pub fn warnings(window: &Delta) -> Vec<String> {
    let found = [backlog(window), neighbours(window)];
    found.into_iter().flatten().collect()
}

/// Judges a window by its counters and by the foreign processes around it, however short it is.
///
/// What a count cannot be off by decides: a window is disturbed if others took more than the share at the least, undisturbed if
/// they took no more at the most, and not judged in between. How long our own threads waited for a CPU is no witness, as on a
/// busy node they wait for each other.
#[must_use]
pub fn judge(window: &Delta, foreign: &ForeignDelta) -> Verdict {
    let mut verdict = Verdict::default();
    steal(window).enter(&mut verdict);
    others(window, foreign).enter(&mut verdict);
    if foreign.hidden {
        let sentence =
            "kilonet does not see all processes of the machine, as in a container or with hidepid";
        verdict.unjudged.push(sentence.to_owned());
    }
    verdict
}

/// What somebody took of the CPU.
struct Taken {
    who: &'static str,
    when: &'static str,
    /// The best guess.
    time: Duration,
    at_least: Duration,
    at_most: Duration,
    /// The CPU time that there was.
    of: Duration,
    /// The share that disturbs.
    bound: f64,
}

impl Taken {
    fn enter(&self, verdict: &mut Verdict) {
        let Self { who, when, .. } = self;
        let [least, guess, most] =
            [self.at_least, self.time, self.at_most].map(|time| self.share(time));
        if least > self.bound {
            let guess = percent(guess);
            let sentence = format!("{who} took {guess} of the CPU {when}");
            verdict.disturbed.push(sentence);
        } else if most > self.bound {
            let most = percent(most);
            let sentence = format!(
                "{who} may have taken up to {most} of the CPU {when}; the kernel counts in steps too long to tell"
            );
            verdict.unjudged.push(sentence);
        }
    }

    /// Of no time at all nobody took a share. Times are counted per process and per CPU apart, so that the parts can come to a
    /// little more than the whole.
    fn share(&self, time: Duration) -> f64 {
        if self.of.is_zero() {
            return 0.0;
        }
        time.div_duration_f64(self.of).min(1.0)
    }
}

fn cpu_time(elapsed: Duration, cpus: usize) -> Duration {
    elapsed.saturating_mul(u32::try_from(cpus).unwrap_or(u32::MAX))
}

fn steal(window: &Delta) -> Taken {
    let tick = Duration::from_nanos(tick_ns());
    let time = Duration::from_nanos(window.cpu.steal_ns);
    Taken {
        who: "steal",
        when: "in the window",
        time,
        at_least: time.saturating_sub(tick),
        // A count that has never moved hides nothing.
        at_most: if window.counts_steal {
            time + tick
        } else {
            time
        },
        of: cpu_time(window.counted.elapsed, window.cpus),
        bound: STEAL_SHARE,
    }
}

fn others(window: &Delta, foreign: &ForeignDelta) -> Taken {
    Taken {
        who: "other processes",
        when: "around the window",
        time: foreign.cpu,
        at_least: foreign.at_least,
        at_most: foreign.at_most,
        of: cpu_time(foreign.elapsed, window.cpus),
        bound: FOREIGN_SHARE,
    }
}

fn backlog(window: &Delta) -> Option<String> {
    let Some(Softnet {
        processed, dropped, ..
    }) = window.counted.softnet
    else {
        return Some(
            "packets dropped at a full backlog are not counted: /proc/net/softnet_stat cannot be read, or not in known columns"
                .to_owned(),
        );
    };
    let share = dropped as f64 / (processed + dropped).max(1) as f64;
    (share > BACKLOG_DROP_SHARE).then(|| {
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
        .counted
        .neighbour_overflows
        .filter(|overflows| *overflows > 0)?;
    Some(format!(
        "the neighbour table overflowed {} (sysctl net.ipv4.neigh.default.gc_thresh3)",
        counted(overflows, "time")
    ))
}

fn percent(share: f64) -> String {
    match share * 100.0 {
        0.0 => "0 %".to_owned(),
        percent if percent >= 10.0 => format!("{percent:.0} %"),
        percent if percent >= 1.0 => format!("{percent:.1} %"),
        percent => format!("{percent:.2} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::counters::{Counted, CpuTimes, OwnCpu};

    const NOBODY: [&str; 0] = [];

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// A window on two CPUs, so many steps of the kernel's clock of it stolen.
    fn window(elapsed: Duration, steal_ticks: u64) -> Delta {
        Delta {
            counted: Counted {
                elapsed,
                softnet: Some(Softnet {
                    processed: 1_000_000,
                    ..Softnet::default()
                }),
                neighbour_overflows: None,
            },
            cpus: 2,
            each: Vec::new(),
            cpu: CpuTimes {
                steal_ns: steal_ticks * tick_ns(),
                ..CpuTimes::default()
            },
            counts_steal: true,
            own: OwnCpu::default(),
            tcp_memory_pages: None,
        }
    }

    /// A machine without a hypervisor.
    fn own_machine(elapsed: Duration) -> Delta {
        Delta {
            counts_steal: false,
            ..window(elapsed, 0)
        }
    }

    /// Processes that took so much, known to the nanosecond.
    fn foreign(cpu: Duration, elapsed: Duration) -> ForeignDelta {
        ForeignDelta {
            cpu,
            at_least: cpu,
            at_most: cpu,
            elapsed,
            hidden: false,
        }
    }

    #[test]
    fn a_quiet_window_is_judged_quiet_however_short() {
        for elapsed in [millis(100), millis(200), millis(2000), millis(60_000)] {
            let quiet = foreign(elapsed * 2 / 51, elapsed);
            let verdict = judge(&own_machine(elapsed), &quiet);
            assert_eq!(verdict, Verdict::default(), "{elapsed:?}");
        }
        let quiet = foreign(millis(79), millis(2000));
        assert_eq!(judge(&window(millis(2000), 6), &quiet), Verdict::default());
    }

    #[test]
    fn a_window_that_others_have_most_of_is_disturbed_however_short() {
        for elapsed in [millis(100), millis(200), millis(399), millis(2000)] {
            let busy = foreign(elapsed * 2 * 63 / 100, elapsed);
            let verdict = judge(&own_machine(elapsed), &busy);
            assert_eq!(
                verdict.disturbed,
                ["other processes took 63 % of the CPU around the window"],
                "{elapsed:?}"
            );
            assert_eq!(verdict.unjudged, NOBODY);
        }
    }

    #[test]
    fn steal_is_said_with_its_share_where_its_steps_leave_no_doubt() {
        let quiet = foreign(Duration::ZERO, millis(2000));
        let said = judge(&window(millis(2000), 28), &quiet);
        assert_eq!(
            said.disturbed,
            ["steal took 7.0 % of the CPU in the window"]
        );
        // Of 400 ms, two steps are more than 10 ms, which is more than two in a hundred.
        let said = judge(&window(millis(200), 2), &quiet);
        assert_eq!(
            said.disturbed,
            ["steal took 5.0 % of the CPU in the window"]
        );
    }

    #[test]
    fn a_window_too_short_for_the_steps_of_a_count_is_said_to_be_not_judged() {
        let quiet = foreign(Duration::ZERO, millis(200));
        for (ticks, most) in [(0, "2.5 %"), (1, "5.0 %")] {
            let said = judge(&window(millis(200), ticks), &quiet);
            assert_eq!(said.disturbed, NOBODY);
            assert_eq!(
                said.unjudged,
                [format!(
                    "steal may have taken up to {most} of the CPU in the window; the kernel counts in steps too long to tell"
                )]
            );
        }
        let coarse = ForeignDelta {
            at_least: millis(5),
            at_most: millis(25),
            ..foreign(millis(15), millis(200))
        };
        let said = judge(&own_machine(millis(200)), &coarse);
        assert_eq!(said.disturbed, NOBODY);
        assert_eq!(
            said.unjudged,
            [
                "other processes may have taken up to 6.2 % of the CPU around the window; the kernel counts in steps too long \
                 to tell"
            ]
        );
    }

    #[test]
    fn who_does_not_see_all_processes_does_not_judge_by_those_that_are_seen() {
        let hidden = ForeignDelta {
            hidden: true,
            ..foreign(Duration::ZERO, millis(2000))
        };
        let said = judge(&own_machine(millis(2000)), &hidden);
        assert_eq!((said.disturbed.len(), said.unjudged.len()), (0, 1));
    }

    #[test]
    fn drops_that_cannot_be_counted_are_said_and_no_zero() {
        let mut window = window(millis(2000), 0);
        assert_eq!(warnings(&window), NOBODY);
        window.counted.softnet = None;
        let said = warnings(&window);
        assert!(said.len() == 1 && said[0].contains("/proc/net/softnet_stat"));
    }

    #[test]
    fn drops_and_overflows_name_the_sysctl_that_helps() {
        let mut window = window(millis(2000), 0);
        window.counted.softnet = Some(Softnet {
            processed: 1_000_000,
            dropped: 5_000,
            ..Softnet::default()
        });
        window.counted.neighbour_overflows = Some(3);
        assert_eq!(
            warnings(&window),
            [
                "5000 packets were dropped at a full backlog (sysctl net.core.netdev_max_backlog), 0.50 % of all",
                "the neighbour table overflowed 3 times (sysctl net.ipv4.neigh.default.gc_thresh3)",
            ]
        );
    }

    #[test]
    fn an_empty_interval_is_no_division_by_zero() {
        let verdict = judge(
            &own_machine(Duration::ZERO),
            &foreign(millis(1000), Duration::ZERO),
        );
        assert_eq!(verdict, Verdict::default());
    }
}
