//! Where a curve bends: Kneedle (Satopaa, Albrecht, Irwin, Raghavan: "Finding a 'Kneedle' in a Haystack", 2011) over the
//! binary logarithm of the count.
//!
//! The means over blocks take the place of the paper's smoothing spline. Must not know what the curve is of. The invariant: a
//! knee is one of the counts, and the bend itself lies between the ends that are given with it, which are counts too.
//!
//! A curve of what is better the more of it there is may turn there, from rising to falling: that is a peak, and a knee is only
//! where growth slows, or where a cost begins to rise. It turns where both its ends are worse than its best count for certain, by
//! blocks that had no part in choosing it.
//!
//! Nothing more can be said of a curve that may go any way between two counts, and so this is no 95 % interval: it holds the
//! bend nearly always. More can be said where a curve is two straight lines as far as anyone can tell: where they meet.

use serde::Serialize;

use super::curve::Curve;
use super::metric::Direction;
use crate::stats::{self, Bootstrap, RESAMPLES};

/// The paper's sensitivity: how many steps of the count a curve must flatten for, before it has had its knee.
const SENSITIVITY: f64 = 1.0;
/// A straight line is taken for bent in one of so many.
const FALSE_ALARM: f64 = 0.01;
/// A curve this near to a straight line everywhere is one, whatever its scatter: 5 %, or 0.05 of a share.
const LEAST_BEND: f64 = 0.05;
/// What arithmetic leaves of two lines where nothing scatters.
const ROUNDING: f64 = 1e-6;
/// With fewer counts, two lines would leave too little over to tell whether they fit, and resamples would have too few places to choose from.
const ENOUGH_COUNTS: usize = 6;

/// Whether a curve bends, and which way.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Bend {
    /// It turns from rising to falling, where more is better; at the count that is its best.
    Peak(Knee),
    /// At one place more than elsewhere.
    Knee(Knee),
    /// It bends, and at no place so much that it has one knee.
    Gradual,
    /// It is a straight line, so far as its repeats or 5 % can tell.
    Straight {
        /// How likely its means would be as far from a straight line if they lay on one.
        probability: f64,
    },
}

/// Where it bends most.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Knee {
    /// The count.
    pub count: u32,
    /// The counts between which it bends.
    pub between: (u32, u32),
    /// What these rest on.
    pub basis: Basis,
    /// Where the lines meet that the curve follows; absent where it does not follow two.
    pub corner: Option<Corner>,
}

/// Where two straight lines meet, on the curve's own scale over the binary logarithm of the count.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Corner {
    /// The count.
    pub count: f64,
    /// Its 95 % interval, by resampling blocks.
    pub interval: (f64, f64),
}

/// What the ends beside a knee rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The counts next to the outermost knees of 95 % of the resamples of blocks.
    Resamples,
    /// The counts next to it.
    Neighbours,
}

/// Looks for the bend of a curve; absent where it has too few counts or repeats to say.
pub(super) fn bend(curve: &Curve, better: Direction) -> Option<Bend> {
    let points = curve.points();
    let probability = curve.straightness()?;
    let shape = Shape::of(&points)?;
    if probability >= FALSE_ALARM || shape.departure < LEAST_BEND {
        return Some(Bend::Straight { probability });
    }
    let knee = shape.kneedle(&points).and_then(|at| knee(curve, shape, at));
    let peak = peak(curve, better, knee).map(Bend::Peak);
    Some(peak.unwrap_or_else(|| knee.map_or(Bend::Gradual, Bend::Knee)))
}

/// The best count, where the curve turns there; absent where a knee lies elsewhere: before a peak, growth slows.
fn peak(curve: &Curve, better: Direction, knee: Option<Knee>) -> Option<Knee> {
    let at = curve
        .best(better)
        .filter(|_| better == Direction::Up && turns(curve))?;
    let count = curve.counts()[at];
    if let Some(knee) = knee {
        let (low, high) = knee.between;
        return (low < count && count < high).then_some(Knee { count, ..knee });
    }
    placed(curve, at, |drawn| highest(&curve.drawn(drawn)?))
}

/// The place of the highest point.
fn highest(points: &[(f64, f64)]) -> Option<usize> {
    let heights = points.iter().map(|(_, y)| *y).enumerate();
    let highest = heights.max_by(|left, right| left.1.total_cmp(&right.1));
    highest.map(|(place, _)| place)
}

