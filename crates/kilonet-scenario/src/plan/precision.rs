//! Whether a cell has been measured often enough: netperf's rule, on the chosen metrics of its trials so far, and confirmed.
//!
//! Knows neither records nor which trial is the next. The invariant: what nothing is known of is not waited for.

use crate::scenario::{Cell, Gauge, Goal};
use crate::stats;

/// Trials that must leave a cell as well known as it was without them before it counts as settled.
///
/// Few figures agree by chance now and then, and their interval is then too narrow: where trials stop as soon as figures
/// agree, intervals hold the truth in 90 % of runs instead of 95. Figures that had no part in that take most of it back, as
/// Simons found ("On the cost of not knowing the variance when making a fixed-width confidence interval for the mean",
/// 1968). Two of them bring it to 92.7 % at worst and three to 93.2; `results/*-stopping` has the rest.
const CONFIRMING: usize = 3;

/// The metric of a cell that is known least well.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Precision {
    /// The metric.
    pub gauge: Gauge,
    /// Trials that have it.
    pub n: usize,
    /// Half its 95 % interval over its median; absent where there is no interval, or nothing for it to be a share of.
    pub half_width: Option<f64>,
    /// Whether each metric of the cell is known well enough, and was so without the last three trials that have it.
    pub is_settled: bool,
}

impl Precision {
    /// Judges the figures of a cell's trials, block by block, by what is to be known of it; absent where no trial has any of
    /// that.
    #[must_use]
    pub fn of(goal: &Goal, cell: &Cell, figures: impl Fn(Gauge) -> Vec<f64>) -> Option<Self> {
        let gauges = goal.gauges(cell).into_iter();
        let known = gauges.map(|gauge| (gauge, figures(gauge)));
        let known: Vec<_> = known.filter(|(_, figures)| !figures.is_empty()).collect();
        let is_settled = known.iter().all(|(_, figures)| is_settled(goal, figures));
        let each = known.iter().map(|(gauge, figures)| Self {
            gauge: *gauge,
            n: figures.len(),
            half_width: stats::relative_half_width(figures),
            is_settled,
        });
        let width = |it: &Self| it.half_width.unwrap_or(f64::INFINITY);
        each.reduce(|widest, it| {
            if width(&it) > width(&widest) {
                it
            } else {
                widest
            }
        })
    }

    /// Whether it is narrow enough.
    #[must_use]
    pub fn is_within(&self, goal: &Goal) -> bool {
        is_enough(goal, self.half_width)
    }
}

/// Whether figures are known well enough, and were without the last of them.
fn is_settled(goal: &Goal, figures: &[f64]) -> bool {
    let before = figures.len().saturating_sub(CONFIRMING);
    let looks = [figures, &figures[..before]];
    looks
        .into_iter()
        .all(|figures| is_enough(goal, stats::relative_half_width(figures)))
}

fn is_enough(goal: &Goal, half_width: Option<f64>) -> bool {
    half_width.is_some_and(|half| half <= goal.within.share())
}
