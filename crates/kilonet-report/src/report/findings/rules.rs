//! What one more of a number costs, rules before all else: findings of what changes most, and a section of all else.
//!
//! The invariant: a slope that may be none is said to be none, with the interval that says so; one without an interval is said to have
//! none; and a line that is not straight has no slope.

use super::finding::{Finding, Section, Shown};
use crate::analysis::quantity::{Quantity, grouped};
use crate::analysis::{Analysis, Control, Fit, LineVerdict, Metric, Slope};
use crate::scenario::called::Called;
use crate::units::three_digits;

/// Metrics of one number that findings tell of at most: those that change most, and first what rules cost a byte or a request.
const MOST: usize = 3;

/// Sentences of the section at most.
const SENTENCES: usize = 40;

/// What changes by less over all that was measured is no slope to tell of, however certain.
const LEAST: f64 = 0.01;

/// The largest unit in which TCP crosses a veth or a bridge, unless larger ones are asked for.
const UNIT_BYTES: f64 = 65_536.0;

/// The lines over a number in one metric, or in one part of it, all relative to the same; at least one.
struct Lines<'a> {
    metric: Metric,
    part: Option<&'static str>,
    /// Whether it is what rules cost a byte or a request, of which more is told than slopes.
    leads: bool,
    all: Vec<(&'a Slope, &'a Fit)>,
}

/// A finding for each number and each of the metrics that it changes most.
pub(super) fn findings(analysis: &Analysis) -> Vec<Finding> {
    let numbers = numbers(analysis).into_iter();
    let first = numbers.flat_map(|slopes| Lines::told(&slopes).0);
    first
        .map(|lines| lines.finding(analysis.requests()))
        .collect()
}

/// The slopes of each number, in their order.
fn numbers(analysis: &Analysis) -> Vec<Vec<&Slope>> {
    let mut numbers: Vec<Vec<&Slope>> = Vec::new();
    for slope in &analysis.slopes {
        match numbers.iter_mut().find(|known| known[0].over == slope.over) {
            Some(known) => known.push(slope),
            None => numbers.push(vec![slope]),
        }
    }
    numbers
}

impl<'a> Lines<'a> {
    /// What is told of: the metrics that change most, and all else.
    fn told(slopes: &[&'a Slope]) -> (Vec<Self>, Vec<Self>) {
        let mut all: Vec<Self> = Vec::new();
        for slope in slopes.iter().copied() {
            for (nth, fit) in slope.fits.iter().enumerate() {
                let leads = slope.of_rules && nth == 0;
                let of = |fit: &Fit| (fit.metric, fit.part, fit.control);
                let alike = |it: &&mut Self| of(it.all[0].1) == of(fit);
                match all.iter_mut().find(alike) {
                    _ if !leads && !has_slope(slope, fit) => {}
                    Some(known) => known.all.push((slope, fit)),
                    None => all.push(Self {
                        metric: fit.metric,
                        part: fit.part,
                        leads,
                        all: vec![(slope, fit)],
                    }),
                }
            }
        }
        all.sort_by(|left, right| {
            let order = |it: &Self| (!it.leads, it.part.is_some());
            order(left)
                .cmp(&order(right))
                .then(right.most().total_cmp(&left.most()))
        });
        let whole = all.iter().take_while(|lines| lines.part.is_none()).count();
        let rest = all.split_off(whole.min(MOST));
        (all, rest)
    }

    fn most(&self) -> f64 {
        let changes = self.all.iter().map(|(_, fit)| fit.change.abs());
        changes.fold(0.0, f64::max)
    }

    /// `CPU time over 0 to 1,000 rules: bridge +0.200 ns/B per 1,000 rules (95 %: 0.199 to 0.201 ns/B), 13.1 ns a rule for every 64 KiB`
    fn finding(&self, requests: Called) -> Finding {
        let lines = self.all.iter();
        let said: Vec<_> = lines
            .map(|(slope, fit)| format!("{} {}", slope.label, said(slope, fit)))
            .collect();
        let fits = self.all.iter().map(|(_, fit)| *fit);
        let relative = match self.all[0].1.control {
            Control::Absent => "",
            Control::Subtracted | Control::Divided => {
                ", relative to the same block's trials without rules"
            }
        };
        let over = over(self.all.iter().map(|(slope, _)| *slope));
        let about = self.metric.about();
        let what = requests.fill(about.traits.difference.unwrap_or(about.name));
        let part = self
            .part
            .map_or_else(String::new, |part| format!(" ({part})"));
        Finding {
            text: format!("{what}{part} over {over}{relative}: {}", said.join("; ")),
            evidence: evidence(fits),
            under: Vec::new(),
            shown: Shown::In(self.metric),
        }
    }
}

/// Whether a slope is worth telling: of rules two numbers are enough, as packets pass them one by one.
fn has_slope(slope: &Slope, fit: &Fit) -> bool {
    if fit.change.abs() < LEAST {
        return false;
    }
    match fit.verdict {
        LineVerdict::Straight => true,
        LineVerdict::TwoPlaces => slope.of_rules,
        LineVerdict::Bent | LineVerdict::Uncertain => false,
    }
}

/// `0 to 1,000 rules`
fn over<'a>(slopes: impl Iterator<Item = &'a Slope> + Clone) -> String {
    let least = slopes
        .clone()
        .map(|slope| slope.range.0)
        .fold(f64::INFINITY, f64::min);
    let most = slopes
        .clone()
        .map(|slope| slope.range.1)
        .fold(0.0, f64::max);
    let mut slopes = slopes;
    slopes
        .next()
        .map_or_else(String::new, |slope| slope.over.range(least, most))
}

