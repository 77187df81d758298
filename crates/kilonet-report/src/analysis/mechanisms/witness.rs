//! The witnesses of mechanisms: what of a record shows that each bound, and from how much on.
//!
//! Must not know consequences but by name. The invariant: each row reads what is counted of its own mechanism, and no other's
//! figure.

pub(super) mod queues;
pub(super) mod refusals;
pub(super) mod shares;
pub(super) mod tables;
