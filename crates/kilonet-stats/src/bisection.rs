//! The highest rate that passes a trial, looked for by halving (RFC 2544, section 26.1).
//!
//! Must not know what is tried at a rate. The invariant: no rate is tried that is not above all that passed and below all
//! that failed, and no more than a given number are, so that trials that contradict each other end the search too.

/// Where a search stands.
#[derive(Debug, Clone)]
pub struct Bisection {
    /// Where it begins.
    begin: u32,
    /// The highest that passed; 0 before any has.
    passed: u32,
    /// The lowest that failed.
    failed: Option<u32>,
    /// Trials that may still be made.
    left: u32,
}

impl Bisection {
    /// The share of the lowest rate that failed to which the found one is known, where there are trials enough.
    pub const RESOLUTION: f64 = 0.02;

    /// A search that begins at a rate, which is 1 at least, and takes a number of trials at most. Beyond that rate it looks
    /// only where one is known to fail.
    #[must_use]
    pub fn new(begin: u32, fails: Option<u32>, most: u32) -> Self {
        let begin = begin.max(1);
        Self {
            begin,
            passed: 0,
            failed: fails.filter(|rate| *rate > begin),
            left: most,
        }
    }

    /// The rate to be tried now; absent at the end.
    #[must_use]
    pub fn next(&self) -> Option<u32> {
        let begun = self.passed >= self.begin || self.failed.is_some_and(|it| it <= self.begin);
        let middle = match self.failed {
            _ if !begun => self.begin,
            Some(failed) if self.resolution() > Some(Self::RESOLUTION) => {
                self.passed + (failed - self.passed) / 2
            }
            _ => return None,
        };
        (self.left > 0 && middle > self.passed).then_some(middle)
    }

    /// Takes what became of the rate that [`Bisection::next`] said.
    pub fn tell(&mut self, passed: bool) {
        if let Some(rate) = self.next() {
            self.left -= 1;
            if passed {
                self.passed = rate;
            } else {
                self.failed = Some(rate);
            }
        }
    }

    /// The share of the lowest rate that failed which lies between it and the highest that passed; absent where none failed.
    #[must_use]
    pub fn resolution(&self) -> Option<f64> {
        let failed = self.failed?;
        Some(f64::from(failed - self.passed) / f64::from(failed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that is tried, where `law` says what passes.
    fn tried(
        mut search: Bisection,
        mut law: impl FnMut(u32) -> bool,
    ) -> (Vec<(u32, bool)>, Bisection) {
        let mut tried = Vec::new();
        while let Some(rate) = search.next() {
            let passed = law(rate);
            tried.push((rate, passed));
            search.tell(passed);
        }
        (tried, search)
    }

    fn found(tried: &[(u32, bool)]) -> Option<u32> {
        let passed = tried.iter().filter(|(_, passed)| *passed);
        passed.map(|(rate, _)| *rate).max()
    }

    #[test]
    fn a_knee_in_the_upper_half_is_found_to_the_resolution() {
        for knee in (50_000..100_000).step_by(97) {
            let (tried, search) = tried(Bisection::new(100_000, None, 8), |rate| rate <= knee);
            let found = found(&tried).unwrap();
            assert!(tried.len() <= 8 && found <= knee, "{knee}: {tried:?}");
            assert!(search.resolution() <= Some(0.02), "{knee}: {search:?}");
            assert!(
                f64::from(knee - found) <= 0.02 * f64::from(knee + 1),
                "{knee}: {tried:?}"
            );
        }
    }

    #[test]
    fn a_knee_far_below_is_found_as_near_as_is_said() {
        for knee in [1_000, 3_333, 12_345] {
            let (tried, search) = tried(Bisection::new(100_000, None, 8), |rate| rate <= knee);
            let lowest = tried
                .iter()
                .filter(|(_, passed)| !passed)
                .map(|it| it.0)
                .min();
            let (found, lowest) = (found(&tried).unwrap(), lowest.unwrap());
            assert!(found <= knee && knee < lowest, "{tried:?}");
            let between = f64::from(lowest - found) / f64::from(lowest);
            assert_eq!(search.resolution(), Some(between));
        }
    }

    #[test]
    fn beyond_its_beginning_it_looks_up_to_what_is_known_to_fail() {
        let (tried, _) = tried(Bisection::new(100, Some(1_000), 9), |rate| rate <= 700);
        assert_eq!(tried[..2], [(100, true), (550, true)]);
        assert!((686..=700).contains(&found(&tried).unwrap()), "{tried:?}");
    }

    #[test]
    fn what_passes_where_it_begins_is_the_end_where_nothing_is_known_to_fail() {
        for fails in [None, Some(99), Some(100)] {
            let (tried, search) = tried(Bisection::new(100, fails, 8), |_| true);
            assert_eq!(tried, [(100, true)]);
            assert_eq!(search.resolution(), None);
        }
    }

    #[test]
    fn where_all_fails_it_ends_at_the_floor() {
        let (high, search) = tried(Bisection::new(100_000, None, 8), |_| false);
        assert_eq!(high.len(), 8);
        assert_eq!(high.last(), Some(&(781, false)));
        assert_eq!(search.resolution(), Some(1.0));
        let (low, _) = tried(Bisection::new(5, None, 8), |_| false);
        assert_eq!(low, [(5, false), (2, false), (1, false)]);
    }

    #[test]
    fn trials_that_contradict_each_other_end_it_too() {
        for seed in 0..200 {
            let mut chance = crate::random::SplitMix::new(seed);
            let (tried, _) = tried(Bisection::new(1_000, Some(4_000), 8), |_| {
                chance.share() < 0.5
            });
            assert!(tried.len() <= 8, "{tried:?}");
            let lowest = tried
                .iter()
                .filter(|(_, passed)| !passed)
                .map(|it| it.0)
                .min();
            let apart = found(&tried)
                .zip(lowest)
                .is_none_or(|(found, lowest)| found < lowest);
            assert!(apart, "{tried:?}");
        }
    }
}
