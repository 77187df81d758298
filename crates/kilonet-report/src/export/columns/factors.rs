//! The columns of `trials` that are factors: the `cell` of a record.
//!
//! A factor that a record leaves out because it is as usual stands here as what is usual; one that does not apply is
//! absent. Knows none of them: each is as its entry says.

use super::super::column::{Column, factor};
use crate::scenario::{AnyKey, registry};
use crate::store::Record;

/// A column for each field of a cell.
pub(super) fn columns() -> Vec<Column<Record>> {
    let keys = registry::keys().map(AnyKey::facts);
    let fields = keys.flat_map(|facts| facts.fields.iter().map(|field| (field, facts.help)));
    let columns = fields.map(|(field, help)| {
        let about = if field.about.is_empty() {
            help
        } else {
            field.about
        };
        factor(field, about, |record: &Record| &record.cell)
    });
    columns.collect()
}
