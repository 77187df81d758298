//! Which cell of one run is which of another.
//!
//! Must not know what was measured. The invariant: two cells are matched only if they differ in nothing, or in factors of
//! which each run has one level throughout; these are what was changed, and are said.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::fingerprint::{Difference, Kind, words};
use crate::analysis::factors::level_of;
use crate::scenario::Cell;

/// A cell by the keys of its record.
type Fields = Map<String, Value>;

/// What is never looked past: two sizes are two cells, and figures of two workloads, or of two mixes, are of two things.
const OF_THE_CELL: [&str; 5] = ["containers", "active", "pairs", "workload", "beside"];

/// The cells of two runs side by side.
pub(super) struct Matching<'a> {
    /// Each cell in the terms of the base, and what it is in the base and in the new run.
    pub(super) cells: BTreeMap<Cell, [Option<&'a Cell>; 2]>,
    /// The factors that were changed throughout.
    pub(super) changed: Vec<Difference>,
}

impl<'a> Matching<'a> {
    /// Matches the cells of a base and of a new run.
    pub(super) fn of(base: &[&'a Cell], new: &[&'a Cell]) -> Self {
        let changed = changed(base, new);
        let mut cells: BTreeMap<Cell, [Option<&Cell>; 2]> = BTreeMap::new();
        for cell in base {
            cells.entry((*cell).clone()).or_default()[0] = Some(cell);
        }
        for cell in new {
            cells.entry(translated(cell, &changed)).or_default()[1] = Some(cell);
        }
        Self {
            cells,
            changed: changed
                .iter()
                .map(|change| change.said(base[0], new[0]))
                .collect(),
        }
    }

    /// How many cells both runs have.
    pub(super) fn common(&self) -> usize {
        let both = |sides: &&[Option<&Cell>; 2]| sides.iter().all(Option::is_some);
        self.cells.values().filter(both).count()
    }
}

/// A factor that has one level in all of the base and another in all of the new run; absent levels are null.
struct Change {
    key: String,
    base: Value,
    new: Value,
}

impl Change {
    /// In words, by any cell of either side.
    fn said(&self, base: &Cell, new: &Cell) -> Difference {
        let side = |cell, level| level_of(&self.key, cell).or_else(|| words(&self.key, level));
        Difference {
            kind: Kind::Factor,
            what: self.key.clone(),
            base: side(base, &self.base),
            new: side(new, &self.new),
        }
    }
}

fn changed(base: &[&Cell], new: &[&Cell]) -> Vec<Change> {
    let fields = |cells: &[&Cell]| cells.iter().map(|cell| fields(cell)).collect::<Vec<_>>();
    let (base, new) = (fields(base), fields(new));
    let keys: BTreeSet<&String> = base.iter().chain(&new).flat_map(Map::keys).collect();
    let change = |key: &String| {
        let (base, new) = (only_level(&base, key)?, only_level(&new, key)?);
        (base != new).then(|| Change {
            key: key.clone(),
            base: base.clone(),
            new: new.clone(),
        })
    };
    keys.into_iter()
        .filter(|key| !OF_THE_CELL.contains(&key.as_str()))
        .filter_map(change)
        .collect()
}

/// The level of a factor, if all cells have the same.
fn only_level<'a>(cells: &'a [Fields], key: &str) -> Option<&'a Value> {
    let mut levels = cells
        .iter()
        .map(|cell| cell.get(key).unwrap_or(&Value::Null));
    let first = levels.next()?;
    levels.all(|level| level == first).then_some(first)
}

fn fields(cell: &Cell) -> Fields {
    match serde_json::to_value(cell) {
        Ok(Value::Object(fields)) => fields,
        // A cell is a struct, which has no other form.
        _ => Fields::new(),
    }
}

/// A cell of the new run as it would have been in the base.
fn translated(cell: &Cell, changed: &[Change]) -> Cell {
    let mut fields = fields(cell);
    for change in changed {
        fields.remove(&change.key);
        if !change.base.is_null() {
            fields.insert(change.key.clone(), change.base.clone());
        }
    }
    serde_json::from_value(Value::Object(fields)).unwrap_or_else(|_| cell.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Beside, Congestion, Path, Topology, Workload};
    use crate::store::sample::cell;

    fn by(congestion: &str, cell: Cell) -> Cell {
        let congestion = Congestion(congestion.to_owned());
        Cell { congestion, ..cell }
    }

    fn matched<'a>(base: &'a [Cell], new: &'a [Cell]) -> Matching<'a> {
        let base: Vec<_> = base.iter().collect();
        Matching::of(&base, &new.iter().collect::<Vec<_>>())
    }

    #[test]
    fn a_factor_that_was_changed_throughout_is_said_and_looked_past() {
        let base = [2, 8].map(|count| cell(Topology::Bridge, count));
        let new = [2, 8, 32].map(|count| by("bbr", cell(Topology::Bridge, count)));
        let matching = matched(&base, &new);
        assert_eq!((matching.common(), matching.cells.len()), (2, 3));
        let [changed] = &matching.changed[..] else {
            panic!("one factor was changed")
        };
        assert_eq!(changed.what, "congestion");
        assert_eq!(
            (changed.base.as_deref(), changed.new.as_deref()),
            (Some("cubic"), Some("bbr"))
        );
    }

    #[test]
    fn a_level_that_a_record_leaves_out_is_said_all_the_same() {
        let base = [cell(Topology::Bridge, 2)];
        let mut new = base.clone();
        new[0].path = Path::Outside;
        let changed = matched(&base, &new).changed;
        let said = (changed[0].base.as_deref(), changed[0].new.as_deref());
        assert_eq!(said, (Some("direct"), Some("outside")));
    }

    #[test]
    fn a_factor_that_varies_in_either_run_matches_level_by_level() {
        let base = [
            cell(Topology::Bridge, 2),
            by("bbr", cell(Topology::Bridge, 2)),
        ];
        let new = [
            by("bbr", cell(Topology::Bridge, 2)),
            by("reno", cell(Topology::Bridge, 2)),
        ];
        let matching = matched(&base, &new);
        assert_eq!((matching.common(), matching.cells.len()), (1, 3));
        assert!(matching.changed.is_empty());
    }

    #[test]
    fn another_size_is_another_cell() {
        let [base, new] = [2, 4].map(|count| [cell(Topology::Bridge, count)]);
        let matching = matched(&base, &new);
        assert_eq!((matching.common(), matching.changed.len()), (0, 0));
    }

    #[test]
    fn another_workload_or_mix_is_another_cell_also_where_it_is_the_only_one() {
        let base = [cell(Topology::Bridge, 2)];
        let mut new = base.clone();
        new[0].workload = Workload::TcpRr;
        let mut mixed = base.clone();
        mixed[0].beside = Beside::try_from("idle:50%".to_owned()).unwrap();
        for new in [new, mixed] {
            let matching = matched(&base, &new);
            assert_eq!((matching.common(), matching.changed.len()), (0, 0));
        }
    }
}
