//! What one more of a count costs, in sentences.
//!
//! The invariant: only slopes that have a sign are said, over a step that was measured.

use super::answer::{Answer, Candidate, LONGEST, Subject};
use super::contrasts::class;
use super::pairs::looks_at;
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

/// `over a bridge with docker-29's rules each 1,000 containers take 56 % of what pairs together move without rules (95 %: 49 to 63 %),
/// from 2 to 1,000 containers`
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
    let start = format!(
        "{} each {} {}",
        subject(analysis, slope),
        slope.over.much(slope.step),
        costs(analysis, told, fit, slope.step)?,
    );
    let longer = format!("{start}, from {}", slope.over.range(from, to));
    let text = if words::words_of(&longer) <= LONGEST {
        longer
    } else {
        start
    };
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
        size: size(analysis, slope, fit),
        says: vec![Subject::Curve {
            label: slope.label.clone(),
            of,
        }],
    })
}

/// Where the traffic of a line goes, or its label where it is of several curves.
fn subject(analysis: &Analysis, slope: &Slope) -> String {
    curve(analysis, slope).map_or_else(
        || format!("{}:", slope.label),
        |nth| words::place(analysis, nth),
    )
}

/// The curve that a line is laid along.
fn curve(analysis: &Analysis, slope: &Slope) -> Option<usize> {
    let mut series = analysis.series.iter();
    series.position(|it| it.label == slope.label)
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

/// `take 5.6 % of what pairs together move without rules (95 %: 4.9 to 6.3 %)`, `add 9.6 us of CPU time to what a connection costs beyond
/// that without rules (95 %: 8.1 to 11.0 us)`
fn costs(analysis: &Analysis, told: Told, fit: &Fit, step: f64) -> Option<String> {
    let called = words::called(analysis);
    let (low, high) = fit.line.interval?;
    let [slope, low, high] = [fit.line.slope, low, high].map(|it| it * step);
    let is_more = slope > 0.0;
    let near = (low.abs().min(high.abs()), low.abs().max(high.abs()));
    let who = called.fill(told.who);
    let (verb, link) = match (is_more, fit.control) {
        (true, _) => ("add", "to"),
        (false, Control::Divided) => ("take", "of"),
        (false, Control::Absent | Control::Subtracted) => ("take", "from"),
    };
    if fit.control == Control::Divided {
        let size = words::hundredths(slope);
        let [low, high] = [near.0, near.1].map(words::hundredths);
        return Some(format!(
            "{verb} {size} % {link} what {who} without rules (95 %: {low} to {high} %)"
        ));
    }
    let quantity = fit.metric.about().quantity;
    Some(format!(
        "{verb} {}{} {link} what {who}{} (95 %: {})",
        quantity.show(slope.abs()),
        told.of,
        match fit.control {
            Control::Subtracted => " beyond that without rules",
            Control::Absent | Control::Divided => "",
        },
        quantity.span(near),
    ))
}

/// The least that it comes to over the whole range, as a logarithm.
fn size(analysis: &Analysis, slope: &Slope, fit: &Fit) -> f64 {
    let (low, high) = fit.line.interval.unwrap_or_default();
    let least = if fit.line.slope > 0.0 { low } else { high };
    let certain = least / fit.line.slope;
    (change(analysis, slope, fit) * certain).abs().ln_1p()
}

/// What it comes to over the whole range, as a share: of the curve's own figure where what is without rules was subtracted, as next to
/// nothing can grow many times over.
fn change(analysis: &Analysis, slope: &Slope, fit: &Fit) -> f64 {
    let first = || {
        let cells = &analysis.series[curve(analysis, slope)?].cells;
        Some(analysis.cells[*cells.first()?].estimate(fit.metric)?.median)
    };
    match fit.control {
        Control::Absent | Control::Divided => fit.change,
        Control::Subtracted => {
            let (from, to) = slope.range;
            first().map_or(fit.change, |median| fit.line.slope * (to - from) / median)
        }
    }
}

/// The cells along the line, where it is a curve's.
fn cells(analysis: &Analysis, slope: &Slope) -> Vec<usize> {
    curve(analysis, slope).map_or_else(Vec::new, |nth| analysis.series[nth].cells.clone())
}
