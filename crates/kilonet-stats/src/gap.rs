//! Gaps between the means of two samples, many at once: each judged by its own spread and by what the others show of it.
//!
//! Three repeats say little of their own spread, and a hundred small samples that few would notice say a lot of it
//! together. Must not know what the samples are of. The invariants: a gap rests on two values or more on either side; what
//! the others show never makes a sample's spread smaller than its own values do.

use std::collections::BTreeMap;

use statrs::distribution::{ContinuousCDF, StudentsT};
use statrs::function::gamma::digamma;

use super::plain::{mean, standard_deviation, student_t, student_t_975};

/// How far the means of two samples are apart, and how much single values vary around them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap {
    /// The second mean less the first.
    between: f64,
    /// Variance of single values around their sample's mean, pooled over the two.
    variance: f64,
    /// Its degrees of freedom.
    freedom: f64,
    /// The variance of `between`, in variances of a single value.
    share: f64,
}

impl Gap {
    /// From the first sample to the second; absent where one of them has fewer than two values.
    #[must_use]
    pub fn of(first: &[f64], second: &[f64]) -> Option<Self> {
        if first.len().min(second.len()) < 2 {
            return None;
        }
        let (first_mean, second_mean) = (mean(first)?, mean(second)?);
        let freedom = (first.len() + second.len() - 2) as f64;
        let squares = |values: &[f64], mean: f64| -> f64 {
            values.iter().map(|value| (value - mean).powi(2)).sum()
        };
        Some(Self {
            between: second_mean - first_mean,
            variance: (squares(first, first_mean) + squares(second, second_mean)) / freedom,
            freedom,
            share: 1.0 / first.len() as f64 + 1.0 / second.len() as f64,
        })
    }

    /// By its own values alone.
    fn alone(&self) -> Judged {
        Judged {
            between: self.between,
            error: (self.variance * self.share).sqrt(),
            freedom: self.freedom,
        }
    }

    /// From differences of which each was formed within a block; absent below two.
    #[must_use]
    pub fn paired(differences: &[f64]) -> Option<Self> {
        Some(Self {
            between: mean(differences)?,
            variance: standard_deviation(differences)?.powi(2),
            freedom: differences.len() as f64 - 1.0,
            share: 1.0 / differences.len() as f64,
        })
    }
}

/// A gap and how far it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// The second mean less the first.
    pub between: f64,
    /// Its standard error.
    pub error: f64,
    /// The degrees of freedom of that.
    pub freedom: f64,
}

impl Judged {
    /// The mean of gaps that are known apart from each other, each for as much as any other; absent without any. Its degrees of
    /// freedom are Satterthwaite's ("An approximate distribution of estimates of variance components", Biometrics Bulletin 2:110,
    /// 1946): hardly more than the noisiest has, where that is much noisier than the rest.
    #[must_use]
    pub fn mean(gaps: &[Self]) -> Option<Self> {
        let number = gaps.len() as f64;
        let sum = |of: fn(&Self) -> f64| gaps.iter().map(of).sum::<f64>();
        let variance = sum(|gap| gap.error.powi(2));
        let squares = sum(|gap| gap.error.powi(4) / gap.freedom);
        let least = gaps.iter().map(|gap| gap.freedom).reduce(f64::min)?;
        Some(Self {
            between: sum(|gap| gap.between) / number,
            error: variance.sqrt() / number,
            // Not a number where nothing scatters.
            freedom: (variance.powi(2) / squares).max(least),
        })
    }

    /// The 95 % interval, lower end first: Student's t.
    #[must_use]
    pub fn interval_95(&self) -> Option<(f64, f64)> {
        let half = student_t_975(self.freedom)? * self.error;
        Some((self.between - half, self.between + half))
    }

    /// The interval that leaves out no more than this share, lower end first: Student's t.
    #[must_use]
    pub fn interval(&self, left_out: f64) -> Option<(f64, f64)> {
        let half = student_t(self.freedom, left_out)? * self.error;
        Some((self.between - half, self.between + half))
    }

