//! The figures: one SVG file for each question that a run answers.
//!
//! Drawn by hand rather than by a plotting crate: counts as tick labels on a binary axis, curves that break where a cell
//! failed, labels beside the curves and text that stays text are the figure, and no crate at hand draws these.
//!
//! The invariant: what is drawn is an estimate of the analysis or a mark that says why there is none. A metric that no
//! cell carries has no figure.

mod bars;
mod canvas;
mod curves;
mod frame;
mod look;
mod marked;
mod slopes;

use std::collections::BTreeSet;

use super::machine;
use super::marks::{self, Mark};
use crate::analysis::{Analysis, CellSummary, Count, Estimate, Metric, Series};
use crate::units::counted;
use canvas::{Anchor, Canvas};
use look::Look;

/// A figure's file and what it shows.
struct Figure {
    file: &'static str,
    question: &'static str,
    panels: &'static [Panel],
}

/// One metric over the count.
struct Panel {
    metric: Metric,
    /// What the vertical axis is.
    caption: &'static str,
    band: Option<Band>,
    extent: Extent,
}

/// A shaded stretch around the curve.
struct Band {
    from: Metric,
    to: Metric,
    caption: &'static str,
}

/// How far the axis reaches.
enum Extent {
    /// As far as the values do.
    Values,
    /// As far as the values do and to 1, which is marked with these words.
    ValuesAndOne(&'static str),
    /// From 0 to 1.
    Share,
}

const FIGURES: &[Figure] = &[
    Figure {
        file: "aggregate.svg",
        question: "How much do all pairs move together?",
        panels: &[Panel {
            metric: Metric::Goodput,
            caption: "Aggregate goodput",
            band: None,
            extent: Extent::Values,
        }],
    },
    Figure {
        file: "per-pair.svg",
        question: "What does one pair get?",
        panels: &[Panel {
            metric: Metric::PairP50,
            caption: "Goodput of the median pair",
            band: Some(Band {
                from: Metric::PairP5,
                to: Metric::PairP95,
                caption: "band: 5th to 95th percentile of pairs",
            }),
            extent: Extent::Values,
        }],
    },
    Figure {
        file: "requests.svg",
        question: "How many requests are answered?",
        panels: &[Panel {
            metric: Metric::Transactions,
            caption: "Responses a second, all pairs together",
            band: None,
            extent: Extent::Values,
        }],
    },
    Figure {
        file: "latency.svg",
        question: "How long does a request take?",
        panels: &[
            Panel {
                metric: Metric::LatencyP50,
                caption: "Median",
                band: None,
                extent: Extent::Values,
            },
            Panel {
                metric: Metric::LatencyP99,
                caption: "99th percentile",
                band: None,
                extent: Extent::Values,
            },
            Panel {
                metric: Metric::LatencyP999,
                caption: "99.9th percentile",
                band: None,
                extent: Extent::Values,
            },
        ],
    },
    Figure {
        file: "datagrams.svg",
        question: "How many datagrams arrive?",
        panels: &[
            Panel {
                metric: Metric::Datagrams,
                caption: "Datagrams received a second, all pairs together",
                band: None,
                extent: Extent::Values,
            },
            Panel {
                metric: Metric::Loss,
                caption: "Share of datagrams lost",
                band: None,
                extent: Extent::Values,
            },
        ],
    },
    Figure {
        file: "fairness.svg",
        question: "How evenly is it shared?",
        panels: &[Panel {
            metric: Metric::Jain,
            caption: "Jain's index: 1 when all pairs get the same, 1/n when one of n gets everything",
            band: None,
            extent: Extent::Share,
        }],
    },
    Figure {
        file: "cpu-per-byte.svg",
        question: "What does a byte cost?",
        panels: &[Panel {
            metric: Metric::CpuPerByte,
            caption: "CPU time of the whole machine per payload byte",
            band: None,
            extent: Extent::Values,
        }],
    },
    Figure {
        file: "setup.svg",
        question: "How long does the lab take to come and to go?",
        panels: &[
            Panel {
                metric: Metric::Setup,
                caption: "Set-up",
                band: None,
                extent: Extent::Values,
            },
            Panel {
                metric: Metric::Teardown,
                caption: "Teardown",
                band: None,
                extent: Extent::Values,
            },
        ],
    },
    Figure {
        file: "ratio.svg",
        question: "How close does it come to loopback?",
        panels: &[Panel {
            metric: Metric::BaselineRatio,
            caption: "Aggregate goodput over that of one pair on lo, measured in the same block",
            band: None,
            extent: Extent::ValuesAndOne("lo"),
        }],
    },
];

/// Where a figure's header ends and its panels begin.
const HEADER: f64 = 78.0;
const WIDTH: f64 = 960.0;
const MARGIN: f64 = 24.0;

/// One series in one panel.
struct Curve<'a> {
    series: &'a Series,
    label: &'a str,
    /// What its counts are of.
    over: &'static str,
    look: Look,
    points: Vec<Point<'a>>,
    /// What was found of it.
    marks: Vec<Mark>,
}

