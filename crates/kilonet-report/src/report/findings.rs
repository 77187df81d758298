//! What a run comes to, in sentences: the findings, each with its evidence and the figure it is seen in; and sections, which
//! hold the rows of questions that take a table: model against reality, a table of 2017.
//!
//! Each rule by which findings are made is a file, and a row of [`RULES`]. Must not know what they are shown on. The
//! invariant: no finding without evidence; a section is there only where the run has what it is about.

mod bends;
mod fail_if;
mod finding;
mod limits;
mod mechanisms;
mod models;
mod post;
mod precision;
mod reality;
mod rules;
mod scatter;
mod searches;
mod signs;

use crate::analysis::Analysis;

pub(super) use fail_if::sentences as failures;
pub(super) use finding::{Finding, Section, Shown, metric_name};

/// What makes findings, in the order in which they are told: what the run fails for; what binds or breaks, with what follows from it,
/// and what stops a run; then what was searched for, what its curves do, what rules cost, what is real, and last what else was seen.
const RULES: &[fn(&Analysis) -> Vec<Finding>] = &[
    fail_if::findings,
    mechanisms::findings,
    limits::findings,
    searches::findings,
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
