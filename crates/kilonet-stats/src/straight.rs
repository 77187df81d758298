//! Whether means lie on a straight line or another curve, judged by how their repeats scatter.
//!
//! Must not know what the figures are of. The invariant: without repeats there is no judgement.

use super::f_test::{f_test, more};
use super::line::Line;
use super::plain::mean;

/// How likely the means of some groups would be as far from a straight line as they are, or farther, if they lay on one:
/// see [`lack_of_fit`].
///
/// A group is its place and its figures. `None` below three groups, and where no group has two figures.
#[must_use]
pub fn straightness(groups: &[(f64, Vec<f64>)]) -> Option<f64> {
    let points: Vec<_> = groups
        .iter()
        .flat_map(|(x, ys)| ys.iter().map(|y| (*x, *y)))
        .collect();
    let line = Line::through(&points)?;
    lack_of_fit(groups, 2, |x| line.at(x))
}

/// How likely the means of some groups would be as far from a curve with so many terms that was fitted to them, or farther, if
/// they lay on it: the F test for lack of fit, each group's figures scattering about its mean alike.
///
/// `None` where there are no more groups than terms, and where no group has two figures.
#[must_use]
pub fn lack_of_fit(
    groups: &[(f64, Vec<f64>)],
    terms: usize,
    curve: impl Fn(f64) -> f64,
) -> Option<f64> {
    let figures: usize = groups.iter().map(|(_, ys)| ys.len()).sum();
    let lacking = more(groups.len(), terms)?;
    let pure = more(figures, groups.len())?;
    let (mut from_curve, mut from_means) = (0.0, 0.0);
    for (x, ys) in groups {
        let centre = mean(ys)?;
        from_curve += ys.len() as f64 * (centre - curve(*x)).powi(2);
        from_means += ys.iter().map(|y| (y - centre).powi(2)).sum::<f64>();
    }
    f_test((from_curve, lacking), (from_means, pure))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_is_the_one_that_scipy_computes() {
        let groups = [
            (1.0, vec![1.0, 1.2]),
            (2.0, vec![2.5, 2.1]),
            (3.0, vec![2.6, 2.8]),
            (4.0, vec![2.9, 3.1]),
        ];
        // numpy.polyfit for the line, scipy.stats.f.sf(F, 2, 4) for F = 6.485714...
        let found = straightness(&groups).unwrap();
        assert!((found - 0.055_549_887_199_719).abs() < 1e-9, "{found}");
    }

    #[test]
    fn what_has_no_repeats_is_not_judged() {
        assert_eq!(
            straightness(&[(1.0, vec![1.0]), (2.0, vec![5.0]), (3.0, vec![1.0])]),
            None
        );
        assert_eq!(
            straightness(&[(1.0, vec![1.0, 2.0]), (2.0, vec![5.0, 6.0])]),
            None
        );
    }

    #[test]
    fn figures_without_scatter_are_on_the_line_or_off_it() {
        let groups = |last| [1.0, 2.0, last].map(|y| (y, vec![y, y]));
        assert_eq!(straightness(&groups(3.0)), Some(1.0));
        let bent = [
            (1.0, vec![1.0, 1.0]),
            (2.0, vec![2.0, 2.0]),
            (3.0, vec![2.0, 2.0]),
        ];
        assert_eq!(straightness(&bent), Some(0.0));
    }
}
