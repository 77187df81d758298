//! Plain statistics of values: quantiles, mean and deviation, Jain's index, the Student t interval.
//!
//! The invariant: what the data do not determine is `None`.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Values in ascending order: what quantiles are read from.
#[derive(Debug, Clone, PartialEq)]
pub struct Sorted(pub(crate) Vec<f64>);

impl Sorted {
    /// Puts the values in order.
    #[must_use]
    pub fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// The value below which the share `q` of the data lies, by linear interpolation between the two nearest order
    /// statistics at `(n - 1) q` (type 7 of Hyndman and Fan, the default of R and `NumPy`).
    ///
    /// `q` beyond 0..=1 is read as the nearer end; `None` without data.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let last = self.0.len().checked_sub(1)?;
        let position = last as f64 * q.clamp(0.0, 1.0);
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "within 0..=last: q is clamped"
        )]
        let below = position as usize;
        let low = self.0[below];
        let high = self.0[last.min(below + 1)];
        Some(low + (high - low) * position.fract())
    }

    /// The middle value, or the mean of the two middle ones.
    #[must_use]
    pub fn median(&self) -> Option<f64> {
        self.quantile(0.5)
    }

    /// The largest value.
    #[must_use]
    pub fn max(&self) -> Option<f64> {
        self.0.last().copied()
    }
}

/// The median of values in any order; `None` without data.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    Sorted::of(values.to_vec()).median()
}

/// The arithmetic mean; `None` without data.
#[must_use]
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The sample standard deviation, over n - 1; `None` below two values.
#[must_use]
pub fn standard_deviation(values: &[f64]) -> Option<f64> {
    let mean = mean(values)?;
    let freedom = values.len().checked_sub(1).filter(|freedom| *freedom > 0)?;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((squares / freedom as f64).sqrt())
}

/// Jain's fairness index of non-negative shares, `(sum x)^2 / (n sum x^2)`: 1/n when one has all, 1 when all are equal.
///
/// `None` without data, and when every share is zero: nothing was shared out, fairly or not.
#[must_use]
pub fn jain(shares: &[f64]) -> Option<f64> {
    // Scaled by the largest, so that squares of rates in bits a second neither overflow nor vanish.
    let largest = shares.iter().copied().fold(0.0, f64::max);
    if largest == 0.0 {
        return None;
    }
    let sum: f64 = shares.iter().map(|share| share / largest).sum();
    let squares: f64 = shares.iter().map(|share| (share / largest).powi(2)).sum();
    Some(sum * sum / (shares.len() as f64 * squares))
}

/// The 95 % Student t interval of the mean, lower end first; `None` below two values.
#[must_use]
pub fn interval_95(values: &[f64]) -> Option<(f64, f64)> {
    let mean = mean(values)?;
    let deviation = standard_deviation(values)?;
    let n = values.len() as f64;
    let half = student_t_975(n - 1.0)? * deviation / n.sqrt();
    Some((mean - half, mean + half))
}

/// Half the 95 % interval of the mean, as a share of the median: how well a figure is known, to either side.
///
/// `None` below two values, and where the median is nothing that a deviation could be a share of.
#[must_use]
pub fn relative_half_width(values: &[f64]) -> Option<f64> {
    let (low, high) = interval_95(values)?;
    let half = (high - low) / 2.0;
    let median = median(values)?.abs();
    if half == 0.0 {
        return Some(0.0);
    }
    (median > 0.0).then(|| half / median)
}

/// How many standard errors the 95 % interval reaches to either side; `None` below one degree of freedom.
pub(crate) fn student_t_975(freedom: f64) -> Option<f64> {
    let distribution = StudentsT::new(0.0, 1.0, freedom).ok()?;
    (freedom >= 1.0).then(|| distribution.inverse_cdf(0.975))
}

