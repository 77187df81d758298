//! Models laid through curves, as description only: what they leave over is kept beside them.
//!
//! The invariant: nothing is said from a model of counts beyond those it was fitted to.

pub(super) mod capacity;
pub(super) mod usl;

pub use capacity::Capacity;
pub use usl::{Term, Usl};

/// What is left over at a count: the measured figure over the model's, less 1.
pub type Residual = (u32, f64);
