//! The figures of a run, ready to be drawn: axes with their ticks, series with their points, what was found of them, and every
//! word and number that stands beside any of it.
//!
//! Computed from an analysis by one piece of code, and drawn by SVG, PNG, the terminal and the page, which place and paint and no more. The
//! invariant: a text is of the value beside it, an axis holds every median, and a metric that no cell carries has no figure.

mod axis;
mod line;
mod reach;
mod table;

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Serialize;

use super::marks;
use super::scale::{Kind, Range};
use crate::analysis::metric::row::Extent;
use crate::analysis::{Analysis, CellSummary, Metric, Series};

pub(super) use axis::{Axis, Counts};
pub(super) use line::{Line, Point, Text};
pub(super) use table::{Panel, SHEETS, Sheet, file_of};

use reach::Reach;

/// One metric over the count.
#[derive(Serialize)]
pub(super) struct Figure<'a> {
    /// The metric.
    pub(super) metric: Metric,
    /// What stands above it.
    pub(super) title: Cow<'static, str>,
    /// What its values and its band are, in sentences.
    pub(super) caption: String,
    /// What the dotted line for equal shares is, where there is one.
    guide: Option<&'static str>,
    /// What stands above the band's values in a table; absent without a band.
    band: Option<&'static str>,
    /// The metrics at the ends of the band.
    band_of: Option<(Metric, Metric)>,
    /// The unit of plain values, as names of fields end in it.
    unit: &'static str,
    /// Whether it takes the whole width.
    wide: bool,
    /// Whether the run has better to tell: of bytes where all is requests, of pairs where every cell has one.
    says_little: bool,
    /// What stands at 1.
    pub(super) one: Option<&'static str>,
    /// How its values are read best.
    pub(super) first: Kind,
    /// Axes from zero, the lowest first: the first that holds what is shown is drawn, and the last holds all.
    linear: Vec<Axis>,
    /// The logarithmic axis, which holds all: on it what is small is seen beside what is large.
    log: Axis,
    /// The least median above zero and the most.
    #[serde(skip)]
    medians: (f64, f64),
    /// The series, as the analysis has them.
    pub(super) series: Vec<Line<'a>>,
}

/// The figure of a metric, if any cell carries it.
pub(super) fn of<'a>(panel: &Panel, analysis: &'a Analysis) -> Option<Figure<'a>> {
    let series = analysis.series.iter().enumerate();
    let series: Vec<_> = series
        .map(|(nth, series)| line(panel, analysis, nth, series))
        .collect();
    let medians = || {
        let points = series.iter().flat_map(|line| &line.points);
        points.filter_map(|point| Some(point.estimate?.median))
    };
    let least = if panel.above_zero {
        f64::MIN_POSITIVE
    } else {
        f64::NEG_INFINITY
    };
    medians().find(|median| *median >= least)?;
    let about = panel.metric.about();
    let band = panel.band.as_ref();
    let called = analysis.requests();
    let caption = called.fill(about.caption);
    let captions = [Some(&*caption), band.map(|band| band.caption)];
    let reach = Reach::of(&series, about.traits.extent);
    Some(Figure {
        metric: panel.metric,
        title: called.fill(about.title),
        caption: captions.into_iter().flatten().collect::<Vec<_>>().join(" "),
        guide: guide_of(panel, analysis),
        band: band.map(|band| band.heading),
        band_of: band.map(|band| (band.from, band.to)),
        unit: about.quantity.suffix(),
        wide: panel.wide,
        says_little: says_little(panel.metric, analysis),
        one: match about.traits.extent {
            Extent::One(word) => Some(word),
            Extent::Values | Extent::Zero | Extent::Share => None,
        },
        first: reach.first(about.traits.extent),
        linear: match about.traits.extent {
            Extent::Share => vec![Axis::over(Range::linear((0.0, 1.0)), about.quantity)],
            Extent::Values | Extent::Zero | Extent::One(_) => {
                Axis::from_zero(&reach.tops, about.quantity)
            }
        },
        log: Axis::across(reach.decades, about.quantity),
        medians: reach.medians,
        series,
    })
}

