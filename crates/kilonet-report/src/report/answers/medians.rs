//! What was measured of the first curve, in a sentence: for runs that have nothing else to tell.

use super::answer::{Answer, Candidate, Class, Of, Subject};
use super::words;
use crate::analysis::quantity::grouped;
use crate::analysis::{Analysis, CellSummary, Metric};
use crate::report::findings::Shown;
use crate::units::counted;

/// A sentence for each curve.
pub(super) fn candidates(analysis: &Analysis) -> Vec<Candidate> {
    let series = 0..analysis.series.len();
    series.filter_map(|nth| candidate(analysis, nth)).collect()
}

/// `over a bridge pairs move 29.9 Gb/s at 2 containers and 39.9 Gb/s at 512`
fn candidate(analysis: &Analysis, series: usize) -> Option<Candidate> {
    let cells = analysis.series[series].cells.iter();
    let cells: Vec<_> = cells.map(|nth| (*nth, &analysis.cells[*nth])).collect();
    let [metric, _] = Metric::of_traffic(&cells.first()?.1.cell);
    let told = metric.about().traits.told?;
    let measured = |(_, cell): &&(usize, &CellSummary)| cell.estimate(metric).is_some();
    let (first, last) = (cells.iter().find(measured)?, cells.iter().rfind(measured)?);
    let called = words::called(analysis);
    let count = |cell: &CellSummary| analysis.count.of(&cell.cell);
    let value = |cell: &CellSummary| {
        let estimate = cell.estimate(metric);
        estimate.map_or_else(String::new, |it| words::value(metric, called, it.median))
    };
    let rest = if first.0 == last.0 {
        String::new()
    } else {
        let at = grouped(count(last.1) as usize);
        format!(" and {} at {at}", value(last.1))
    };
    let text = format!(
        "{} {} {} at {}{rest}",
        words::place(analysis, series),
        called.fill(told.who),
        value(first.1),
        words::counts(analysis.count, &[count(first.1)], &[]),
    );
    let estimate = last.1.estimate(metric);
    Some(Candidate {
        answer: Answer {
            rule: "measured",
            about: format!("{}:{}", metric.key(), analysis.series[series].label),
            cells: vec![first.0, last.0],
            estimate: estimate.map(|it| it.median),
            interval: estimate.and_then(|it| it.interval),
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
