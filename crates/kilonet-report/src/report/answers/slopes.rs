//! What one more of a count costs, in sentences.
//!
//! The invariant: only slopes that have a sign are said, over a step that was measured.

use super::answer::{Answer, Candidate, LONGEST, Subject};
use super::contrasts::{class, looks_at};
use super::words;
use crate::analysis::metric::row::{Role, Told};
use crate::analysis::{Analysis, Control, Fit, LineVerdict, Slope};
use crate::report::findings::Shown;
use crate::units::counted;

/// A sentence for each line along a number.
pub(super) fn candidates(analysis: &Analysis) -> Vec<Candidate> {
    let slopes = analysis.slopes.iter();
    slopes
        .filter_map(|slope| candidate(analysis, slope))
        .collect()
}

/// `docker-29: each 1,000 containers take 56 % of what pairs move (49 to 63 %), from 2 to 1,000 containers`
fn candidate(analysis: &Analysis, slope: &Slope) -> Option<Candidate> {
    let whole = slope.fits.iter().filter(|fit| fit.part.is_none());
    let certain = whole.filter(|fit| is_certain(slope, fit));
    let mut told: Vec<_> = certain
        .filter_map(|fit| Some((fit.metric.about().traits.told?, fit)))
        .collect();
    // Of requests what one costs comes first, of bytes what gets through.
    told.sort_by_key(|(told, _)| order(analysis, *told));
    let (told, fit) = *told.first()?;
    let (from, to) = slope.range;
    let text = format!(
        "{}: each {} {}, from {}",
        slope.label,
        slope.over.much(slope.step),
        costs(analysis, told, fit, slope.step)?,
        slope.over.range(from, to),
    );
    let of = looks_at(told.role);
    (words::words_of(&text) <= LONGEST).then(|| Candidate {
        answer: Answer {
            rule: "slope",
            about: format!("{}:{}:{}", fit.metric.key(), slope.over.key(), slope.label),
            cells: cells(analysis, slope),
            estimate: Some(fit.line.slope),
            interval: fit.line.interval,
            evidence: format!(
                "straight lines through {} of {}",
                counted(fit.line.n, "trial"),
                counted(fit.line.blocks, "block")
            ),
            words: words::sentence(&text),
            shown: Shown::In(fit.metric),
        },
        class: class(of),
        size: size(fit),
        says: vec![Subject::Curve {
            label: slope.label.clone(),
            of,
        }],
    })
}

/// Whether it may be said, and what lies between was measured or is rules, of which each costs what another does.
fn is_certain(slope: &Slope, fit: &Fit) -> bool {
    match fit.verdict {
        LineVerdict::Straight => true,
        LineVerdict::TwoPlaces => slope.of_rules,
        LineVerdict::Bent | LineVerdict::Uncertain => false,
    }
}

fn order(analysis: &Analysis, told: Told) -> (Role, bool) {
    let is_cost = told.role == Role::Cost;
    let first = if is_cost && analysis.of_requests {
        Role::Through
    } else {
        told.role
    };
    (first, !is_cost)
}

/// `cost 5.6 % of what pairs move (4.9 to 6.3 %)`, `cost a connection 9.6 us of CPU time (8.1 to 11.0 us)`
fn costs(analysis: &Analysis, told: Told, fit: &Fit, step: f64) -> Option<String> {
    let called = analysis.requests();
    let (low, high) = fit.line.interval?;
    let [slope, low, high] = [fit.line.slope, low, high].map(|it| it * step);
    let is_more = slope > 0.0;
    let near = (low.abs().min(high.abs()), low.abs().max(high.abs()));
    let who = called.fill(told.who);
    let (verb, link) = if is_more {
        ("add", "to")
    } else {
        ("take", "from")
    };
    if fit.control == Control::Divided {
        let size = words::hundredths(slope);
        let [low, high] = [near.0, near.1].map(words::hundredths);
        return Some(format!(
            "{verb} {size} % {link} what {who} ({low} to {high} %)"
        ));
    }
    let quantity = fit.metric.about().quantity;
    Some(format!(
        "{verb} {}{} {link} what {who} ({})",
        quantity.show(slope.abs()),
        told.of,
        quantity.span(near),
    ))
}

/// The least that it comes to over the whole range, as a logarithm.
fn size(fit: &Fit) -> f64 {
    let (low, high) = fit.line.interval.unwrap_or_default();
    let least = if fit.line.slope > 0.0 { low } else { high };
    (fit.change * least / fit.line.slope).abs().ln_1p()
}

/// The cells along the line, where it is a curve's.
fn cells(analysis: &Analysis, slope: &Slope) -> Vec<usize> {
    let mut series = analysis.series.iter();
    let series = series.find(|it| it.label == slope.label);
    series.map_or_else(Vec::new, |series| series.cells.clone())
}