/// `straight lines by least squares through the 25 trials of 5 blocks each; the mean of their slopes and its 95 % interval`
fn evidence<'a>(fits: impl Iterator<Item = &'a Fit>) -> String {
    let (mut trials, mut blocks) = (0, 0);
    for fit in fits {
        trials += fit.line.n;
        blocks = blocks.max(fit.line.blocks);
    }
    match blocks {
        1 => format!("straight line by least squares through the {trials} trials of one block"),
        many => format!(
            "straight lines by least squares through the {trials} trials of {many} blocks; the mean of their slopes and its 95 % \
             interval"
        ),
    }
}

fn said(slope: &Slope, fit: &Fit) -> String {
    let per = format!("per {}", slope.over.step_of(slope.step));
    let rise = change(slope, fit, fit.line.slope);
    let Some(interval) = fit.line.interval else {
        return format!("{rise} {per}, without an interval, because there is only one block");
    };
    let range = range(slope, fit, interval);
    match fit.verdict {
        LineVerdict::Straight | LineVerdict::TwoPlaces => {
            format!("{rise} {per} (95 %: {range}){}", by_the_unit(slope, fit))
        }
        LineVerdict::Bent => "follows no straight line".to_owned(),
        LineVerdict::Uncertain if fit.line.is_certain() => format!(
            "no slope is certain: of as many lines, some have an interval such as {range} {per} (95 %) by chance"
        ),
        LineVerdict::Uncertain => {
            format!("no slope can be established: its 95 % interval, {range} {per}, contains zero")
        }
    }
}

/// An interval of the slope, its unit once where both ends have the same.
fn range(slope: &Slope, fit: &Fit, (low, high): (f64, f64)) -> String {
    let (low, high) = (change(slope, fit, low), change(slope, fit, high));
    match (low.split_once(' '), high.split_once(' ')) {
        (Some((number, unit)), Some((_, same))) if unit == same => format!("{number} to {high}"),
        _ => format!("{low} to {high}"),
    }
}

/// What a slope comes to over its step: `+0.0123 ns/B`, `-1.20 %`.
fn change(slope: &Slope, fit: &Fit, each: f64) -> String {
    let sign = if each < 0.0 { "-" } else { "+" };
    let size = (each * slope.step).abs();
    let shown = match (fit.control, fit.metric.about().quantity) {
        (Control::Divided, _) => format!("{} %", three_digits(size * 100.0)),
        // Whole ones would leave nothing of what a rule costs.
        (_, Quantity::Time) if size < 1000.0 => format!("{} ns", three_digits(size)),
        (_, quantity) => quantity.show(size),
    };
    format!("{sign}{shown}")
}

/// The cost of one rule for a full unit, which is what is looked at rule by rule.
fn by_the_unit(slope: &Slope, fit: &Fit) -> String {
    let each = slope.over.count().filter(|_| slope.of_rules);
    match (each, fit.metric.about().quantity) {
        (Some(count), Quantity::CpuPerByte) => {
            let nanoseconds = three_digits(fit.line.slope * UNIT_BYTES);
            format!(", {nanoseconds} ns {} for every 64 KiB", count.about().each)
        }
        _ => String::new(),
    }
}

/// What findings do not tell.
pub(super) fn section(analysis: &Analysis) -> Option<Section> {
    let numbers = numbers(analysis).into_iter();
    let rest = numbers.flat_map(|slopes| Lines::told(&slopes).1);
    let rest: Vec<_> = rest
        .map(|lines| lines.finding(analysis.requests()).text)
        .collect();
    let more = rest.len().saturating_sub(SENTENCES);
    let more = (more > 0).then(|| format!("{} more are in the JSON", grouped(more)));
    (!rest.is_empty()).then(|| Section {
        id: "slopes",
        title: "What else changes with these numbers?",
        basis: "Slopes of straight lines as among the findings, of what changes less and of parts; lines that may have no slope or that \
                bend are in the JSON alone.",
        headings: &[],
        rows: Vec::new(),
        sentences: rest.into_iter().take(SENTENCES).chain(more).collect(),
    })
}
