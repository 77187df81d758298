//! Control groups: where this process stands, which limits hold there, and groups of a lab's own below.
//!
//! [`groups`] reads where this process stands, [`nest`] makes groups below it for containers, [`usage`] reads what these used,
//! [`removal`] takes them away, [`leftovers`] finds those of the dead.

mod delegation;
mod groups;
pub(crate) mod leftovers;
mod nest;
mod removal;
mod usage;

pub use leftovers::remove_leftovers;
pub use nest::Nest;
pub use removal::Removal;
pub use usage::{CpuTime, Memory, own_throttled_periods};

pub(super) use groups::{Controller, Groups};
