//! Which factors vary in a run: what curves run over, what tells them apart, and what they are called.
//!
//! Must not know what was measured. The invariant: two cells of one curve differ in the count, and in what follows from
//! it, and in nothing else.

mod levels;

use std::collections::{BTreeMap, BTreeSet};

use super::model::Count;
use crate::scenario::{Cell, Rules, Wiring};
use levels::{ROWS, Row, Rule};

/// The keys of every factor that reports name, but the counts.
#[cfg(test)]
pub(crate) fn keys() -> impl Iterator<Item = &'static str> {
    ROWS.iter().map(|row| row.key)
}

/// What varies in a run.
pub(super) struct Varying {
    count: Count,
    rows: Vec<&'static Row>,
}

impl Varying {
    /// Finds what varies among the cells of a run.
    pub(super) fn among(cells: &[&Cell]) -> Self {
        Self::along_count(count_among(cells), cells)
    }

    fn along_count(count: Count, cells: &[&Cell]) -> Self {
        let rows = ROWS
            .iter()
            .filter(|row| row.key != count.key() && varies(row, count, cells))
            .collect();
        Self { count, rows }
    }

    /// What the curves run over.
    pub(super) fn count(&self) -> Count {
        self.count
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

    /// The cells, in the order given, by all but what `over` counts; where that varies.
    pub(super) fn along<'a>(&self, over: Count, cells: &[&'a Cell]) -> Vec<Vec<&'a Cell>> {
        let mut lines: Vec<(_, Vec<&Cell>)> = Vec::new();
        for cell in cells {
            let mut levels = self.levels(cell);
            levels.remove(over.key());
            let key = (levels, (over != self.count).then(|| self.count.of(cell)));
            match lines.iter_mut().find(|(known, _)| *known == key) {
                Some((_, line)) => line.push(cell),
                None => lines.push((key, vec![cell])),
            }
        }
        let lines = lines.into_iter().map(|(_, line)| line);
        lines
            .filter(|line| line.iter().any(|cell| over.of(cell) != over.of(line[0])))
            .collect()
    }

    /// What a line along `over` is called: its curve, or its curve and its place there.
    pub(super) fn label_along(&self, over: Count, cell: &Cell) -> String {
        let label = Self::named(cell, self.rows.iter().filter(|row| row.key != over.key()));
        if over == self.count {
            label
        } else {
            format!("{label} at {} {}", self.count.of(cell), self.count.key())
        }
    }

    /// A cell's level of each factor that varies, by the factor's key.
    pub(super) fn levels(&self, cell: &Cell) -> BTreeMap<String, String> {
        self.rows
            .iter()
            .filter_map(|row| Some((row.key.to_owned(), (row.level)(cell)?)))
            .collect()
    }

    /// What a cell's curve is called; the topology where nothing but the count varies.
    pub(super) fn label(&self, cell: &Cell) -> String {
        Self::named(cell, self.rows.iter())
    }

    fn named<'a>(cell: &Cell, rows: impl Iterator<Item = &'a &'static Row>) -> String {
        let phrases: Vec<_> = rows
            .filter_map(|row| Some((row.phrase)(&(row.level)(cell)?)))
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
    let row = ROWS.iter().find(|row| row.key == key)?;
    (row.level)(cell)
}

fn count_among(cells: &[&Cell]) -> Count {
    let varies = |count: Count| {
        let levels: BTreeSet<_> = cells.iter().map(|cell| count.of(cell)).collect();
        levels.len() > 1
    };
    let counts = [Count::Containers, Count::Active, Count::Rules];
    let first = counts.into_iter().find(|count| varies(*count));
    first.unwrap_or(Count::Containers)
}

fn varies(row: &Row, count: Count, cells: &[&Cell]) -> bool {
    let mut levels: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for cell in cells {
        let place = match row.rule {
            Rule::Anywhere => (None, None, None),
            Rule::OnOneTestbed => (Some(cell.testbed), None, None),
            Rule::OfOneWorkload => (None, Some(cell.workload), None),
            Rule::AtOneCount => (None, None, Some((cell.topology, count.of(cell)))),
        };
        levels.entry(place).or_default().insert((row.level)(cell));
    }
    levels.values().any(|levels| levels.len() > 1)
}

/// The cell less all that may follow from its count, so that curves sort by what they are.
fn without_count(count: Count, cell: &Cell) -> Cell {
    let filler = cell.rules.filler.filter(|_| count != Count::Rules);
    Cell {
        containers: 0,
        active: 0,
        pairs: 0,
        wiring: Wiring::default(),
        mtu: None,
        per_namespace: None,
        bridges: None,
        ports_per_bridge: None,
        rules: Rules {
            published: None,
            filler,
            ..cell.rules.clone()
        },
        ..cell.clone()
    }
}
