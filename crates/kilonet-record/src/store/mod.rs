//! The disk: the one place where measuring and reading meet.
//!
//! A run folder holds `manifest.json`, `trials.jsonl` and `flows.csv`; lines are appended and flushed as trials end, so a
//! run that was cut off keeps what it had. Nothing here computes a statistic.

pub mod folder;
pub mod record;
#[cfg(any(test, feature = "sample"))]
#[allow(
    clippy::missing_panics_doc,
    reason = "only tests use it, and a test is to panic"
)]
pub mod sample;

pub mod version;

mod id;
#[cfg(test)]
#[path = "../../../../tests/kept/mod.rs"]
mod kept;
mod role;
mod shown;

pub use id::{TrialId, of_cell as cell_id};
pub use record::Record;
pub use role::{Purpose, Role, Turn, VERIFIES_IN};
pub use shown::{Figures, Shown};
