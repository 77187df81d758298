//! From values to places along an axis, and where its ticks are.
//!
//! Must not know what the values are of. The invariant: every value has a place on the axis; what lies beyond its ends,
//! as zero does on a logarithmic one, is drawn at the nearer end.

use serde::Serialize;

/// Values further apart than this are read better on a logarithmic axis.
pub(super) const WIDE: f64 = 20.0;

/// No axis reaches further: between here and the largest number there is no room for steps.
const FURTHEST: f64 = 1e300;

/// Ticks of an axis at most, whatever it is of.
const MOST_TICKS: i32 = 16;

/// How values are laid along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// By their difference.
    Linear,
    /// By their ratio.
    Log,
}

/// Which numbers are round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Round {
    /// 1, 2 and 5 times powers of ten.
    Decimal,
    /// Powers of two, in which people count bytes.
    Binary,
}

/// From where to where an axis reaches, and how values lie between.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Range {
    pub(super) kind: Kind,
    pub(super) low: f64,
    pub(super) high: f64,
    #[serde(skip)]
    round: Round,
}

/// A range laid along a stretch of pixels, or of characters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    range: Range,
    start: f64,
    end: f64,
}

impl Range {
    /// A linear axis whose ends are `low` and `high`.
    pub(super) fn linear((low, high): (f64, f64)) -> Self {
        Self {
            kind: Kind::Linear,
            low: low.max(-FURTHEST),
            high: high.min(FURTHEST),
            round: Round::Decimal,
        }
    }

    /// The same, logarithmic; `low` is above zero.
    pub(super) fn log((low, high): (f64, f64)) -> Self {
        Self {
            kind: Kind::Log,
            low: low.max(FURTHEST.recip()),
            ..Self::linear((low, high))
        }
    }

    /// An axis of counts: each doubling as long as the others; linear where it begins at none.
    pub(super) fn of_counts((low, high): (f64, f64)) -> Self {
        if low > 0.0 {
            Self::log((low, high))
        } else {
            Self::linear((low, high))
        }
    }

    /// The same with air left of the first count and right of the last, so that no point sits on the frame.
    pub(super) fn around_counts((low, high): (f64, f64)) -> Self {
        if low > 0.0 {
            let air = (high / low).powf(AIR).max(1.08);
            Self::log((low / air, high * air))
        } else {
            Self::linear((low - AIR * (high - low), high + AIR * (high - low)))
        }
    }

    /// A linear axis that holds all `values` and zero, with ticks at its ends.
    pub(super) fn spanning(values: &[f64]) -> Self {
        let values = || values.iter().copied();
        let low = values().fold(0.0, f64::min).max(-FURTHEST / 10.0);
        let high = values().fold(0.0, f64::max).min(FURTHEST / 10.0);
        if low >= high {
            return Self::linear((0.0, 1.0));
        }
        let step = step(high - low, Round::Decimal);
        Self::linear((step * (low / step).floor(), step * (high / step).ceil()))
    }

    /// From zero to the first tick that is not below `most`.
    pub(super) fn up_to(most: f64, round: Round) -> Self {
        let most = most.min(FURTHEST / 10.0);
        let high = if most > 0.0 {
            let step = step(most, round);
            step * (most / step).ceil()
        } else {
            1.0
        };
        Self {
            round,
            ..Self::linear((0.0, high))
        }
    }

    /// A logarithmic axis that holds what is between two values above zero, with round ends.
    pub(super) fn across((least, most): (f64, f64), round: Round) -> Self {
        if most <= 0.0 {
            return Self::log((0.1, 1.0));
        }
        let least = least.clamp(10.0 / FURTHEST, FURTHEST / 10.0);
        let most = most.clamp(least, FURTHEST / 10.0);
        let (low, high) = (round_down(least, round), round_up(most, round));
        // One value alone has an axis too.
        let high = if low < high { high } else { 2.0 * high };
        Self {
            round,
            ..Self::log((low, high))
        }
    }

