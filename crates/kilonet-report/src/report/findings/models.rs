//! What models laid through curves say, as description.
//!
//! The invariant: a term without an interval is not spoken of, and what a model leaves over is said with it.

use super::finding::{Finding, Shown};
use crate::analysis::quantity::{Quantity, grouped};
use crate::analysis::{Analysis, Capacity, Metric, Residual, Term, Usl};
use crate::units::three_digits;

/// A model that leaves more than this over describes nothing.
const DESCRIBES: f64 = 0.1;

/// The findings of the Universal Scalability Law.
pub(super) fn scalability(analysis: &Analysis) -> Vec<Finding> {
    let laws = || analysis.usl.iter();
    let fitting = laws().filter_map(|law| of_law(analysis, law));
    let others = laws().map(|law| (law.series, law.residuals.as_slice()));
    let name = "the Universal Scalability Law";
    fitting.chain(unfitting(analysis, name, others)).collect()
}

/// `bridge: no retrograde term: the interval of kappa contains zero, ...; sigma is 0.31 (95 %: 0.30 to 0.33)`
fn of_law(analysis: &Analysis, law: &Usl) -> Option<Finding> {
    let label = &analysis.series[law.series].label;
    let (left, at) = worst(&law.residuals).filter(|(left, _)| *left <= DESCRIBES)?;
    let (kappa, sigma) = (interval(&law.kappa), interval(&law.sigma));
    let (low, high) = law.kappa.interval?;
    let verdict = if low > 0.0 {
        format!("retrograde{}: kappa is {kappa}", peak(law))
    } else if high < 0.0 {
        format!("no retrograde term: kappa is below zero, {kappa}")
    } else {
        format!("no retrograde term: the interval of kappa contains zero, {kappa}")
    };
    Some(Finding {
        text: format!("{label}: {verdict}; sigma is {sigma}"),
        evidence: format!(
            "Universal Scalability Law over {} numbers of pairs; largest residual {} %, at {}",
            law.residuals.len(),
            three_digits(left * 100.0),
            pairs(at)
        ),
        under: Vec::new(),
        shown: Shown::In(law.metric),
    })
}

/// The one finding of all series that a model does not describe.
fn unfitting<'a>(
    analysis: &Analysis,
    name: &str,
    series: impl Iterator<Item = (usize, &'a [Residual])>,
) -> Option<Finding> {
    let left = |(nth, residuals): (usize, &[Residual])| {
        let (left, at) = worst(residuals).filter(|(left, _)| *left > DESCRIBES)?;
        let (label, at) = (&analysis.series[nth].label, grouped(at as usize));
        Some(format!("{label} {} % at {at}", three_digits(left * 100.0)))
    };
    let left: Vec<_> = series.filter_map(left).collect();
    (!left.is_empty()).then(|| Finding {
        text: format!("{name} does not describe {} of the curves", left.len()),
        evidence: format!("largest residuals: {}", left.join(", ")),
        under: Vec::new(),
        shown: Shown::In(Metric::Goodput),
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
        let number = pairs.round();
        let noun = if number > 1.0 { "pairs" } else { "pair" };
        format!(" beyond {number} {noun}, where the aggregate is highest")
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
    let models = || analysis.capacities.iter();
    let fitting = models().filter_map(|model| of_capacity(analysis, model));
    let others = models().map(|model| (model.series, model.residuals.as_slice()));
    let name =
        "the capacity model (the lesser of what pairs ask for and what the CPUs can pay for)";
    fitting.chain(unfitting(analysis, name, others)).collect()
}

/// `bridge: moves the lesser of 27.9 Gb/s per pair and what 2 CPUs can pay for; a byte costs 0.03 ns more with each doubling`
fn of_capacity(analysis: &Analysis, model: &Capacity) -> Option<Finding> {
    let (left, at) = worst(&model.residuals).filter(|(left, _)| *left <= DESCRIBES)?;
    let (label, counted) = (&analysis.series[model.series].label, analysis.count.noun());
    let one = Quantity::Rate.show(model.one_bps);
    let (slope, more) = if model.cost.slope < 0.0 {
        (-model.cost.slope, "less")
    } else {
        (model.cost.slope, "more")
    };
    Some(Finding {
        text: format!(
            "{label}: moves the lesser of {one} per pair and what {} for; a byte costs {} {more} with each doubling of the \
             {counted}",
            paying(model.cpus),
            Quantity::CpuPerByte.show(slope),
        ),
        evidence: format!(
            "capacity model over {} counts; largest residual {} %, at {} {counted}",
            model.residuals.len(),
            three_digits(left * 100.0),
            grouped(at as usize),
        ),
        under: Vec::new(),
        shown: Shown::In(Metric::CpuPerByte),
    })
}

/// `2 CPUs can pay`, `1 CPU can pay`
fn paying(cpus: f64) -> String {
    match three_digits(cpus).as_str() {
        "1.00" => "1 CPU can pay".to_owned(),
        many => format!("{many} CPUs can pay"),
    }
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
