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
mod panel;
mod slopes;
mod table;

use std::collections::BTreeSet;

use super::marks;
use super::title::machine;
use crate::analysis::Analysis;
use canvas::{Anchor, Canvas};
use look::Look;
use panel::{Curve, HEADER, MARGIN, Panel, Point, WIDTH, count_name};
use table::{FIGURES, Figure};

pub(super) use table::file_of;

/// The files of all figures the run has data for, by name.
pub(super) fn figures(analysis: &Analysis) -> Vec<(&'static str, String)> {
    let looks = look::looks(&analysis.series);
    FIGURES
        .iter()
        .filter_map(|figure| Some((figure.file, draw(figure, analysis, &looks)?)))
        .chain(slopes::figure(analysis))
        .collect()
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

#[cfg(test)]
mod tests;
