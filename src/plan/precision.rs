//! Whether a cell has been measured often enough: netperf's rule, on the chosen metrics of its trials so far.
//!
//! Knows neither records nor the order of trials. The invariant: what nothing is known of is not waited for.

use crate::scenario::{Cell, Gauge, Goal};
use crate::stats;

/// The metric of a cell that is known least well.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Precision {
    /// The metric.
    pub gauge: Gauge,
    /// Trials that have it.
    pub n: usize,
    /// Half its 95 % interval over its median; absent where there is no interval, or nothing for it to be a share of.
    pub half_width: Option<f64>,
}

impl Precision {
    /// Judges the figures of a cell's trials by what is to be known of it; absent where no trial has any of that.
    #[must_use]
    pub fn of(goal: &Goal, cell: &Cell, figures: impl Fn(Gauge) -> Vec<f64>) -> Option<Self> {
        let gauges = goal.gauges(cell).into_iter();
        let known = gauges.map(|gauge| (gauge, figures(gauge)));
        let known = known.filter(|(_, figures)| !figures.is_empty());
        let mut each = known.map(|(gauge, figures)| Self {
            gauge,
            n: figures.len(),
            half_width: stats::relative_half_width(&figures),
        });
        let width = |it: &Self| it.half_width.unwrap_or(f64::INFINITY);
        let first = each.next()?;
        Some(each.fold(first, |widest, it| {
            if width(&it) > width(&widest) {
                it
            } else {
                widest
            }
        }))
    }

    /// Whether it is narrow enough.
    #[must_use]
    pub fn is_within(&self, goal: &Goal) -> bool {
        let share = goal.within.share();
        self.half_width.is_some_and(|half| half <= share)
    }
}
