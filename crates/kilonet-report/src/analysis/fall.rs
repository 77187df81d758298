//! Falls: where a curve is best, and what is left of that at its largest count.
//!
//! Must not know words. The invariant: the best point and the last are measured counts; the interval holds for a best point that was
//! chosen by the same trials.

use serde::Serialize;

use super::metric::Metric;

/// What a curve loses from its best point to its largest count, or what its unit comes to cost more.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Fall {
    /// Index into [`Analysis::series`](super::Analysis::series).
    pub series: usize,
    /// The metric; what a pair gets is taken by its share, so that an equal part of the best aggregate is no fall.
    pub metric: Metric,
    /// The count at which it is best.
    pub best: u32,
    /// The figure there: the median of its trials.
    pub top: f64,
    /// The largest count at which it was measured.
    pub last: u32,
    /// The figure there: the median of its trials.
    pub end: f64,
    /// The geometric mean of the blocks' ratios, last to best.
    pub left: f64,
    /// Its 95 % interval; absent below two blocks.
    pub interval: Option<(f64, f64)>,
    /// Blocks that have both, at least 1.
    pub blocks: usize,
}
