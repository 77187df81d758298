//! What a run comes to, in sentences: the findings, each with its evidence and the figure it is seen in; and sections, which
//! hold the rows of questions that take a table: model against reality, a table of 2017.
//!
//! Each rule by which findings are made is a file, and a row of [`RULES`]. Must not know what they are shown on. The
//! invariant: no finding without evidence; a section is there only where the run has what it is about.

mod bends;
mod halvings;
mod limits;
mod models;
mod post;
mod precision;
mod reality;
mod rules;
mod scatter;
mod searches;
mod signs;

use super::svg;
use crate::analysis::{Analysis, Count, Metric};

/// A sentence, what it rests on, and where it is seen.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// What was found.
    pub(super) text: String,
    /// Cells, trials and method that it rests on.
    pub(super) evidence: String,
    /// Where it is seen.
    pub(super) shown: Shown,
}

/// Where a finding is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// In the figure of a metric.
    In(Metric),
    /// In the section of that id.
    Section(&'static str),
}

impl Shown {
    /// Where that is, in words; absent for a metric that has no figure.
    pub(super) fn words(self) -> Option<String> {
        match self {
            Self::In(metric) => svg::file_of(metric).map(str::to_owned),
            Self::Section(id) => Some(format!("below: {id}")),
        }
    }
}

/// What makes findings, in the order in which they are told: what stops a run first, then what was searched for, what its
/// curves do, what rules
/// cost, what is real, and last what else was seen.
const RULES: &[fn(&Analysis) -> Vec<Finding>] = &[
    limits::findings,
    searches::findings,
    halvings::findings,
    bends::findings,
    models::scalability,
    models::capacity,
    rules::findings,
    reality::findings,
    precision::findings,
    scatter::findings,
    signs::findings,
];

/// What the run says.
pub(super) fn findings(analysis: &Analysis) -> Vec<Finding> {
    RULES.iter().flat_map(|rule| rule(analysis)).collect()
}

/// What a count is of.
fn noun(over: Count) -> &'static str {
    match over {
        Count::Containers => "containers",
        Count::Active => "active containers",
        Count::Rules => "rules",
    }
}

/// A metric as sentences on a curve name it, in which set-up is by the container.
pub(in crate::report) fn metric_name(metric: Metric) -> &'static str {
    match metric {
        Metric::Setup => "set-up per container",
        _ => metric.about().name,
    }
}

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
    let sections = [reality::section(analysis), post::section(analysis)];
    sections.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests;
