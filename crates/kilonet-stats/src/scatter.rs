//! How far repeats are apart, and how much of that is what each does by itself while it lasts.
//!
//! Must not know what the figures are of. The invariant: both are shares of the same mean, and rest on the same repeats.

use serde::Serialize;

use super::plain::{mean, standard_deviation};

/// Parts that a repeat is taken in: long enough for what fluctuates quickly to even out, enough for a deviation.
pub const PARTS: usize = 4;

/// The standard deviation of repeats at two levels, as shares of their mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Scatter {
    /// That of the repeats' figures.
    pub between: f64,
    /// That which they would have if nothing set them apart but what they do from part to part.
    pub within: f64,
    /// Repeats that it rests on, at least 2.
    pub repeats: usize,
}

impl Scatter {
    /// Takes repeats, each as its parts; `None` below two of them, and where their mean is nothing.
    #[must_use]
    pub fn of(repeats: &[[f64; PARTS]]) -> Option<Self> {
        let means: Vec<_> = repeats.iter().filter_map(|parts| mean(parts)).collect();
        let level = mean(&means).filter(|level| *level > 0.0)?;
        let own: Vec<_> = repeats.iter().filter_map(within).collect();
        Some(Self {
            between: standard_deviation(&means)? / level,
            within: mean(&own)?.sqrt() / level,
            repeats: repeats.len(),
        })
    }

    /// The part within of one repeat alone; `None` where its mean is nothing.
    #[must_use]
    pub fn within_one(parts: &[f64; PARTS]) -> Option<f64> {
        let level = mean(parts).filter(|level| *level > 0.0)?;
        Some(within(parts)?.sqrt() / level)
    }
}

/// The variance that the mean of some parts has by theirs, were they independent.
fn within(parts: &[f64; PARTS]) -> Option<f64> {
    let deviation = standard_deviation(parts)?;
    Some(deviation.powi(2) / PARTS as f64)
}

/// What a repeat does in equal parts of its time, from samples at equal intervals; `None` with fewer samples than parts.
/// Samples that are left over belong to the last part.
#[must_use]
pub fn parts(samples: &[f64]) -> Option<[f64; PARTS]> {
    let each = samples.len() / PARTS;
    let mut parts = [0.0; PARTS];
    for (nth, part) in parts.iter_mut().enumerate() {
        let end = if nth + 1 == PARTS {
            samples.len()
        } else {
            (nth + 1) * each
        };
        *part = mean(&samples[nth * each..end])?;
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix;

    #[test]
    fn samples_are_shared_out_to_four_parts() {
        assert_eq!(parts(&[1.0, 2.0, 3.0]), None);
        assert_eq!(parts(&[1.0, 2.0, 3.0, 4.0]), Some([1.0, 2.0, 3.0, 4.0]));
        let nine = [1.0, 3.0, 2.0, 4.0, 5.0, 5.0, 6.0, 7.0, 8.0];
        assert_eq!(parts(&nine), Some([2.0, 3.0, 5.0, 7.0]));
    }

    #[test]
    fn repeats_that_stand_still_scatter_between_and_not_within() {
        let scatter = Scatter::of(&[[9.0; 4], [10.0; 4], [11.0; 4]]).unwrap();
        assert!((scatter.between - 0.1).abs() < 1e-12, "{scatter:?}");
        assert!(scatter.within.abs() < 1e-12);
        assert_eq!(Scatter::of(&[[9.0; 4]]), None);
        assert_eq!(Scatter::of(&[[0.0; 4], [0.0; 4]]), None);
    }

    #[test]
    fn where_nothing_but_the_parts_fluctuates_both_are_the_same() {
        let mut random = SplitMix::new(3);
        let repeats: Vec<[f64; PARTS]> = (0..20_000)
            .map(|_| std::array::from_fn(|_| 9.0 + 2.0 * random.share()))
            .collect();
        let scatter = Scatter::of(&repeats).unwrap();
        // A uniform part between 9 and 11 has the deviation 2 / sqrt(12), and the mean of four of them half of that.
        let expected = 2.0 / 12.0_f64.sqrt() / 2.0 / 10.0;
        assert!(
            (scatter.between / expected - 1.0).abs() < 0.03,
            "{scatter:?}"
        );
        assert!(
            (scatter.within / expected - 1.0).abs() < 0.03,
            "{scatter:?}"
        );
    }
}
