//! Whether pairs can be shared out between the workloads of a trial.

use crate::scenario::Cell;
use crate::scenario::problem::{Problem, Problems};
use crate::scenario::wire::{Axes, Wire};

/// Every workload of a table meets every level of `beside`, and two classes that do the same would be one.
pub(super) fn check(axes: &Axes, problems: &mut Problems) {
    for at in &axes.beside.0 {
        let mut twice = at.value.workloads();
        if let Some(workload) = twice.find(|workload| axes.workload.has(*workload)) {
            let message = format!("{workload} is what the other pairs do too");
            let problem = Problem::of(axes.key("beside"), message).at(at.span.clone());
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
    for axes in &wire.axes.0 {
        let mut levels = axes.beside.0.iter();
        if let Some(at) = levels.find(|at| at.value == cell.beside) {
            let problem = Problem::of(axes.key("beside"), message).at(at.span.clone());
            problems.push(problem.remedy(
                "allowed: what leaves each workload a pair; more containers make more pairs",
            ));
            return;
        }
    }
}
