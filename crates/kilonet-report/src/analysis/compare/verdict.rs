//! From the figures of two runs to what may be said of them.
//!
//! Ratios are of geometric means: logarithms are what Student's t is taken of, so that twice is to half what half is to
//! twice. Must not know where figures come from. The invariant: all figures that are compared together are judged
//! together, so that where two runs follow one law any of them is called better or worse in 5 % of comparisons at most, as
//! far as Student's t holds; `results/20261123-false-alarms` has what it comes to under noise that is not normal.

use serde::Serialize;

use crate::analysis::Metric;
use crate::analysis::metric::Direction;
use crate::stats::{Gap, Judged, judge, judge_by_kind, real_95};

/// What is asked of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Terms {
    /// What is compared; what is usual for the cells where empty.
    pub metrics: Vec<Metric>,
    /// A figure that is worse by this share or more is a regression.
    pub threshold: f64,
    /// What lies within this share of the base is the same.
    pub same_within: f64,
}

/// The new over the base.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Change {
    /// The ratio of their geometric means.
    pub ratio: f64,
    /// Its 95 % interval, lower end first; absent where a side has one trial.
    pub interval: Option<(f64, f64)>,
}

/// What may be said of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It got worse.
    Worse,
    /// It got better.
    Better,
    /// It stayed within the share that counts as the same.
    Same,
    /// Neither can be said.
    CannotTell,
}

/// Why nothing can be said of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// A side has one trial, which does not show how much it varies.
    OneTrial,
    /// The interval holds both no change and more than what counts as the same.
    Wide,
    /// The interval leaves no change out, but of so many figures one would by chance.
    Chance,
    /// Some figures are zero and some are not: they have no ratio.
    Zero,
}

/// The figures of one metric in one cell.
pub(super) struct Samples {
    pub(super) metric: Metric,
    /// One of each trial that may be shown, of the base and of the new run; neither is empty.
    pub(super) sides: [Vec<f64>; 2],
}

/// What comes of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Finding {
    pub(super) change: Option<Change>,
    pub(super) verdict: Verdict,
    pub(super) doubt: Option<Doubt>,
    pub(super) regression: bool,
}

impl Finding {
    fn plain(verdict: Verdict) -> Self {
        Self {
            change: None,
            verdict,
            doubt: None,
            regression: verdict == Verdict::Worse,
        }
    }

    fn doubtful(doubt: Doubt) -> Self {
        Self {
            doubt: Some(doubt),
            ..Self::plain(Verdict::CannotTell)
        }
    }
}

/// Judges all figures of a comparison together, in their order.
pub(super) fn findings(all: &[&Samples], terms: &Terms) -> Vec<Finding> {
    let gaps = all.iter().map(|samples| (samples.metric, samples.gap()));
    let judged = judge_by_kind(&gaps.collect::<Vec<_>>(), judge);
    let probabilities = judged.iter().flatten().filter_map(Judged::probability);
    let mut real = real_95(&probabilities.collect::<Vec<_>>()).into_iter();
    let findings = all.iter().zip(judged);
    findings
        .map(|(samples, judged)| match judged {
            Some(judged) => {
                let is_real = judged.probability().is_some() && real.next() == Some(true);
                of_gap(samples, &judged, is_real, terms)
            }
            None => without_gap(samples),
        })
        .collect()
}

fn of_gap(samples: &Samples, judged: &Judged, is_real: bool, terms: &Terms) -> Finding {
    let interval = judged
        .interval_95()
        .map(|(low, high)| (low.exp(), high.exp()));
    let change = Change {
        ratio: judged.between.exp(),
        interval,
    };
    let is_same = interval.is_some_and(|(low, high)| {
        low >= 1.0 - terms.same_within && high <= 1.0 + terms.same_within
    });
    let verdict = if is_same {
        Verdict::Same
    } else if is_real {
        moved(samples.metric, change.ratio > 1.0)
    } else {
        Verdict::CannotTell
    };
    let leaves_none_out = interval.is_none_or(|(low, high)| low <= 1.0 && high >= 1.0);
    let doubt = if leaves_none_out {
        Doubt::Wide
    } else {
        Doubt::Chance
    };
    Finding {
        change: Some(change),
        verdict,
        doubt: (verdict == Verdict::CannotTell).then_some(doubt),
        regression: verdict == Verdict::Worse && (change.ratio - 1.0).abs() >= terms.threshold,
    }
}

/// What it means that a metric rose, or else fell.
fn moved(metric: Metric, rose: bool) -> Verdict {
    if rose == (metric.about().better == Direction::Up) {
        Verdict::Better
    } else {
        Verdict::Worse
    }
}

/// Where there is no gap between logarithms: too few trials, or zeros among them.
fn without_gap(samples: &Samples) -> Finding {
    let none = samples
        .sides
        .each_ref()
        .map(|side| side.iter().all(|figure| *figure == 0.0));
    let any = samples.sides.iter().flatten().any(|figure| *figure <= 0.0);
    let positive = |side: usize| samples.sides[side].iter().all(|figure| *figure > 0.0);
    match none {
        [true, true] => Finding::plain(Verdict::Same),
        [false, true] if positive(0) => Finding::plain(moved(samples.metric, false)),
        [true, false] if positive(1) => Finding::plain(moved(samples.metric, true)),
        _ if any => Finding::doubtful(Doubt::Zero),
        _ => Finding {
            change: samples.ratio(),
            ..Finding::doubtful(Doubt::OneTrial)
        },
    }
}

impl Samples {
    /// The logarithms of each side; absent where a figure has none.
    fn logs(&self) -> Option<[Vec<f64>; 2]> {
        let positive = self.sides.iter().flatten().all(|figure| *figure > 0.0);
        positive.then(|| {
            self.sides
                .each_ref()
                .map(|side| side.iter().map(|it| it.ln()).collect())
        })
    }

    fn gap(&self) -> Option<Gap> {
        let [base, new] = self.logs()?;
        Gap::of(&base, &new)
    }

    /// The change without an interval.
    fn ratio(&self) -> Option<Change> {
        let [base, new] = self.logs()?;
        let ratio = (crate::stats::mean(&new)? - crate::stats::mean(&base)?).exp();
        Some(Change {
            ratio,
            interval: None,
        })
    }
}

#[cfg(test)]
mod tests;
