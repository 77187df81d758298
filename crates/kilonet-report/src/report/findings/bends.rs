//! Where curves bend and which are straight, in a sentence a series.
//!
//! The invariant: what repeats say nothing about is not mentioned.

use super::finding::{Finding, Shown, metric_name};
use crate::analysis::quantity::grouped;
use crate::analysis::{Analysis, Answer, Basis, Bend, Knee};
use crate::units::three_digits;

/// A finding for each series of which something is known.
pub(super) fn findings(analysis: &Analysis) -> Vec<Finding> {
    let answers = analysis
        .answers
        .chunk_by(|left, right| left.series == right.series);
    answers
        .filter_map(|of_series| finding(analysis, of_series))
        .collect()
}

/// `bridge: aggregate goodput bends at 41.9 containers (95 %: 38.2 to 46.1), CPU time per byte at 512 (between 256 and 1,024); straight:
/// set-up per container`
fn finding(analysis: &Analysis, answers: &[Answer]) -> Option<Finding> {
    let series = &analysis.series[answers.first()?.series];
    let knees: Vec<_> = answers
        .iter()
        .filter_map(|answer| match answer.bend? {
            Bend::Knee(knee) => Some((answer.metric, knee)),
            Bend::Gradual | Bend::Straight { .. } => None,
        })
        .collect();
    let bent = knees.iter().enumerate().map(|(nth, (metric, knee))| {
        let verb = if nth == 0 { " bends" } else { "" };
        let counted = if nth == 0 { analysis.count.noun() } else { "" };
        let (count, ends) = place(*knee);
        let place = format!("{verb} at {count} {counted}");
        format!(
            "{}{} ({ends})",
            metric_name(*metric, analysis.requests()),
            place.trim_end()
        )
    });
    let bent = bent.collect::<Vec<_>>().join(", ");
    let named = |words: &str, is: fn(&Bend) -> bool| {
        let said = answers
            .iter()
            .filter(|answer| answer.bend.as_ref().is_some_and(is));
        let names: Vec<_> = said
            .map(|answer| metric_name(answer.metric, analysis.requests()))
            .collect();
        (!names.is_empty()).then(|| format!("{words}: {}", names.join(", ")))
    };
    let parts = [
        Some(bent).filter(|bent| !bent.is_empty()),
        named("bends gradually", |bend| *bend == Bend::Gradual),
        named("no bend can be established", |bend| {
            matches!(bend, Bend::Straight { .. })
        }),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    let metric = knees
        .first()
        .map_or(answers[0].metric, |(metric, _)| *metric);
    (!parts.is_empty()).then(|| Finding {
        text: format!("{}: {}", series.label, parts.join("; ")),
        evidence: evidence(
            series.cells.len(),
            &knees.iter().map(|(_, knee)| *knee).collect::<Vec<_>>(),
        ),
        under: Vec::new(),
        shown: Shown::In(metric),
    })
}

/// Where it bends, and how far that is known.
fn place(knee: Knee) -> (String, String) {
    let Some(corner) = knee.corner else {
        let (low, high) = knee.between;
        let ends = format!(
            "between {} and {}",
            grouped(low as usize),
            grouped(high as usize)
        );
        return (grouped(knee.count as usize), ends);
    };
    let (low, high) = corner.interval;
    let ends = format!("95 %: {} to {}", three_digits(low), three_digits(high));
    (three_digits(corner.count), ends)
}

/// What the sentence rests on.
fn evidence(counts: usize, knees: &[Knee]) -> String {
    let Some(first) = knees.first() else {
        return format!("F test for lack of fit over {counts} counts");
    };
    let lines = "where two straight lines meet, blocks resampled";
    let ends = match first.basis {
        Basis::Resamples => "between the ends of 95 % of the resamples",
        Basis::Neighbours => "between those beside",
    };
    let is_corner = |knee: &Knee| knee.corner.is_some();
    let rest = match (knees.iter().all(is_corner), knees.iter().any(is_corner)) {
        (true, _) => lines.to_owned(),
        (false, true) => format!("{lines}; else {ends}"),
        (false, false) => ends.to_owned(),
    };
    format!("Kneedle over {counts} counts; {rest}")
}
