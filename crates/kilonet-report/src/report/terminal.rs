//! The report as text: its answers, a table of cells, two plots over the count, and what is to be known beside them.
//!
//! Must not know where the text goes: it is told how wide that is, which glyphs it has and whether it has colours. The
//! invariant: no line of the table or of a plot is wider than the view, as long as that has 60 columns.

mod bars;
mod findings;
mod legend;
mod marker;
mod notes;
mod plot;
mod table;
mod view;

use owo_colors::Style;

use super::figures::Figures;
use super::title::machine;
use crate::printable::Printable;
pub use view::{Colours, Glyphs, View};

pub(super) use marker::{COLOURS, marker};

/// The report of a run as text, ending in a line end.
#[must_use]
pub fn render(figures: &Figures, view: View) -> Printable {
    let analysis = figures.analysis;
    let title = view.paragraph(Style::new().bold(), &machine(analysis));
    let first = [
        title,
        findings::answers(analysis, view),
        findings::first(analysis, view),
        table::render(analysis, view),
        plot::render(figures, view),
    ];
    let parts = first
        .into_iter()
        .chain(findings::render(analysis, view))
        .chain([
            notes::render(analysis, view),
            findings::sure(analysis, view),
        ]);
    let mut report = Printable::joined(parts.filter(|part| !part.is_empty()), "\n\n");
    report.push("\n");
    report
}

#[cfg(test)]
mod tests;
