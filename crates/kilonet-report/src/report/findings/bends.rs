//! Where curves peak or bend and which are straight, in a sentence a series.
//!
//! The invariant: what repeats say nothing about is not mentioned.

use super::finding::{Finding, Shown, metric_name};
use crate::analysis::quantity::grouped;
use crate::analysis::{Analysis, Basis, Bend, Bending, Knee, Metric};
use crate::units::three_digits;

/// A finding for each series that peaks or bends at a place.
pub(super) fn findings(analysis: &Analysis) -> Vec<Finding> {
    by_series(analysis, bent)
}

/// A finding for each series with metrics in which it does not, or at no one place.
pub(super) fn without(analysis: &Analysis) -> Vec<Finding> {
    by_series(analysis, unbent)
}

fn by_series(
    analysis: &Analysis,
    finding: fn(&Analysis, &[Bending]) -> Option<Finding>,
) -> Vec<Finding> {
    let bends = &analysis.bends;
    let bends = bends.chunk_by(|left, right| left.series == right.series);
    bends
        .filter_map(|of_series| finding(analysis, of_series))
        .collect()
}

/// `bridge: aggregate goodput peaks at 8 containers (between 4 and 16); CPU time per byte bends at 41.9 containers (95 %: 38.2 to
/// 46.1), set-up per container at 512 (between 256 and 1,024)`
fn bent(analysis: &Analysis, bends: &[Bending]) -> Option<Finding> {
    let series = &analysis.series[bends.first()?.series];
    let placed = |is: fn(Bend) -> Option<Knee>| -> Vec<_> {
        let found = bends.iter();
        let found = found.filter_map(|one| Some((one.metric, is(one.bend)?)));
        found.collect()
    };
    let peaks = placed(|bend| match bend {
        Bend::Peak(peak) => Some(peak),
        Bend::Knee(_) | Bend::Gradual | Bend::Straight { .. } => None,
    });
    let knees = placed(|bend| match bend {
        Bend::Knee(knee) => Some(knee),
        Bend::Peak(_) | Bend::Gradual | Bend::Straight { .. } => None,
    });
    let parts = [
        places(analysis, "peaks", &peaks),
        places(analysis, "bends", &knees),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    let all: Vec<_> = peaks.iter().chain(&knees).collect();
    let (metric, _) = **all.first()?;
    let knees: Vec<_> = all.iter().map(|(_, knee)| *knee).collect();
    Some(Finding {
        text: format!("{}: {}", series.label, parts.join("; ")),
        evidence: evidence(series.cells.len(), &knees),
        under: Vec::new(),
        shown: Shown::In(metric),
    })
}

/// `bridge: bends gradually: CPU time per byte; no bend can be established: set-up per container`
fn unbent(analysis: &Analysis, bends: &[Bending]) -> Option<Finding> {
    let series = &analysis.series[bends.first()?.series];
    let named = |words: &str, is: fn(&Bend) -> bool| {
        let said = bends.iter().filter(|one| is(&one.bend));
        let names: Vec<_> = said
            .map(|one| metric_name(one.metric, analysis.requests()))
            .collect();
        (!names.is_empty()).then(|| format!("{words}: {}", names.join(", ")))
    };
    let parts = [
        named("bends gradually", |bend| *bend == Bend::Gradual),
        named("no bend can be established", |bend| {
            matches!(bend, Bend::Straight { .. })
        }),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| Finding {
        text: format!("{}: {}", series.label, parts.join("; ")),
        evidence: evidence(series.cells.len(), &[]),
        under: Vec::new(),
        shown: Shown::In(bends[0].metric),
    })
}

/// Metrics and where they do something: `aggregate goodput peaks at 8 containers (between 4 and 16), CPU time per byte at 16 (...)`
fn places(analysis: &Analysis, verb: &str, places: &[(Metric, Knee)]) -> Option<String> {
    let said = places.iter().enumerate().map(|(nth, (metric, knee))| {
        let name = metric_name(*metric, analysis.requests());
        let (count, ends) = place(*knee);
        match nth {
            0 => format!(
                "{name} {verb} at {count} {} ({ends})",
                analysis.count.noun()
            ),
            _ => format!("{name} at {count} ({ends})"),
        }
    });
    let said: Vec<_> = said.collect();
    (!said.is_empty()).then(|| said.join(", "))
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
