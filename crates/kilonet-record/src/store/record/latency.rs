//! The part of a record that is about time: how long requests took.

use std::iter::Sum;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::stats::{Latencies, Packed};
use crate::units::nanos;

/// How long requests took that ended in the window, from the moment each was meant to be sent to its whole response, all
/// flows together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Requests.
    pub count: u64,
    /// Their arithmetic mean.
    pub mean_ns: f64,
    /// Median.
    pub p50_ns: u64,
    /// 90th percentile; absent below ten requests, of which none need be beyond it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub p90_ns: Option<u64>,
    /// 99th percentile; absent below a hundred requests, of which none need be beyond it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub p99_ns: Option<u64>,
    /// 99.9th percentile; absent below a thousand requests, of which none need be beyond it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub p999_ns: Option<u64>,
    /// 99.99th percentile; absent below ten thousand requests, of which none need be beyond it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub p9999_ns: Option<u64>,
    /// The share that took longer than 1 s, where each request has a connection of its own: a SYN that is lost is sent again after
    /// 1 s. Those that had been under way for longer when the window closed are among them ([`UnderWay`]). Absent for other workloads,
    /// and where none can have taken so long, as the flows began to move 1 s before the window's end or later.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub above_1s_ratio: Option<f64>,
    /// The share that took longer than 3 s, at which a SYN is sent for the third time; absent likewise.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub above_3s_ratio: Option<f64>,
    /// The longest.
    pub max_ns: u64,
    /// All of them to three digits.
    pub histogram: Packed,
}

impl Latency {
    /// What there is to say of some requests; absent where there were none.
    #[must_use]
    pub fn of(times: &Latencies) -> Option<Self> {
        let quantile = |q| times.quantile(q);
        // With fewer it would be the longest of all, whatever the share.
        let beyond = |least, q| quantile(q).filter(|_| times.count() >= least);
        Some(Self {
            count: times.count(),
            mean_ns: times.mean()?,
            p50_ns: quantile(0.5)?,
            p90_ns: beyond(10, 0.9),
            p99_ns: beyond(100, 0.99),
            p999_ns: beyond(1000, 0.999),
            p9999_ns: beyond(10_000, 0.9999),
            above_1s_ratio: None,
            above_3s_ratio: None,
            max_ns: times.max()?,
            histogram: Packed::of(times)?,
        })
    }

    /// The same of requests with a connection each: `under_way` are others that had not ended when the window closed, and `reach` is
    /// how long before its end flows began to move.
    #[must_use]
    pub fn of_connections(times: &Latencies, under_way: UnderWay, reach: Duration) -> Option<Self> {
        let above = |limit: u64, waiting: u64| {
            let slow = times.longer_than(limit) + waiting;
            let all = times.count() + waiting;
            (nanos(reach) > limit).then(|| slow as f64 / all.max(1) as f64)
        };
        Some(Self {
            above_1s_ratio: above(ONE_SECOND_NS, under_way.above_1s),
            above_3s_ratio: above(THREE_SECONDS_NS, under_way.above_3s),
            ..Self::of(times)?
        })
    }
}

/// After which time a SYN that was lost is sent again.
const ONE_SECOND_NS: u64 = 1_000_000_000;
/// After which it is sent for the third time.
const THREE_SECONDS_NS: u64 = 3_000_000_000;

/// Connections that were meant to be made before the window closed, and had not ended by then: what they took is longer than their age
/// at that moment, from the one at which each was meant to be made. With a rate, those are among them for which there was no room yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnderWay {
    /// How many.
    pub connections: u64,
    /// The age of the oldest.
    pub oldest_ns: u64,
    /// How many were older than 1 s.
    pub above_1s: u64,
    /// How many were older than 3 s.
    pub above_3s: u64,
}

impl UnderWay {
    /// One of this age.
    #[must_use]
    pub fn aged(age_ns: u64) -> Self {
        Self {
            connections: 1,
            oldest_ns: age_ns,
            above_1s: u64::from(age_ns > ONE_SECOND_NS),
            above_3s: u64::from(age_ns > THREE_SECONDS_NS),
        }
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            connections: self.connections + other.connections,
            oldest_ns: self.oldest_ns.max(other.oldest_ns),
            above_1s: self.above_1s + other.above_1s,
            above_3s: self.above_3s + other.above_3s,
        }
    }
}

impl Sum for UnderWay {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Self::and)
    }
}

/// How much later than they were meant to requests were sent in the window: what the harness itself adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lateness {
    /// Median.
    pub p50_ns: u64,
    /// 99th percentile.
    pub p99_ns: u64,
    /// The latest.
    pub max_ns: u64,
}

impl Lateness {
    /// What there is to say of some requests; absent where there were none.
    #[must_use]
    pub fn of(histogram: &Latencies) -> Option<Self> {
        Some(Self {
            p50_ns: histogram.quantile(0.5)?,
            p99_ns: histogram.quantile(0.99)?,
            max_ns: histogram.max()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Recorder;

    #[test]
    fn a_percentile_that_no_request_is_beyond_is_absent() {
        let of = |requests: u64| {
            let mut recorder = Recorder::new().unwrap();
            (1..=requests).for_each(|nth| recorder.record(nth * 1000));
            let all = Latency::of(&recorder.latencies()).unwrap();
            let percentiles = [all.p90_ns, all.p99_ns, all.p999_ns, all.p9999_ns];
            (percentiles.map(|it| it.is_some()), all.p50_ns)
        };
        assert_eq!(of(9).0, [false; 4]);
        assert_eq!(of(10).0, [true, false, false, false]);
        assert_eq!(of(999).0, [true, true, false, false]);
        assert_eq!(of(10_000).0, [true; 4]);
        assert!(of(1).1 > 0);
    }

    #[test]
    fn slow_connections_are_counted_where_there_was_time_for_them() {
        let mut recorder = Recorder::new().unwrap();
        let times = [2_000_000, 900_000_000, 1_020_000_000, 3_050_000_000];
        for nanos in times {
            recorder.record(nanos);
        }
        let times = recorder.latencies();
        let of = |under_way: &[u64], seconds| {
            let reach = Duration::from_secs(seconds);
            let under_way = under_way.iter().copied().map(UnderWay::aged).sum();
            let all = Latency::of_connections(&times, under_way, reach).unwrap();
            (all.above_1s_ratio, all.above_3s_ratio)
        };
        assert_eq!(of(&[], 4), (Some(0.5), Some(0.25)));
        // One that had been waited for as long counts as well, and no other does.
        assert_eq!(of(&[1_500_000_000, 5_000], 4), (Some(0.6), Some(0.25)));
        assert_eq!(of(&[], 2), (Some(0.5), None));
        assert_eq!(of(&[], 1), (None, None));
    }
}
