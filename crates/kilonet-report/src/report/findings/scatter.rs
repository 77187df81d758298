//! How far trials of a cell are apart, and how much of that is what goodput does within each.
//!
//! The invariant: told of the middle cell, so that a few wild ones are not taken for all.

use super::finding::{Finding, Shown};
use crate::analysis::quantity::Quantity;
use crate::analysis::{Analysis, Metric};
use crate::stats;
use crate::units::counted;

/// Cells below which a middle one says nothing of the others.
const FEWEST: usize = 3;

/// `from one lab to the next the goodput of a cell scatters by 10.4 %; what it does within a window would make that 3.6 %`
pub(super) fn findings(analysis: &Analysis) -> Vec<Finding> {
    let cells = analysis.cells.iter();
    let scatters: Vec<_> = cells.filter_map(|cell| cell.scatter).collect();
    let middle = |read: fn(&stats::Scatter) -> f64| {
        let figures: Vec<_> = scatters.iter().map(read).collect();
        stats::median(&figures).filter(|_| figures.len() >= FEWEST)
    };
    let both = middle(|it| it.between).zip(middle(|it| it.within));
    let finding = both.map(|(between, within)| Finding {
        text: format!(
            "the goodput of a cell scatters by {} from lab to lab; its variation within a window alone would make that {}",
            Quantity::Percent.show(between),
            Quantity::Percent.show(within)
        ),
        evidence: format!(
            "standard deviations, medians of {} cells with {}",
            scatters.len(),
            repeats(&scatters)
        ),
        under: Vec::new(),
        shown: Shown::In(Metric::Goodput),
    });
    finding.into_iter().collect()
}

/// `3 trials each`, `3 to 10 trials each`
fn repeats(scatters: &[stats::Scatter]) -> String {
    let each = || scatters.iter().map(|scatter| scatter.repeats);
    match (each().min(), each().max()) {
        (Some(least), Some(most)) if least < most => format!("{least} to {most} trials each"),
        (_, most) => format!("{} each", counted(most.unwrap_or(0), "trial")),
    }
}
