//! Records into curves.
//!
//! Reads records only: must not know kernel or sockets. The invariant: a point exists only where a record carries it.
//! A cell whose trials all failed is a gap with a reason, never a zero.

pub mod model;

pub use model::{Analysis, CellSummary, Estimate, Metric, Series};