/// One cell in one panel.
struct Point<'a> {
    count: u32,
    cell: &'a CellSummary,
    estimate: Option<&'a Estimate>,
    band: Option<(f64, f64)>,
}

impl Point<'_> {
    /// Why there is no figure, where a trial should have given one.
    fn failure(&self) -> Option<String> {
        if self.cell.measured > 0 {
            return None;
        }
        match self.cell.failures.first() {
            Some(failure) => Some(failure.sentence()),
            None => Some("invalid: the witnesses of its trials disagree".to_owned()),
        }
    }
}

/// The files of all figures the run has data for, by name.
pub(super) fn figures(analysis: &Analysis) -> Vec<(&'static str, String)> {
    let looks = look::looks(&analysis.series);
    FIGURES
        .iter()
        .filter_map(|figure| Some((figure.file, draw(figure, analysis, &looks)?)))
        .chain(slopes::figure(analysis))
        .collect()
}

/// The file in which a metric is drawn; absent for those that have no figure.
pub(super) fn file_of(metric: Metric) -> Option<&'static str> {
    let shows = |figure: &&Figure| figure.panels.iter().any(|panel| panel.metric == metric);
    FIGURES.iter().find(shows).map(|figure| figure.file)
}

/// Draws a figure, if any cell carries any of its metrics.
fn draw(figure: &Figure, analysis: &Analysis, looks: &[Look]) -> Option<String> {
    let mut canvas = Canvas::new(WIDTH);
    let mut bottom = HEADER;
    for panel in figure.panels {
        let curves = curves(panel, analysis, looks);
        if curves
            .iter()
            .all(|curve| curve.points.iter().all(|point| point.estimate.is_none()))
        {
            continue;
        }
        let draw = if one_count(analysis) {
            bars::draw
        } else {
            curves::draw
        };
        bottom = draw(&mut canvas, panel, &curves, bottom);
    }
    if bottom == HEADER {
        return None;
    }
    canvas.text("title", (MARGIN, 36.0), Anchor::Start, figure.question);
    canvas.text("sub", (MARGIN, 58.0), Anchor::Start, &machine(analysis));
    canvas.text(
        "sub",
        (MARGIN, bottom + 14.0),
        Anchor::Start,
        &basis(analysis),
    );
    Some(canvas.finish(bottom + 30.0, figure.question))
}

fn curves<'a>(panel: &Panel, analysis: &'a Analysis, looks: &[Look]) -> Vec<Curve<'a>> {
    let point = |index: &usize| {
        let cell = &analysis.cells[*index];
        let band = panel.band.as_ref().and_then(|band| {
            Some((
                cell.estimate(band.from)?.median,
                cell.estimate(band.to)?.median,
            ))
        });
        Point {
            count: analysis.count.of(&cell.cell),
            cell,
            estimate: cell.estimate(panel.metric),
            band,
        }
    };
    let series = analysis.series.iter().zip(looks).enumerate();
    series
        .map(|(nth, (series, look))| Curve {
            series,
            label: &series.label,
            over: count_name(analysis.count),
            look: *look,
            points: series.cells.iter().map(point).collect(),
            marks: marks::of(analysis, nth, panel.metric),
        })
        .collect()
}

/// Whether there is no curve to draw, but one point of each.
fn one_count(analysis: &Analysis) -> bool {
    let counts: BTreeSet<_> = analysis
        .cells
        .iter()
        .map(|cell| analysis.count.of(&cell.cell))
        .collect();
    counts.len() <= 1
}

fn count_name(count: Count) -> &'static str {
    match count {
        Count::Containers => "containers",
        Count::Active => "active containers",
        Count::Rules => "rules that match nothing",
    }
}

/// What a point rests on.
fn basis(analysis: &Analysis) -> String {
    let trials: BTreeSet<_> = analysis
        .cells
        .iter()
        .map(|cell| cell.measured)
        .filter(|n| *n > 0)
        .collect();
    let containers = match analysis.cells.first() {
        Some(cell) if one_count(analysis) => format!("{} containers; ", cell.cell.containers),
        _ => String::new(),
    };
    match (trials.first(), trials.last()) {
        (Some(1), Some(1)) => format!("{containers}each figure is one trial"),
        (Some(least), Some(most)) if least == most => {
            format!("{containers}medians of {least} trials; whiskers: 95 % interval of the mean")
        }
        (Some(least), Some(most)) => {
            format!(
                "{containers}medians of {least} to {most} trials; whiskers: 95 % interval of the mean"
            )
        }
        _ => String::new(),
    }
}

/// What a point says when it is pointed at.
fn tooltip(panel: &Panel, curve: &Curve, point: &Point, estimate: &Estimate) -> String {
    let quantity = super::quantity::Quantity::of(panel.metric);
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

#[cfg(test)]
mod tests;
