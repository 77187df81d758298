//! Which cell of one run is which of another.
//!
//! Must not know what was measured. The invariant: two cells are matched only if they differ in nothing, or in factors that a
//! comparison may be about and of which each run has one level throughout; these are what was changed, and are said.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::fingerprint::{Difference, Kind, words};
use crate::analysis::factors::level_of;
use crate::scenario::{Cell, Field, registry};

/// What a comparison may be about.
fn looked_past() -> impl Iterator<Item = &'static Field> {
    registry::fields().filter(|field| field.is_looked_past)
}

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
            let mut translated = (*cell).clone();
            for field in &changed {
                field.take(&mut translated, base[0]);
            }
            cells.entry(translated).or_default()[1] = Some(cell);
        }
        Self {
            cells,
            changed: changed
                .iter()
                .map(|field| said(field.name, base[0], new[0]))
                .collect(),
        }
    }

    /// How many cells both runs have.
    pub(super) fn common(&self) -> usize {
        let both = |sides: &&[Option<&Cell>; 2]| sides.iter().all(Option::is_some);
        self.cells.values().filter(both).count()
    }
}

/// The factors that may be looked past and have one level in all of the base and another in all of the new run.
fn changed(base: &[&Cell], new: &[&Cell]) -> Vec<&'static Field> {
    let (Some(old), Some(other)) = (base.first(), new.first()) else {
        return Vec::new();
    };
    let is_changed = |field: &&Field| {
        let alike = |cell: &Cell, other: &Cell| {
            let mut taken = cell.clone();
            field.take(&mut taken, other);
            taken == *cell
        };
        !alike(old, other)
            && base.iter().all(|cell| alike(cell, old))
            && new.iter().all(|cell| alike(cell, other))
    };
    looked_past().filter(is_changed).collect()
}

/// What keeps all cells of two runs apart: the factors of the load of which each run has one level throughout, another than the
/// other run.
pub(super) fn apart(base: &[&Cell], new: &[&Cell]) -> Vec<Difference> {
    if base.is_empty() || new.is_empty() {
        return Vec::new();
    }
    let [base, new] =
        [base, new].map(|cells| cells.iter().map(|it| fields(it)).collect::<Vec<_>>());
    let keys: BTreeSet<&String> = base.iter().chain(&new).flat_map(Map::keys).collect();
    let is_apart = |key: &&String| {
        let one = |cells: &[Fields]| {
            cells
                .iter()
                .all(|cell| cell.get(*key) == cells[0].get(*key))
        };
        let is_load = looked_past().all(|field| field.name != *key);
        is_load && base[0].get(*key) != new[0].get(*key) && one(&base) && one(&new)
    };
    let keys = keys.into_iter().filter(is_apart);
    let said = |key: &String| Difference {
        kind: Kind::Factor,
        what: key.clone(),
        base: words(key, base[0].get(key).unwrap_or(&Value::Null)),
        new: words(key, new[0].get(key).unwrap_or(&Value::Null)),
    };
    keys.map(said).collect()
}

/// A cell by the keys of its record.
type Fields = Map<String, Value>;

fn fields(cell: &Cell) -> Fields {
    match serde_json::to_value(cell) {
        Ok(Value::Object(fields)) => fields,
        // A cell is a struct, which has no other form.
        _ => Fields::new(),
    }
}

/// A factor in words, by any cell of either side.
fn said(key: &str, base: &Cell, new: &Cell) -> Difference {
    Difference {
        kind: Kind::Factor,
        what: key.to_owned(),
        base: level(key, base),
        new: level(key, new),
    }
}

/// A cell's level in words; absent where the factor does not apply.
fn level(key: &str, cell: &Cell) -> Option<String> {
    level_of(key, cell).or_else(|| words(key, fields(cell).get(key)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Beside, Congestion, Path, Topology, Workload};
    use crate::store::sample::cell;
    use crate::store::sample::newcomer::WEATHER;

    fn by(congestion: &str, cell: Cell) -> Cell {
        let congestion = Congestion(congestion.to_owned());
        Cell { congestion, ..cell }
    }

    fn one<'a>(base: &'a Cell, new: &'a Cell) -> Matching<'a> {
        Matching::of(&[base], &[new])
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
    fn of_a_cell_all_that_is_its_load_is_matched_and_all_that_is_looked_past_is_said() {
        let base = cell(Topology::Bridge, 2);
        let (past, kept): (Vec<_>, Vec<_>) = base
            .each_changed()
            .into_iter()
            .partition(|(_, new)| one(&base, new).common() == 1);
        for (key, new) in &past {
            let changed = one(&base, new).changed;
            assert_eq!(changed.len(), 1, "{key}: {changed:?}");
            assert_eq!(changed[0].what, *key);
            assert_ne!(changed[0].base, changed[0].new, "{key}");
        }
        let keys = |cells: &[(String, Cell)]| {
            let mut keys: Vec<_> = cells.iter().map(|(key, _)| key.clone()).collect();
            keys.sort_unstable();
            keys
        };
        let mut looked_past: Vec<_> = looked_past().map(|field| field.name).collect();
        looked_past.sort_unstable();
        assert_eq!(keys(&past), looked_past);
        assert_eq!(
            keys(&kept),
            [
                "active",
                "arrivals",
                "backlog",
                "beside",
                "closes",
                "containers",
                "direction",
                "listen",
                "message_bytes",
                "outstanding",
                "pairs",
                "pattern",
                "pattern_seed",
                "peers",
                "rate",
                "rate_bps",
                "response_bytes",
                "search",
                "streams",
                "workload",
            ]
        );
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

    #[test]
    fn a_factor_that_has_nothing_but_its_entry_keeps_cells_apart() {
        registry::with(&WEATHER, || {
            let base = cell(Topology::Bridge, 2);
            let changed = base.each_changed().into_iter();
            let mut windy = changed.filter(|(key, _)| key == "weather");
            let (_, windy) = windy.next().expect("a level of it");
            assert_eq!(one(&base, &windy).common(), 0);
            let apart = apart(&[&base], &[&windy]);
            assert_eq!((apart.len(), apart[0].what.as_str()), (1, "weather"));
        });
    }
}
