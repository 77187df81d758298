//! Shares of connections that took too long, where some did not end at all.
//!
//! The invariant: a connection that had not ended took longer than its age; of one that is younger than the limit nothing is known.

use super::latency::{Latency, UnderWay};
use super::line::Record;

impl Record {
    /// The share of connections that took longer than 1 s: of those that ended in the window and those that had not and were older.
    /// Absent where that is a share of nothing, or none can have taken so long.
    #[must_use]
    pub fn above_1s_ratio(&self) -> Option<f64> {
        self.above(|ended| ended.above_1s_ratio, |not| not.above_1s)
    }

    /// The same of 3 s.
    #[must_use]
    pub fn above_3s_ratio(&self) -> Option<f64> {
        self.above(|ended| ended.above_3s_ratio, |not| not.above_3s)
    }

    /// Where none ended, those that are older are all there are.
    fn above(
        &self,
        ended: impl Fn(&Latency) -> Option<f64>,
        not: impl Fn(UnderWay) -> u64,
    ) -> Option<f64> {
        match &self.latency {
            Some(latency) => ended(latency),
            None => (not(self.under_way?) > 0).then_some(1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factors::Topology;
    use crate::store::sample;

    #[test]
    fn where_none_ended_those_that_are_older_are_all_and_younger_ones_tell_nothing() {
        let mut record = sample::failed(sample::cell(Topology::Bridge, 8), 0);
        let mut of = |ages: &[u64]| {
            record.under_way = Some(ages.iter().copied().map(UnderWay::aged).sum());
            (record.above_1s_ratio(), record.above_3s_ratio())
        };
        assert_eq!(of(&[3_500_000_000, 20_000_000]), (Some(1.0), Some(1.0)));
        assert_eq!(of(&[1_500_000_000]), (Some(1.0), None));
        assert_eq!(of(&[900_000_000]), (None, None));
        assert_eq!(of(&[]), (None, None));
    }
}
