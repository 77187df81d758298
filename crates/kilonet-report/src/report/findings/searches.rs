//! The highest rates of datagrams that searches found within a loss, in sentences.

use super::finding::{Finding, Shown};
use crate::analysis::quantity::grouped;
use crate::analysis::{Analysis, CellSummary, Estimate, Metric, Series};
use crate::units::counted;

/// A finding for each curve whose trials searched, and found.
pub(super) fn findings(analysis: &Analysis) -> Vec<Finding> {
    let series = analysis.series.iter();
    series.filter_map(|one| finding(analysis, one)).collect()
}

/// What a search found at a count.
struct Found<'a> {
    count: String,
    rate: &'a Estimate,
    loss: &'a Estimate,
}

/// `bridge: the highest rate of datagrams within 0.5% loss is 412 k/s at 2 containers, 390 k/s at 8`
fn finding(analysis: &Analysis, series: &Series) -> Option<Finding> {
    let cells = series.cells.iter().map(|index| &analysis.cells[*index]);
    let searched: Vec<_> = cells
        .filter_map(|it| Some((it.cell.load.sought()?, it)))
        .collect();
    let (accepted, _) = searched.first()?;
    let found = searched.iter();
    let found: Vec<_> = found
        .filter_map(|(_, cell)| Found::of(analysis, cell))
        .collect();
    let (first, rest) = found.split_first()?;
    let rates = [format!("{} {}", first.rate(), analysis.count.noun())].into_iter();
    let rates: Vec<_> = rates.chain(rest.iter().map(Found::rate)).collect();
    let evidence: Vec<_> = found.iter().map(Found::evidence).collect();
    Some(Finding {
        text: format!(
            "{}: the highest rate of datagrams within {accepted} loss is {}",
            series.label,
            rates.join(", ")
        ),
        evidence: evidence.join("; "),
        under: Vec::new(),
        shown: Shown::In(Metric::Datagrams),
    })
}

impl<'a> Found<'a> {
    fn of(analysis: &Analysis, cell: &'a CellSummary) -> Option<Self> {
        Some(Self {
            count: grouped(analysis.count.of(&cell.cell) as usize),
            rate: cell.estimate(Metric::Datagrams)?,
            loss: cell.estimate(Metric::Loss)?,
        })
    }

    /// `412 k/s at 2`
    fn rate(&self) -> String {
        format!("{} at {}", of_rate(self.rate.median), self.count)
    }

    /// `at 2 (95 %: 400 k/s to 424 k/s), 0.310 % lost, 3 trials`
    fn evidence(&self) -> String {
        let interval = self.rate.interval.map_or_else(String::new, |(low, high)| {
            format!(" (95 %: {} to {})", of_rate(low), of_rate(high))
        });
        let lost = Metric::Loss.about().quantity.show(self.loss.median);
        let trials = counted(self.rate.n, "trial");
        format!("at {}{interval}, {lost} lost, {trials}", self.count)
    }
}

fn of_rate(rate: f64) -> String {
    Metric::Datagrams.about().quantity.show(rate)
}
