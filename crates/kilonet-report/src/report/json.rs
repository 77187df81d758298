//! The report of a run for programs: what the page draws from, and the findings in words.
//!
//! The invariant: it says what the terminal's report says; names are those of the analysis, and units are in them or beside them.

use serde::Serialize;

use super::answers;
use super::findings::{self, Finding};
use super::head;
use super::title::machine;
use crate::analysis::{Analysis, Contrast};
use crate::{Error, Result};

/// The file, where it is one.
pub(super) const FILE: &str = "report.json";

#[derive(Serialize)]
struct Report<'a> {
    /// The run and the machine in one line.
    machine: String,
    /// What was measured, in a sentence.
    summary: String,
    /// What it begins with: at most five sentences, those that say most first.
    answers: Vec<Answered>,
    /// What was found, in the order in which it is told.
    findings: Vec<Said>,
    /// How sure that is.
    sure: Vec<Said>,
    /// Levels of each factor held against each other.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    contrasts: &'a [Contrast],
    #[serde(flatten)]
    analysis: &'a Analysis,
}

/// A finding in words.
#[derive(Serialize)]
struct Said {
    text: String,
    evidence: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    under: Vec<String>,
}

/// A sentence that the report begins with.
#[derive(Serialize)]
struct Answered {
    /// The rule that made it, and what it is about.
    id: String,
    /// 1 for the first.
    rank: usize,
    /// The sentence.
    words: String,
    /// The ids of its cells.
    cells: Vec<String>,
    /// The figure that it rests on: a ratio, or a value in the metric's unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    estimate: Option<f64>,
    /// The interval of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<(f64, f64)>,
    /// How it was found.
    evidence: String,
}

fn answered(analysis: &Analysis) -> Vec<Answered> {
    let answers = answers::answers(analysis).into_iter().zip(1..);
    answers
        .map(|(one, rank)| Answered {
            id: one.id(),
            rank,
            cells: one.cell_ids(analysis),
            estimate: one.estimate,
            interval: one.interval,
            evidence: one.evidence,
            words: one.words,
        })
        .collect()
}

impl From<Finding> for Said {
    fn from(one: Finding) -> Self {
        Self {
            text: one.text,
            evidence: one.evidence,
            under: one.under,
        }
    }
}

/// The report as JSON, ending in a line end.
///
/// # Errors
/// [`Error::Refused`] when the analysis cannot be written as JSON.
pub fn render(analysis: &Analysis) -> Result<String> {
    let said = |all: Vec<Finding>| all.into_iter().map(Said::from).collect();
    let report = Report {
        machine: machine(analysis),
        summary: head::summary(analysis),
        answers: answered(analysis),
        findings: said(findings::findings(analysis)),
        sure: said(findings::sure(analysis)),
        contrasts: &analysis.contrasts,
        analysis,
    };
    serde_json::to_string_pretty(&report)
        .map(|text| text + "\n")
        .map_err(|source| Error::refused("serialize", "report", source.to_string()))
}
