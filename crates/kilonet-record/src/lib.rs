//! What is written to a run folder and read from it, as types: the wall between measuring and reading.
//!
//! Must not know a machine, a form of file that people write, nor a statistic. The invariant: whatever stands on the disk is read
//! and written here, and nowhere else.

pub mod error;
pub mod factors;
pub mod files;
pub mod store;
pub mod units;

// The names by which the files of this crate call their neighbours.
use kilonet_stats::{self as stats, random};

pub use error::{Error, Result};
