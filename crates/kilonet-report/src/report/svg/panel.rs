//! What the figures of a file have in common: their place, and what is said of their points.
//!
//! Must not know how curves or bars are drawn.

use std::collections::BTreeSet;

use crate::analysis::{Analysis, Count, Estimate};
use crate::report::figure::{Figure, Line, Point};
use crate::report::look::{Look, Looks};
use crate::units::counted;

/// Where a figure's header ends and its panels begin.
pub(super) const HEADER: f64 = 78.0;

pub(super) const MARGIN: f64 = 24.0;

/// What is drawn on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paper {
    /// How wide it is.
    pub(super) width: f64,
    /// How high the plot of a panel is.
    pub(super) plot: f64,
    /// How many pixels of the file its own are.
    pub(super) scale: f64,
}

impl Paper {
    /// That of the figures.
    pub(super) const SHEET: Self = Self {
        width: 960.0,
        plot: 330.0,
        scale: 1.0,
    };
}

/// One series in one panel.
pub(super) struct Curve<'a> {
    pub(super) line: &'a Line<'a>,
    /// What its counts are of.
    pub(super) over: &'static str,
    pub(super) look: Look,
}

impl Curve<'_> {
    pub(super) fn label(&self) -> &str {
        &self.line.series.label
    }
}

/// The curves of a panel.
pub(super) fn curves_of<'a>(
    figure: &'a Figure,
    over: &'static str,
    looks: &Looks,
) -> Vec<Curve<'a>> {
    let lines = figure.series.iter().zip(&looks.series);
    lines
        .map(|(line, look)| Curve {
            line,
            over,
            look: *look,
        })
        .collect()
}

/// Whether there is no curve to draw, but one point of each.
pub(super) fn one_count(analysis: &Analysis) -> bool {
    let counts: BTreeSet<_> = analysis
        .cells
        .iter()
        .map(|cell| analysis.count.of(&cell.cell))
        .collect();
    counts.len() <= 1
}

pub(super) fn count_name(count: Count) -> &'static str {
    count.about().axis
}

/// What a point says when it is pointed at.
pub(super) fn tooltip(curve: &Curve, point: &Point, estimate: &Estimate) -> String {
    let (label, count, over) = (curve.label(), point.count, curve.over);
    let text = point.text.as_ref();
    let value = text.map_or("", |text| &text.median);
    let interval = match text.and_then(|text| text.interval.as_ref()) {
        Some(ends) => format!("95 % interval {ends}, {}", counted(estimate.n, "trial")),
        None => "one trial".to_owned(),
    };
    format!("{label}, {count} {over}: {value} ({interval})")
}
