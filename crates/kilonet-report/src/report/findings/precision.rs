//! The cells that never came to be known as well as was asked for.
//!
//! The invariant: cells that are to have more trials are not among them.

use super::finding::{Finding, Shown, metric_name};
use crate::analysis::quantity::{Quantity, grouped};
use crate::analysis::{Analysis, CellSummary, Known, Reach};
use crate::units::counted;

/// `the 95 % interval stayed wider than ±5 %: bridge at 64, 128`
pub(super) fn findings(analysis: &Analysis) -> Vec<Finding> {
    let of = |index: &usize| {
        let cell = &analysis.cells[*index];
        let known = cell.precision.filter(|known| known.reach == Reach::Never)?;
        Some((cell, known))
    };
    let series = analysis.series.iter().map(|series| {
        let cells: Vec<_> = series.cells.iter().filter_map(of).collect();
        (series.label.as_str(), cells)
    });
    let series: Vec<_> = series.filter(|(_, cells)| !cells.is_empty()).collect();
    finding(analysis, &series).into_iter().collect()
}

/// Cells of a series that were not reached.
type Wide<'a> = (&'a str, Vec<(&'a CellSummary, Known)>);

fn finding(analysis: &Analysis, series: &[Wide]) -> Option<Finding> {
    let all = series.iter().flat_map(|(label, cells)| {
        let each = cells.iter();
        each.map(move |(cell, known)| (label, cell, known))
    });
    let number = all.clone().count();
    let width = |known: &Known| known.half_width.unwrap_or(f64::INFINITY);
    let (label, cell, widest) =
        all.max_by(|(.., left), (.., right)| width(left).total_cmp(&width(right)))?;
    let count = |cell: &CellSummary| grouped(analysis.count.of(&cell.cell) as usize);
    let places = series.iter().map(|(label, cells)| {
        let counts: Vec<_> = cells.iter().map(|(cell, _)| count(cell)).collect();
        format!("{label} at {}", counts.join(", "))
    });
    let places: Vec<_> = places.collect();
    Some(Finding {
        text: format!(
            "the 95 % interval stayed wider than {}: {}",
            either_side(Some(widest.within)),
            places.join("; ")
        ),
        evidence: format!(
            "{number} of {} had all their trials; widest is {} in {} of {label} at {}, {}",
            counted(analysis.cells.len(), "cell"),
            either_side(widest.half_width),
            metric_name(widest.metric, analysis.requests()),
            count(cell),
            counted(widest.trials, "trial")
        ),
        under: Vec::new(),
        shown: Shown::In(widest.metric),
    })
}

/// `±5 %`
fn either_side(share: Option<f64>) -> String {
    match share {
        Some(share) => format!("±{}", Quantity::Percent.tick(share)),
        None => "no interval".to_owned(),
    }
}
