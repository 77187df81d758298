//! What a run comes to, as it is handed to whatever shows it: a sentence with its evidence, or a section with rows.
//!
//! Must not know the rules by which it is found.

use std::borrow::Cow;

use crate::analysis::Metric;
use crate::report::figure;
use crate::scenario::called::Called;

/// A sentence, what it rests on, and where it is seen.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::report) struct Finding {
    /// What was found.
    pub(in crate::report) text: String,
    /// Cells, trials and method that it rests on.
    pub(in crate::report) evidence: String,
    /// What stands under it, each a sentence: what follows from it, what helps; most have nothing.
    pub(in crate::report) under: Vec<String>,
    /// Where it is seen.
    pub(in crate::report) shown: Shown,
}

/// Where a finding is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Shown {
    /// In the figure of a metric.
    In(Metric),
    /// In the section of that id.
    Section(&'static str),
}

impl Shown {
    /// Where that is, in words; absent for a metric that has no figure.
    pub(in crate::report) fn words(self) -> Option<String> {
        match self {
            Self::In(metric) => figure::file_of(metric).map(str::to_owned),
            Self::Section(id) => Some(format!("below: {id}")),
        }
    }
}

/// A metric as sentences on a curve name it.
pub(in crate::report) fn metric_name(metric: Metric, requests: Called) -> Cow<'static, str> {
    let about = metric.about();
    requests.fill(about.traits.along.name().unwrap_or(about.name))
}

/// A question and what the run answers.
#[derive(Debug)]
pub(in crate::report) struct Section {
    /// What it is called in links: one word.
    pub(in crate::report) id: &'static str,
    /// What it is about.
    pub(in crate::report) title: &'static str,
    /// What its figures are.
    pub(in crate::report) basis: &'static str,
    /// The headings of its rows; none without rows.
    pub(in crate::report) headings: &'static [&'static str],
    /// Figures, as many as there are headings; the first names the row.
    pub(in crate::report) rows: Vec<Vec<String>>,
    /// What the figures say.
    pub(in crate::report) sentences: Vec<String>,
}
