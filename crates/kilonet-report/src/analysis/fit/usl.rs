//! Gunther's Universal Scalability Law: `X(N) = N x1 / (1 + sigma (N - 1) + kappa N (N - 1))`.
//!
//! N is the pairs, and X what all of them get done together. `sigma` is what they queue for; `kappa` is what each costs each
//! other one, which makes the whole fall beyond some N. Fitted to logarithms, as the scatter of a rate is a share of it,
//! without bounds on either term, so that an interval can hold zero. The invariant: a fit leaves at least one degree of
//! freedom.

use levenberg_marquardt::{LeastSquaresProblem, LevenbergMarquardt};
use nalgebra::{DVector, Dyn, OMatrix, U3, Vector3, storage::Owned};
use serde::Serialize;

use super::Residual;
use crate::analysis::Metric;
use crate::analysis::curve::Curve;
use crate::stats::{Bootstrap, RESAMPLES};

/// The law through one curve.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Usl {
    /// Index into [`Analysis::series`](crate::analysis::Analysis::series).
    pub series: usize,
    /// What is fitted: goodput or requests answered, of all pairs together.
    pub metric: Metric,
    /// What one pair alone would get done.
    pub one: f64,
    /// What pairs queue for, as a share of their work.
    pub sigma: Term,
    /// What they cost one another: the retrograde term.
    pub kappa: Term,
    /// What the law leaves over, by pairs.
    pub residuals: Vec<Residual>,
}

/// A term of a fit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Term {
    /// Its value.
    pub value: f64,
    /// Its 95 % interval, by resampling blocks; absent with one.
    pub interval: Option<(f64, f64)>,
}

impl Term {
    /// Whether its interval says that it is more than nothing.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.interval.is_some_and(|(low, _)| low > 0.0)
    }
}

/// Fits the law to a curve of logarithms over pairs; absent where it has too few counts to determine it.
pub(in crate::analysis) fn usl(series: usize, metric: Metric, curve: &Curve) -> Option<Usl> {
    let points = curve.points();
    let law = Law::through(&points, None)?;
    let resampled = |drawn: &[usize]| {
        let law = Law::through(&curve.drawn(drawn)?, Some(law))?;
        Some([law.sigma, law.kappa])
    };
    let [sigma, kappa] = Bootstrap::together(curve.blocks(), RESAMPLES, resampled);
    let term = |value: f64, resampled: &Bootstrap| Term {
        value,
        interval: resampled.around(value),
    };
    let left =
        |(count, (x, y)): (u32, (f64, f64))| Some((count, (y - law.log(x.exp2())?).exp_m1()));
    Some(Usl {
        series,
        metric,
        one: law.log_one.exp(),
        sigma: term(law.sigma, &sigma),
        kappa: term(law.kappa, &kappa),
        residuals: curve
            .counts()
            .into_iter()
            .zip(points)
            .filter_map(left)
            .collect(),
    })
}

/// Relative to the sum of squares and to the terms; the solver's own is that of the last bit, which resamples that begin at
/// their solution cannot improve by.
const TOLERANCE: f64 = 1e-10;

/// Terms of the law.
#[derive(Debug, Clone, Copy)]
struct Law {
    log_one: f64,
    sigma: f64,
    kappa: f64,
}

impl Law {
    /// The law nearest to logarithms over the binary logarithm of pairs, found from near `start` where that is known.
    fn through(points: &[(f64, f64)], start: Option<Self>) -> Option<Self> {
        if points.len() < 4 {
            return None;
        }
        let (first_x, first_y) = points[0];
        let law = start.unwrap_or(Self {
            log_one: first_y - first_x.exp2().ln(),
            sigma: 0.1,
            kappa: 0.0,
        });
        let pairs = points.iter().map(|(x, y)| (x.exp2(), *y)).collect();
        let solver = LevenbergMarquardt::new().with_tol(TOLERANCE);
        let (found, report) = solver.minimize(Fitting { law, pairs });
        report.termination.was_successful().then_some(found.law)
    }

    /// What is above the law's fraction stroke for each pair: 1 for one pair; absent where the terms leave nothing.
    fn burden(&self, pairs: f64) -> Option<f64> {
        let others = pairs - 1.0;
        let burden = 1.0 + self.sigma * others + self.kappa * pairs * others;
        (burden > 0.0).then_some(burden)
    }

    /// The logarithm of what `pairs` get done.
    fn log(&self, pairs: f64) -> Option<f64> {
        Some(self.log_one + pairs.ln() - self.burden(pairs)?.ln())
    }
}

/// The law on its way to the points: pairs, and the logarithm of what they got done.
struct Fitting {
    law: Law,
    pairs: Vec<(f64, f64)>,
}

impl LeastSquaresProblem<f64, Dyn, U3> for Fitting {
    type ResidualStorage = Owned<f64, Dyn>;
    type JacobianStorage = Owned<f64, Dyn, U3>;
    type ParameterStorage = Owned<f64, U3>;

