//! What is said of trials that others disturbed, or may have.
//!
//! The invariant: a trial that is left out is said to be, and so is one that stands although it was disturbed, or although
//! that could not be judged.

use std::collections::BTreeSet;

use super::merge::merge_figures;
use crate::store::record::{Record, standing};

/// How many disturbed trials another stands for, and how many stand themselves.
pub(super) fn notes(records: &[Record]) -> Vec<String> {
    let again = standing(records).filter(|record| record.again).count();
    let disturbed = standing(records).filter(|record| record.is_disturbed());
    let told = [
        (
            again,
            "were run again: the figures are those of the second trial",
        ),
        (
            disturbed.count(),
            "are used all the same, because no undisturbed trial took their place",
        ),
    ];
    let told = told.into_iter().filter(|(number, _)| *number > 0);
    told.map(|(number, what)| format!("disturbed trials: {number}, which {what}"))
        .chain(unjudged(records))
        .collect()
}

/// How many trials may have been disturbed without anybody knowing, and why that is.
fn unjudged(records: &[Record]) -> Option<String> {
    let trials: Vec<_> = standing(records)
        .filter(|record| !record.unjudged().is_empty())
        .collect();
    let mut reasons: Vec<_> = trials
        .iter()
        .flat_map(|it| it.unjudged())
        .cloned()
        .collect();
    merge_figures(&mut reasons.iter_mut().collect::<Vec<_>>());
    let reasons = Vec::from_iter(reasons.into_iter().collect::<BTreeSet<_>>());
    (!trials.is_empty()).then(|| {
        format!(
            "trials that may have been disturbed without being noticed: {} of {}; {}",
            trials.len(),
            standing(records).count(),
            reasons.join("; ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Topology;
    use crate::store::record::Noise;
    use crate::store::sample::{cell, measured};

    fn trial(repeat: u32, unjudged: &[&str], disturbed: &[&str]) -> Record {
        let owned = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect();
        Record {
            noise: Some(Noise {
                disturbed: owned(disturbed),
                unjudged: owned(unjudged),
                ..Noise::default()
            }),
            ..measured(cell(Topology::Veth, 2), repeat)
        }
    }

    #[test]
    fn trials_that_could_not_be_judged_are_counted_with_the_reason_once() {
        let records = [
            trial(0, &["steal may have taken 2.5 % of the CPU"], &[]),
            trial(1, &["steal may have taken 2.4 % of the CPU"], &[]),
            trial(2, &[], &[]),
            // What is known to be disturbed is in no doubt.
            trial(3, &["steal may have taken 2.5 % of the CPU"], &["a"]),
        ];
        assert_eq!(
            notes(&records)[1..],
            [
                "trials that may have been disturbed without being noticed: 2 of 4; steal may have taken 2.4 to 2.5 % of the CPU"
            ]
        );
        assert_eq!(notes(&records[2..3]), [""; 0]);
    }
}
