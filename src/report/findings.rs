//! What the cells of a run come to, in a few rows and sentences: what rules cost, model against reality, a table of 2017.
//!
//! Must not know what they are shown on. The invariant: a section is there only where the run has what it is about.

mod post;
mod reality;
mod rules;

use crate::analysis::Analysis;

/// A question and what the run answers.
#[derive(Debug)]
pub(super) struct Section {
    /// What it is called in links: one word.
    pub(super) id: &'static str,
    /// What it is about.
    pub(super) title: &'static str,
    /// What its figures are.
    pub(super) basis: &'static str,
    /// The headings of its rows; none without rows.
    pub(super) headings: &'static [&'static str],
    /// Figures, as many as there are headings; the first names the row.
    pub(super) rows: Vec<Vec<String>>,
    /// What the figures say.
    pub(super) sentences: Vec<String>,
}

/// The sections a run has, the most particular last.
pub(super) fn sections(analysis: &Analysis) -> Vec<Section> {
    let sections = [
        rules::section(analysis),
        reality::section(analysis),
        post::section(analysis),
    ];
    sections.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests;
