//! Bars in characters, where a run has one count and so no curve.
//!
//! The invariant: bars start at zero, so that their lengths compare.

use owo_colors::Style;

use super::marker::style;
use super::view::View;
use crate::printable::Printable;
use crate::report::figure::Figure;
use crate::report::scale::whole;

/// A bar for each series, from zero.
pub(super) fn render(figure: &Figure, view: View) -> Printable {
    let labels = figure.series.iter().map(|line| &line.series.label);
    let widest = labels.map(|label| label.chars().count()).max().unwrap_or(0);
    // A name that would leave a bar too little room has a line of its own.
    let above = widest > view.columns() / 3;
    let widest = if above { 0 } else { widest };
    let points = figure.series.iter().flat_map(|line| &line.points);
    let medians = points.filter_map(|point| Some(point.estimate?.median));
    let most = medians.fold(0.0, f64::max);
    let room = (view.columns() - widest - 16) as f64;
    let mut lines = vec![view.paint(Style::new().bold(), &figure.title)];
    for (nth, line) in figure.series.iter().enumerate() {
        for point in &line.points {
            let (Some(estimate), Some(text)) = (point.estimate, &point.text) else {
                continue;
            };
            let length = if most > 0.0 {
                whole(estimate.median / most * room)
            } else {
                0
            };
            let label = view.plain(&line.series.label);
            let label = if above {
                lines.push(format!("  {label}").into());
                String::new()
            } else {
                label
            };
            let bar = view.paint(style(nth), &view.glyph("█", "#").repeat(length));
            let label = format!("  {label:<widest$}  ");
            let line = [label.into(), bar, format!(" {}", text.median).into()];
            lines.push(line.into_iter().collect());
        }
    }
    Printable::joined(lines, "\n")
}
