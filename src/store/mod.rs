//! The disk: the one place where measuring and reading meet.
//!
//! A run folder holds `manifest.json`, `trials.jsonl` and `flows.csv`; lines are appended and flushed as trials end, so a
//! run that was cut off keeps what it had. Nothing here computes a statistic.

pub mod folder;
pub mod record;
#[cfg(test)]
pub(crate) mod sample;

pub use record::Record;