/// Whether both ends are lower than the count that others find best, for certain and by more than scatter is an excuse for.
fn turns(curve: &Curve) -> bool {
    let chosen = curve.chosen_by_others(Direction::Up);
    let is_lower = |end: usize| {
        let pairs = chosen.iter().zip(curve.figures_at(end));
        let above: Vec<_> = pairs
            .filter_map(|(best, end)| Some((*best)? - (*end)?))
            .collect();
        let certain = stats::interval_95(&above).is_some_and(|(low, _)| low > 0.0);
        certain && stats::mean(&above).is_some_and(|above| above > LEAST_BEND)
    };
    let places = curve.counts().len();
    places > 2 && is_lower(0) && is_lower(places - 1)
}

/// The knee at a place, with its ends; absent where resamples do not agree that there is one.
fn knee(curve: &Curve, shape: Shape, at: usize) -> Option<Knee> {
    placed(curve, at, |drawn| shape.kneedle(&curve.drawn(drawn)?))
}

/// What is at a place, with its ends; absent where resamples do not determine where it is.
fn placed(curve: &Curve, at: usize, place: impl Fn(&[usize]) -> Option<usize>) -> Option<Knee> {
    let counts = curve.counts();
    let (lowest, highest, basis) = if counts.len() < ENOUGH_COUNTS {
        (at, at, Basis::Neighbours)
    } else {
        let (lowest, highest) = resampled(curve, place)?;
        (lowest.min(at), highest.max(at), Basis::Resamples)
    };
    let between = (
        counts[lowest.saturating_sub(1)],
        counts[(highest + 1).min(counts.len() - 1)],
    );
    let is_between = |corner: &Corner| {
        f64::from(between.0) <= corner.count && corner.count <= f64::from(between.1)
    };
    Some(Knee {
        count: counts[at],
        between,
        basis,
        corner: corner(curve).filter(is_between),
    })
}

/// Where two lines meet; absent where the curve is off them by more than its repeats explain. Here 5 % are no excuse: what is
/// nearly two lines would have an interval that knows nothing of what is missing.
fn corner(curve: &Curve) -> Option<Corner> {
    let points = curve.points();
    if points.len() < ENOUGH_COUNTS {
        return None;
    }
    let corner = stats::Corner::through(&points)?;
    let off = |(x, y): &(f64, f64)| (y - corner.value(*x)).abs();
    let departure = points.iter().map(off).fold(0.0, f64::max);
    if curve.likeness_to(&corner)? < FALSE_ALARM && departure > ROUNDING {
        return None;
    }
    let place = |drawn: &[usize]| Some(stats::Corner::through(&curve.drawn(drawn)?)?.at);
    let resampled = Bootstrap::of(curve.blocks(), RESAMPLES, place);
    let (low, high) = resampled.around(corner.at)?;
    let (first, last) = (points.first()?.0, points.last()?.0);
    (first < low && high < last).then(|| Corner {
        count: corner.at.exp2(),
        interval: (low.exp2(), high.exp2()),
    })
}

/// The outermost of where 95 % of the resamples have it.
fn resampled(curve: &Curve, place: impl Fn(&[usize]) -> Option<usize>) -> Option<(usize, usize)> {
    let place = |drawn: &[usize]| Some(place(drawn)? as f64);
    let (low, high) = Bootstrap::of(curve.blocks(), RESAMPLES, place).percentiles()?;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between two places"
    )]
    Some((low.floor() as usize, high.ceil() as usize))
}

/// Which of the four ways a curve goes, by which it is turned into one that rises ever more slowly.
#[derive(Debug, Clone, Copy)]
struct Shape {
    rises: bool,
    concave: bool,
    /// How far it is from the straight line between its ends, at most.
    departure: f64,
}

impl Shape {
    fn of(points: &[(f64, f64)]) -> Option<Self> {
        let (first, last) = (points.first()?, points.last()?);
        let slope = (last.1 - first.1) / (last.0 - first.0);
        let above = || {
            points
                .iter()
                .map(|(x, y)| y - first.1 - slope * (x - first.0))
        };
        Some(Self {
            rises: slope >= 0.0,
            concave: above().sum::<f64>() >= 0.0,
            departure: above().map(f64::abs).fold(0.0, f64::max),
        })
    }

