//! Levels of a factor held against each other where all else is equal: how much one differs from the other, and how sure that is.
//!
//! Must not know words. The invariant: a ratio or difference is formed within blocks, of trials that exercised the factor; what is
//! said to differ, or to be the same, is said of a family whose intervals were widened for its size.
//!
//! The family is all contrasts of the run, as a report picks the first it says from all of them by what they come to: so that where no
//! level differs from another, any contrast at all is called different in 5 % of runs at most (`results/20261129-contrasts`). A few blocks
//! say little of one count, so that levels are called different at one only where they are over all: what is between them is known
//! from all counts' blocks together, however much each count scatters.
//! `pairing` says which curves are held against each other, and `draft` what there is of each pair in each metric.

mod draft;
mod pairing;

use rayon::prelude::*;
use serde::Serialize;

use super::answers::Asked;
use super::factors::Varying;
use super::metric::Metric;
use super::metric::row::Scale;
use crate::stats::{Judged, judge_by_kind, judge_few, left_out_95, real_95};
use draft::{Draft, Found};

/// Two levels are said to be the same if they are known to differ by no more than this share. How much that may be is said with it, and
/// three repeats at five counts on a quiet machine, where trials scatter by 3 %, come within a tenth nine times in ten, and hardly ever
/// within half of that.
const SAME_WITHIN: f64 = 0.1;

/// Ratios that are as close as this are one ratio to whoever chooses between two levels.
const NEAR: f64 = 0.05;

/// Two levels of one factor in one metric, where all else is equal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Contrast {
    /// The factor whose levels these are, by its field.
    pub factor: &'static str,
    /// Index into [`Analysis::series`](super::Analysis::series) of what is held against.
    pub base: usize,
    /// Index into [`Analysis::series`](super::Analysis::series) of what is held against it.
    pub other: usize,
    /// The level of the first.
    pub from: String,
    /// The level of the second.
    pub to: String,
    /// What it is in.
    pub metric: Metric,
    /// Over all counts that both have, each for as much as any other.
    pub all: Held,
    /// Whether the counts are apart from that by no more than chance.
    pub is_alike: bool,
    /// Count by count, smallest first; at least one.
    pub at: Vec<At>,
}

/// Two levels at one count.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct At {
    /// The count.
    pub count: u32,
    /// How they compare there.
    #[serde(flatten)]
    pub held: Held,
}

/// How two levels compare.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Held {
    /// Pairs of trials of one block and count that it rests on, at least 1.
    pub blocks: usize,
    /// The first's figure: the geometric mean of its trials, or the mean where there is no ratio.
    pub base: f64,
    /// The geometric mean of the ratios within blocks, second to first; absent of metrics in which nothing is a figure as any other,
    /// and of shares.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// The second's figure less the first's, in the metric's unit.
    pub difference: f64,
    /// The interval of the ratio, or of the difference where there is no ratio, as wide as the family asks; absent where no count has
    /// three blocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<(f64, f64)>,
    /// What may be said.
    pub verdict: Verdict,
}

/// What may be said of two levels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "within")]
pub enum Verdict {
    /// They differ: the interval does not hold equality; at one count, nor does that over all.
    Different,
    /// They are the same but for so much at most, as a share of the first.
    Same(f64),
    /// The interval is too wide for either.
    Unknown,
}

impl Contrast {
    /// What is held against, and what is held against it.
    pub(crate) fn sides(&self) -> [usize; 2] {
        [self.base, self.other]
    }
}

/// All contrasts of a run: factor by factor, pair by pair of curves, in the order of the metrics.
pub(super) fn contrasts(asked: &Asked<'_>, varying: &Varying) -> Vec<Contrast> {
    let pairings = pairing::pairings(asked, varying);
    let drafts = pairings
        .par_iter()
        .flat_map_iter(|it| draft::drafts(asked, it));
    let drafts: Vec<Draft> = drafts.collect();
    let known = known(&drafts);
    let left_out = left_out(&known);
    let both = drafts.par_iter().zip(known);
    both.map(|(draft, known)| known.decided(draft, left_out))
        .collect()
}

/// How well a draft is known.
struct Known {
    all: Option<Judged>,
    /// At each of its counts.
    at: Vec<Option<Judged>>,
}

