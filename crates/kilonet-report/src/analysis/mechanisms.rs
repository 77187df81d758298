//! What limits a run or breaks in it, by name: which mechanisms of the kernel and the machine bound, where that began, and what
//! follows from them.
//!
//! `table` has a row for each, with its witness in a file of `witness`; `consequence` has what can follow; `fold` puts the one under
//! the other; `filling` says more of a connection table that was full, and `intervention` what became of the same traffic where a
//! mechanism was kept away; `model` is what all of it is handed on as. Must not know words for people but names.
//!
//! The invariant: a mechanism is named where its own witness moved, by an error alone only where nobody could read the witness, and
//! then as probable; a consequence is put under it only in cells where both were, and not before it.

mod consequence;
mod filling;
mod fold;
mod intervention;
mod model;
mod row;
mod seen;
mod table;
#[cfg(test)]
mod tests;
mod witness;

use std::cmp::Reverse;

use super::answers::Asked;
use crate::store::folder::Manifest;

pub use consequence::Consequence;
pub use model::{
    Began, BoundCell, Certainty, Drops, Explained, ExplainedCell, Filling, Intervention, Mechanism,
    Setting, Unit, Usual, Witness,
};

/// The mechanisms that bound in a run: what explains most comes first, and among those that explain as much what is known for
/// certain.
pub(super) fn mechanisms(asked: &Asked<'_>, manifest: &Manifest) -> Vec<Mechanism> {
    let rows = table::ROWS.iter();
    let mut found: Vec<_> = rows
        .filter_map(|row| fold::mechanism(row, asked, manifest))
        .collect();
    found.sort_by_key(|it| {
        let cells = it.explains.iter().map(|of| of.cells.len());
        let explained: usize = cells.sum();
        (Reverse(explained), it.certain == Certainty::ByError)
    });
    found
}
