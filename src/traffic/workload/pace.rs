//! When a client's next request is due.
//!
//! Must not know sockets. The invariant: what a client waits for never moves the times that a rate sets, so that a late
//! reply delays what is behind it in the record too (Tene's coordinated omission).

use std::time::Duration;

use crate::random::SplitMix;
use crate::scenario::{Arrivals, Orders};
use crate::traffic::moment::Moment;

/// See the file's head.
#[derive(Debug)]
pub(super) enum Pace {
    /// As soon as fewer than so many are under way.
    Closed(usize),
    /// At the times of a schedule.
    Open(Schedule),
}

/// Whether a request is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// It is, and was meant to be sent then.
    Since(Moment),
    /// Once fewer are under way.
    AfterReply,
    /// At that moment.
    At(Moment),
}

impl Pace {
    /// The pace of one flow; flows of different numbers do not keep step with each other.
    pub(super) fn of(orders: &Orders, flow: usize) -> Self {
        let outstanding = orders.load.outstanding() as usize;
        Schedule::of(orders, flow).map_or(Self::Closed(outstanding), Self::Open)
    }

    /// Whether a request is due now, while so many are under way. One that is said to be due must be sent.
    pub(super) fn due(&mut self, now: Moment, under_way: usize) -> Due {
        match self {
            Self::Closed(most) if under_way < *most => Due::Since(now),
            Self::Closed(_) => Due::AfterReply,
            Self::Open(schedule) => schedule.due(now),
        }
    }

    /// The time of the next request that was due by a moment, if one was and has times of its own. It will not be due again.
    pub(super) fn overdue(&mut self, by: Moment) -> Option<Moment> {
        match self {
            Self::Closed(_) => None,
            Self::Open(schedule) => match schedule.due(by) {
                Due::Since(intended) => Some(intended),
                Due::At(_) | Due::AfterReply => None,
            },
        }
    }
}

/// The times at which requests are meant to be sent.
#[derive(Debug)]
pub(super) struct Schedule {
    gap_ns: f64,
    arrivals: Arrivals,
    chance: SplitMix,
    /// Nanoseconds of the next one, from the first; a fraction of one is not lost.
    next_ns: f64,
    began: Option<Moment>,
}

impl Schedule {
    /// That of one flow, where its load has a rate.
    pub(super) fn of(orders: &Orders, flow: usize) -> Option<Self> {
        let arrivals = orders.load.arrivals.unwrap_or_default();
        let rate = orders.messages_per_s();
        rate.map(|rate| Self::new(rate, arrivals, flow))
    }

    /// Of so many messages a second.
    fn new(rate: f64, arrivals: Arrivals, flow: usize) -> Self {
        let mut chance = SplitMix::new(flow as u64);
        let gap_ns = 1e9 / rate;
        // Somewhere within the first gap: thousands of flows that began in step would stay so.
        let next_ns = gap_ns * chance.share();
        Self {
            gap_ns,
            arrivals,
            chance,
            next_ns,
            began: None,
        }
    }

    /// Leaves out what was due longer ago than `limit`; returns how many those were.
    pub(super) fn forgive(&mut self, now: Moment, limit: Duration) -> u64 {
        let Some(began) = self.began else {
            return 0;
        };
        let mut forgiven = 0;
        while now.since(began.plus(self.next_ns)) > limit {
            self.next_ns += self.gap();
            forgiven += 1;
        }
        forgiven
    }

    /// Whether a message is due now, and since when; never [`Due::AfterReply`].
    pub(super) fn due(&mut self, now: Moment) -> Due {
        let began = *self.began.get_or_insert(now);
        let next = began.plus(self.next_ns);
        if next > now {
            return Due::At(next);
        }
        self.next_ns += self.gap();
        Due::Since(next)
    }

    fn gap(&mut self) -> f64 {
        match self.arrivals {
            Arrivals::Constant => self.gap_ns,
            // The inverse of the exponential distribution's function; 1 less a share below 1 is above 0.
            Arrivals::Poisson => -(1.0 - self.chance.share()).ln() * self.gap_ns,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::scenario::{Load, Workload};

    fn times(rate: u32, arrivals: Arrivals, flow: usize) -> Vec<u64> {
        let mut schedule = Schedule::new(f64::from(rate), arrivals, flow);
        let began = Moment::now();
        schedule.began = Some(began);
        // Looked at once, late: everything that was due meanwhile is said with its own time.
        let late = began.plus(2e9);
        std::iter::from_fn(|| match schedule.due(late) {
            Due::Since(at) => Some(at.nanos() - began.nanos()),
            _ => None,
        })
        .collect()
    }

    #[test]
    fn a_constant_rate_has_equal_gaps_and_loses_no_fraction() {
        let times = times(30_000, Arrivals::Constant, 1);
        assert!((59_999..=60_001).contains(&times.len()), "{}", times.len());
        assert!(
            times
                .windows(2)
                .all(|two| (33_333..=33_334).contains(&(two[1] - two[0])))
        );
    }

    #[test]
    fn poisson_gaps_are_exponential() {
        let times = times(30_000, Arrivals::Poisson, 1);
        let gaps: Vec<f64> = times
            .windows(2)
            .map(|two| (two[1] - two[0]) as f64)
            .collect();
        let mean = crate::stats::mean(&gaps).unwrap();
        let deviation = crate::stats::standard_deviation(&gaps).unwrap();
        // Of 60,000 gaps both are known to 1 %; an exponential distribution's are equal.
        assert!((mean / 33_333.3 - 1.0).abs() < 0.02, "{mean}");
        assert!((deviation / mean - 1.0).abs() < 0.03, "{deviation}");
    }

    #[test]
    fn what_is_too_late_is_left_out_and_counted() {
        let mut schedule = Schedule::new(1_000.0, Arrivals::Constant, 1);
        let began = Moment::now();
        assert_eq!(schedule.forgive(began, Duration::ZERO), 0);
        schedule.began = Some(began);
        let late = began.plus(100e6);
        let forgiven = schedule.forgive(late, Duration::from_millis(10));
        assert!((89..=90).contains(&forgiven), "{forgiven}");
        let left = std::iter::from_fn(|| matches!(schedule.due(late), Due::Since(_)).then_some(()));
        let left = left.count() as u64;
        assert!((100..=101).contains(&(forgiven + left)), "{left}");
    }

    #[test]
    fn flows_do_not_keep_step() {
        assert_ne!(
            times(10, Arrivals::Constant, 1)[0],
            times(10, Arrivals::Constant, 2)[0]
        );
    }

    #[test]
    fn a_closed_loop_waits_for_replies_only() {
        let orders = Orders {
            workload: Workload::TcpRr,
            message_bytes: 1,
            load: Load {
                outstanding: Some(2),
                ..Load::default()
            },
        };
        let mut pace = Pace::of(&orders, 0);
        let now = Moment::now();
        assert_eq!(pace.due(now, 1), Due::Since(now));
        assert_eq!(pace.due(now, 2), Due::AfterReply);
    }
}
