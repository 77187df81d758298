//! Models laid through curves, as description only: what they leave over is kept beside them.
//!
//! The invariant: nothing is said from a model of counts beyond those it was fitted to.

pub(super) mod capacity;
mod residual;
pub(super) mod usl;

pub use capacity::Capacity;
pub use residual::Residual;
pub use usl::{Term, Usl};
