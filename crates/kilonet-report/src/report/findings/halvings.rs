//! Where what a pair gets has halved, in sentences.

use super::finding::{Finding, Shown, metric_name};
use crate::analysis::quantity::grouped;
use crate::analysis::{Analysis, Answer, Halving};
use crate::units::counted;

/// A finding for each curve that halves.
pub(super) fn findings(analysis: &Analysis) -> Vec<Finding> {
    let answers = analysis.answers.iter();
    answers
        .filter_map(|answer| finding(analysis, answer, answer.halving.as_ref()?))
        .collect()
}

/// `bridge: goodput of the median pair halves at 41 containers (95 %: 38 to 46)`
fn finding(analysis: &Analysis, answer: &Answer, halving: &Halving) -> Option<Finding> {
    let series = &analysis.series[answer.series];
    let (last, first) = halving.between;
    let (last, first) = (grouped(last as usize), grouped(first as usize));
    let counted = analysis.count.noun();
    let place = match halving.interval {
        Some((low, high)) => format!(
            "at {} {counted} (95 %: {} to {})",
            whole(halving.count),
            whole(low),
            whole(high)
        ),
        None => format!("between {last} and {first} {counted}"),
    };
    Some(Finding {
        text: format!(
            "{}: {} halves {place}",
            series.label,
            metric_name(answer.metric, analysis.requests())
        ),
        evidence: evidence(analysis, answer, halving)?,
        under: Vec::new(),
        shown: Shown::In(answer.metric),
    })
}

/// `27.9 Gb/s at 2, 14.2 Gb/s at 32, 6.90 Gb/s at 64; 3 trials each`
fn evidence(analysis: &Analysis, answer: &Answer, halving: &Halving) -> Option<String> {
    let cells = &analysis.series[answer.series].cells;
    let at = |count: u32| {
        let mut cells = cells.iter().map(|index| &analysis.cells[*index]);
        let cell = cells.find(|cell| analysis.count.of(&cell.cell) == count)?;
        cell.estimate(answer.metric)
    };
    let show = |count: u32| {
        let median = answer.metric.about().quantity.show(at(count)?.median);
        Some(format!("{median} at {}", grouped(count as usize)))
    };
    let mut counts = vec![halving.from, halving.between.0, halving.between.1];
    counts.dedup();
    let figures: Option<Vec<_>> = counts.into_iter().map(show).collect();
    let trials = at(halving.from)?.n;
    Some(format!(
        "{}; {}",
        figures?.join(", "),
        counted(trials, "trial")
    ))
}

/// `41`, and `6.2` where a whole container more or less is much.
fn whole(count: f64) -> String {
    if count < 10.0 {
        format!("{count:.1}")
    } else {
        format!("{count:.0}")
    }
}
