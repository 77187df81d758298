//! Whether what decides on the number of trials has anything to decide by.

use crate::scenario::cell::Cell;
use crate::scenario::problem::{Problem, Problems};
use crate::scenario::value::Times;
use crate::scenario::wire::{Trial, Wire};
use crate::units::counted;

/// A width or metrics say nothing where the number of trials is given.
pub(super) fn check(trial: &Trial, problems: &mut Problems) {
    let Times::Of(times) = trial.repeats.value else {
        return;
    };
    let within = trial.within.as_ref().map(|at| ("within", &at.span));
    let metrics = trial.metrics.iter().flat_map(|axis| &axis.0);
    let metrics = metrics.map(|at| ("metrics", &at.span)).next();
    for (key, span) in within.into_iter().chain(metrics) {
        let message = format!(
            "each cell has {} whatever they show",
            counted(times, "trial")
        );
        let problem = Problem::of(format!("trial.{key}"), message).at(span.clone());
        problems.push(problem.remedy("allowed with a range, such as repeats = \"3..10\""));
    }
}

/// A metric that no cell has decides nothing.
pub(super) fn check_cells(wire: &Wire, cells: &[Cell], problems: &mut Problems) {
    let metrics = wire.trial.metrics.iter().flat_map(|axis| &axis.0);
    for at in metrics.filter(|at| !cells.iter().any(|cell| at.value.is_of(cell))) {
        let message = format!("no cell of the scenario has {}", at.value);
        let problem = Problem::of("trial.metrics", message).at(at.span.clone());
        problems.push(problem.remedy("allowed: metrics of the workloads that there are"));
    }
}
