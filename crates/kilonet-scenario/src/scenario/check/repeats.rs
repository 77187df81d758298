//! Whether what decides on the number of trials has anything to decide by.

use crate::scenario::Times;
use crate::scenario::cell::Cell;
use crate::scenario::problem::{Problem, Problems};
use crate::scenario::registry::trials::{METRICS, REPEATS, WITHIN};
use crate::scenario::values::Values;
use crate::scenario::wire::Wire;
use crate::units::counted;

/// A width or metrics say nothing where the number of trials is given.
pub(super) fn check(trial: &Values, problems: &mut Problems) {
    let Times::Of(times) = trial.one(&REPEATS) else {
        return;
    };
    let within = trial.given(&WITHIN).map(|at| (trial.key(&WITHIN), at.span));
    let metrics = trial.given(&METRICS);
    let metrics = metrics.map(|at| (trial.key(&METRICS), at.span));
    for (key, span) in within.into_iter().chain(metrics) {
        let message = format!(
            "each cell has {} whatever they show",
            counted(times, "trial")
        );
        let problem = Problem::of(key, message).at(span);
        problems.push(problem.remedy("allowed with a range, such as repeats = \"3..10\""));
    }
}

/// A metric that no cell has decides nothing.
pub(super) fn check_cells(wire: &Wire, cells: &[Cell], problems: &mut Problems) {
    let metrics = wire.trial.levels(&METRICS);
    for at in metrics.filter(|at| !cells.iter().any(|cell| at.value.is_of(cell))) {
        let message = format!("no cell of the scenario has {}", at.value);
        let problem = Problem::of(wire.trial.key(&METRICS), message).at(at.span.clone());
        problems.push(problem.remedy("allowed: metrics of the workloads that there are"));
    }
}