    /// The place of the knee of a curve of this shape.
    fn kneedle(self, points: &[(f64, f64)]) -> Option<usize> {
        let (xs, ys): (Vec<_>, Vec<_>) = points.iter().copied().unzip();
        let (xs, ys) = (normalised(&xs)?, normalised(&ys)?);
        let mut turned: Vec<_> = xs.into_iter().zip(ys).collect();
        if !self.concave {
            for (_, y) in &mut turned {
                *y = 1.0 - *y;
            }
        }
        let backwards = self.rises != self.concave;
        if backwards {
            for (x, _) in &mut turned {
                *x = 1.0 - *x;
            }
            turned.reverse();
        }
        let differences: Vec<_> = turned.iter().map(|(x, y)| y - x).collect();
        let at = sharpest(&differences)?;
        Some(if backwards { points.len() - 1 - at } else { at })
    }
}

/// From 0 to 1; absent where all are the same.
fn normalised(values: &[f64]) -> Option<Vec<f64>> {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (high > low).then(|| {
        values
            .iter()
            .map(|value| (value - low) / (high - low))
            .collect()
    })
}

/// The highest of the local maxima after which the differences fall below their threshold before the next one.
fn sharpest(differences: &[f64]) -> Option<usize> {
    let last = differences.len().checked_sub(1)?;
    let is_peak =
        |at: usize| differences[at - 1] <= differences[at] && differences[at] > differences[at + 1];
    let peaks: Vec<_> = (1..last).filter(|at| is_peak(*at)).collect();
    let falls = |nth: usize| {
        let (at, next) = (peaks[nth], peaks.get(nth + 1).copied().unwrap_or(last + 1));
        let threshold = differences[at] - SENSITIVITY / last as f64;
        differences[at + 1..next]
            .iter()
            .any(|after| *after < threshold)
    };
    let detected = (0..peaks.len())
        .filter(|nth| falls(*nth))
        .map(|nth| peaks[nth]);
    detected.max_by(|left, right| differences[*left].total_cmp(&differences[*right]))
}

#[cfg(test)]
mod tests {
    use super::super::curve::tests::curve;
    use super::*;

    fn found(points: &[(f64, f64)]) -> Option<f64> {
        let at = Shape::of(points)?.kneedle(points)?;
        Some(points[at].0)
    }

    #[test]
    fn the_papers_figure_has_its_knee_where_the_paper_finds_it() {
        // Its figure 2: y = -1 / (x + 0.1) + 5 at ten places from 0 to 1, knee at 0.22.
        let points: Vec<_> = (0..10)
            .map(|step| {
                let x = f64::from(step) / 9.0;
                (x, -1.0 / (x + 0.1) + 5.0)
            })
            .collect();
        assert!((found(&points).unwrap() - 2.0 / 9.0).abs() < 1e-9);
    }

    #[test]
    fn knees_are_where_an_independent_implementation_finds_them() {
        // kneed 0.9.0: KneeLocator(x, y, S=1, curve=..., direction=...) of its own find_shape(x, y), x = 1..10.
        let usl = |n: f64| (n / (1.0 + 0.1 * (n - 1.0) + 1e-5 * n * (n - 1.0))).ln();
        let share = |n: f64| 1.0 / (1.0 + (n / 300.0).powi(2));
        let laws: [(&dyn Fn(f64) -> f64, f64); 6] = [
            (&usl, 5.0),
            (&share, 6.0),
            (&|n| n.min(50.0).ln(), 6.0),
            (&|n| -n.min(50.0).ln(), 6.0),
            (&|n| n.max(50.0).ln(), 6.0),
            (&|n| -n.max(50.0).ln(), 6.0),
        ];
        for (law, knee) in laws {
            let xs = (1..=10).map(f64::from);
            let points: Vec<_> = xs.map(|x| (x, law(x.exp2()))).collect();
            assert_eq!(found(&points), Some(knee), "{points:?}");
        }
    }

    /// A curve of three blocks over powers of two, 1 % apart, on a logarithmic scale.
    fn blocks(law: impl Fn(u32) -> f64, powers: u32) -> Curve {
        let rows: Vec<_> = (1..=powers)
            .map(|power| {
                let mean = law(1 << power).ln();
                (1 << power, [mean - 0.01, mean, mean + 0.01])
            })
            .collect();
        let rows: Vec<_> = rows
            .iter()
            .map(|(count, figures)| (*count, figures.as_slice()))
            .collect();
        curve(&rows)
    }

