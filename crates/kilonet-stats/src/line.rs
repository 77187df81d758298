//! The straight line through points, by least squares, how far its slope is known, and whether points are off it.
//!
//! Must not know what the points are of. The invariant: a line rests on three points or more at two places or more; its
//! slope has an interval only where something shows how much slopes scatter.

use std::collections::BTreeMap;

use serde::Serialize;

use super::f_test::{f_test, more};
use super::plain::{interval_95, mean, student_t_975};

/// `y = intercept + slope x`, fitted to points whose `y` alone is uncertain.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Line {
    /// Points it rests on.
    pub n: usize,
    /// Blocks these come in; 1 where they do not come in blocks.
    pub blocks: usize,
    /// Its value at zero.
    pub intercept: f64,
    /// What one more of `x` adds.
    pub slope: f64,
    /// The 95 % interval of the slope by Student's t, lower end first: over the slopes of blocks, or over what points that do
    /// not come in blocks scatter. Absent where there is one block.
    pub interval: Option<(f64, f64)>,
}

impl Line {
    /// Fits a line to points of which each scatters by itself, and all alike; absent where they do not determine one and its
    /// slope's interval.
    #[must_use]
    pub fn through(points: &[(f64, f64)]) -> Option<Self> {
        let freedom = points.len().checked_sub(2)? as f64;
        let centred = Centred::of(points)?;
        let half = student_t_975(freedom)? * (centred.scatter() / freedom / centred.spread).sqrt();
        let slope = centred.slope();
        Some(Self {
            n: points.len(),
            blocks: 1,
            intercept: centred.middle.1 - slope * centred.middle.0,
            slope,
            interval: Some((slope - half, slope + half)),
        })
    }

    /// Fits a line to points that come in blocks, named first: see [`Lines::line`].
    #[must_use]
    pub fn within(points: &[(u32, f64, f64)]) -> Option<Self> {
        Lines::of(points).line()
    }

    /// Its value at `x`.
    #[must_use]
    pub fn at(&self, x: f64) -> f64 {
        self.intercept + self.slope * x
    }

    /// Whether the interval leaves zero out, so that the slope has a sign.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.interval
            .is_some_and(|(low, high)| low > 0.0 || high < 0.0)
    }
}

/// Points that come in blocks, each of which has a line of its own.
pub struct Lines {
    blocks: Vec<Block>,
}

struct Block {
    points: Vec<(f64, f64)>,
    centred: Centred,
}

/// How far the means of places are off the lines of blocks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Departure {
    /// How likely they would be as far off, or farther, if the points of each block lay on a line of its own.
    pub probability: f64,
    /// How far the farthest is off.
    pub most: f64,
}

impl Lines {
    /// Gathers points, of which the first number is their block. A block at one place has no slope, and its points say nothing of one.
    #[must_use]
    pub fn of(points: &[(u32, f64, f64)]) -> Self {
        let mut blocks: BTreeMap<u32, Vec<(f64, f64)>> = BTreeMap::new();
        for (block, x, y) in points {
            blocks.entry(*block).or_default().push((*x, *y));
        }
        let blocks = blocks.into_values().filter_map(|points| {
            let centred = Centred::of(&points)?;
            Some(Block { points, centred })
        });
        Self {
            blocks: blocks.collect(),
        }
    }

    /// The slope of each block.
    #[must_use]
    pub fn slopes(&self) -> Vec<f64> {
        let blocks = self.blocks.iter();
        blocks.map(|block| block.centred.slope()).collect()
    }

