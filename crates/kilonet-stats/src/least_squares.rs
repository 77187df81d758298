//! The two terms of a curve that leave the least sum of squares.
//!
//! Gauss-Newton's step, damped as Marquardt does it ("An Algorithm for Least-Squares Estimation of Nonlinear Parameters", 1963):
//! each diagonal of the normal equations grows by a share of itself until the step lowers the sum. Must not know the curve. The
//! invariant: what is returned is a point from which the undamped step leads nowhere.

/// What a curve leaves over at each point for two terms, and how that changes with either.
pub type Left = Vec<(f64, [f64; 2])>;

/// Steps tried before the search is given up.
const PATIENCE: u32 = 400;
/// The length of a step, in what is left over, below which it leads nowhere.
const SHORTEST: f64 = 1e-10;
/// What the root of the sum may grow by and still count as lowered: logarithms of rates are rounded to some 1e-15, and near the
/// end a step changes the sum by less than that.
const ROUNDING: f64 = 1e-12;
/// The damping at first; a tenth of it after each step that lowers the sum, ten times it after one that does not.
const DAMPING: f64 = 1e-3;
/// The share of a term's effect that the other one cannot imitate; below it, the points do not tell the two apart.
const APART: f64 = 1e-12;

/// The terms near `start` that leave the least sum of squares; `left` is absent where a curve has no value.
///
/// `None` if the points do not determine both terms, or if the search does not end.
#[must_use]
pub fn least_squares(start: [f64; 2], left: impl Fn([f64; 2]) -> Option<Left>) -> Option<[f64; 2]> {
    let mut at = start;
    let mut normal = Normal::of(&left(at)?);
    let mut damping = DAMPING;
    for _ in 0..PATIENCE {
        if normal.length_of(normal.step(0.0)?) < SHORTEST {
            return Some(at);
        }
        let step = normal.step(damping)?;
        let next = [at[0] - step[0], at[1] - step[1]];
        let lowered = left(next)
            .map(|left| Normal::of(&left))
            .filter(|next| next.squares.sqrt() <= normal.squares.sqrt() + ROUNDING);
        if let Some(lowered) = lowered {
            (at, normal) = (next, lowered);
            damping /= 10.0;
        } else {
            damping *= 10.0;
        }
    }
    None
}

/// The normal equations at a point.
struct Normal {
    /// The sum of squares.
    squares: f64,
    /// Half the slope of the sum by either term.
    slope: [f64; 2],
    /// The products of the derivatives: of the first by itself, of both, of the second by itself.
    products: [f64; 3],
}

impl Normal {
    fn of(left: &[(f64, [f64; 2])]) -> Self {
        let sum = |of: fn(&(f64, [f64; 2])) -> f64| left.iter().map(of).sum();
        Self {
            squares: sum(|(left, _)| left * left),
            slope: [
                sum(|(left, by)| left * by[0]),
                sum(|(left, by)| left * by[1]),
            ],
            products: [
                sum(|(_, by)| by[0] * by[0]),
                sum(|(_, by)| by[0] * by[1]),
                sum(|(_, by)| by[1] * by[1]),
            ],
        }
    }

    /// The step to take back; `None` where the terms cannot be told apart.
    fn step(&self, damping: f64) -> Option<[f64; 2]> {
        let [first, both, second] = self.products;
        let are_apart = first * second - both * both > APART * first * second;
        are_apart.then(|| {
            let (first, second) = (first * (1.0 + damping), second * (1.0 + damping));
            let determinant = first * second - both * both;
            let [a, b] = self.slope;
            [
                (a * second - b * both) / determinant,
                (b * first - a * both) / determinant,
            ]
        })
    }

    /// How far a step moves what is left over.
    fn length_of(&self, [a, b]: [f64; 2]) -> f64 {
        let [first, both, second] = self.products;
        (a * a * first + 2.0 * a * b * both + b * b * second)
            .max(0.0)
            .sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rosenbrock's valley, whose floor bends to its lowest point at 1 and 1; there is a wall at some `y`.
    fn valley([x, y]: [f64; 2], wall: f64) -> Option<Left> {
        let left = [
            (1.0 - x, [-1.0, 0.0]),
            (10.0 * (y - x * x), [-20.0 * x, 10.0]),
        ];
        (y <= wall).then(|| left.to_vec())
    }

    #[test]
    fn the_lowest_point_of_a_bent_valley_is_found() {
        let [x, y] = least_squares([-1.2, 1.0], |at| valley(at, f64::INFINITY)).unwrap();
        assert!((x - 1.0).abs() < 1e-9 && (y - 1.0).abs() < 1e-9, "{x} {y}");
    }

    #[test]
    fn a_step_to_where_the_curve_has_no_value_is_tried_shorter() {
        let [x, y] = least_squares([-1.2, 1.0], |at| valley(at, 1.01)).unwrap();
        assert!((x - 1.0).abs() < 1e-9 && (y - 1.0).abs() < 1e-9, "{x} {y}");
    }

    #[test]
    fn terms_that_do_the_same_are_not_told_apart() {
        let same = |[x, y]: [f64; 2]| {
            let left = |n: f64| (x * n + 2.0 * y * n - n * n, [n, 2.0 * n]);
            Some([1.0, 2.0, 3.0, 4.0].map(left).to_vec())
        };
        assert_eq!(least_squares([0.0, 0.0], same), None);
        assert_eq!(least_squares([0.0, 0.0], |_| Some(Vec::new())), None);
    }

    #[test]
    fn a_search_that_does_not_end_is_given_up() {
        // Each step by Newton's rule leads from the root of |x| by which it is drawn to the other side of it, as far again.
        let root = |[x, y]: [f64; 2]| {
            let steep = x.signum() / (2.0 * x.abs().sqrt());
            Some(vec![(x.abs().sqrt() + 1.0, [steep, 0.0]), (y, [0.0, 1.0])])
        };
        assert_eq!(least_squares([1.0, 1.0], root), None);
        assert_eq!(least_squares([1.0, 1.0], |_| None), None);
    }
}
