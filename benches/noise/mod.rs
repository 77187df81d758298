//! How trials of made-up machines scatter: what benches hold intervals and verdicts against.
//!
//! Must not know what is drawn for. The invariant: a draw has the mean 0 and the standard deviation 1, whatever its shape.

use kilonet::random::SplitMix;

/// How draws are distributed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// What Student's t assumes.
    Normal,
    /// Evenly between two bounds, without tails.
    Uniform,
    /// Student's t with three degrees of freedom: now and then one is far off.
    Heavy,
    /// Exponentially, downwards: mostly a little above, now and then far below.
    Skewed,
}

impl Shape {
    /// Every one.
    pub(crate) const ALL: [Self; 4] = [Self::Normal, Self::Uniform, Self::Heavy, Self::Skewed];

    /// A draw.
    pub(crate) fn draw(self, random: &mut SplitMix) -> f64 {
        match self {
            Self::Normal => normal(random),
            Self::Uniform => 3_f64.sqrt() * (2.0 * random.share() - 1.0),
            Self::Heavy => {
                let chi: f64 = (0..3).map(|_| normal(random).powi(2)).sum();
                // That t has the variance 3, which cancels with the 3 that its chi-squared is over.
                normal(random) / chi.sqrt()
            }
            Self::Skewed => 1.0 + (1.0 - random.share()).ln(),
        }
    }
}

/// A standard normal deviate (Box and Muller).
fn normal(random: &mut SplitMix) -> f64 {
    let radius = (-2.0 * (1.0 - random.share()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.share()).cos()
}
