//! The straight line through points, by least squares, and how far its slope is known.
//!
//! Must not know what the points are of. The invariant: a line rests on three points or more at two places or more, since
//! fewer leave nothing to judge its slope by.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{mean, student_t_975};

/// `y = intercept + slope x`, fitted to points whose `y` alone is uncertain.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Line {
    /// Points it rests on.
    pub n: usize,
    /// Its value at zero.
    pub intercept: f64,
    /// What one more of `x` adds.
    pub slope: f64,
    /// The 95 % interval of the slope, lower end first: Student's t with n - 1 degrees of freedom less one for each block.
    pub interval: (f64, f64),
}

impl Line {
    /// Fits a line; absent where the points do not determine one and its slope's interval.
    #[must_use]
    pub fn through(points: &[(f64, f64)]) -> Option<Self> {
        let points: Vec<_> = points.iter().map(|(x, y)| (0, *x, *y)).collect();
        Self::within(&points)
    }

    /// Fits a line to points that come in blocks, named first: each block is as high as it likes, and all have the slope.
    ///
    /// What a block adds to all its points is then no scatter, and each block takes a degree of freedom. Where every block
    /// has every place the slope is that of [`Line::through`].
    #[must_use]
    pub fn within(points: &[(u32, f64, f64)]) -> Option<Self> {
        let n = points.len();
        let blocks: BTreeSet<_> = points.iter().map(|(block, ..)| *block).collect();
        let freedom = n
            .checked_sub(blocks.len() + 1)
            .filter(|freedom| *freedom > 0)? as f64;
        let centred: Vec<_> = blocks
            .iter()
            .flat_map(|block| centred(points, *block))
            .collect();
        let spread: f64 = centred.iter().map(|(x, _)| x.powi(2)).sum();
        if spread == 0.0 {
            return None;
        }
        let slope = centred.iter().map(|(x, y)| x * y).sum::<f64>() / spread;
        let residuals = centred.iter().map(|(x, y)| y - slope * x);
        let variance = residuals.map(|residual| residual.powi(2)).sum::<f64>() / freedom;
        let half = student_t_975(freedom)? * (variance / spread).sqrt();
        let sums = points
            .iter()
            .fold((0.0, 0.0), |sums, (_, x, y)| (sums.0 + x, sums.1 + y));
        Some(Self {
            n,
            intercept: (sums.1 - slope * sums.0) / n as f64,
            slope,
            interval: (slope - half, slope + half),
        })
    }

    /// Its value at `x`.
    #[must_use]
    pub fn at(&self, x: f64) -> f64 {
        self.intercept + self.slope * x
    }

    /// Whether the interval leaves zero out, so that the slope has a sign.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        let (low, high) = self.interval;
        low > 0.0 || high < 0.0
    }
}

/// The points of a block, from where their mean is.
fn centred(points: &[(u32, f64, f64)], block: u32) -> Vec<(f64, f64)> {
    let of_block = points.iter().filter(|(name, ..)| *name == block);
    let (xs, ys): (Vec<_>, Vec<_>) = of_block.map(|(_, x, y)| (*x, *y)).unzip();
    let (Some(mean_x), Some(mean_y)) = (mean(&xs), mean(&ys)) else {
        return Vec::new();
    };
    let moved = xs.iter().zip(&ys);
    moved.map(|(x, y)| (x - mean_x, y - mean_y)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// NIST's Statistical Reference Datasets, linear regression, "Norris": y and x.
    const NORRIS: [(f64, f64); 36] = [
        (0.1, 0.2),
        (338.8, 337.4),
        (118.1, 118.2),
        (888.0, 884.6),
        (9.2, 10.1),
        (228.1, 226.5),
        (668.5, 666.3),
        (998.5, 996.3),
        (449.1, 448.6),
        (778.9, 777.0),
        (559.2, 558.2),
        (0.3, 0.4),
        (0.1, 0.6),
        (778.1, 775.5),
        (668.8, 666.9),
        (339.3, 338.0),
        (448.9, 447.5),
        (10.8, 11.6),
        (557.7, 556.0),
        (228.3, 228.1),
        (998.0, 995.8),
        (888.8, 887.6),
        (119.6, 120.2),
        (0.3, 0.3),
        (0.6, 0.3),
        (557.6, 556.8),
        (339.3, 339.1),
        (888.0, 887.2),
        (998.5, 999.0),
        (778.9, 779.0),
        (10.2, 11.1),
        (117.6, 118.3),
        (228.9, 229.2),
        (668.4, 669.1),
        (449.2, 448.9),
        (0.2, 0.5),
    ];

    #[test]
    fn the_line_is_the_one_that_nist_certifies() {
        let points = NORRIS.map(|(y, x)| (x, y));
        let line = Line::through(&points).unwrap();
        assert!(
            (line.slope - 1.002_116_818_020_45).abs() < 1e-12,
            "{line:?}"
        );
        assert!(
            (line.intercept + 0.262_323_073_774_029).abs() < 1e-10,
            "{line:?}"
        );
        // The certified standard error of the slope, times t(0.975) of 34 degrees of freedom.
        let half = 0.000_429_796_848_199_937 * 2.032_244_509;
        let found = (line.interval.1 - line.interval.0) / 2.0;
        assert!((found / half - 1.0).abs() < 1e-8, "{found} {half}");
        assert!(line.is_certain());
    }

    #[test]
    fn a_slope_within_its_noise_is_not_certain() {
        let flat = [(0.0, 1.0), (1.0, 1.2), (2.0, 0.9), (3.0, 1.1)];
        let line = Line::through(&flat).unwrap();
        assert!(!line.is_certain(), "{line:?}");
        assert!(line.interval.0 < 0.0 && line.interval.1 > 0.0);
    }

    #[test]
    fn what_a_block_adds_to_all_its_points_is_no_scatter() {
        // numpy.linalg.lstsq of these on x and a column for each block; t by scipy.stats.t.ppf(0.975, 3).
        let points = [1.0, 2.1, 2.9, 11.0, 12.2, 12.9];
        let points: Vec<_> = (0..)
            .zip(points)
            .map(|(nth, y)| (nth / 3, f64::from(nth % 3), y))
            .collect();
        let line = Line::within(&points).unwrap();
        assert!((line.slope - 0.95).abs() < 1e-12, "{line:?}");
        let half = (line.interval.1 - line.interval.0) / 2.0;
        assert!((half - 0.218_692_704_409).abs() < 1e-9, "{half}");
        assert_eq!(line.n, 6);
    }

    #[test]
    fn what_points_do_not_determine_is_absent() {
        assert_eq!(Line::through(&[]), None);
        assert_eq!(Line::through(&[(1.0, 1.0), (2.0, 2.0)]), None);
        assert_eq!(Line::through(&[(5.0, 1.0), (5.0, 2.0), (5.0, 3.0)]), None);
    }

    proptest! {
        #[test]
        fn a_line_without_noise_comes_back(
            intercept in -1e3..1e3f64, slope in -1e3..1e3f64, xs in prop::collection::btree_set(0..10_000u32, 3..20),
        ) {
            let points: Vec<_> = xs.iter().map(|x| (f64::from(*x), intercept + slope * f64::from(*x))).collect();
            let line = Line::through(&points).unwrap();
            let scale = 1.0 + intercept.abs() + slope.abs() * 1e4;
            prop_assert!((line.slope - slope).abs() < 1e-9 * scale);
            prop_assert!((line.at(5e3) - intercept - slope * 5e3).abs() < 1e-9 * scale);
        }
    }
}
