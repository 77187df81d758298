//! Where two straight lines meet that points follow one after the other.
//!
//! Must not know what the points are of, nor whether they follow two lines at all: see [`lack_of_fit`](super::lack_of_fit).
//! The invariant: each line rests on two points or more, and they meet near where one ends and the other begins.

use super::line::Centred;

/// Two lines through points in the order of their `x`, the first ones and the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Corner {
    /// Where they meet.
    pub at: f64,
    /// How high.
    height: f64,
    /// What one more of `x` adds before and after.
    slopes: (f64, f64),
}

impl Corner {
    /// Parts the points where two lines, each by least squares, leave the least beside them (Hudson, "Fitting segmented curves
    /// whose join points have to be estimated", 1966); absent below four points, and where the lines do not meet between the
    /// points next to those they part at.
    #[must_use]
    pub fn through(points: &[(f64, f64)]) -> Option<Self> {
        let last = points.len().checked_sub(1)?;
        let lines = |split: usize| {
            let (before, after) = points.split_at(split);
            Some((split, [Centred::of(before)?, Centred::of(after)?]))
        };
        let left = |(_, lines): &(usize, [Centred; 2])| -> f64 {
            lines.iter().map(Centred::scatter).sum()
        };
        let parted = (2..last).filter_map(lines);
        let (split, lines) = parted.min_by(|one, other| left(one).total_cmp(&left(other)))?;
        let near = points[split - 2].0..=points[(split + 1).min(last)].0;
        Self::of(&lines).filter(|corner| near.contains(&corner.at))
    }

    /// Where two lines meet; absent where they are parallel.
    fn of([before, after]: &[Centred; 2]) -> Option<Self> {
        let slopes = (before.slope(), after.slope());
        let at_zero = |line: &Centred, slope: f64| line.middle.1 - slope * line.middle.0;
        let (first, second) = (at_zero(before, slopes.0), at_zero(after, slopes.1));
        let at = (second - first) / (slopes.0 - slopes.1);
        at.is_finite().then_some(Self {
            at,
            height: first + slopes.0 * at,
            slopes,
        })
    }

    /// How high the lines are at `x`.
    #[must_use]
    pub fn value(&self, x: f64) -> f64 {
        let slope = if x < self.at {
            self.slopes.0
        } else {
            self.slopes.1
        };
        self.height + slope * (x - self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bent(at: f64, by: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
        let xs = (0..8).map(f64::from);
        xs.map(|x| (x, 2.0 * x.min(at) + by(x))).collect()
    }

    #[test]
    fn lines_meet_where_they_were_bent() {
        for at in [1.5, 3.0, 3.4, 5.9] {
            let corner = Corner::through(&bent(at, |_| 0.0)).unwrap();
            assert!((corner.at - at).abs() < 1e-9, "{corner:?}");
            assert!((corner.value(1.0) - 2.0).abs() < 1e-9);
            assert!((corner.value(7.0) - 2.0 * at).abs() < 1e-9);
        }
    }

    #[test]
    fn the_lines_are_those_that_numpy_finds() {
        // numpy.polyfit(x, y, 1) of the first four points and of the others, as all other ways to part them leave more.
        let points = bent(3.5, |x| if x % 2.0 == 0.0 { 0.3 } else { -0.3 });
        let corner = Corner::through(&points).unwrap();
        let found = [corner.slopes.0, corner.slopes.1, corner.at];
        for (found, expected) in found.into_iter().zip([1.88, -0.12, 3.74]) {
            assert!((found - expected).abs() < 1e-9, "{corner:?}");
        }
    }

    #[test]
    fn one_line_and_three_points_have_no_corner() {
        assert_eq!(Corner::through(&bent(9.0, |_| 0.0)), None);
        assert_eq!(Corner::through(&bent(2.0, |_| 0.0)[..3]), None);
        assert_eq!(Corner::through(&[]), None);
    }
}