    fn knee_of(law: impl Fn(u32) -> f64, powers: u32) -> Knee {
        match bend(&blocks(law, powers), Direction::Up) {
            Some(Bend::Knee(knee)) => knee,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_planted_knee_is_found_whichever_way_the_curve_goes() {
        let laws: [fn(u32) -> f64; 4] = [
            |count| f64::from(count.min(16)),
            |count| 1.0 / f64::from(count.min(16)),
            |count| f64::from(count.max(16)),
            |count| 1.0 / f64::from(count.max(16)),
        ];
        for law in laws {
            let knee = knee_of(law, 8);
            assert_eq!((knee.count, knee.between), (16, (8, 32)));
            assert_eq!(knee.basis, Basis::Resamples);
            assert!((knee.corner.unwrap().count - 16.0).abs() < 1e-6, "{knee:?}");
        }
    }

    #[test]
    fn few_counts_give_the_counts_beside_the_knee() {
        let knee = knee_of(|count| f64::from(count.min(8)), 5);
        assert_eq!((knee.between, knee.basis), ((4, 16), Basis::Neighbours));
        assert_eq!(knee.corner, None);
    }

    #[test]
    fn a_bend_between_two_counts_lies_between_the_ends() {
        let knee = knee_of(|count| f64::from(count.min(23)), 10);
        assert!(knee.between.0 < 23 && 23 < knee.between.1, "{knee:?}");
        let corner = knee.corner.unwrap();
        assert!((corner.count - 23.0).abs() < 1e-6, "{knee:?}");
        // The blocks of this sample are as high as they like, and bend at the same place.
        assert!(corner.interval.0 > 22.9 && corner.interval.1 < 23.1);
    }

    #[test]
    fn a_curve_that_bends_all_along_has_no_corner() {
        let usl = |count: u32| {
            let n = f64::from(count);
            n / (1.0 + 0.1 * (n - 1.0))
        };
        let knee = knee_of(usl, 12);
        assert_eq!(knee.corner, None, "{knee:?}");
    }

    #[test]
    fn a_power_of_the_count_has_no_knee() {
        let found = bend(
            &blocks(|count| f64::from(count).powf(-0.7), 10),
            Direction::Up,
        );
        assert!(matches!(found, Some(Bend::Straight { .. })), "{found:?}");
    }

    #[test]
    fn a_curve_within_its_scatter_has_no_knee() {
        let rows: [(u32, &[f64]); 4] = [
            (2, &[1.0, 1.4, 0.7]),
            (4, &[1.2, 0.8, 1.3]),
            (8, &[0.9, 1.5, 1.0]),
            (16, &[1.3, 0.9, 0.8]),
        ];
        let found = bend(&curve(&rows), Direction::Up);
        assert!(matches!(found, Some(Bend::Straight { .. })), "{found:?}");
    }

    #[test]
    fn a_single_repeat_says_nothing() {
        let rows: [(u32, &[f64]); 4] = [(2, &[0.0]), (4, &[1.0]), (8, &[2.0]), (16, &[2.0])];
        assert_eq!(bend(&curve(&rows), Direction::Up), None);
    }

    /// What a node moves: more until its cores are busy, and then less.
    fn turning(count: u32) -> f64 {
        let n = f64::from(count);
        n.min(16.0) / (n / 16.0).max(1.0).powf(0.4)
    }

    #[test]
    fn a_curve_that_turns_has_a_peak_where_it_is_best_and_no_knee() {
        for powers in [5, 8] {
            let found = bend(&blocks(turning, powers), Direction::Up);
            let Some(Bend::Peak(peak)) = found else {
                panic!("{found:?}")
            };
            assert_eq!((peak.count, peak.between), (16, (8, 32)));
        }
        // What costs less and then more again begins to rise there.
        let cost = bend(&blocks(|count| 1.0 / turning(count), 8), Direction::Down);
        assert!(
            matches!(cost, Some(Bend::Knee(knee)) if knee.count == 16),
            "{cost:?}"
        );
    }

    #[test]
    fn a_plateau_after_growth_is_a_knee_and_what_it_loses_within_its_scatter_is_no_peak() {
        let rows: [(u32, &[f64]); 5] = [
            (2, &[0.0, 0.02, 0.01]),
            (4, &[1.0, 1.02, 1.01]),
            (8, &[1.02, 0.98, 1.0]),
            (16, &[0.9, 1.0, 1.08]),
            (32, &[1.05, 0.9, 0.92]),
        ];
        let found = bend(&curve(&rows), Direction::Up);
        assert!(
            matches!(found, Some(Bend::Knee(knee)) if knee.count == 4),
            "{found:?}"
        );
    }
}
