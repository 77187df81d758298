//! What the files of a run folder are called, and how large they may be.

use std::path::Path;

use crate::error::{Error, Remedy, Result};

/// What the run is, written before its first trial.
pub const MANIFEST: &str = "manifest.json";

/// One [`Record`](crate::store::Record) a line.
pub const TRIALS: &str = "trials.jsonl";

/// One [`FlowRow`](crate::store::record::FlowRow) a line, under a header.
pub const FLOWS: &str = "flows.csv";

/// A folder with a file for each trial, in which is one [`ProgramOutput`](crate::store::record::ProgramOutput) a line; there
/// where somebody else's programs ran.
pub const OUTPUTS: &str = "outputs";

/// One [`ContainerRow`](crate::store::record::ContainerRow) a line, under a header; only where there is any.
pub const CONTAINERS: &str = "containers.csv";

/// Refuses to write a file that would take the place of what a run is made of, which nothing brings back.
///
/// # Errors
/// When it would.
pub fn spare(path: &Path) -> Result<()> {
    let own = [MANIFEST, TRIALS, FLOWS, CONTAINERS, OUTPUTS];
    let is_own = path
        .file_name()
        .is_some_and(|name| own.iter().any(|it| name == *it));
    if is_own && path.with_file_name(MANIFEST).is_file() {
        let object = path.display().to_string();
        let refusal = Error::refused("write", object, "a run has its records there");
        return Err(refusal.with_remedy(Remedy::OtherFolder));
    }
    Ok(())
}

/// Bytes of the records at most: those of 100,000 trials are half a gigabyte.
pub(super) const LARGEST_TRIALS: u64 = 16 << 30;

/// Bytes of a table beside the records at most: ten million flows are less than a gigabyte.
pub(super) const LARGEST_TABLE: u64 = 64 << 30;
