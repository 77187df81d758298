//! The trials of each cell that is shown.
//!
//! The invariant: only trials that stand are among them.

use std::collections::BTreeMap;

use super::factors::is_swept;
use super::series::Count;
use crate::plan::Role;
use crate::scenario::Cell;
use crate::store::record::{Record, standing};

/// The trials of each cell that is shown.
pub(super) type Trials<'a> = BTreeMap<&'a Cell, Vec<&'a Record>>;

/// Gathers them.
///
/// Baselines are for comparison, not points of the sweep: they are shown only where the sweep has no curve to draw,
/// because it has one count, theirs; and not where the sweep measured the same cell for itself.
pub(super) fn by_cell(records: &[Record]) -> Trials<'_> {
    let mut trials = in_role(Role::Cell, records);
    let mut extra = in_role(Role::Baseline, records);
    let cells: Vec<_> = trials.keys().copied().collect();
    let swept = |count: &Count| count.about().by_itself && is_swept(*count, &cells);
    let over_rules = Count::ALL.iter().any(swept);
    extra.retain(|baseline, _| {
        let at_the_one_count = trials.keys().all(|cell| {
            let counts = [Count::Containers, Count::Rules];
            counts
                .iter()
                .all(|count| count.of(cell) == count.of(baseline))
        });
        at_the_one_count && !over_rules && !trials.contains_key(baseline)
    });
    trials.append(&mut extra);
    trials
}

/// The trials that stand and are there for the same, by their cells.
pub(super) fn in_role(role: Role, records: &[Record]) -> Trials<'_> {
    let mut trials = Trials::new();
    for record in standing(records).filter(|record| record.role == role) {
        trials.entry(&record.cell).or_default().push(record);
    }
    trials
}
