//! Trials with their flows, for forms that have a file for each trial.
//!
//! Must not know a form. The invariant: every record is visited once, and at no time are the flows of more than one trial in
//! memory. A trial's rows stand together, as they are written.

use std::collections::HashMap;

use super::source::Source;
use crate::error::Result;
use crate::store::Record;
use crate::store::record::FlowRow;

/// Visits each trial with its flows, those without any last; gives what could not be read, each a sentence.
pub(super) fn each_trial(
    source: &Source,
    mut visit: impl FnMut(&Record, &[FlowRow]) -> Result<()>,
) -> Result<Vec<String>> {
    let mut recorded = source.flows()?;
    let records = source.run.records.iter();
    let mut waiting: HashMap<_, _> = records
        .map(|record| (record.trial.as_str(), record))
        .collect();
    let mut flows = recorded.by_ref().peekable();
    while let Some(first) = flows.next() {
        let mut rows = vec![first];
        while let Some(row) = flows.next_if(|row| row.trial == rows[0].trial) {
            rows.push(row);
        }
        if let Some(record) = waiting.remove(rows[0].trial.as_str()) {
            visit(record, &rows)?;
        }
    }
    for record in &source.run.records {
        if waiting.contains_key(record.trial.as_str()) {
            visit(record, &[])?;
        }
    }
    Ok(recorded.notes())
}