/// Each gap is judged beside those of the same metric: three blocks say little of how much they scatter.
fn known(drafts: &[Draft<'_>]) -> Vec<Known> {
    let gaps = drafts.iter().flat_map(|draft| {
        let gaps = draft.at.iter().map(|(_, paired)| paired.gap(draft.scale));
        gaps.map(|gap| (draft.metric, gap))
    });
    let mut judged = judge_by_kind(&gaps.collect::<Vec<_>>(), judge_few).into_iter();
    let known = drafts.iter().map(|draft| {
        let at: Vec<_> = judged.by_ref().take(draft.at.len()).collect();
        Known {
            all: Judged::mean(&at.iter().flatten().copied().collect::<Vec<_>>()),
            at,
        }
    });
    known.collect()
}

/// What share an interval leaves out, by the procedure that comparisons of runs are corrected by.
fn left_out(known: &[Known]) -> f64 {
    let judged: Vec<_> = known.iter().flat_map(Known::told).collect();
    let probabilities = judged.par_iter().filter_map(Judged::probability);
    let probabilities: Vec<_> = probabilities.collect();
    let real = real_95(&probabilities);
    left_out_95(real.len(), real.iter().filter(|real| **real).count())
}

impl Known {
    /// What may be told of it: one thing where it has one count.
    fn told(&self) -> impl Iterator<Item = Judged> {
        let at = if self.at.len() > 1 { &self.at[..] } else { &[] };
        self.all.into_iter().chain(at.iter().flatten().copied())
    }

    fn decided(&self, draft: &Draft<'_>, left_out: f64) -> Contrast {
        let held = |found: Found, judged: &Option<Judged>| {
            Held::of(
                found,
                draft.scale,
                judged.and_then(|it| it.interval(left_out)),
            )
        };
        let all = held(draft.over_all(), &self.all);
        let at = draft.at.iter().zip(&self.at);
        let at = at.map(|((count, paired), judged)| At {
            count: *count,
            held: held(paired.found(draft.scale), judged).beside(&all),
        });
        let at: Vec<_> = at.collect();
        let [base, other] = draft.pairing.series;
        let [from, to] = draft.pairing.levels.clone();
        Contrast {
            factor: draft.pairing.factor,
            base,
            other,
            from,
            to,
            metric: draft.metric,
            is_alike: draft.is_by_chance() || at.iter().all(|it| it.held.is_near(&all)),
            all,
            at,
        }
    }
}

impl Held {
    /// From what is between the two on the scale, and the interval of that.
    fn of(found: Found, scale: Scale, interval: Option<(f64, f64)>) -> Self {
        let Found {
            blocks,
            base,
            between,
        } = found;
        let (ratio, difference, interval) = match scale {
            Scale::Linear => (None, between, interval),
            Scale::Log => {
                let interval = interval.map(|(low, high)| (low.exp(), high.exp()));
                (Some(between.exp()), base * between.exp_m1(), interval)
            }
        };
        Self {
            blocks,
            base,
            ratio,
            difference,
            interval,
            verdict: Verdict::of(ratio.is_some(), interval),
        }
    }

    /// At one count, beside what is known over all.
    fn beside(self, all: &Self) -> Self {
        let verdict = match (self.verdict, all.verdict) {
            (Verdict::Different, Verdict::Same(_) | Verdict::Unknown) => Verdict::Unknown,
            (Verdict::Different, Verdict::Different) | (Verdict::Same(_) | Verdict::Unknown, _) => {
                self.verdict
            }
        };
        Self { verdict, ..self }
    }

    /// Whether its ratio is another's to whoever chooses.
    fn is_near(&self, other: &Self) -> bool {
        let apart = self
            .ratio
            .zip(other.ratio)
            .map(|(own, other)| own / other - 1.0);
        apart.is_some_and(|apart| apart.abs() <= NEAR)
    }
}

impl Verdict {
    /// By an interval of a ratio, or else of a difference. That a difference is small cannot be said without saying of what.
    fn of(is_ratio: bool, interval: Option<(f64, f64)>) -> Self {
        let Some((low, high)) = interval else {
            return Self::Unknown;
        };
        let equal = f64::from(u8::from(is_ratio));
        let within = (equal - low).max(high - equal);
        if low > equal || high < equal {
            Self::Different
        } else if is_ratio && within <= SAME_WITHIN {
            Self::Same(within)
        } else {
            Self::Unknown
        }
    }
}

#[cfg(test)]
mod tests;