/// The same of the interval that leaves out a share. From the lower tail, whose smallest shares still have all their digits.
pub(crate) fn student_t(freedom: f64, left_out: f64) -> Option<f64> {
    let distribution = StudentsT::new(0.0, 1.0, freedom).ok()?;
    (freedom >= 1.0).then(|| -distribution.inverse_cdf(left_out / 2.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(left: f64, right: f64, tolerance: f64) -> bool {
        (left - right).abs() <= tolerance
    }

    #[test]
    fn quantiles_are_those_of_r_type_7() {
        // R: quantile(c(1, 2, 4, 8, 16), c(0, .05, .25, .5, .9, 1), type = 7)
        let data = Sorted::of(vec![16.0, 1.0, 8.0, 2.0, 4.0]);
        for (q, expected) in [
            (0.0, 1.0),
            (0.05, 1.2),
            (0.25, 2.0),
            (0.5, 4.0),
            (0.9, 12.8),
            (1.0, 16.0),
        ] {
            let found = data.quantile(q).unwrap();
            assert!(close(found, expected, 1e-12), "q {q}: {found}");
        }
        assert_eq!(median(&[3.0, 1.0, 2.0, 10.0]), Some(2.5));
    }

    #[test]
    fn jain_is_one_when_equal_and_one_nth_when_one_has_all() {
        assert_eq!(jain(&[5e9; 7]), Some(1.0));
        assert_eq!(jain(&[3e9, 0.0, 0.0, 0.0]), Some(0.25));
        // 1..=4: 10^2 / (4 * 30)
        assert!(close(
            jain(&[1.0, 2.0, 3.0, 4.0]).unwrap(),
            100.0 / 120.0,
            1e-12
        ));
    }

    #[test]
    fn the_interval_reproduces_netperfs_worked_example() {
        // Mean 873.606667 and sample deviation 4.6968, for which the interval is printed as [861.939, 885.274].
        let (low, high) = interval_95(&[868.909_867, 873.606_667, 878.303_467]).unwrap();
        assert!(close(low, 861.939, 5e-4), "{low}");
        assert!(close(high, 885.274, 5e-4), "{high}");
    }

    #[test]
    fn the_interval_uses_the_t_of_its_freedom() {
        // Tables: t(0.975) is 12.7062 at 1 degree of freedom and 2.2622 at 9.
        let (_, high) = interval_95(&[-1.0, 1.0]).unwrap();
        assert!(close(high, 12.7062, 1e-3), "{high}");
        let ten: Vec<f64> = (0..10).map(f64::from).collect();
        let (_, high) = interval_95(&ten).unwrap();
        let half = 2.262_157 * standard_deviation(&ten).unwrap() / 10f64.sqrt();
        assert!(close(high, 4.5 + half, 1e-5), "{high}");
    }

    #[test]
    fn what_the_data_do_not_determine_is_absent() {
        assert_eq!(median(&[]), None);
        assert_eq!(mean(&[]), None);
        assert_eq!(jain(&[]), None);
        assert_eq!(jain(&[0.0, 0.0]), None);
        assert_eq!(standard_deviation(&[1.0]), None);
        assert_eq!(interval_95(&[1.0]), None);
    }

    proptest! {
        #[test]
        fn quantiles_rise_within_the_data(
            values in prop::collection::vec(-1e12..1e12f64, 1..200), a in 0.0..=1.0f64, b in 0.0..=1.0f64,
        ) {
            let sorted = Sorted::of(values);
            let low = sorted.quantile(a.min(b)).unwrap();
            let high = sorted.quantile(a.max(b)).unwrap();
            prop_assert!(sorted.quantile(0.0).unwrap() <= low && high <= sorted.max().unwrap());
            // Rounding of the interpolation, at the scale of the data.
            prop_assert!(low <= high + 1e-3);
        }

        #[test]
        fn jain_stays_within_one_nth_and_one(shares in prop::collection::vec(0.0..1e13f64, 1..200)) {
            prop_assume!(shares.iter().any(|share| *share > 0.0));
            let index = jain(&shares).unwrap();
            prop_assert!(index >= 1.0 / shares.len() as f64 - 1e-9 && index <= 1.0 + 1e-9);
        }

        #[test]
        fn the_interval_holds_the_mean(values in prop::collection::vec(0.0..1e12f64, 2..30)) {
            let (low, high) = interval_95(&values).unwrap();
            let mean = mean(&values).unwrap();
            prop_assert!(low <= mean && mean <= high);
        }
    }
}
