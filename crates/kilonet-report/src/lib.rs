//! Everything that a person or another program sees of a run, computed from its records.
//!
//! Must not know a kernel, a socket or an engine: nothing here needs rights, nor Linux. The invariant: the same records give the
//! same report, on every machine.

pub mod analysis;
pub mod export;
pub mod printable;
pub mod report;

// The names by which the files of this crate call their neighbours.
use kilonet_record::{error, files, store, units};
use kilonet_scenario::{plan, scenario};
use kilonet_stats as stats;

use error::{Error, Result};
