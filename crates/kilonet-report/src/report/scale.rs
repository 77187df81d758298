//! From values to places along an axis, and where its ticks are.
//!
//! Must not know what the values are of. The invariant: every value has a place on the axis; what lies beyond its ends,
//! as zero does on a logarithmic one, is drawn at the nearer end.

/// Values further apart than this are read better on a logarithmic axis.
const WIDE: f64 = 20.0;

/// No axis reaches further: between here and the largest number there is no room for steps.
const FURTHEST: f64 = 1e300;

/// Ticks of an axis at most, whatever it is of.
const MOST_TICKS: i32 = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Linear,
    Log,
}

/// A stretch of values laid along a stretch of pixels, or of characters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    kind: Kind,
    low: f64,
    high: f64,
    start: f64,
    end: f64,
}

impl Scale {
    /// An axis whose ends are `low` and `high`, from the pixel `pixels.0` to `pixels.1`.
    pub(super) fn linear((low, high): (f64, f64), (start, end): (f64, f64)) -> Self {
        Self {
            kind: Kind::Linear,
            low: low.max(-FURTHEST),
            high: high.min(FURTHEST),
            start,
            end,
        }
    }

    /// The same, logarithmic; `low` is above zero.
    pub(super) fn log((low, high): (f64, f64), (start, end): (f64, f64)) -> Self {
        Self {
            kind: Kind::Log,
            low: low.max(FURTHEST.recip()),
            high: high.min(FURTHEST),
            start,
            end,
        }
    }

    /// An axis of counts: each doubling as long as the others; linear where it begins at none.
    pub(super) fn of_counts((low, high): (f64, f64), pixels: (f64, f64)) -> Self {
        if low > 0.0 {
            Self::log((low, high), pixels)
        } else {
            Self::linear((low, high), pixels)
        }
    }

    /// A linear axis that holds all `values` and zero, with ticks at its ends.
    pub(super) fn spanning(values: &[f64], pixels: (f64, f64)) -> Self {
        let low = values
            .iter()
            .copied()
            .fold(0.0, f64::min)
            .max(-FURTHEST / 10.0);
        let high = values
            .iter()
            .copied()
            .fold(0.0, f64::max)
            .min(FURTHEST / 10.0);
        if low >= high {
            return Self::linear((0.0, 1.0), pixels);
        }
        let step = step(high - low);
        Self::linear(
            (step * (low / step).floor(), step * (high / step).ceil()),
            pixels,
        )
    }

    /// An axis that holds all `values`: from zero where they are near one another, logarithmic where they are wide apart.
    pub(super) fn fitting(values: &[f64], pixels: (f64, f64)) -> Self {
        let above_zero = || values.iter().copied().filter(|value| *value > 0.0);
        let most = above_zero().fold(0.0, f64::max).min(FURTHEST / 10.0);
        let least = above_zero().fold(most, f64::min).max(10.0 / FURTHEST);
        if most == 0.0 {
            Self::linear((0.0, 1.0), pixels)
        } else if most / least < WIDE {
            let step = step(most);
            Self::linear((0.0, step * (most / step).ceil()), pixels)
        } else {
            Self::log((round_down(least), round_up(most)), pixels)
        }
    }

    /// The pixel of a value.
    pub(super) fn place(&self, value: f64) -> f64 {
        let value = value.clamp(self.low, self.high);
        let share = match self.kind {
            Kind::Linear => (value - self.low) / (self.high - self.low),
            Kind::Log => (value.ln() - self.low.ln()) / (self.high.ln() - self.low.ln()),
        };
        self.start + (self.end - self.start) * share
    }

    /// Whether a value lies within the axis, and not at its ends.
    pub(super) fn is_inside(&self, value: f64) -> bool {
        self.low < value && value < self.high
    }

    /// Round values to mark, ends included.
    pub(super) fn ticks(&self) -> Vec<f64> {
        match self.kind {
            Kind::Linear => linear_ticks(self.low, self.high),
            Kind::Log => log_ticks(self.low, self.high),
        }
    }
}

/// Between two ticks of a linear axis, so that it has from three to seven.
fn step(length: f64) -> f64 {
    round_up(length / 6.0)
}

fn linear_ticks(low: f64, high: f64) -> Vec<f64> {
    let step = step(high - low);
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

/// The smallest of 1, 2, 5 times a power of ten that is not below `value`.
fn round_up(value: f64) -> f64 {
    let power = 10f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0]
        .into_iter()
        .find(|factor| factor * power >= value * 0.999_999)
        .unwrap_or(10.0)
        * power
}

/// The largest of 1, 2, 5 times a power of ten that is not above `value`.
fn round_down(value: f64) -> f64 {
    let power = 10f64.powf(value.log10().floor());
    [5.0, 2.0]
        .into_iter()
        .find(|factor| factor * power <= value * 1.000_001)
        .unwrap_or(1.0)
        * power
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
            &Scale::fitting(&[30e9, 62e9], (0.0, 1.0)).ticks(),
            &[0.0, 20e9, 40e9, 60e9, 80e9],
        );
        near(
            &Scale::fitting(&[3e6, 4e10], (0.0, 1.0)).ticks(),
            &[1e7, 1e8, 1e9, 1e10],
        );
        near(
            &Scale::fitting(&[0.3, 9.0], (0.0, 1.0)).ticks(),
            &[0.2, 0.5, 1.0, 2.0, 5.0, 10.0],
        );
    }

    #[test]
    fn powers_of_two_are_evenly_spaced_on_a_logarithmic_axis() {
        let scale = Scale::log((2.0, 32.0), (100.0, 500.0));
        near(
            &[2.0, 4.0, 8.0, 16.0, 32.0].map(|value| scale.place(value)),
            &[100.0, 200.0, 300.0, 400.0, 500.0],
        );
        near(&[scale.place(0.0)], &[100.0]);
    }

    /// Numbers of any size that there is.
    fn any_size() -> impl Strategy<Value = f64> {
        use prop::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
        POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO
    }

    proptest! {
        #[test]
        fn an_axis_of_anything_has_few_ticks_and_places_for_all(values in prop::collection::vec(any_size(), 1..5)) {
            for scale in [Scale::fitting(&values, (400.0, 0.0)), Scale::spanning(&values, (0.0, 400.0))] {
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
            let scale = Scale::fitting(&values, (400.0, 0.0));
            for value in values {
                prop_assert!((0.0..=400.0).contains(&scale.place(value)));
                prop_assert!(value == 0.0 || value <= scale.high);
            }
            prop_assert!((2..=16).contains(&scale.ticks().len()), "{:?}", scale.ticks());
        }
    }
}