    /// How often a gap as wide as this, to either side, comes of samples whose means are equal.
    #[must_use]
    pub fn probability(&self) -> Option<f64> {
        if self.error == 0.0 {
            return Some(f64::from(u8::from(self.between == 0.0)));
        }
        let distribution = StudentsT::new(0.0, 1.0, self.freedom).ok()?;
        Some(2.0 * distribution.cdf(-(self.between / self.error).abs()))
    }
}

/// Judges gaps of one kind together.
///
/// The variances of all are taken to be drawn from one distribution, a scaled inverse chi-squared one, whose two parameters
/// are found from their logarithms' mean and variance; each gap's variance then moves towards that (Smyth, "Linear models
/// and empirical Bayes methods for assessing differential expression in microarray experiments", 2004, as in limma). Unlike
/// there, a variance only ever moves up: one noisy sample among a hundred quiet ones would otherwise pass for a difference.
#[must_use]
pub fn judge(gaps: &[Gap]) -> Vec<Judged> {
    let prior = Prior::of(gaps);
    let all: f64 = gaps.iter().map(|gap| gap.freedom).sum();
    let judged = |gap: &Gap| {
        let (variance, freedom) = prior.map_or((gap.variance, gap.freedom), |prior| {
            (
                prior.moved(gap).max(gap.variance),
                (prior.freedom + gap.freedom).min(all),
            )
        });
        Judged {
            between: gap.between,
            error: (variance * gap.share).sqrt(),
            freedom,
        }
    };
    gaps.iter().map(judged).collect()
}

/// Gaps below which too little is known of how their variances differ to judge few values by it: with two to four of them, equal
/// samples were called different in up to 8 % of runs.
const MANY: usize = 8;

/// The same of gaps that rest on very few values each, some of which may be of another kind than the rest: what varies more than
/// the others have it is known by its own values alone, and so no better than these tell; and so is each of a few.
#[must_use]
pub fn judge_few(gaps: &[Gap]) -> Vec<Judged> {
    if gaps.len() < MANY {
        return gaps.iter().map(Gap::alone).collect();
    }
    let together = judge(gaps).into_iter().zip(gaps.iter().map(Gap::alone));
    let judged = together.map(|(judged, alone)| {
        let noisy = judged.error <= alone.error;
        if noisy { alone } else { judged }
    });
    judged.collect()
}

/// Judges the gaps of each kind together, by one of the above, in their order; what is absent stays so.
#[must_use]
pub fn judge_by_kind<K: Ord>(
    gaps: &[(K, Option<Gap>)],
    judge: fn(&[Gap]) -> Vec<Judged>,
) -> Vec<Option<Judged>> {
    let mut places: BTreeMap<&K, Vec<(usize, Gap)>> = BTreeMap::new();
    for (place, (kind, gap)) in gaps.iter().enumerate() {
        if let Some(gap) = gap {
            places.entry(kind).or_default().push((place, *gap));
        }
    }
    let mut judged = vec![None; gaps.len()];
    for of_kind in places.values() {
        let alone: Vec<_> = of_kind.iter().map(|(_, gap)| *gap).collect();
        for ((place, _), found) in of_kind.iter().zip(judge(&alone)) {
            judged[*place] = Some(found);
        }
    }
    judged
}

/// What variances are usually like.
#[derive(Debug, Clone, Copy)]
struct Prior {
    variance: f64,
    /// How much it counts, in degrees of freedom; infinite where the variances differ by no more than chance.
    freedom: f64,
}

