//! The count at which a curve has fallen to half of where it began.
//!
//! Must not know what the curve is of, but that it is on a logarithmic scale. The invariant: half is reached between the two
//! counts that are given with it, and nothing is said of counts beyond the measured.

use std::f64::consts::LN_2;

use serde::Serialize;

use super::curve::Curve;
use crate::stats::{Bootstrap, RESAMPLES};

/// Where half is left.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Halving {
    /// The count the half is of: the first.
    pub from: u32,
    /// The count, interpolated between two measured ones on logarithmic axes.
    pub count: f64,
    /// Its 95 % interval, by resampling blocks; absent with one block, and where it reaches beyond the counts.
    pub interval: Option<(f64, f64)>,
    /// The last count with more than half, and the first with no more.
    pub between: (u32, u32),
}

/// Looks for it; absent where the curve never falls so far.
pub(super) fn halving(curve: &Curve) -> Option<Halving> {
    let points = curve.points();
    let (after, x) = crossing(&points)?;
    let place = |drawn: &[usize]| Some(crossing(&curve.drawn(drawn)?)?.1);
    let interval = Bootstrap::of(curve.blocks(), RESAMPLES, place).around(x);
    let ends = (points.first()?.0, points.last()?.0);
    let within = interval.filter(|(low, high)| ends.0 < *low && *high < ends.1);
    let counts = curve.counts();
    Some(Halving {
        from: counts[0],
        count: x.exp2(),
        interval: within.map(|(low, high)| (low.exp2(), high.exp2())),
        between: (counts[after - 1], counts[after]),
    })
}

/// The first place with half of the first or less, and where on the way there half is reached.
fn crossing(points: &[(f64, f64)]) -> Option<(usize, f64)> {
    let half = points.first()?.1 - LN_2;
    let after = points.iter().position(|(_, y)| *y <= half)?;
    let ((from_x, from_y), (to_x, to_y)) = (points[after - 1], points[after]);
    let share = (from_y - half) / (from_y - to_y);
    Some((after, from_x + share * (to_x - from_x)))
}

#[cfg(test)]
mod tests {
    use super::super::curve::tests::curve;
    use super::*;

    fn sample(law: impl Fn(f64) -> f64, spread: f64) -> Option<Halving> {
        let rows: Vec<_> = [2, 4, 8, 16, 32, 64, 128]
            .iter()
            .map(|count| {
                let mean = law(f64::from(*count)).ln();
                let wobble = if count % 3 == 1 { spread } else { -spread };
                (*count, [mean - wobble, mean, mean + wobble])
            })
            .collect();
        let rows: Vec<_> = rows
            .iter()
            .map(|(count, all)| (*count, all.as_slice()))
            .collect();
        halving(&curve(&rows))
    }

    #[test]
    fn the_planted_half_is_found_between_its_counts() {
        let found = sample(|count| (41.0 / 2.0 / count).min(1.0), 0.02).unwrap();
        assert!((found.count - 41.0).abs() < 1e-6, "{found:?}");
        assert_eq!((found.from, found.between), (2, (32, 64)));
        let (low, high) = found.interval.unwrap();
        assert!(
            32.0 < low && low < 41.0 && 41.0 < high && high < 64.0,
            "{found:?}"
        );
    }

    #[test]
    fn what_never_halves_has_no_halving_point() {
        assert_eq!(sample(|count| 1.0 - count / 1000.0, 0.02), None);
    }

    #[test]
    fn an_interval_beyond_the_counts_is_left_out() {
        let found = sample(|count| (41.0 / 2.0 / count).min(1.0), 0.6).unwrap();
        assert_eq!((found.interval, found.between), (None, (32, 64)));
    }
}
