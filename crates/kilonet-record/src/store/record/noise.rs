//! The part of a record that is about who else was at work, and which records stand where a trial was run again for it.
//!
//! Must not know how a disturbance is told. The invariant: of the records of a cell in a block one stands; that of the first
//! trial, unless it was disturbed and the other was not.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Record;
use crate::factors::Cell;
use crate::factors::cell::is_default;

/// Who else was at work around a trial, and how fast the machine was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noise {
    /// What a fixed piece of work took before set-up; absent where it was not timed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub canary_before_ns: Option<u64>,
    /// The same after teardown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub canary_after_ns: Option<u64>,
    /// What it usually took in the run, before this trial: what the two are held against. Absent where it was not timed, and in
    /// records of earlier versions.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub canary_usual_ns: Option<u64>,
    /// What disturbed the trial, in sentences; nothing if none of what could be judged did.
    #[serde(skip_serializing_if = "is_default", default)]
    pub disturbed: Vec<String>,
    /// What could not be judged, and why, in sentences; nothing where all could, and in records of earlier versions.
    #[serde(skip_serializing_if = "is_default", default)]
    pub unjudged: Vec<String>,
}

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
type Place<'a> = (&'a Cell, u32, bool);

impl Record {
    fn place(&self) -> Place<'_> {
        (&self.cell, self.repeat, self.again)
    }
}

/// Those for which another stands.
fn left_out(records: &[Record]) -> BTreeSet<Place<'_>> {
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
    use crate::store::record::Status;
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
