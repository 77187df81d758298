//! Which factors vary in a run: what curves run over, what tells them apart, and what they are called.
//!
//! Must not know what was measured. The invariant: two cells of one curve differ in the count, and in what follows from
//! it, and in nothing else.

use std::collections::{BTreeMap, BTreeSet};

use super::axis::Axis;
use super::series::Count;
use crate::scenario::field::Label;
use crate::scenario::{Cell, Field, Kept, Rules, Varies, Wiring, registry};

/// A factor that labels name.
type Row = (&'static Field, Label);

/// Those of the registry, in its order.
fn rows() -> impl Iterator<Item = Row> {
    registry::fields().filter_map(|field| Some((field, field.label?)))
}

/// What varies in a run.
pub(super) struct Varying {
    count: Count,
    rows: Vec<Row>,
}

impl Varying {
    /// Finds what varies among the cells of a run.
    pub(super) fn among(cells: &[&Cell]) -> Self {
        Self::along_count(count_among(cells), cells)
    }

    fn along_count(count: Count, cells: &[&Cell]) -> Self {
        let rows = rows().filter(|row| row.0.name != count.key() && varies(*row, count, cells));
        let rows = rows.collect();
        Self { count, rows }
    }

    /// What the curves run over.
    pub(super) fn count(&self) -> Count {
        self.count
    }

    /// The factors that vary beside the count, in the registry's order.
    pub(super) fn fields(&self) -> impl Iterator<Item = &'static Field> {
        self.rows.iter().map(|(field, _)| *field)
    }

    /// Curve by curve in the order of the factors' levels, each from the smallest count up.
    pub(super) fn in_order<'a>(&self, mut cells: Vec<&'a Cell>) -> Vec<&'a Cell> {
        cells.sort_by_cached_key(|cell| {
            (
                without_count(self.count, cell),
                self.levels(cell),
                self.count.of(cell),
            )
        });
        cells
    }

    /// Whether two cells are points of one curve.
    pub(super) fn same_curve(&self, left: &Cell, right: &Cell) -> bool {
        self.levels(left) == self.levels(right)
    }

    /// What varies once these are among the cells too; over the same count.
    pub(super) fn with(&self, cells: &[&Cell], others: &[Cell]) -> Self {
        let all: Vec<_> = cells.iter().copied().chain(others).collect();
        Self::along_count(self.count, &all)
    }

    /// The counts of those of the `others` that would be points of a curve of these cells and lie inside, smallest first. All
    /// of them are to be among the cells that this was found from.
    pub(super) fn inside(&self, curve: &[&Cell], others: &[Cell]) -> Vec<u32> {
        let counts = || curve.iter().map(|cell| self.count.of(cell));
        let ends = (counts().min(), counts().max());
        let between = |cell: &&Cell| {
            let count = Some(self.count.of(cell));
            ends.0 < count && count < ends.1
        };
        let kind = |cell: &Cell| (without_count(self.count, cell), self.levels(cell));
        let kinds: BTreeSet<_> = curve.iter().map(|cell| kind(cell)).collect();
        let inside = others.iter().filter(between);
        let inside = inside.filter(|cell| kinds.contains(&kind(cell)));
        let mut inside: Vec<_> = inside.map(|cell| self.count.of(cell)).collect();
        inside.sort_unstable();
        inside
    }

    /// The cells, in the order given, by all but their number of `over`; where that varies.
    pub(super) fn along<'a>(&self, over: Axis, cells: &[&'a Cell]) -> Vec<Vec<&'a Cell>> {
        let varies = |line: &[&Cell]| line.iter().any(|cell| over.of(cell) != over.of(line[0]));
        if !varies(cells) {
            return Vec::new();
        }
        let mut places = BTreeMap::new();
        let mut lines: Vec<Vec<&Cell>> = Vec::new();
        for cell in cells {
            let mut levels = self.levels(cell);
            levels.remove(over.key());
            let place = (over != self.count).then(|| self.count.of(cell));
            let line = *places.entry((levels, place)).or_insert(lines.len());
            lines.resize_with(lines.len().max(line + 1), Vec::new);
            lines[line].push(cell);
        }
        lines.retain(|line| varies(line));
        lines
    }

    /// What a line along `over` is called: its curve, or its curve and its place there.
    pub(super) fn label_along(&self, over: Axis, cell: &Cell) -> String {
        let label = Self::named(
            cell,
            self.rows.iter().filter(|row| row.0.name != over.key()),
        );
        if over == self.count {
            label
        } else {
            let (count, place) = (self.count.of(cell), self.count.about().place);
            format!("{label} at {count} {place}")
        }
    }

    /// A cell's level of each factor that varies, by the factor's key.
    pub(super) fn levels(&self, cell: &Cell) -> BTreeMap<String, String> {
        self.rows
            .iter()
            .filter_map(|(field, _)| Some((field.name.to_owned(), field.level_of(cell)?)))
            .collect()
    }

    /// What a cell's curve is called; the topology where nothing but the count varies.
    pub(super) fn label(&self, cell: &Cell) -> String {
        Self::named(cell, self.rows.iter())
    }

    /// What a cell is called by itself: its curve, and its place there.
    pub(super) fn place(&self, cell: &Cell) -> String {
        let (label, count) = (self.label(cell), self.count.of(cell));
        format!("{label} at {count} {}", self.count.about().place)
    }

    fn named<'a>(cell: &Cell, rows: impl Iterator<Item = &'a Row>) -> String {
        let phrases: Vec<_> = rows
            .filter_map(|(field, label)| Some((label.phrase)(&field.level_of(cell)?)))
            .collect();
        if phrases.is_empty() {
            cell.topology.to_string()
        } else {
            phrases.join(" ")
        }
    }
}

