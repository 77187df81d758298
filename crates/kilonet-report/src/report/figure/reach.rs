//! How far the axes of a figure are to reach.
//!
//! The invariant: an axis holds every median. Wide intervals and bands may not squeeze the curves: they stretch it only so far,
//! and what is drawn of them beyond has no end.

use super::line::{Line, Point};
use crate::analysis::metric::row::Extent;
use crate::report::scale::{Kind, Range, WIDE, ends};

/// How much further than the medians intervals and bands may take a linear axis.
const STRETCH_LINEAR: f64 = 1.35;
/// The same of a logarithmic one, at either end: as far as values may be apart on a linear one.
const STRETCH_LOG: f64 = WIDE;

/// What axes are to hold.
pub(super) struct Reach {
    /// Of each series, how high a linear axis is to reach; at least one.
    pub(super) tops: Vec<f64>,
    /// From where to where a logarithmic one is, above zero; both zero where nothing is.
    pub(super) decades: (f64, f64),
    /// The least median above zero and the most.
    pub(super) medians: (f64, f64),
}

impl Reach {
    pub(super) fn of(series: &[Line], extent: Extent) -> Self {
        // What is marked at 1 holds that.
        let marked = match extent {
            Extent::One(_) => 1.0,
            Extent::Values | Extent::Zero | Extent::Share => 0.0,
        };
        let points = || series.iter().flat_map(|line| &line.points);
        let marked_too = Some(marked).filter(|marked| *marked > 0.0);
        let values = points().filter_map(medians).chain(marked_too);
        let medians = ends(values);
        let around = ends(points().flat_map(extremes));
        let decades = if around.1 > 0.0 {
            (
                medians.0.min(around.0.max(medians.0 / STRETCH_LOG)),
                medians.1.max(around.1.min(medians.1 * STRETCH_LOG)),
            )
        } else {
            medians
        };
        let tops = series.iter().map(|line| line.top.max(marked));
        Self {
            tops: tops.chain(series.is_empty().then_some(marked)).collect(),
            decades,
            medians,
        }
    }

    /// How the values are read best.
    pub(super) fn first(&self, extent: Extent) -> Kind {
        match extent {
            Extent::Zero | Extent::Share => Kind::Linear,
            Extent::Values | Extent::One(_) => Range::kind_for(self.medians),
        }
    }
}

/// How high a linear axis is to reach for some points.
pub(super) fn top(points: &[Point]) -> f64 {
    let highest = points.iter().filter_map(medians).fold(0.0, f64::max);
    let end = points.iter().flat_map(extremes).fold(0.0, f64::max);
    highest.max(end.min(highest * STRETCH_LINEAR))
}

fn medians(point: &Point) -> Option<f64> {
    Some(point.estimate?.median)
}

/// The ends of a point's interval and band.
fn extremes(point: &Point) -> impl Iterator<Item = f64> {
    let interval = point.estimate.and_then(|estimate| estimate.interval);
    let band = point.estimate.and(point.band);
    [interval, band]
        .into_iter()
        .flatten()
        .flat_map(|(low, high)| [low, high])
}
