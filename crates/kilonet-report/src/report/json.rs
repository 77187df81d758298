//! The report of a run for programs: what the page draws from, and the findings in words.
//!
//! The invariant: it says what the terminal's report says; names are those of the analysis, and units are in them or beside them.

use serde::Serialize;

use super::findings;
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
    /// What was found, in the order in which it is told.
    findings: Vec<Said>,
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

/// The report as JSON, ending in a line end.
///
/// # Errors
/// [`Error::Refused`] when the analysis cannot be written as JSON.
pub fn render(analysis: &Analysis) -> Result<String> {
    let findings = findings::findings(analysis).into_iter();
    let report = Report {
        machine: machine(analysis),
        summary: head::summary(analysis),
        findings: findings
            .map(|one| Said {
                text: one.text,
                evidence: one.evidence,
                under: one.under,
            })
            .collect(),
        contrasts: &analysis.contrasts,
        analysis,
    };
    serde_json::to_string_pretty(&report)
        .map(|text| text + "\n")
        .map_err(|source| Error::refused("serialize", "report", source.to_string()))
}
