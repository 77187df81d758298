//! How far a statistic is known: it is computed again from blocks drawn with replacement.
//!
//! A block is what was measured together, one trial of every cell. Must not know what the statistic is of. The invariant:
//! what a statistic comes to depends on the data and the number of resamples alone, as the seed is fixed; an interval
//! rests on two blocks or more.
//!
//! Runs have few blocks, and there the percentiles of the resamples fall short: no resample leaves the range of the blocks,
//! in which a symmetric statistic's true value lies in 75 % of all runs of three blocks, whatever is done to the percentiles
//! (`BCa` included). So [`Bootstrap::around`] takes the resamples' standard deviation alone and gives it the width that
//! Student's t has for so few: for a mean this is the t interval itself. `results/*-coverage` holds what each covers.

use std::collections::HashMap;

use super::plain::{Sorted, standard_deviation, student_t_975};
use crate::random::SplitMix;

/// Resamples where nothing asks for more: their standard deviation is then within 2 % of that of infinitely many.
pub const RESAMPLES: usize = 2000;

/// The share of resamples that must determine the statistic. Of three blocks of which one lacks a cell, one resample in 27
/// lacks it.
const DETERMINED: f64 = 0.9;

/// Blocks of which resamples are worth remembering: eleven can be drawn in 352,716 ways.
const FEW: usize = 10;

/// Any number; the same for all, so that the same records give the same report.
const SEED: u64 = 0x6b69_6c6f_6e65_7401;

/// What a statistic comes to in resamples.
#[derive(Debug, Clone)]
pub struct Bootstrap {
    blocks: usize,
    resamples: usize,
    values: Sorted,
}

impl Bootstrap {
    /// Computes a statistic in each of so many resamples of `blocks` blocks. It is told the blocks drawn, by number from 0 and
    /// in order; where it gives nothing, the resample does not determine it.
    pub fn of(
        blocks: usize,
        resamples: usize,
        mut statistic: impl FnMut(&[usize]) -> Option<f64>,
    ) -> Self {
        let [one] = Self::together(blocks, resamples, |drawn| statistic(drawn).map(|it| [it]));
        one
    }

    /// The same of several statistics that are computed together, as the terms of a fit are.
    pub fn together<const N: usize>(
        blocks: usize,
        resamples: usize,
        mut statistics: impl FnMut(&[usize]) -> Option<[f64; N]>,
    ) -> [Self; N] {
        let mut random = SplitMix::new(SEED);
        let mut drawn = vec![0; blocks];
        // Few blocks can be drawn in few ways, so that most are met again: three in ten.
        let few = blocks <= FEW;
        let mut known = HashMap::new();
        let mut all = Vec::with_capacity(resamples);
        for _ in 0..resamples {
            redraw(&mut random, &mut drawn);
            let values = match known.get(&drawn) {
                Some(values) => *values,
                None if few => *known.entry(drawn.clone()).or_insert(statistics(&drawn)),
                None => statistics(&drawn),
            };
            all.extend(values.filter(|values| values.iter().all(|value| value.is_finite())));
        }
        std::array::from_fn(|nth| Self {
            blocks,
            resamples,
            values: Sorted::of(all.iter().map(|values| values[nth]).collect()),
        })
    }

    /// The 95 % interval around what the statistic is of the blocks as they are, lower end first: Student's t, with one
    /// degree of freedom less than there are blocks, over the resamples' standard deviation.
    ///
    /// For statistics without bounds near them; a ratio's is that of its logarithm. `None` below two blocks, and when more
    /// than one resample in ten does not determine the statistic.
    #[must_use]
    pub fn around(&self, value: f64) -> Option<(f64, f64)> {
        let freedom = self.freedom()?;
        // Resamples of n blocks scatter as if there were n, of which one has gone into the mean.
        let lost = (self.blocks as f64 / freedom).sqrt();
        let half = student_t_975(freedom)? * lost * standard_deviation(&self.values.0)?;
        Some((value - half, value + half))
    }

    /// The interval that holds all but the outermost 2.5 % of the resamples on either side, lower end first: for statistics
    /// of few values, as a place among counts. `None` as for [`Bootstrap::around`].
    #[must_use]
    pub fn percentiles(&self) -> Option<(f64, f64)> {
        self.freedom()?;
        let end = |q| self.values.quantile(q);
        Some((end(0.025)?, end(0.975)?))
    }

