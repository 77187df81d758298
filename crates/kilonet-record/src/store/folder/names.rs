//! What the files of a run folder are called, and how large they may be.

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

/// Bytes of the records at most: those of 100,000 trials are half a gigabyte.
pub(super) const LARGEST_TRIALS: u64 = 16 << 30;

/// Bytes of a table beside the records at most: ten million flows are less than a gigabyte.
pub(super) const LARGEST_TABLE: u64 = 64 << 30;
