//! What rules cost, in sentences.
//!
//! The invariant: a slope whose interval holds zero is said to be none, with the interval that says so; one without an
//! interval is said to have none.

use super::finding::{Finding, Shown};
use crate::analysis::quantity::Quantity;
use crate::analysis::{Analysis, Control, Count, Fit, Slope};
use crate::scenario::called::Called;
use crate::units::three_digits;

/// A cost is shown for so many, since that of one is small.
const MANY: f64 = 100.0;

/// The largest unit in which TCP crosses a veth or a bridge, unless larger ones are asked for.
const UNIT_BYTES: f64 = 65_536.0;

/// A finding for each line through trials.
pub(super) fn findings(analysis: &Analysis) -> Vec<Finding> {
    let slopes = analysis.slopes.iter();
    let fits = slopes.flat_map(|slope| slope.fits.iter().map(move |fit| (slope, fit)));
    fits.map(|(slope, fit)| Finding {
        text: format!(
            "{}: {}",
            about(slope),
            finding(fit, slope.over, analysis.requests())
        ),
        evidence: evidence(fit),
        under: Vec::new(),
        shown: Shown::In(fit.metric),
    })
    .collect()
}

/// `docker-29, 2 to 1000 containers, relative to the same block's trials without rules`
fn about(slope: &Slope) -> String {
    let counts = || {
        slope
            .fits
            .iter()
            .flat_map(|fit| &fit.points)
            .map(|(count, _)| *count)
    };
    let (least, most) = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
    let relative = if slope.fits.iter().any(|fit| fit.control != Control::Absent) {
        ", relative to the same block's trials without rules"
    } else {
        ""
    };
    format!(
        "{}, {least} to {most} {}{relative}",
        slope.label,
        slope.over.noun()
    )
}

/// `straight lines by least squares through the 25 trials of 5 blocks; the mean of their slopes and its 95 % interval`
fn evidence(fit: &Fit) -> String {
    match (fit.line.n, fit.line.blocks) {
        (n, 1) => format!("straight line by least squares through the {n} trials of one block"),
        (n, blocks) => format!(
            "straight lines by least squares through the {n} trials of {blocks} blocks; the mean of their slopes and its 95 % \
             interval"
        ),
    }
}

fn finding(fit: &Fit, over: Count, requests: Called) -> String {
    let about = fit.metric.about();
    let what = requests.fill(about.traits.difference.unwrap_or(about.name));
    let what = format!("of {what}");
    let per = format!("per {MANY} {}", over.noun());
    let slope = change(fit, fit.line.slope);
    let Some(interval) = fit.line.interval else {
        return format!(
            "{slope} {what} {per}, without an interval, because there is only one block"
        );
    };
    let range = range(fit, interval);
    if !fit.line.is_certain() {
        return format!(
            "no slope {what} can be established: its 95 % interval, {range} {per}, contains zero"
        );
    }
    let unit = by_the_unit(fit, over);
    format!("{slope} {what} {per} (95 %: {range}){unit}")
}

/// An interval of the slope, its unit once where both ends have the same.
fn range(fit: &Fit, (low, high): (f64, f64)) -> String {
    let (low, high) = (change(fit, low), change(fit, high));
    match (low.split_once(' '), high.split_once(' ')) {
        (Some((number, unit)), Some((_, same))) if unit == same => format!("{number} to {high}"),
        _ => format!("{low} to {high}"),
    }
}

/// What `slope` comes to over a hundred: `+0.0123 ns/B`, `-1.20 %`.
fn change(fit: &Fit, slope: f64) -> String {
    let sign = if slope < 0.0 { "-" } else { "+" };
    let size = (slope * MANY).abs();
    let shown = match (fit.control, fit.metric.about().quantity) {
        (Control::Divided, _) => format!("{} %", three_digits(size * 100.0)),
        // Whole ones would leave nothing of what a rule costs.
        (_, Quantity::Time) => format!("{} ns", three_digits(size)),
        (_, quantity) => quantity.show(size),
    };
    format!("{sign}{shown}")
}

/// The cost of one rule for a full unit, which is what is looked at rule by rule.
fn by_the_unit(fit: &Fit, over: Count) -> String {
    if fit.metric.about().quantity != Quantity::CpuPerByte {
        return String::new();
    }
    let nanoseconds = three_digits(fit.line.slope * UNIT_BYTES);
    let each = over.about().each;
    format!(", {nanoseconds} ns {each} for every 64 KiB")
}
