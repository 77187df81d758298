//! Whether pairs can be shared out between the workloads of a trial.

use crate::scenario::Cell;
use crate::scenario::problem::{Problem, Problems};
use crate::scenario::registry::load::BESIDE;
use crate::scenario::registry::traffic::WORKLOAD;
use crate::scenario::values::Values;
use crate::scenario::wire::Wire;

/// Every workload of a table meets every level of `beside`, and two classes that do the same would be one.
pub(super) fn check(axes: &Values, problems: &mut Problems) {
    for at in axes.levels(&BESIDE) {
        let mut twice = at.value.workloads();
        if let Some(workload) = twice.find(|workload| axes.has(&WORKLOAD, workload)) {
            let message = format!("{workload} is what the other pairs do too");
            let problem = Problem::of(axes.key(&BESIDE), message).at(at.span.clone());
            problems.push(problem.remedy("allowed: workloads other than those of `workload`"));
        }
    }
}

/// Each class of a cell has a pair, its own workload's too.
pub(super) fn check_cells(wire: &Wire, cells: &[Cell], problems: &mut Problems) {
    let Some(cell) = cells.iter().find(|cell| !cell.beside.fits(cell.pairs)) else {
        return;
    };
    let pairs = cell.pairs;
    let message = format!(
        "{} beside {} is more than {pairs} pair{} can be shared out to",
        cell.beside,
        cell.workload,
        if pairs == 1 { "" } else { "s" },
    );
    for axes in &wire.axes {
        let mut levels = axes.levels(&BESIDE);
        if let Some(at) = levels.find(|at| at.value == cell.beside) {
            let problem = Problem::of(axes.key(&BESIDE), message).at(at.span.clone());
            problems.push(problem.remedy(
                "allowed: what leaves each workload a pair; more containers make more pairs",
            ));
            return;
        }
    }
}