/// A cell's level of a factor, for people; absent where the factor is none of the table's, or does not apply.
pub(super) fn level_of(key: &str, cell: &Cell) -> Option<String> {
    let (field, _) = rows().find(|(field, _)| field.name == key)?;
    field.level_of(cell)
}

/// A level of a factor as sentences have it: `over a bridge`, `with docker-29's rules`.
pub(crate) fn tell(key: &str, level: &str) -> String {
    let row = rows().find(|(field, _)| field.name == key);
    row.map_or_else(
        || format!("with {key} {level}"),
        |(_, label)| label.tell(level),
    )
}

fn count_among(cells: &[&Cell]) -> Count {
    let varies = |count: Count| {
        let levels: BTreeSet<_> = cells.iter().map(|cell| count.of(cell)).collect();
        levels.len() > 1 && (!count.about().by_itself || is_swept(count, cells))
    };
    let first = Count::ALL.into_iter().find(|count| varies(*count));
    first.unwrap_or(Count::Containers)
}

/// Whether two cells differ in a count and in nothing else.
pub(super) fn is_swept(count: Count, cells: &[&Cell]) -> bool {
    field_of(count).is_some_and(|field| varies_by_itself(field, cells))
}

fn field_of(count: Count) -> Option<&'static Field> {
    registry::fields().find(|field| field.name == count.key())
}

/// Whether two cells differ in a factor and in nothing else.
fn varies_by_itself(field: &Field, cells: &[&Cell]) -> bool {
    let blank = Cell::blank();
    let mut levels: BTreeMap<Cell, BTreeSet<_>> = BTreeMap::new();
    for cell in cells {
        let mut others = (*cell).clone();
        field.take(&mut others, &blank);
        levels
            .entry(others)
            .or_default()
            .insert(field.level_of(cell));
    }
    levels.values().any(|levels| levels.len() > 1)
}

fn varies((field, label): Row, count: Count, cells: &[&Cell]) -> bool {
    let mut levels: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for cell in cells {
        let place = match label.varies {
            Varies::Anywhere => (None, None, None),
            Varies::OnOneTestbed => (Some(cell.testbed), None, None),
            Varies::OfOneWorkload => (None, Some(cell.workload), None),
            Varies::AtOneCount => (None, None, Some((cell.topology, count.of(cell)))),
            Varies::ByItself => return varies_by_itself(field, cells),
        };
        levels
            .entry(place)
            .or_default()
            .insert(field.level_of(cell));
    }
    levels.values().any(|levels| levels.len() > 1)
}

/// The cell less all that may follow from its count, so that curves sort by what they are.
fn without_count(count: Count, cell: &Cell) -> Cell {
    let mut bare = Cell {
        containers: 0,
        active: 0,
        pairs: 0,
        wiring: Wiring::default(),
        kept: Kept::default(),
        mtu: None,
        per_namespace: None,
        bridges: None,
        ports_per_bridge: None,
        rules: Rules {
            published: None,
            ..cell.rules.clone()
        },
        ..cell.clone()
    };
    if let Some(field) = field_of(count) {
        field.take(&mut bare, &Cell::blank());
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::columns::TRIALS;
    use crate::scenario::{AnyKey, Topology};
    use crate::store::sample;
    use crate::store::sample::newcomer::{WEATHER, Weather};

    /// A factor that has nothing but its entry tells curves apart, has its words and its column, and is no part of what a
    /// comparison looks past.
    #[test]
    fn a_factor_that_has_nothing_but_its_entry_is_told_apart() {
        registry::with(&WEATHER, || {
            let calm = sample::cell(Topology::Bridge, 2);
            let mut windy = calm.clone();
            WEATHER.give(&mut windy, &Weather::Windy);
            let varying = Varying::among(&[&calm, &windy]);
            assert!(!varying.same_curve(&calm, &windy));
            let label = |cell| varying.label(cell);
            assert_eq!(label(&calm), "calm cables");
            assert_eq!(label(&windy), "windy cables");
            let names: Vec<_> = TRIALS.columns().iter().map(|it| it.name).collect();
            let place = names.iter().position(|name| *name == WEATHER.name());
            let column = TRIALS.columns()[place.expect("its column")];
            assert_eq!(column.about, WEATHER.facts().help);
            let value = |cell: &Cell| {
                let record = sample::measured(cell.clone(), 0);
                column.value(&record).map(|value| value.to_string())
            };
            assert_eq!(value(&windy).as_deref(), Some("windy"));
            assert_eq!(value(&calm).as_deref(), Some("calm"));
        });
    }
}
