//! Which records stand, where a trial was run again as others had disturbed it.
//!
//! The invariant: of the records of a cell in a block one stands; that of the first trial, unless it was disturbed and the other
//! was not.

use std::collections::{BTreeMap, BTreeSet};

use super::line::Record;
use crate::factors::Cell;

impl Record {
    /// Whether others disturbed the trial.
    #[must_use]
    pub fn is_disturbed(&self) -> bool {
        let noise = self.noise.as_ref();
        noise.is_some_and(|noise| !noise.disturbed.is_empty())
    }

    /// Why it cannot be told whether others disturbed the trial, which nothing that could be judged shows; empty where it can.
    #[must_use]
    pub fn unjudged(&self) -> &[String] {
        let noise = self.noise.as_ref();
        noise.map_or(&[], |noise| match &noise.disturbed[..] {
            [] => &noise.unjudged,
            [..] => &[],
        })
    }
}

/// The records that stand for their trials: all but one of each two where a disturbed trial was run again.
pub fn standing(records: &[Record]) -> impl Iterator<Item = &Record> {
    let out = left_out(records);
    records
        .iter()
        .filter(move |record| !out.contains(&record.place()))
}

/// The trial of a block that a record is of, and whether it is that of its second time.
pub(super) type Place<'a> = (&'a Cell, u32, bool);

impl Record {
    fn place(&self) -> Place<'_> {
        (&self.cell, self.repeat, self.again)
    }
}

/// Those for which another stands.
pub(super) fn left_out(records: &[Record]) -> BTreeSet<Place<'_>> {
    let again = records.iter().filter(|record| record.again);
    let again: BTreeMap<_, _> = again
        .map(|record| ((&record.cell, record.repeat), record))
        .collect();
    if again.is_empty() {
        return BTreeSet::new();
    }
    let firsts = records.iter().filter(|record| !record.again);
    let both = firsts.filter_map(|first| {
        let second = again.get(&(&first.cell, first.repeat))?;
        Some((first, *second))
    });
    both.map(|(first, second)| {
        let out = if second.shown().stands_for(&first.shown()) {
            first
        } else {
            second
        };
        out.place()
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factors::Topology;
    use crate::store::record::{Noise, Status};
    use crate::store::sample::{cell, measured};

    /// A trial and its second, each disturbed or not.
    fn both(first: bool, second: bool) -> [Record; 2] {
        [(first, false), (second, true)].map(|(disturbed, again)| {
            let mut record = measured(cell(Topology::Veth, 2), 0);
            // Nothing is to be learned from an id.
            let id = if again { "x" } else { "y-again" };
            record.trial = id.to_owned().try_into().unwrap();
            record.again = again;
            let disturbed = disturbed.then(|| "steal took 7 %".to_owned());
            record.noise = Some(Noise {
                disturbed: disturbed.into_iter().collect(),
                ..Noise::default()
            });
            record
        })
    }

    fn stands(records: &[Record]) -> Vec<bool> {
        standing(records).map(|record| record.again).collect()
    }

    #[test]
    fn an_undisturbed_trial_stands_for_a_disturbed_one_and_no_other_does() {
        assert_eq!(stands(&both(true, false)), [true]);
        assert_eq!(stands(&both(true, true)), [false]);
        assert_eq!(stands(&both(true, false)[..1]), [false]);
        let mut failed = both(true, false);
        failed[1].status = Status::Failed;
        assert_eq!(stands(&failed), [false]);
        let mut invalid = both(true, true);
        invalid[0].status = Status::Failed;
        assert_eq!(stands(&invalid), [true]);
    }
}