    /// The line whose slope is the mean of the blocks': each block is as high as it likes, and as steep. Absent where they do not
    /// determine one.
    ///
    /// A block that lies higher as a whole is often steeper too, by the same factor, and its points scatter by what they are
    /// of. One slope for all with the interval of its residuals takes neither into account, and says too much. The t interval
    /// of the blocks' own slopes holds however these differ in how well they are known (Ibragimov and Mueller, "t-Statistic
    /// Based Correlation and Heterogeneity Robust Inference", Journal of Business & Economic Statistics 28:453, 2010).
    #[must_use]
    pub fn line(&self) -> Option<Line> {
        let slopes = self.slopes();
        let slope = mean(&slopes)?;
        let points: Vec<_> = self.blocks.iter().flat_map(|block| &block.points).collect();
        let all = |read: fn(&(f64, f64)) -> f64| {
            points.iter().map(|point| read(point)).sum::<f64>() / points.len() as f64
        };
        (points.len() > 2).then(|| Line {
            n: points.len(),
            blocks: slopes.len(),
            intercept: all(|point| point.1) - slope * all(|point| point.0),
            slope,
            interval: interval_95(&slopes),
        })
    }

    /// Whether places are off the lines: the F test for lack of fit, on what the points of each block are off their own line, so that
    /// a block that is higher or steeper as a whole is not taken for scatter. Absent below three places or two blocks.
    #[must_use]
    pub fn departure(&self) -> Option<Departure> {
        let mut places: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
        for block in &self.blocks {
            for ((x, _), off) in block.points.iter().zip(block.centred.residuals()) {
                // A place has the same bits in all blocks.
                places.entry(x.to_bits()).or_default().push(off);
            }
        }
        let figures: usize = places.values().map(Vec::len).sum();
        let lacking = more(places.len(), 2)?;
        let pure = more(figures, 2 * self.blocks.len() + places.len() - 2)?;
        let (mut from_lines, mut from_means, mut most) = (0.0, 0.0, 0.0_f64);
        for off in places.values() {
            let centre = mean(off)?;
            most = most.max(centre.abs());
            from_lines += off.len() as f64 * centre.powi(2);
            from_means += off.iter().map(|off| (off - centre).powi(2)).sum::<f64>();
        }
        let probability = f_test((from_lines, lacking), (from_means, pure))?;
        Some(Departure { probability, most })
    }
}

/// Points at two places or more, from where their mean is.
pub(super) struct Centred {
    pub(super) middle: (f64, f64),
    points: Vec<(f64, f64)>,
    /// The sum of the squares of `x`.
    spread: f64,
}

impl Centred {
    pub(super) fn of(points: &[(f64, f64)]) -> Option<Self> {
        let (xs, ys): (Vec<_>, Vec<_>) = points.iter().copied().unzip();
        let middle = (mean(&xs)?, mean(&ys)?);
        let points = points.iter().map(|(x, y)| (x - middle.0, y - middle.1));
        let points: Vec<_> = points.collect();
        let spread: f64 = points.iter().map(|(x, _)| x.powi(2)).sum();
        (spread > 0.0).then_some(Self {
            middle,
            points,
            spread,
        })
    }

    pub(super) fn slope(&self) -> f64 {
        self.points.iter().map(|(x, y)| x * y).sum::<f64>() / self.spread
    }

    /// What is left of each point beside the line.
    fn residuals(&self) -> impl Iterator<Item = f64> {
        let slope = self.slope();
        self.points.iter().map(move |(x, y)| y - slope * x)
    }

    /// The sum of the squares of what is left beside the line.
    pub(super) fn scatter(&self) -> f64 {
        self.residuals().map(|left| left.powi(2)).sum()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::random::SplitMix;

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
        let (low, high) = line.interval.unwrap();
        let found = (high - low) / 2.0;
        assert!((found / half - 1.0).abs() < 1e-8, "{found} {half}");
        assert!(line.is_certain());
    }

    #[test]
    fn a_slope_within_its_noise_is_not_certain() {
        let flat = [(0.0, 1.0), (1.0, 1.2), (2.0, 0.9), (3.0, 1.1)];
        let line = Line::through(&flat).unwrap();
        assert!(!line.is_certain(), "{line:?}");
        let (low, high) = line.interval.unwrap();
        assert!(low < 0.0 && high > 0.0);
    }

    /// Four points of each block, which rises by so much a place from a height of its own.
    fn blocks(slopes: &[f64]) -> Vec<(u32, f64, f64)> {
        let block = |(name, slope): (u32, &f64)| {
            let (height, slope) = (100.0 * f64::from(name), *slope);
            (0..4).map(move |x| (name, f64::from(x), height + slope * f64::from(x)))
        };
        (0..).zip(slopes).flat_map(block).collect()
    }

