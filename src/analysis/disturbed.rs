//! What is said of trials that others disturbed.
//!
//! The invariant: a trial that is left out is said to be, and so is one that stands although it was disturbed.

use crate::store::record::{Record, standing};

/// How many disturbed trials another stands for, and how many stand themselves.
pub(super) fn notes(records: &[Record]) -> Vec<String> {
    let again = standing(records).filter(|record| record.again).count();
    let disturbed = standing(records).filter(|record| record.is_disturbed());
    let told = [
        (
            again,
            "were run again: the figures are those of the second time",
        ),
        (
            disturbed.count(),
            "stand all the same, as nothing undisturbed does",
        ),
    ];
    let told = told.into_iter().filter(|(number, _)| *number > 0);
    told.map(|(number, what)| format!("trials that others disturbed: {number}, which {what}"))
        .collect()
}
