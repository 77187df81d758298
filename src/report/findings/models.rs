//! What models laid through curves say, as description.
//!
//! The invariant: a term without an interval is not spoken of, and what a model leaves over is said with it.

use super::{Finding, Shown, noun};
use crate::analysis::{Analysis, Capacity, Metric, Residual, Term, Usl};
use crate::report::quantity::{Quantity, grouped};
use crate::units::three_digits;

/// A model that leaves more than this over describes nothing.
const DESCRIBES: f64 = 0.2;

/// The findings of the Universal Scalability Law.
pub(super) fn scalability(analysis: &Analysis) -> Vec<Finding> {
    let laws = analysis.usl.iter();
    laws.filter_map(|law| of_law(analysis, law)).collect()
}

/// `bridge: no retrograde term: the interval of kappa, ..., holds zero; sigma 0.31 (0.30 to 0.33)`
fn of_law(analysis: &Analysis, law: &Usl) -> Option<Finding> {
    let (low, high) = law.kappa.interval?;
    let label = &analysis.series[law.series].label;
    let (left, at) = worst(&law.residuals)?;
    let text = if left > DESCRIBES {
        format!("{label}: the Universal Scalability Law does not describe it")
    } else if low > 0.0 {
        format!(
            "{label}: retrograde: kappa is {}{}; sigma is {}",
            interval(&law.kappa),
            peak(law),
            interval(&law.sigma)
        )
    } else if high < 0.0 {
        format!(
            "{label}: no retrograde term: kappa is below zero, {}; sigma is {}",
            interval(&law.kappa),
            interval(&law.sigma)
        )
    } else {
        format!(
            "{label}: no retrograde term: the interval of kappa holds zero, {}; sigma is {}",
            interval(&law.kappa),
            interval(&law.sigma)
        )
    };
    Some(Finding {
        text,
        evidence: format!(
            "Universal Scalability Law over {} numbers of pairs; it leaves over {} % at most, at {}",
            law.residuals.len(),
            three_digits(left * 100.0),
            pairs(at)
        ),
        shown: Shown::In(law.metric),
    })
}

/// Where the law has its maximum, if that is among the pairs it was fitted to.
fn peak(law: &Usl) -> String {
    let pairs = ((1.0 - law.sigma.value) / law.kappa.value).sqrt();
    let most = law
        .residuals
        .last()
        .map_or(0.0, |(most, _)| f64::from(*most));
    if pairs > 1.0 && pairs < most {
        format!(", so that all together do most at {} pairs", pairs.round())
    } else {
        String::new()
    }
}

/// `0.31 (95 %: 0.30 to 0.33)`
fn interval(term: &Term) -> String {
    let value = small(term.value);
    match term.interval {
        Some((low, high)) => format!("{value} (95 %: {} to {})", small(low), small(high)),
        None => value,
    }
}

/// Three digits, by powers of ten where there would be many zeros.
fn small(value: f64) -> String {
    if value != 0.0 && value.abs() < 1e-3 {
        format!("{value:.2e}")
    } else {
        three_digits(value)
    }
}

/// The findings of the capacity model.
pub(super) fn capacity(analysis: &Analysis) -> Vec<Finding> {
    let models = analysis.capacities.iter();
    models
        .filter_map(|model| of_capacity(analysis, model))
        .collect()
}

/// `bridge: what the pairs ask for or 2 CPUs pay for, whichever is less, is what is moved, within 6 %`
fn of_capacity(analysis: &Analysis, model: &Capacity) -> Option<Finding> {
    let series = &analysis.series[model.series];
    let (left, at) = worst(&model.residuals)?;
    let (is, percent) = (
        if left > DESCRIBES { "is not" } else { "is" },
        three_digits(left * 100.0),
    );
    let one = Quantity::Rate.show(model.one_bps);
    let doubling = Quantity::CpuPerByte.show(model.cost.slope);
    Some(Finding {
        text: format!(
            "{}: what is moved {is} explained by {one} a pair or by what {} CPUs pay for, whichever is less; a byte costs {doubling} \
             more with each doubling of the {}",
            series.label,
            three_digits(model.cpus),
            noun(analysis.count)
        ),
        evidence: format!(
            "capacity model over {} counts; it leaves over {percent} % at most, at {} {}",
            model.residuals.len(),
            grouped(at as usize),
            noun(analysis.count)
        ),
        shown: Shown::In(Metric::CpuPerByte),
    })
}

/// The largest of what is left over, either way, and where.
fn worst(residuals: &[Residual]) -> Option<(f64, u32)> {
    let sizes = residuals.iter().map(|(count, left)| (left.abs(), *count));
    sizes.max_by(|left, right| left.0.total_cmp(&right.0))
}

fn pairs(number: u32) -> String {
    match number {
        1 => "1 pair".to_owned(),
        many => format!("{} pairs", grouped(many as usize)),
    }
}
