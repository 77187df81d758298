//! How the values of a file must fit together, each being right for itself: what the entries of their keys say of it, told where it
//! stands.
//!
//! Knows no key, no text and no machine. Invariant: a file without problems here stands for cells that can be laid out.

mod generator;
mod unused;

use super::problem::{Problem, Problems};
use super::values::Values;
use super::wire::Wire;
use kilonet_record::factors::cell::Cell;
use kilonet_record::factors::choice::{Choice, Misfit};
use kilonet_record::factors::key::{AnyKey, Table};
use kilonet_record::factors::registry;
use kilonet_record::factors::registry::trials::REPEATS;

/// What a scenario may come to; more would run for days, and is more likely a slip of the pen.
const MOST_TRIALS: u64 = 100_000;

/// Reports what does not fit together, each value for itself being right.
pub(super) fn check(wire: &Wire, problems: &mut Problems) {
    let tables = tables(wire);
    for (axes, choice) in &tables {
        for key in registry::keys_of(Table::Axes) {
            for misfit in key.facts().fits.iter().flat_map(|fit| fit(choice)) {
                problems.push(problem(key, axes, &misfit));
            }
        }
        generator::check(axes, choice, problems);
    }
    check_other(&wire.lab, Table::Lab, (&tables, problems));
    check_other(&wire.trial, Table::Trial, (&tables, problems));
    check_size(wire, problems);
}

/// The same of a table that is beside each of the axes, and wrong once.
fn check_other(
    values: &Values,
    table: Table,
    (tables, problems): (&[(&Values, Choice)], &mut Problems),
) {
    for key in registry::keys_of(table) {
        for fit in key.facts().fits {
            let mut misfits = Vec::new();
            for misfit in tables.iter().flat_map(|(_, choice)| fit(choice)) {
                if !misfits.contains(&misfit) {
                    problems.push(problem(key, values, &misfit));
                    misfits.push(misfit);
                }
            }
        }
    }
}

/// Every table of axes, and what it has with the other tables.
fn tables(wire: &Wire) -> Vec<(&Values, Choice)> {
    let tables = wire.axes.iter();
    tables.map(|axes| (axes, choice(axes, wire))).collect()
}

/// What only the cells themselves show. Many tables of axes may have the level that does not fit: the first is told of.
pub(super) fn check_cells(wire: &Wire, cells: &[Cell], problems: &mut Problems) {
    let tables = tables(wire);
    for key in registry::keys() {
        let Some(fits) = key.facts().fits_cells else {
            continue;
        };
        let misfits = tables.iter();
        let misfits = misfits.map(|(axes, choice)| (axes, fits(choice, cells)));
        let mut misfits = misfits.filter(|(_, misfits)| !misfits.is_empty());
        let Some((axes, misfits)) = misfits.next() else {
            continue;
        };
        for misfit in misfits {
            problems.push(problem(key, values(key, axes, wire), &misfit));
        }
    }
    unused::check_cells(wire, cells, problems);
}

/// The table that a key is in, beside a table of axes.
fn values<'a>(key: &dyn AnyKey, axes: &'a Values, wire: &'a Wire) -> &'a Values {
    match key.facts().table {
        Table::Axes => axes,
        Table::Lab => &wire.lab,
        Table::Trial => &wire.trial,
    }
}

/// What a table of axes has, with the other tables, without the places at which it is written.
fn choice(axes: &Values, wire: &Wire) -> Choice {
    let mut choice = Choice::default();
    for key in registry::keys() {
        let values = values(key, axes, wire);
        let levels = values.of(key).iter();
        let levels = levels.map(|at| (at.value.clone(), at.span.as_ref().map(|span| span.start)));
        choice.give(key.facts().name, values.key(key), levels);
    }
    choice
}

/// A level that does not fit, where it stands.
fn problem(key: &dyn AnyKey, values: &Values, misfit: &Misfit) -> Problem {
    let at = misfit.nth.and_then(|nth| values.of(key).get(nth));
    let problem = Problem::of(values.key(key), &misfit.message);
    let problem = problem.at(at.and_then(|at| at.span.clone()));
    problem.remedy(&misfit.remedy)
}

fn check_size(wire: &Wire, problems: &mut Problems) {
    let repeats = u64::from(wire.trial.one(&REPEATS).most());
    let cells = wire.axes.iter().map(combinations);
    let trials = cells.fold(0, u64::saturating_add).saturating_mul(repeats);
    if trials > MOST_TRIALS {
        let message = format!("all combinations, repeated {repeats} times, are {trials} trials");
        problems.push(
            Problem::of("axes", message).remedy(format!("allowed: up to {MOST_TRIALS} trials")),
        );
    }
}

/// How many cells a table of axes stands for, those that turn out to be the same counted apart.
fn combinations(axes: &Values) -> u64 {
    let lengths = registry::keys_of(Table::Axes).map(|key| axes.of(key).len());
    let lengths = lengths.map(|length| length.max(1) as u64);
    lengths.fold(1, u64::saturating_mul)
}
