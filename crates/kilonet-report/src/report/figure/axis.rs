//! The axes of a figure: their ends, their ticks, and what is written at these.
//!
//! Must not know pixels. The invariant: a tick and the values beside it are in the same words.

use serde::Serialize;

use crate::analysis::quantity::{Quantity, grouped};
use crate::report::scale::{Kind, Range, Round};

/// An axis of values.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::report) struct Axis {
    /// From where to where.
    #[serde(flatten)]
    pub(in crate::report) range: Range,
    /// Where it is marked, from below, and what stands there.
    pub(in crate::report) ticks: Vec<(f64, String)>,
    /// The places of those that stand where there is little room.
    few: Vec<usize>,
}

/// Ticks where there is little room.
const FEW: usize = 5;

impl Axis {
    /// The axis over a range of values.
    pub(in crate::report) fn over(range: Range, quantity: Quantity) -> Self {
        let ticks: Vec<_> = range
            .ticks()
            .into_iter()
            .map(|tick| (tick, quantity.tick(tick)))
            .collect();
        Self {
            few: few(&range, &ticks),
            range,
            ticks,
        }
    }

    /// Linear axes from zero, the lowest first, so that there is one that ends at the first tick above each of these values:
    /// where a reader switches the larger ones off, a lower one is chosen.
    pub(in crate::report) fn from_zero(tops: &[f64], quantity: Quantity) -> Vec<Self> {
        let mut ranges: Vec<_> = tops
            .iter()
            .map(|top| Range::up_to(*top, round(quantity)))
            .collect();
        ranges.sort_by(|left, right| left.high.total_cmp(&right.high));
        ranges.dedup();
        ranges
            .into_iter()
            .map(|range| Self::over(range, quantity))
            .collect()
    }

    /// The logarithmic axis across values above zero.
    pub(in crate::report) fn across(ends: (f64, f64), quantity: Quantity) -> Self {
        Self::over(Range::across(ends, round(quantity)), quantity)
    }
}

/// Which numbers of a quantity are round.
pub(super) fn round(quantity: Quantity) -> Round {
    if quantity.is_of_bytes() {
        Round::Binary
    } else {
        Round::Decimal
    }
}

/// Of many ticks some: whole powers of ten where there are several, and of these as many as have room.
fn few(range: &Range, ticks: &[(f64, String)]) -> Vec<usize> {
    let all: Vec<usize> = (0..ticks.len()).collect();
    if all.len() <= FEW + 2 {
        return all;
    }
    let is_power = |place: &usize| (ticks[*place].0.log10().fract().abs() - 0.5).abs() > 0.499_999;
    let powers: Vec<_> = all.iter().copied().filter(is_power).collect();
    let chosen = match range.kind {
        Kind::Log if powers.len() > 1 => powers,
        Kind::Log | Kind::Linear => all,
    };
    let stride = chosen.len().div_ceil(FEW);
    chosen.into_iter().step_by(stride).collect()
}

/// The axis of counts.
#[derive(Debug, Serialize)]
pub(in crate::report) struct Counts {
    /// From where to where.
    #[serde(flatten)]
    pub(in crate::report) range: Range,
    /// Every count that a series has or should have, smallest first, and how it is written.
    pub(in crate::report) ticks: Vec<(u32, String)>,
    /// Whether they are spaced evenly, so that their names can be left out evenly.
    even: bool,
    /// What they are of.
    pub(in crate::report) noun: &'static str,
}

impl Counts {
    /// The axis of these counts, smallest first.
    pub(in crate::report) fn over(counts: &[u32], noun: &'static str) -> Self {
        let end = |count: Option<&u32>| count.copied().map_or(0.0, f64::from);
        let ends = (end(counts.first()), end(counts.last()));
        let steps = counts
            .windows(2)
            .map(|pair| f64::from(pair[1]) / f64::from(pair[0]));
        let steps: Vec<f64> = steps.collect();
        let even = |step: &f64| (step / steps[0] - 1.0).abs() < 0.01;
        Self {
            range: Range::around_counts(ends),
            ticks: counts
                .iter()
                .map(|count| (*count, grouped(*count as usize)))
                .collect(),
            even: ends.0 > 0.0 && steps.iter().all(even),
            noun,
        }
    }
}
