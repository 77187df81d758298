//! What a run comes to, in sentences: the findings, each with its evidence and the figure it is seen in; and sections, which
//! hold the rows of questions that take a table: model against reality, a table of 2017.
//!
//! Each rule by which findings are made is a file, and a row of [`RULES`]. Must not know what they are shown on. The
//! invariant: no finding without evidence; a section is there only where the run has what it is about.

mod bends;
mod compared;
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

pub(super) use fail_if::{failure, seen_in as seen_of, sentences as failures};
pub(super) use finding::{Finding, Section, Shown, metric_name};
pub(super) use mechanisms::{seen_in, worst};

/// What makes findings, in the order in which they are told: what the run fails for; what binds or breaks, with what follows from it,
/// and what stops a run; then what was searched for, what its curves do, what rules cost, what is real, and last what else was seen.
const RULES: &[fn(&Analysis) -> Vec<Finding>] = &[
    fail_if::findings,
    mechanisms::findings,
    limits::findings,
    searches::findings,
    bends::findings,
    rules::findings,
    reality::findings,
    signs::findings,
];

/// What says how sure a report is: what its sentences rest on, how far trials are apart, what could not be known better, what disturbed
/// them, and what was asked of its curves without an answer or by a model.
const SURE: &[fn(&Analysis) -> Vec<Finding>] = &[
    compared::findings,
    scatter::findings,
    precision::findings,
    signs::disturbances,
    bends::without,
    models::scalability,
    models::capacity,
];

/// What stands above that.
pub(super) const HOW_SURE: &str = "How sure we are";

/// What the run says.
pub(super) fn findings(analysis: &Analysis) -> Vec<Finding> {
    RULES.iter().flat_map(|rule| rule(analysis)).collect()
}

/// How sure that is.
pub(super) fn sure(analysis: &Analysis) -> Vec<Finding> {
    SURE.iter().flat_map(|rule| rule(analysis)).collect()
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