    fn set_params(&mut self, x: &Vector3<f64>) {
        self.law = Law {
            log_one: x[0],
            sigma: x[1],
            kappa: x[2],
        };
    }

    fn params(&self) -> Vector3<f64> {
        Vector3::new(self.law.log_one, self.law.sigma, self.law.kappa)
    }

    fn residuals(&self) -> Option<DVector<f64>> {
        let left = |(pairs, log): &(f64, f64)| Some(self.law.log(*pairs)? - log);
        let left: Option<Vec<_>> = self.pairs.iter().map(left).collect();
        left.map(DVector::from_vec)
    }

    fn jacobian(&self) -> Option<OMatrix<f64, Dyn, U3>> {
        let mut rows = OMatrix::<f64, Dyn, U3>::zeros(self.pairs.len());
        for (row, (pairs, _)) in self.pairs.iter().enumerate() {
            let burden = self.law.burden(*pairs)?;
            rows[(row, 0)] = 1.0;
            rows[(row, 1)] = -(pairs - 1.0) / burden;
            rows[(row, 2)] = -pairs * (pairs - 1.0) / burden;
        }
        Some(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::curve::tests::curve;

    /// The ray tracer of Gunther's "Guerrilla Capacity Planning" (2007): processors, and rays a second.
    const RAYS: [(u32, f64); 11] = [
        (1, 20.0),
        (4, 78.0),
        (8, 130.0),
        (12, 170.0),
        (16, 190.0),
        (20, 200.0),
        (24, 210.0),
        (28, 230.0),
        (32, 260.0),
        (48, 280.0),
        (64, 310.0),
    ];

    fn points(data: &[(u32, f64)]) -> Vec<(f64, f64)> {
        data.iter()
            .map(|(pairs, rate)| (f64::from(*pairs).log2(), rate.ln()))
            .collect()
    }

    #[test]
    fn the_fit_is_the_one_that_scipy_finds() {
        // SciPy 1.17, x the parameters and n and y the columns of RAYS:
        // least_squares(lambda x: x[0] + log(n) - log(1 + x[1]*(n-1) + x[2]*n*(n-1)) - log(y), [3, .1, 0],
        //               x_scale=[1, .1, 1e-3], xtol=1e-15, ftol=1e-15, gtol=1e-15)
        let law = Law::through(&points(&RAYS), None).unwrap();
        for (found, expected) in [
            (law.log_one, 3.072_299_90),
            (law.sigma, 5.640_544_19e-2),
            (law.kappa, 3.358_282_61e-6),
        ] {
            assert!((found / expected - 1.0).abs() < 1e-4, "{law:?}");
        }
    }

    #[test]
    fn the_derivatives_are_those_of_the_residuals() {
        let law = Law {
            log_one: 3.0,
            sigma: 0.05,
            kappa: 1e-3,
        };
        let mut fitting = Fitting {
            law,
            pairs: RAYS
                .map(|(pairs, rate)| (f64::from(pairs), rate.ln()))
                .to_vec(),
        };
        let exact = fitting.jacobian().unwrap();
        let (at, step) = (fitting.params(), 1e-7);
        for term in 0..3 {
            let mut beside = |sign: f64| {
                let mut moved = at;
                moved[term] += sign * step;
                fitting.set_params(&moved);
                fitting.residuals().unwrap()
            };
            let slope = (beside(1.0) - beside(-1.0)) / (2.0 * step);
            // The curvature over a step, at the largest derivative of 4,000.
            assert!((slope - exact.column(term)).abs().max() < 1e-3);
        }
    }

    /// Three blocks that scatter by a percent about a law.
    fn sample(kappa: f64) -> Usl {
        let rows: Vec<_> = (0..10)
            .map(|power| {
                let law = Law {
                    log_one: 10.0,
                    sigma: 0.2,
                    kappa,
                };
                let log = law.log(f64::from(1 << power)).unwrap();
                let wobble = if power % 2 == 0 { 0.01 } else { -0.01 };
                (1 << power, [log - wobble, log, log + wobble])
            })
            .collect();
        let rows: Vec<_> = rows
            .iter()
            .map(|(count, all)| (*count, all.as_slice()))
            .collect();
        usl(0, Metric::Goodput, &curve(&rows)).unwrap()
    }

    #[test]
    fn a_planted_retrograde_term_is_certain_and_an_absent_one_is_not() {
        let planted = sample(1e-4);
        assert!(
            (planted.kappa.value / 1e-4 - 1.0).abs() < 0.01,
            "{planted:?}"
        );
        assert!(
            planted.kappa.is_certain() && planted.sigma.is_certain(),
            "{planted:?}"
        );
        assert!(planted.residuals.iter().all(|(_, left)| left.abs() < 1e-3));
        assert!(!sample(0.0).kappa.is_certain());
    }

    #[test]
    fn three_counts_determine_no_law() {
        assert!(Law::through(&points(&RAYS[..3]), None).is_none());
    }
}