/// Whether a run has better to tell than this metric.
fn says_little(metric: Metric, analysis: &Analysis) -> bool {
    let traits = metric.about().traits;
    let many_pairs = analysis.cells.iter().any(|cell| cell.cell.pairs > 1);
    (traits.of_bytes && analysis.of_requests) || (traits.of_many_pairs && !many_pairs)
}

impl Figure<'_> {
    /// Whether the run has better to tell.
    pub(super) fn says_little(&self) -> bool {
        self.says_little
    }

    /// The axis that holds all of it.
    pub(super) fn axis(&self) -> &Axis {
        match self.first {
            Kind::Linear => self.linear_axis(),
            Kind::Log => &self.log,
        }
    }

    /// The axis for what draws neither intervals nor bands, and so needs no room for them.
    pub(super) fn medians_axis(&self) -> Axis {
        let quantity = self.metric.about().quantity;
        match self.first {
            Kind::Linear => Axis::over(
                Range::up_to(self.medians.1, axis::round(quantity)),
                quantity,
            ),
            Kind::Log => Axis::across(self.medians, quantity),
        }
    }

    /// The linear axis that holds all of it.
    pub(super) fn linear_axis(&self) -> &Axis {
        // There is one for each series, and a figure has one at least.
        self.linear.last().unwrap_or(&self.log)
    }
}

fn line<'a>(panel: &Panel, analysis: &'a Analysis, nth: usize, series: &'a Series) -> Line<'a> {
    let cells = series.cells.iter().map(|index| &analysis.cells[*index]);
    let points: Vec<_> = cells
        .map(|cell| point(panel, analysis.count.of(&cell.cell), cell))
        .collect();
    Line {
        series,
        top: reach::top(&points),
        marks: marks::of(analysis, nth, panel.metric),
        guide: guide_of(panel, analysis).map_or_else(Vec::new, |_| guide(analysis, &points)),
        bands: bands(panel, &points),
        points,
    }
}

fn point<'a>(panel: &Panel, count: u32, cell: &'a CellSummary) -> Point<'a> {
    let estimate = cell.estimate(panel.metric);
    let band = panel.band.as_ref().and_then(|band| {
        let ends = (cell.estimate(band.from)?, cell.estimate(band.to)?);
        Some((ends.0.median, ends.1.median))
    });
    Point {
        count,
        cell,
        estimate,
        text: estimate.map(|estimate| Text::of(panel.metric, estimate)),
        band,
    }
}

/// How the bands of some points are written; none where the figure has none.
fn bands(panel: &Panel, points: &[Point]) -> Vec<Option<String>> {
    let quantity = panel.metric.about().quantity;
    let text = |point: &Point| point.band.map(|ends| quantity.span(ends));
    match panel.band {
        Some(_) => points.iter().map(text).collect(),
        None => Vec::new(),
    }
}

/// What the line for equal shares is: none over rules, which share nothing.
fn guide_of(panel: &Panel, analysis: &Analysis) -> Option<&'static str> {
    panel.guide.filter(|_| !analysis.count.about().is_of_rules)
}

/// The first value by the pairs that share it at each count, where it is at the run's first count.
fn guide(analysis: &Analysis, points: &[Point]) -> Vec<(u32, f64)> {
    let all = analysis.cells.iter();
    let least = all.map(|cell| analysis.count.of(&cell.cell)).min();
    let first = points.first().filter(|point| Some(point.count) == least);
    let Some((first, estimate)) = first.and_then(|first| Some((first, first.estimate?))) else {
        return Vec::new();
    };
    let all = estimate.median * f64::from(first.cell.cell.pairs);
    points
        .iter()
        .map(|point| (point.count, all / f64::from(point.cell.cell.pairs)))
        .filter(|(_, value)| value.is_finite())
        .collect()
}

/// The axis of all counts that a series has, or should have.
pub(super) fn counts(analysis: &Analysis) -> Counts {
    let cells = analysis.series.iter().flat_map(|series| {
        let cells = series
            .cells
            .iter()
            .map(|index| &analysis.cells[*index].cell);
        cells
            .map(|cell| analysis.count.of(cell))
            .chain(series.lost.iter().copied())
    });
    let counts: BTreeSet<_> = cells.collect();
    let counts: Vec<_> = counts.into_iter().collect();
    Counts::over(&counts, analysis.count.noun())
}

#[cfg(test)]
mod tests;
