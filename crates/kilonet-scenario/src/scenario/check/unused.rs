//! Keys that nothing of their table could take: refused, since what is left out without a word would be taken for measured.
//!
//! Where a table mixes, a key is for those of its cells that have a place for it. Invariant: a key that is written with
//! another value than its default changes a cell, or is refused with the reason that its entry gives.

use std::iter;

use crate::scenario::cell::Cell;
use crate::scenario::expand;
use crate::scenario::key::{AnyKey, Level, Table};
use crate::scenario::problem::{Problem, Problems};
use crate::scenario::registry::{self, namespaces::NAMESPACE_SYSCTLS};
use crate::scenario::values::{At, Values};
use crate::scenario::wire::Wire;

pub(super) fn check_cells(wire: &Wire, cells: &[Cell], problems: &mut Problems) {
    for axes in &wire.axes {
        let own = expand::combinations(axes, wire);
        let keys = registry::keys_of(Table::Axes).filter(|key| !axes.is_elsewhere(*key));
        check_keys(keys, axes, (&own, problems));
    }
    // What is written beside the tables of axes is for whichever of them has a place for it.
    let keys = registry::keys().filter(|key| key.facts().is_read_in(Table::Lab));
    check_keys(keys, &wire.lab, (cells, problems));
    let sysctls: &'static dyn AnyKey = &NAMESPACE_SYSCTLS;
    check_keys(iter::once(sysctls), &wire.namespace, (cells, problems));
}

fn check_keys(
    keys: impl Iterator<Item = &'static dyn AnyKey>,
    values: &Values,
    (cells, problems): (&[Cell], &mut Problems),
) {
    for key in keys {
        let (Some(needs), Some(at)) = (key.facts().needs, unusual(key, values.of(key))) else {
            continue;
        };
        if !cells.iter().any(|cell| needs.applies(cell)) {
            let message = format!("no cell has {}", needs.lacking());
            let problem = Problem::of(values.key(key), message).at(at.span.clone());
            let remedy = format!("leave it out; allowed with {}", needs.allowed());
            problems.push(problem.remedy(remedy));
        }
    }
}

/// The first level that is not the one it has where nobody writes it.
pub(super) fn unusual<'a>(key: &dyn AnyKey, levels: &'a [At<Level>]) -> Option<&'a At<Level>> {
    let usual = key.usual();
    let is_usual = |at: &At<Level>| {
        let usual = usual.as_ref();
        usual.is_some_and(|usual| key.same(&at.value, usual))
    };
    levels.iter().find(|at| !is_usual(at))
}
