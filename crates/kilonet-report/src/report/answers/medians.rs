//! What was measured of the first curve, in a sentence: for runs that have nothing else to tell.

use super::answer::{Answer, Candidate, Class, Of, Subject};
use super::words;
use crate::analysis::quantity::grouped;
use crate::analysis::{Analysis, CellSummary, Estimate, Metric};
use crate::report::findings::Shown;
use crate::units::counted;

/// A sentence for each curve.
pub(super) fn candidates(analysis: &Analysis) -> Vec<Candidate> {
    let series = 0..analysis.series.len();
    series.filter_map(|nth| candidate(analysis, nth)).collect()
}

/// `over a bridge pairs together move 29.9 Gb/s at 2 containers, 78.3 Gb/s at 8 and 39.9 Gb/s at 512`
fn candidate(analysis: &Analysis, series: usize) -> Option<Candidate> {
    let cells = analysis.series[series].cells.iter();
    let cells: Vec<_> = cells.map(|nth| (*nth, &analysis.cells[*nth])).collect();
    let [metric, _] = Metric::of_traffic(&cells.first()?.1.cell);
    let told = metric.about().traits.told?;
    let measured = cells
        .into_iter()
        .filter_map(|(nth, cell)| Some((nth, cell, cell.estimate(metric)?)));
    let said = ends_and_most(measured.collect());
    let last = said.last()?;
    let called = words::called(analysis);
    let values = said.iter().enumerate().map(|(nth, (_, cell, estimate))| {
        let count = analysis.count.of(&cell.cell);
        let at = match nth {
            0 => words::counts(analysis.count, &[count], &[]),
            _ => grouped(count as usize),
        };
        format!("{} at {at}", words::value(metric, called, estimate.median))
    });
    let text = format!(
        "{} {} {}",
        words::place(analysis, series),
        called.fill(told.who),
        words::listed(values.collect()),
    );
    Some(Candidate {
        answer: Answer {
            rule: "measured",
            about: format!("{}:{}", metric.key(), analysis.series[series].label),
            cells: said.iter().map(|(nth, ..)| *nth).collect(),
            estimate: Some(last.2.median),
            interval: last.2.interval,
            evidence: format!("medians of {}", counted(last.1.measured, "trial")),
            words: words::sentence(&text),
            shown: Shown::In(metric),
        },
        class: Class::Measured,
        size: 0.0,
        says: vec![Subject::Curve {
            label: analysis.series[series].label.clone(),
            of: Of::Traffic,
        }],
    })
}

/// A cell that was measured, by its place in the analysis.
type Measured<'a> = (usize, &'a CellSummary, &'a Estimate);

/// The first and the last, and what is larger than both where something is.
fn ends_and_most(mut measured: Vec<Measured<'_>>) -> Vec<Measured<'_>> {
    let most = measured
        .iter()
        .map(|(.., it)| it.median)
        .fold(0.0, f64::max);
    let end = measured.len().saturating_sub(1);
    let at_ends = [0, end].map(|nth| measured.get(nth).is_some_and(|of| of.2.median >= most));
    let mut nth = 0..=end;
    let peak = measured.iter().position(|of| of.2.median >= most);
    let peak = peak.filter(|_| at_ends == [false, false]);
    measured.retain(|_| {
        nth.next()
            .is_some_and(|nth| [0, end].contains(&nth) || peak == Some(nth))
    });
    measured
}
