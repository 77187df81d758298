//! Where curves bend and which are straight, in a sentence a series.
//!
//! The invariant: what repeats say nothing about is not mentioned.

use super::{Finding, Shown, metric_name, noun};
use crate::analysis::{Analysis, Answer, Basis, Bend, Knee};
use crate::report::quantity::grouped;

/// A finding for each series of which something is known.
pub(super) fn findings(analysis: &Analysis) -> Vec<Finding> {
    let answers = analysis
        .answers
        .chunk_by(|left, right| left.series == right.series);
    answers
        .filter_map(|of_series| finding(analysis, of_series))
        .collect()
}

/// `bridge: aggregate goodput bends at 8 containers (between 4 and 16), CPU time per byte at 512 (between 256 and 1,024); straight:
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
        let counted = if nth == 0 { noun(analysis.count) } else { "" };
        let place = format!("{verb} at {} {counted}", grouped(knee.count as usize));
        format!(
            "{}{} {}",
            metric_name(*metric),
            place.trim_end(),
            between(*knee)
        )
    });
    let bent = bent.collect::<Vec<_>>().join(", ");
    let named = |words: &str, is: fn(&Bend) -> bool| {
        let said = answers
            .iter()
            .filter(|answer| answer.bend.as_ref().is_some_and(is));
        let names: Vec<_> = said.map(|answer| metric_name(answer.metric)).collect();
        (!names.is_empty()).then(|| format!("{words}: {}", names.join(", ")))
    };
    let parts = [
        Some(bent).filter(|bent| !bent.is_empty()),
        named("bends, at no one place", |bend| *bend == Bend::Gradual),
        named("straight", |bend| matches!(bend, Bend::Straight { .. })),
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
        shown: Shown::In(metric),
    })
}

fn between(knee: Knee) -> String {
    let (low, high) = knee.between;
    format!(
        "(between {} and {})",
        grouped(low as usize),
        grouped(high as usize)
    )
}

/// What the sentence rests on.
fn evidence(counts: usize, knees: &[Knee]) -> String {
    match knees.first().map(|knee| knee.basis) {
        None => format!("F test for lack of fit over {counts} counts"),
        Some(Basis::Resamples) => {
            format!("Kneedle over {counts} counts; between the ends of 95 % of the resamples")
        }
        Some(Basis::Neighbours) => {
            format!("Kneedle over {counts} counts; between those beside")
        }
    }
}