    /// An axis that holds all `values`: from zero where they are near one another, logarithmic where they are wide apart.
    pub(super) fn fitting(values: &[f64]) -> Self {
        let above_zero = || values.iter().copied().filter(|value| *value > 0.0);
        let most = above_zero().fold(0.0, f64::max);
        let least = above_zero().fold(most, f64::min);
        match Self::kind_for((least, most)) {
            Kind::Linear => Self::up_to(most, Round::Decimal),
            Kind::Log => Self::across((least, most), Round::Decimal),
        }
    }

    /// How values between these ends, the least of them above zero, are read best.
    pub(super) fn kind_for((least, most): (f64, f64)) -> Kind {
        if most <= 0.0 || most / least < WIDE {
            Kind::Linear
        } else {
            Kind::Log
        }
    }

    /// Laid from one pixel to another.
    pub(super) fn along(self, (start, end): (f64, f64)) -> Scale {
        Scale {
            range: self,
            start,
            end,
        }
    }

    /// Round values to mark, ends included.
    pub(super) fn ticks(&self) -> Vec<f64> {
        match (self.kind, self.round) {
            (Kind::Linear, round) => linear_ticks(self.low, self.high, round),
            (Kind::Log, Round::Decimal) => log_ticks(self.low, self.high),
            (Kind::Log, Round::Binary) => binary_ticks(self.low, self.high),
        }
    }
}

/// Air at each end of an axis of counts, as a share of its length.
const AIR: f64 = 0.025;

impl Scale {
    /// The pixel of a value.
    pub(super) fn place(&self, value: f64) -> f64 {
        let Range {
            kind, low, high, ..
        } = self.range;
        let value = value.clamp(low, high);
        let share = match kind {
            Kind::Linear => (value - low) / (high - low),
            Kind::Log => (value.ln() - low.ln()) / (high.ln() - low.ln()),
        };
        self.start + (self.end - self.start) * share
    }

    /// Whether a value lies within the axis, and not at its ends.
    pub(super) fn is_inside(&self, value: f64) -> bool {
        self.range.low < value && value < self.range.high
    }

    /// Whether a value lies on the axis.
    pub(super) fn holds(&self, value: f64) -> bool {
        (self.range.low..=self.range.high).contains(&value)
    }

    /// Round values to mark, ends included.
    pub(super) fn ticks(&self) -> Vec<f64> {
        self.range.ticks()
    }
}

/// Between two ticks of a linear axis, so that it has from three to seven.
fn step(length: f64, round: Round) -> f64 {
    round_up(length / 6.0, round)
}

fn linear_ticks(low: f64, high: f64, round: Round) -> Vec<f64> {
    let step = step(high - low, round);
    (0..MOST_TICKS)
        .map(|nth| low + step * f64::from(nth))
        .take_while(|value| *value <= high + step * 1e-6)
        .collect()
}

/// Powers of ten, some of them where there are many; with 2 and 5 between them where there are few.
fn log_ticks(low: f64, high: f64) -> Vec<f64> {
    let decades = high.log10() - low.log10();
    let factors: &[f64] = if decades <= 2.5 {
        &[1.0, 2.0, 5.0]
    } else {
        &[1.0]
    };
    let stride = (decades / f64::from(MOST_TICKS - 2)).ceil().max(1.0);
    let first = low.log10().floor();
    let powers = (0..MOST_TICKS).map(|nth| 10f64.powf(first + stride * f64::from(nth)));
    let ticks = powers.flat_map(|power| factors.iter().map(move |factor| factor * power));
    ticks
        .filter(|tick| *tick >= low * 0.999_999 && *tick <= high * 1.000_001)
        .collect()
}

/// Powers of two, some of them where there are many.
fn binary_ticks(low: f64, high: f64) -> Vec<f64> {
    let stride = ((high / low).log2() / 8.0).ceil().max(1.0);
    (0..MOST_TICKS)
        .map(|nth| low * (stride * f64::from(nth)).exp2())
        .take_while(|tick| *tick <= high * 1.000_001)
        .collect()
}

/// The smallest round number that is not below `value`.
fn round_up(value: f64, round: Round) -> f64 {
    let (power, factors) = powers(value, round);
    let fits = |factor: &&f64| *factor * power >= value * 0.999_999;
    power * factors.iter().find(fits).unwrap_or(&10.0)
}

