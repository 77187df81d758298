//! The figures: one SVG file for each question that a run answers.
//!
//! Drawn by hand rather than by a plotting crate: counts as tick labels on a binary axis, curves that break where a cell
//! failed, labels beside the curves and text that stays text are the figure, and no crate at hand draws these.
//!
//! The invariant: what is drawn is an estimate of the analysis or a mark that says why there is none. A metric that no
//! cell carries has no figure.

mod bars;
mod canvas;
mod card;
mod curves;
mod frame;
mod marked;
mod panel;
mod slopes;

use std::collections::BTreeSet;

use super::figure::{SHEETS, Sheet};
use super::figures::Figures;
use super::title::machine;
use crate::analysis::Analysis;
use canvas::{Anchor, Canvas};
use panel::{HEADER, MARGIN, Paper, count_name, curves_of, one_count};

pub(super) use canvas::{Escaped, TEXTS, TextClass};
pub(super) use card::card;

/// The files of all figures the run has data for, by name.
pub(super) fn files(figures: &Figures) -> Vec<(&'static str, String)> {
    SHEETS
        .iter()
        .filter_map(|sheet| Some((sheet.file, draw(sheet, figures)?)))
        .chain(slopes::figure(figures.analysis))
        .collect()
}

/// Draws the figures of a file, if any cell carries any of their metrics.
fn draw(sheet: &Sheet, figures: &Figures) -> Option<String> {
    let analysis = figures.analysis;
    let mut canvas = Canvas::new(Paper::SHEET);
    let mut bottom = HEADER;
    for figure in figures.of_sheet(sheet) {
        let curves = curves_of(figure, count_name(analysis.count), &figures.looks);
        bottom = if one_count(analysis) {
            bars::draw(&mut canvas, figure, &curves, bottom)
        } else {
            curves::draw(&mut canvas, (figure, &figures.counts), &curves, bottom)
        };
    }
    if bottom == HEADER {
        return None;
    }
    let question = analysis.requests().fill(sheet.question);
    canvas.text("title", (MARGIN, 36.0), Anchor::Start, &question);
    canvas.text("sub", (MARGIN, 58.0), Anchor::Start, &machine(analysis));
    canvas.text(
        "sub",
        (MARGIN, bottom + 14.0),
        Anchor::Start,
        &basis(analysis),
    );
    Some(canvas.finish(bottom + 30.0, &question))
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
