//! The part of a record that is about time: how long requests took.

use serde::{Deserialize, Serialize};

use crate::stats::{Latencies, Packed};

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
    /// 90th percentile.
    pub p90_ns: u64,
    /// 99th percentile.
    pub p99_ns: u64,
    /// 99.9th percentile.
    pub p999_ns: u64,
    /// 99.99th percentile.
    pub p9999_ns: u64,
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
        Some(Self {
            count: times.count(),
            mean_ns: times.mean()?,
            p50_ns: quantile(0.5)?,
            p90_ns: quantile(0.9)?,
            p99_ns: quantile(0.99)?,
            p999_ns: quantile(0.999)?,
            p9999_ns: quantile(0.9999)?,
            max_ns: times.max()?,
            histogram: Packed::of(times)?,
        })
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
