//! One metric over the count, and what is drawn of it: curves and their points.
//!
//! Must not know how it is drawn.

use super::look::Look;
use crate::analysis::{CellSummary, Count, Estimate, Metric, Series};
use crate::report::marks::Mark;
use crate::report::quantity::Quantity;
use crate::units::counted;

/// One metric over the count.
pub(super) struct Panel {
    pub(super) metric: Metric,
    /// What the vertical axis is.
    pub(super) caption: &'static str,
    pub(super) band: Option<Band>,
    pub(super) extent: Extent,
}

/// A shaded stretch around the curve.
pub(super) struct Band {
    pub(super) from: Metric,
    pub(super) to: Metric,
    pub(super) caption: &'static str,
}

/// How far the axis reaches.
pub(super) enum Extent {
    /// As far as the values do.
    Values,
    /// As far as the values do and to 1, which is marked with these words.
    ValuesAndOne(&'static str),
    /// From 0 to 1.
    Share,
}

/// Where a figure's header ends and its panels begin.
pub(super) const HEADER: f64 = 78.0;

pub(super) const WIDTH: f64 = 960.0;

pub(super) const MARGIN: f64 = 24.0;

/// One series in one panel.
pub(super) struct Curve<'a> {
    pub(super) series: &'a Series,
    pub(super) label: &'a str,
    /// What its counts are of.
    pub(super) over: &'static str,
    pub(super) look: Look,
    pub(super) points: Vec<Point<'a>>,
    /// What was found of it.
    pub(super) marks: Vec<Mark>,
}

/// One cell in one panel.
pub(super) struct Point<'a> {
    pub(super) count: u32,
    pub(super) cell: &'a CellSummary,
    pub(super) estimate: Option<&'a Estimate>,
    pub(super) band: Option<(f64, f64)>,
}

impl Point<'_> {
    /// Why there is no figure, where a trial should have given one.
    pub(super) fn failure(&self) -> Option<String> {
        if self.cell.measured > 0 {
            return None;
        }
        match self.cell.failures.first() {
            Some(failure) => Some(failure.sentence()),
            None => Some("invalid: the witnesses of its trials disagree".to_owned()),
        }
    }
}

pub(super) fn count_name(count: Count) -> &'static str {
    match count {
        Count::Containers => "containers",
        Count::Active => "active containers",
        Count::Rules => "rules that match nothing",
    }
}

/// What a point says when it is pointed at.
pub(super) fn tooltip(panel: &Panel, curve: &Curve, point: &Point, estimate: &Estimate) -> String {
    let quantity = Quantity::of(panel.metric);
    let value = quantity.show(estimate.median);
    let (label, count, over, trials) = (curve.label, point.count, curve.over, estimate.n);
    let interval = match estimate.interval {
        Some((low, high)) => {
            format!(
                "95 % interval {} to {}, {}",
                quantity.show(low),
                quantity.show(high),
                counted(trials, "trial")
            )
        }
        None => "one trial".to_owned(),
    };
    format!("{label}, {count} {over}: {value} ({interval})")
}
