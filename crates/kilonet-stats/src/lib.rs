//! Plain statistics over slices: quantiles, Jain's index, the Student t interval, resampling, straight lines.
//!
//! Must not know what the figures are of. The invariant: a statistic that its data do not determine is `None`, never a
//! zero or a NaN; data are finite, and a caller that has none of a figure passes fewer values.

#[cfg(test)]
pub(crate) mod allocations;
pub mod random;

mod bisection;
mod bootstrap;
mod corner;
mod f_test;
mod gap;
mod latency;
mod least_squares;
mod line;
mod packed;
mod plain;
mod scatter;
mod straight;

pub use bisection::Bisection;
pub use bootstrap::{Bootstrap, RESAMPLES, interval_of_ratios};
pub use corner::Corner;
pub use gap::{Gap, Judged, judge, judge_by_kind, judge_few, left_out_95, real_95};
pub use latency::{Latencies, Recorder};
pub use least_squares::{Left, least_squares};
pub use line::{Departure, Line, Lines};
pub use packed::Packed;
pub use plain::{Sorted, interval_95, jain, mean, median, relative_half_width, standard_deviation};
pub use scatter::{PARTS, Scatter, parts};
pub use straight::{lack_of_fit, straightness};
