//! Gunther's Universal Scalability Law: `X(N) = N x1 / (1 + sigma (N - 1) + kappa N (N - 1))`.
//!
//! N is the pairs, and X what all of them get done together. `sigma` is what they queue for; `kappa` is what each costs each
//! other one, which makes the whole fall beyond some N. Fitted to logarithms, as the scatter of a rate is a share of it,
//! without bounds on either term, so that an interval can hold zero. The invariant: a fit leaves at least one degree of
//! freedom.

use serde::Serialize;

use super::residual::Residual;
use crate::analysis::curve::Curve;
use crate::analysis::metric::Metric;
use crate::stats::{Bootstrap, Left, RESAMPLES, least_squares, mean};

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
        let pairs: Vec<_> = points.iter().map(|(x, y)| (x.exp2(), *y)).collect();
        let start = start.map_or([0.1, 0.0], |law| [law.sigma, law.kappa]);
        let found = least_squares(start, |terms| Self::of(&pairs, terms)?.left(&pairs))?;
        Self::of(&pairs, found)
    }

    /// The law of two terms, with what lies nearest to the points for the third: in logarithms it is added, so that this is a mean
    /// (Golub and Pereyra, "The Differentiation of Pseudo-Inverses and Nonlinear Least Squares Problems", 1973).
    fn of(pairs: &[(f64, f64)], [sigma, kappa]: [f64; 2]) -> Option<Self> {
        let law = Self {
            log_one: 0.0,
            sigma,
            kappa,
        };
        let above = |(pairs, log): &(f64, f64)| Some(log - law.log(*pairs)?);
        let above: Vec<_> = pairs.iter().map(above).collect::<Option<_>>()?;
        Some(Self {
            log_one: mean(&above)?,
            ..law
        })
    }

    /// What the law leaves over in logarithms, and how that changes with either term while the third follows.
    fn left(&self, pairs: &[(f64, f64)]) -> Option<Left> {
        let at = |(pairs, log): &(f64, f64)| {
            let each = -(pairs - 1.0) / self.burden(*pairs)?;
            Some((self.log(*pairs)? - log, [each, pairs * each]))
        };
        let mut left: Left = pairs.iter().map(at).collect::<Option<_>>()?;
        for term in 0..2 {
            let all: Vec<_> = left.iter().map(|(_, by)| by[term]).collect();
            let follows = mean(&all)?;
            for (_, by) in &mut left {
                by[term] -= follows;
            }
        }
        Some(left)
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::analysis::Analysis;
    use crate::analysis::curve::tests::curve;
    use crate::store::folder::Run;

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
    fn the_fit_is_the_least_of_all() {
        // Sixty steps of Gauss and Newton over RAYS in decimals of 50 digits, by Python 3.13; the last one is of 1e-54. SciPy
        // 1.17's least_squares ends within 5e-6 of it.
        let law = Law::through(&points(&RAYS), None).unwrap();
        for (found, expected) in [
            (law.log_one, 3.072_299_883_376),
            (law.sigma, 5.640_544_106_747e-2),
            (law.kappa, 3.358_266_77e-6),
        ] {
            assert!((found / expected - 1.0).abs() < 1e-6, "{law:?}");
        }
    }

    #[test]
    fn the_derivatives_are_those_of_the_residuals() {
        let pairs = RAYS.map(|(pairs, rate)| (f64::from(pairs), rate.ln()));
        let (at, step) = ([0.05, 1e-3], 1e-7);
        let left = |terms| Law::of(&pairs, terms).unwrap().left(&pairs).unwrap();
        for term in 0..2 {
            let beside = |sign: f64| {
                let mut moved = at;
                moved[term] += sign * step;
                left(moved)
            };
            for ((more, less), exact) in beside(1.0).iter().zip(beside(-1.0)).zip(left(at)) {
                let slope = (more.0 - less.0) / (2.0 * step);
                // The curvature over a step, at the largest derivative of 4,000.
                assert!((slope - exact.1[term]).abs() < 1e-3);
            }
        }
    }

    /// Series of the committed runs, and the law through each as MINPACK's search (More 1978) found it in version 0.1.
    const COMMITTED: [(&str, usize, [f64; 3]); 16] = [
        (
            "20261123T083133Z-bridge-scaling",
            0,
            [4.078_613_50e10, 7.431_414_24e-1, 5.406_693_80e-4],
        ),
        (
            "20261123T115514Z-quickstart",
            0,
            [2.671_402_20e10, 3.504_982_61e-1, 6.591_810_81e-4],
        ),
        (
            "20261123T115514Z-quickstart",
            1,
            [3.238_781_85e10, 4.770_404_44e-1, 1.007_394_60e-3],
        ),
        (
            "20261123T115514Z-quickstart",
            2,
            [3.555_645_85e10, 5.488_433_31e-1, 1.384_081_10e-3],
        ),
        (
            "20261123T115514Z-quickstart",
            3,
            [3.392_276_31e10, 5.590_415_63e-1, 1.428_279_71e-3],
        ),
        (
            "20261123T143452Z-docker-model-vs-real",
            0,
            [3.873_522_90e10, 4.382_893_94e-1, 1.395_227_91e-2],
        ),
        (
            "20261123T143452Z-docker-model-vs-real",
            1,
            [3.492_951_81e10, 5.237_515_64e-1, 1.912_918_55e-2],
        ),
        (
            "20261123T143452Z-docker-model-vs-real",
            2,
            [4.487_119_05e10, 5.399_570_90e-1, 1.773_110_72e-2],
        ),
        (
            "20261123T143452Z-docker-model-vs-real",
            3,
            [3.928_186_50e10, 5.728_494_27e-1, 2.078_166_59e-2],
        ),
        (
            "20261123T143452Z-docker-model-vs-real",
            4,
            [3.051_190_51e10, 5.012_745_15e-1, 1.024_269_37e-2],
        ),
        (
            "20261123T143452Z-docker-model-vs-real",
            5,
            [2.908_263_21e10, 5.354_593_68e-1, 1.019_741_12e-2],
        ),
        (
            "20261123T180125Z-latency-under-load",
            1,
            [2.599_059_98e10, 9.094_771_09e-1, 2.020_915_67e-3],
        ),
        (
            "20261123T180125Z-latency-under-load",
            2,
            [4.004_294_69e2, 1.001_469_94e0, -7.816_953_31e-6],
        ),
        (
            "20261123T180125Z-latency-under-load",
            3,
            [3.997_079_67e2, 9.975_309_55e-1, -4.783_642_44e-6],
        ),
        (
            "20261123T180347Z-generators",
            0,
            [3.412_619_92e10, 5.324_578_73e-1, 5.137_289_16e-3],
        ),
        (
            "20261123T180347Z-generators",
            1,
            [2.497_570_72e10, 5.563_130_37e-1, 8.845_883_56e-3],
        ),
    ];

    #[test]
    fn the_laws_of_the_committed_runs_are_what_they_were() {
        let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../results");
        let mut left = COMMITTED.to_vec();
        for folder in COMMITTED.map(|(folder, ..)| folder) {
            if left.iter().all(|(name, ..)| *name != folder) {
                continue;
            }
            let analysis = Analysis::of(&Run::read(&results.join(folder)).unwrap());
            for law in &analysis.usl {
                let found = [law.one, law.sigma.value, law.kappa.value];
                let at = left
                    .iter()
                    .position(|it| (it.0, it.1) == (folder, law.series));
                let (_, series, expected) = left.remove(at.unwrap());
                for (found, expected) in found.iter().zip(expected) {
                    let off = (found / expected - 1.0).abs();
                    assert!(
                        off < 1e-6,
                        "{folder}, series {series}: {found} is off by {off:e}"
                    );
                }
            }
        }
        assert_eq!(left, [], "no law was found");
    }

    #[test]
    fn pairs_that_cost_one_another_nothing_have_no_bend() {
        let line = [1, 2, 4, 8, 16].map(|pairs| (pairs, 5.0 * f64::from(pairs)));
        let law = Law::through(&points(&line), None).unwrap();
        assert!((law.log_one.exp() / 5.0 - 1.0).abs() < 1e-9, "{law:?}");
        assert!(law.sigma.abs() < 1e-9 && law.kappa.abs() < 1e-9, "{law:?}");
    }

    #[test]
    fn one_count_again_and_again_determines_no_law() {
        assert!(Law::through(&points(&[(4, 7.0); 5]), None).is_none());
        // Two counts tell one term, not which.
        let two = [(1, 10.0), (8, 30.0), (1, 11.0), (8, 31.0)];
        assert!(Law::through(&points(&two), None).is_none());
    }

    #[test]
    fn a_start_that_leaves_nothing_finds_no_law() {
        let nothing = Law {
            log_one: 3.0,
            sigma: -1.0,
            kappa: 0.0,
        };
        assert!(Law::through(&points(&RAYS), Some(nothing)).is_none());
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