    #[test]
    fn blocks_say_by_themselves_how_much_slopes_scatter() {
        let line = Line::within(&blocks(&[1.0, 2.0, 3.0])).unwrap();
        assert!((line.slope - 2.0).abs() < 1e-12, "{line:?}");
        assert_eq!((line.n, line.blocks), (12, 3));
        assert!((line.at(1.5) - 103.0).abs() < 1e-9, "{line:?}");
        let (low, high) = line.interval.unwrap();
        // Tables: t(0.975) is 4.3027 at 2 degrees of freedom.
        let half = 4.302_653 / 3_f64.sqrt();
        assert!((low - 2.0 + half).abs() < 1e-5, "{low}");
        assert!((high - 2.0 - half).abs() < 1e-5, "{high}");
    }

    #[test]
    fn one_block_has_a_slope_and_no_interval() {
        let line = Line::within(&blocks(&[2.0])).unwrap();
        assert_eq!((line.blocks, line.interval), (1, None));
        assert!((line.slope - 2.0).abs() < 1e-12, "{line:?}");
        assert!(!line.is_certain());
    }

    #[test]
    fn a_block_at_one_place_says_nothing_of_a_slope() {
        let mut points = blocks(&[1.0, 3.0]);
        let whole = Line::within(&points);
        points.extend([(7, 2.0, 1e6), (7, 2.0, 2e6)]);
        assert_eq!(Line::within(&points), whole);
    }

    #[test]
    fn blocks_that_are_steeper_are_straight_and_a_bend_of_all_is_none_of_theirs() {
        let straight = Lines::of(&blocks(&[1.0, 2.0, 3.0])).departure().unwrap();
        assert!(straight.most < 1e-9, "{straight:?}");
        let bent: Vec<_> = blocks(&[1.0, 2.0, 3.0])
            .into_iter()
            .map(|(block, x, y)| (block, x, y + x * x + 0.01 * f64::from(block * 7 % 3) * x))
            .collect();
        let bent = Lines::of(&bent).departure().unwrap();
        // A square over 0 to 3 is off its line by 1 at the ends and in the middle.
        assert!((bent.most - 1.0).abs() < 1e-9, "{bent:?}");
        assert!(bent.probability < 1e-6, "{bent:?}");
        let two = [(0, 0.0, 1.0), (0, 1.0, 2.0), (1, 0.0, 1.0), (1, 1.0, 3.0)];
        assert_eq!(Lines::of(&two).departure(), None, "two places");
        assert_eq!(Lines::of(&blocks(&[1.0])).departure(), None, "one block");
    }

    /// The test is exact for even noise over whole blocks: of lines that are straight, one in twenty is called bent at 5 %.
    #[test]
    fn straight_lines_are_called_bent_as_often_as_is_said() {
        let mut random = SplitMix::new(5);
        let called = (0..4000).filter(|_| {
            let steep = [random.share(), random.share(), random.share()];
            let mut points = blocks(&steep);
            for (_, _, y) in &mut points {
                // The sum of four is near to normal.
                *y += (0..4).map(|_| random.share() - 0.5).sum::<f64>();
            }
            let departure = Lines::of(&points).departure();
            departure.is_some_and(|departure| departure.probability < 0.05)
        });
        let share = called.count() as f64 / 4000.0;
        assert!((0.035..0.065).contains(&share), "{share}");
    }

    #[test]
    fn what_points_do_not_determine_is_absent() {
        assert_eq!(Line::through(&[]), None);
        assert_eq!(Line::through(&[(1.0, 1.0), (2.0, 2.0)]), None);
        assert_eq!(Line::through(&[(5.0, 1.0), (5.0, 2.0), (5.0, 3.0)]), None);
        assert_eq!(Line::within(&[]), None);
        assert_eq!(Line::within(&[(0, 1.0, 1.0), (0, 2.0, 2.0)]), None);
        assert_eq!(Line::within(&[(0, 1.0, 1.0), (1, 2.0, 2.0)]), None);
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
