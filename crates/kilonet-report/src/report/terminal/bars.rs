//! Bars in characters, where a run has one count and so no curve.
//!
//! The invariant: bars start at zero, so that their lengths compare.

use owo_colors::Style;

use super::marker::style;
use super::view::View;
use crate::analysis::{Analysis, Metric};
use crate::printable::Printable;
use crate::report::quantity::Quantity;
use crate::report::scale::whole;

/// A bar for each series, from zero.
pub(super) fn render(analysis: &Analysis, metric: Metric, title: &str, view: View) -> Printable {
    let widest = analysis
        .series
        .iter()
        .map(|series| series.label.chars().count())
        .max()
        .unwrap_or(0);
    // A name that would leave a bar too little room has a line of its own.
    let above = widest > view.columns() / 3;
    let widest = if above { 0 } else { widest };
    let most = medians(analysis, metric).into_iter().fold(0.0, f64::max);
    let room = (view.columns() - widest - 16) as f64;
    let mut lines = vec![view.paint(Style::new().bold(), title)];
    for (nth, series) in analysis.series.iter().enumerate() {
        for cell in series.cells.iter().map(|index| &analysis.cells[*index]) {
            let Some(estimate) = cell.estimate(metric) else {
                continue;
            };
            let length = if most > 0.0 {
                whole(estimate.median / most * room)
            } else {
                0
            };
            let label = view.plain(&series.label);
            let label = if above {
                lines.push(format!("  {label}").into());
                String::new()
            } else {
                label
            };
            let bar = view.paint(style(nth), &view.glyph("█", "#").repeat(length));
            let figure = Quantity::of(metric).show(estimate.median);
            let label = format!("  {label:<widest$}  ");
            let line = [label.into(), bar, format!(" {figure}").into()];
            lines.push(line.into_iter().collect());
        }
    }
    Printable::joined(lines, "\n")
}

pub(super) fn medians(analysis: &Analysis, metric: Metric) -> Vec<f64> {
    analysis
        .cells
        .iter()
        .filter_map(|cell| Some(cell.estimate(metric)?.median))
        .collect()
}
