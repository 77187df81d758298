//! What the machine lacks for a run: refused before a folder is made where nothing could be measured, and said once where some
//! of it can.
//!
//! Must not know what requires what. The invariant: what is said to be left out is what the runner then leaves out.

use super::out;
use crate::error::{Error, Remedy, Result};
use crate::plan::{Plan, cell_id};
use crate::scenario::{Cell, Scenario};
use crate::testbed::Lacks;
use crate::units::counted;

/// The most cells that are named.
const NAMED: usize = 3;

/// Finds out what the machine lacks, and says which cells will be left out.
///
/// # Errors
/// When no cell of the scenario can be measured here.
pub(super) fn probe(scenario: &Scenario, plan: &Plan) -> Result<Lacks> {
    let planned = plan.trials.iter().map(|trial| &trial.cell);
    let lacks = Lacks::probe(scenario.cells.iter().chain(planned))?;
    let reasons = reasons(&lacks, scenario);
    let refused: usize = reasons.iter().map(|reason| reason.cells.len()).sum();
    if refused == scenario.cells.len() {
        return Err(nothing_left(reasons));
    }
    for line in left_out(&lacks, &reasons, (scenario, plan)) {
        out::say(line);
    }
    Ok(lacks)
}

/// Why some cells cannot be measured, and which.
struct Reason<'a> {
    error: Error,
    cells: Vec<&'a Cell>,
}

/// Each reason once, in the order of the cells.
fn reasons<'a>(lacks: &Lacks, scenario: &'a Scenario) -> Vec<Reason<'a>> {
    let mut reasons: Vec<Reason<'a>> = Vec::new();
    for cell in &scenario.cells {
        let Some(error) = lacks.refusal(cell) else {
            continue;
        };
        let mut known = reasons.iter_mut();
        let same = known.find(|reason| reason.error.sentence() == error.sentence());
        match same {
            Some(reason) => reason.cells.push(cell),
            None => reasons.push(Reason {
                error,
                cells: vec![cell],
            }),
        }
    }
    reasons
}

/// The error of a run of which nothing can be measured: the one reason, or all of them.
fn nothing_left(mut reasons: Vec<Reason<'_>>) -> Error {
    if reasons.len() == 1
        && let Some(only) = reasons.pop()
    {
        return only.error;
    }
    let sentences: Vec<_> = reasons.iter().map(|it| it.error.sentence()).collect();
    let hints: Vec<_> = reasons.iter().filter_map(|it| it.error.hint()).collect();
    let reason = format!(
        "none of its {} can be measured here: {}",
        counted(sum(&reasons), "cell"),
        sentences.join("; ")
    );
    Error::refused("run", "the scenario", reason).with_remedy(Remedy::EachOf(hints.join("; ")))
}

fn sum(reasons: &[Reason<'_>]) -> usize {
    reasons.iter().map(|reason| reason.cells.len()).sum()
}

/// The cells that will be left out, by reason.
fn left_out(
    lacks: &Lacks,
    reasons: &[Reason<'_>],
    (scenario, plan): (&Scenario, &Plan),
) -> Vec<String> {
    if reasons.is_empty() {
        return Vec::new();
    }
    let certain = plan.trials.iter().filter(|trial| plan.is_certain(trial));
    let trials = certain.filter(|trial| lacks.refusal(&trial.cell).is_some());
    let head = format!(
        "note: {} of {} cannot be measured here: {} will be recorded as failed without being tried",
        sum(reasons),
        counted(scenario.cells.len(), "cell"),
        counted(trials.count(), "trial"),
    );
    let lines = reasons.iter().flat_map(|reason| {
        let hint = reason.error.hint().map(|hint| format!("hint: {hint}"));
        let line = format!(
            "note: {}: {}",
            reason.error.sentence(),
            named(&reason.cells)
        );
        [Some(line), hint]
    });
    [head].into_iter().chain(lines.flatten()).collect()
}

/// The first of some cells by their ids, and how many more.
fn named(cells: &[&Cell]) -> String {
    let first: Vec<_> = cells.iter().take(NAMED).map(|cell| cell_id(cell)).collect();
    match cells.len().saturating_sub(NAMED) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
