//! Levels of a factor held against each other where all else is equal: how much one differs from the other, and how sure that is.
//!
//! Must not know words. The invariant: a ratio or difference is formed within blocks, of trials that exercised the factor; what is
//! said to differ, or to be the same, is said of a family whose intervals were widened for its size.

use serde::Serialize;

use super::metric::Metric;

/// Two levels of one factor in one metric, along the counts that both were measured at.
#[derive(Debug, Clone, Serialize)]
pub struct Contrast {
    /// The key of the factor whose levels these are.
    pub factor: &'static str,
    /// Index into [`Analysis::series`](super::Analysis::series) of what is held against.
    pub base: usize,
    /// Index into [`Analysis::series`](super::Analysis::series) of what is held against it.
    pub other: usize,
    /// The level of the first.
    pub from: String,
    /// The level of the second.
    pub to: String,
    /// What it is in.
    pub metric: Metric,
    /// Count by count, smallest first; at least one.
    pub at: Vec<Held>,
}

/// Two levels at one count.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Held {
    /// The count.
    pub count: u32,
    /// Blocks that have both, at least 1.
    pub blocks: usize,
    /// The geometric mean of the blocks' ratios, second to first.
    pub ratio: f64,
    /// The mean of the blocks' differences, second less first, in the metric's unit.
    pub difference: f64,
    /// The ratio's interval, as wide as its family asks; absent below two blocks.
    pub interval: Option<(f64, f64)>,
    /// What may be said.
    pub verdict: Verdict,
}

/// What may be said of two levels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "within")]
pub enum Verdict {
    /// They differ: the interval does not hold 1.
    Different,
    /// They are the same but for so much at most, as a share of the first.
    Same(f64),
    /// The interval is too wide for either.
    Unknown,
}
