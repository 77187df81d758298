//! The key of what some pairs do instead of the workload.

use crate::factors::beside::Beside;
use crate::factors::cell::Cell;
use crate::factors::choice::{Choice, Misfit};
use crate::factors::field::Place::Traffic;
use crate::factors::field::Varies::Anywhere;
use crate::factors::field::{Field, take, words};
use crate::factors::key::{Group, Key, Part, Usual};

use super::names::{self, WORKLOAD};

pub static BESIDE: Key<Beside> = Key::axis_of(names::BESIDE,
    Group::Load,
    "What some pairs do instead of the workload: other workloads, each with a number of pairs or a share of all, and optionally \
     with requests per second.",
)
.also(&["mix"])
.about(Part::Traffic)
.examples("`tcp-rr:2`, `idle:90% tcp-rr:9%@100`")
.usual(Usual::Text("none"))
.sets(|cell, beside| cell.beside.clone_from(beside))
    .fits(&[is_something_else])
    .fits_cells(leaves_pairs)
.read_back("The pairs that do something else are counted apart, and the record has each class.")
.fields(&[Field::text(
    "beside",
    "What some pairs do instead.",
    |cell| words(&cell.beside),
    take!(beside),
)
.labelled(Anywhere, |level| match level {
        "none" => "alone".to_owned(),
        level => format!("beside {level}"),
    })
.in_id(Traffic, guests)]);

/// In letters that are safe in a file's name.
fn guests(cell: &Cell) -> Option<String> {
    let safe = |letter: char| match letter {
        '%' => 'p',
        ':' | ' ' | '@' => '-',
        other => other,
    };
    let words = cell.beside.to_string();
    let text = || format!("beside-{}", words.chars().map(safe).collect::<String>());
    (!cell.beside.is_none()).then(text)
}

/// Every workload of a table meets every level, and two classes that do the same would be one.
fn is_something_else(choice: &Choice) -> Vec<Misfit> {
    let misfits = choice.levels(names::BESIDE).filter_map(|at| {
        let mut workloads = at.value.workloads();
        let workload = workloads.find(|workload| choice.has(WORKLOAD, workload))?;
        let message = format!("{workload} is also the workload of the other pairs");
        Some(at.misfit(message, "allowed: workloads other than those of `workload`"))
    });
    misfits.collect()
}

/// Each class of a cell has a pair, its own workload's too.
fn leaves_pairs(choice: &Choice, cells: &[Cell]) -> Vec<Misfit> {
    let cell = cells.iter().find(|cell| !cell.beside.fits(cell.pairs));
    let misfit = cell.and_then(|cell| {
        let at = choice.find(names::BESIDE, |beside| *beside == cell.beside)?;
        let pairs = cell.pairs;
        let message = format!(
            "{} beside {} needs more than {pairs} pair{}",
            cell.beside,
            cell.workload,
            if pairs == 1 { "" } else { "s" },
        );
        Some(at.misfit(
            message,
            "allowed: what leaves each workload a pair; more containers make more pairs",
        ))
    });
    misfit.into_iter().collect()
}
