//! A metric over the repeats of one cell.
//!
//! The invariant: an estimate rests on at least one figure.

use serde::Serialize;

use super::metric::Metric;
use super::metric::row::Reader;
use crate::stats;

/// A metric over the repeats of one cell.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// Trials it rests on, at least 1.
    pub n: usize,
    /// Their median.
    pub median: f64,
    /// The 95 % Student t interval of their mean; of a ratio to the baseline, that of the geometric mean by resampling
    /// blocks. Absent below two trials.
    pub interval: Option<(f64, f64)>,
}

impl Estimate {
    /// Estimates from the figures of one metric; absent without any.
    ///
    /// No metric can be below nothing, so an interval that reaches there ends at nothing.
    pub(super) fn of(metric: Metric, figures: &[f64]) -> Option<Self> {
        let interval = match metric.about().read {
            Reader::Baseline => stats::interval_of_ratios(figures),
            Reader::Record(_) => {
                stats::interval_95(figures).map(|(low, high)| (low.max(0.0), high))
            }
        };
        Some(Self {
            n: figures.len(),
            median: stats::median(figures)?,
            interval,
        })
    }
}
