//! The F test: whether a sum of squares is larger than scatter alone makes it.
//!
//! Must not know what is squared.

use statrs::distribution::{ContinuousCDF, FisherSnedecor};

/// How likely the first sum of squares would be as large beside the second, each with its degrees of freedom, if both were of the
/// same scatter.
pub(super) fn f_test(lack: (f64, f64), pure: (f64, f64)) -> Option<f64> {
    let statistic = (lack.0 / lack.1) / (pure.0 / pure.1);
    if statistic.is_nan() {
        // Nothing scatters and nothing is off the curve.
        return Some(1.0);
    }
    Some(FisherSnedecor::new(lack.1, pure.1).ok()?.sf(statistic))
}

/// How many more, where there are any.
pub(super) fn more(number: usize, than: usize) -> Option<f64> {
    let left = number.checked_sub(than).filter(|left| *left > 0)?;
    Some(left as f64)
}
