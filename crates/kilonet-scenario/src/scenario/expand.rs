//! From the file as written to the cells it stands for: what each topology makes of the axes.
//!
//! Knows no text and no machine. Invariant: the cells of a file that was checked can be laid out as they are.

use std::collections::HashSet;

use super::values::{At, Values};
use super::wire::Wire;
use kilonet_record::factors::cell::Cell;
use kilonet_record::factors::key::{AnyKey, Level, Table};
use kilonet_record::factors::registry;
use kilonet_record::factors::settle::settle;

/// The cells of a file without problems: all combinations of each table of axes, in order, each cell once.
pub(super) fn cells(wire: &Wire) -> Vec<Cell> {
    let mut seen = HashSet::new();
    let tables = wire.axes.iter();
    let cells = tables.flat_map(|axes| combinations(axes, wire));
    cells.filter(|cell| seen.insert(cell.clone())).collect()
}

/// All combinations of one table, in the order of the registry.
pub(super) fn combinations(axes: &Values, wire: &Wire) -> Vec<Cell> {
    let mut cells = vec![Cell::blank()];
    for key in registry::keys() {
        cells = match key.facts().table {
            Table::Axes => vary(cells, key, axes.of(key)),
            Table::Lab => vary(cells, key, one(wire.lab.of(key))),
            Table::Trial => vary(cells, key, one(wire.trial.of(key))),
        };
    }
    for cell in &mut cells {
        settle(cell);
    }
    cells
}

/// Keys of other tables are not varied: what has several values has them at once, and cells nothing of them.
fn one(levels: &[At<Level>]) -> &[At<Level>] {
    &levels[..levels.len().min(1)]
}

/// Every cell with every level of one more factor.
fn vary(mut cells: Vec<Cell>, key: &dyn AnyKey, levels: &[At<Level>]) -> Vec<Cell> {
    if let [] | [_] = levels {
        let level = levels.first().map(|at| &at.value);
        for cell in &mut cells {
            key.put(cell, level);
        }
        return cells;
    }
    let with = |cell: &Cell, level: &Level| {
        let mut cell = cell.clone();
        key.put(&mut cell, Some(level));
        cell
    };
    cells
        .iter()
        .flat_map(|cell| levels.iter().map(move |at| with(cell, &at.value)))
        .collect()
}