    fn freedom(&self) -> Option<f64> {
        let enough = self.values.0.len() as f64 >= DETERMINED * self.resamples as f64;
        let freedom = self.blocks.checked_sub(1)?;
        (enough && freedom > 0).then_some(freedom as f64)
    }
}

/// The 95 % interval of the geometric mean of positive figures, one a block, lower end first; `None` below two.
#[must_use]
pub fn interval_of_ratios(ratios: &[f64]) -> Option<(f64, f64)> {
    let logs: Vec<_> = ratios.iter().map(|ratio| ratio.ln()).collect();
    let mean = |drawn: &[usize]| {
        let sum: f64 = drawn.iter().map(|block| logs[*block]).sum();
        Some(sum / drawn.len() as f64)
    };
    let all: Vec<_> = (0..logs.len()).collect();
    let centre = mean(&all).filter(|mean| mean.is_finite())?;
    let (low, high) = Bootstrap::of(logs.len(), RESAMPLES, mean).around(centre)?;
    Some((low.exp(), high.exp()))
}

/// Draws as many blocks as there are, each any of them, and puts them in order.
fn redraw(random: &mut SplitMix, drawn: &mut [usize]) {
    let Some(last) = drawn.len().checked_sub(1) else {
        return;
    };
    drawn.fill_with(|| random.up_to(last));
    drawn.sort_unstable();
}

#[cfg(test)]
mod tests {
    use super::super::{interval_95, mean};
    use super::*;

    fn mean_of(values: &[f64]) -> impl Fn(&[usize]) -> Option<f64> {
        |drawn| mean(&drawn.iter().map(|block| values[*block]).collect::<Vec<_>>())
    }

    #[test]
    fn the_interval_of_a_mean_is_students() {
        for values in [vec![1.0, 2.0, 4.0], vec![3.0, 5.0, 4.0, 6.0, 9.0, 1.0]] {
            let found = Bootstrap::of(values.len(), 20_000, mean_of(&values));
            let (low, high) = found.around(mean(&values).unwrap()).unwrap();
            let (least, most) = interval_95(&values).unwrap();
            let ratio = (high - low) / (most - least);
            // The standard deviation of 20,000 draws is known to half a percent; three of these.
            assert!((ratio - 1.0).abs() < 0.015, "{ratio}");
            assert!((low + high - least - most).abs() < 1e-9);
        }
    }

    #[test]
    fn percentiles_stay_within_the_blocks() {
        let found = Bootstrap::of(3, 2000, mean_of(&[1.0, 2.0, 4.0]));
        let (low, high) = found.percentiles().unwrap();
        assert!(1.0 <= low && low < high && high <= 4.0, "{low} {high}");
    }

    #[test]
    fn the_same_blocks_give_the_same_interval() {
        let again = || Bootstrap::of(4, 500, mean_of(&[1.0, 2.0, 4.0, 8.0])).around(3.75);
        assert_eq!(again(), again());
    }

    #[test]
    fn one_block_determines_no_interval() {
        for blocks in [0, 1] {
            let found = Bootstrap::of(blocks, 100, |_| Some(1.0));
            assert_eq!((found.around(1.0), found.percentiles()), (None, None));
        }
        assert_eq!(interval_of_ratios(&[0.5]), None);
        assert_eq!(interval_of_ratios(&[0.0, 0.5]), None);
    }

    #[test]
    fn a_statistic_that_many_resamples_lack_has_no_interval() {
        let found = Bootstrap::of(3, 1000, |drawn| drawn.contains(&0).then_some(1.0));
        assert_eq!(found.around(1.0), None);
    }

    #[test]
    fn a_ratio_is_to_one_what_its_inverse_is() {
        let ratios = [0.5, 0.6, 0.7];
        let (low, high) = interval_of_ratios(&ratios).unwrap();
        let (least, most) = interval_of_ratios(&ratios.map(|ratio| 1.0 / ratio)).unwrap();
        assert!((low * most - 1.0).abs() < 1e-9 && (high * least - 1.0).abs() < 1e-9);
    }
}