impl Prior {
    /// Absent where there are not two samples that vary.
    fn of(gaps: &[Gap]) -> Option<Self> {
        let varying: Vec<_> = gaps.iter().filter(|gap| gap.variance > 0.0).collect();
        let logs: Vec<_> = varying
            .iter()
            .map(|gap| gap.variance.ln() - shift(gap.freedom))
            .collect();
        let level = mean(&logs).filter(|_| logs.len() > 1)?;
        let spread: f64 = logs.iter().map(|log| (log - level).powi(2)).sum();
        let spread = spread / (logs.len() - 1) as f64;
        let by_chance: Vec<_> = varying
            .iter()
            .map(|gap| trigamma(gap.freedom / 2.0))
            .collect();
        let excess = spread - mean(&by_chance)?;
        if excess <= 0.0 {
            let variances: Vec<_> = varying.iter().map(|gap| gap.variance).collect();
            return Some(Self {
                variance: mean(&variances)?,
                freedom: f64::INFINITY,
            });
        }
        let freedom = 2.0 * inverse_trigamma(excess);
        Some(Self {
            variance: (level + shift(freedom)).exp(),
            freedom,
        })
    }

    /// A gap's variance, moved towards this one.
    fn moved(&self, gap: &Gap) -> f64 {
        if self.freedom.is_infinite() {
            return self.variance;
        }
        (self.freedom * self.variance + gap.freedom * gap.variance) / (self.freedom + gap.freedom)
    }
}

/// By how much the logarithm of a variance lies below that of the true one, on average.
fn shift(freedom: f64) -> f64 {
    digamma(freedom / 2.0) - (freedom / 2.0).ln()
}

/// The second derivative of the logarithm of the gamma function, for positive `x`: its recurrence up to where the asymptotic
/// series holds (Abramowitz and Stegun 6.4.6 and 6.4.12).
fn trigamma(x: f64) -> f64 {
    let steps = (10.0 - x).ceil().max(0.0);
    let far = x + steps;
    let below: f64 = std::iter::successors(Some(x), |at| Some(at + 1.0))
        .take_while(|at| *at < far - 0.5)
        .map(|at| at.powi(-2))
        .sum();
    let square = far.powi(-2);
    let series = 1.0 / 6.0 - square * (1.0 / 30.0 - square * (1.0 / 42.0 - square / 30.0));
    below + 1.0 / far + square / 2.0 + square / far * series
}

/// Where [`trigamma`], which falls all the way, has a value; found by halving, within 1e-4 to 1e8.
fn inverse_trigamma(value: f64) -> f64 {
    let (mut low, mut high) = (1e-4_f64.ln(), 1e8_f64.ln());
    // Each step halves an interval of 28: sixty leave less than a double resolves.
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if trigamma(middle.exp()) > value {
            low = middle;
        } else {
            high = middle;
        }
    }
    low.exp()
}

/// The share of comparisons without any difference in which one is called real, as far as the probabilities are right.
///
/// Half of the 5 % that is promised: the other half goes where Student's t falls short, with few figures that scatter evenly,
/// with one sample far noisier than those it is judged beside, or skewed where one side has many more figures. The least
/// right of these is at 4 % so, and would be at 7 (`results/*-false-alarms`).
const LEVEL: f64 = 0.025;

/// Which of many differences to call real, so that all of these calls together are right with a probability of 95 % at
/// least, however the differences hang together (Holm, "A simple sequentially rejective multiple test procedure", 1979).
///
/// Takes how probable each would be if there were none, which may be wrong by half.
#[must_use]
pub fn real_95(probabilities: &[f64]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_by(|left, right| probabilities[*left].total_cmp(&probabilities[*right]));
    let left = (1..=order.len()).rev();
    let is_real = |(index, left): &(&usize, usize)| probabilities[**index] <= LEVEL / *left as f64;
    let mut real = vec![false; probabilities.len()];
    for (index, _) in order.iter().zip(left).take_while(is_real) {
        real[*index] = true;
    }
    real
}

/// What share an interval leaves out so that it leaves equality out exactly where [`real_95`] called the difference real, of so
/// many of which so many were: the share at which its procedure came to an end.
///
/// Intervals so wide are for whoever picks a few of many differences by what they come to: they hold for those picked as often as
/// one of 95 % does that nobody picked (Benjamini and Yekutieli, "False discovery rate-adjusted multiple confidence intervals for
/// selected parameters", 2005).
#[must_use]
pub fn left_out_95(all: usize, real: usize) -> f64 {
    LEVEL / all.saturating_sub(real).max(1) as f64
}

#[cfg(test)]
mod tests;
