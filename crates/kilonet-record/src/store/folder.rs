//! A run folder: made, appended to, read back.
//!
//! Must not know what a record says beyond its id, status and schema. The invariant: a record's line is the commit point
//! of its trial. It is written whole or not at all, after the trial's flow rows, and is on the disk when `append` returns.

mod flows;
mod manifest;
mod names;
mod reader;
mod tally;
mod writer;

pub use flows::Flows;
pub use manifest::Manifest;
pub use names::{CONTAINERS, FLOWS, MANIFEST, OUTPUTS, TRIALS, spare};
pub use reader::{Line, Run};
pub use tally::Tally;
pub use writer::Writer;

#[cfg(test)]
mod tests;