/// The largest round number that is not above `value`.
fn round_down(value: f64, round: Round) -> f64 {
    let (power, factors) = powers(value, round);
    let fits = |factor: &&f64| *factor * power <= value * 1.000_001;
    power * factors.iter().rfind(fits).unwrap_or(&1.0)
}

/// The power at or below a value, and its multiples that are round up to the next.
fn powers(value: f64, round: Round) -> (f64, &'static [f64]) {
    match round {
        Round::Decimal => (10f64.powf(value.log10().floor()), &[1.0, 2.0, 5.0]),
        Round::Binary => (value.log2().floor().exp2(), &[1.0, 2.0]),
    }
}

/// The least value above zero and the most; both zero without any.
pub(super) fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let values = values.filter(|value| *value > 0.0);
    let found = values.fold(None, |found, value| {
        let (least, most) = found.unwrap_or((value, value));
        Some((value.min(least), value.max(most)))
    });
    found.unwrap_or((0.0, 0.0))
}

/// The nearest whole place.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a scale gives no place before its start, which is not below zero"
)]
pub(in crate::report) fn whole(place: f64) -> usize {
    place.round() as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(left: &[f64], right: &[f64]) {
        assert_eq!(left.len(), right.len(), "{left:?}");
        for (left, right) in left.iter().zip(right) {
            assert!((left - right).abs() <= right.abs() * 1e-9, "{left} {right}");
        }
    }

    #[test]
    fn near_values_start_at_zero_and_wide_ones_are_logarithmic() {
        near(
            &Range::fitting(&[30e9, 62e9]).ticks(),
            &[0.0, 20e9, 40e9, 60e9, 80e9],
        );
        near(
            &Range::fitting(&[3e6, 4e10]).ticks(),
            &[1e7, 1e8, 1e9, 1e10],
        );
        near(
            &Range::fitting(&[0.3, 9.0]).ticks(),
            &[0.2, 0.5, 1.0, 2.0, 5.0, 10.0],
        );
    }

    #[test]
    fn powers_of_two_are_evenly_spaced_on_a_logarithmic_axis() {
        let scale = Range::log((2.0, 32.0)).along((100.0, 500.0));
        near(
            &[2.0, 4.0, 8.0, 16.0, 32.0].map(|value| scale.place(value)),
            &[100.0, 200.0, 300.0, 400.0, 500.0],
        );
        near(&[scale.place(0.0)], &[100.0]);
    }

    #[test]
    fn bytes_are_marked_at_powers_of_two() {
        let linear = Range::up_to(300.0 * 1024.0, Round::Binary);
        near(
            &linear.ticks(),
            &[0, 64, 128, 192, 256, 320].map(|kib| f64::from(kib) * 1024.0),
        );
        let log = Range::across((3000.0, 40_000.0), Round::Binary);
        near(
            &log.ticks(),
            &[2048.0, 4096.0, 8192.0, 16_384.0, 32_768.0, 65_536.0],
        );
    }

    /// Numbers of any size that there is.
    fn any_size() -> impl Strategy<Value = f64> {
        use prop::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
        POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO
    }

    proptest! {
        #[test]
        fn an_axis_of_anything_has_few_ticks_and_places_for_all(values in prop::collection::vec(any_size(), 1..5)) {
            for scale in [Range::fitting(&values).along((400.0, 0.0)), Range::spanning(&values).along((0.0, 400.0))] {
                prop_assert!(scale.ticks().len() <= 3 * MOST_TICKS as usize, "{scale:?}");
                for value in &values {
                    prop_assert!((0.0..=400.0).contains(&scale.place(*value)), "{value} on {scale:?}");
                }
            }
        }

        #[test]
        fn every_value_lies_on_its_axis_and_ticks_are_few(
            values in prop::collection::vec(0.0..1e12f64, 1..50),
        ) {
            let scale = Range::fitting(&values).along((400.0, 0.0));
            for value in values {
                prop_assert!((0.0..=400.0).contains(&scale.place(value)));
                prop_assert!(value == 0.0 || value <= scale.range.high);
            }
            prop_assert!((2..=16).contains(&scale.ticks().len()), "{:?}", scale.ticks());
        }
    }
}
