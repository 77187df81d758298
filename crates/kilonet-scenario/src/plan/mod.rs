//! The plan: which trials are run, and in which order.
//!
//! Pure: it knows neither the machine nor the time. Invariant: the same scenario and seed give the same plan, in any
//! version of this program, since a run that was cut off is resumed by planning it again.

mod estimate;
mod layout;
mod order;
mod precision;
mod standing;

pub use estimate::{Need, WATCHED_HOST_SIDES, WATCHING_DESCRIPTORS};
pub use kilonet_record::store::{Figures, Role, Shown, TrialId, Turn, cell_id};
pub use layout::{Plan, Trial};
pub use precision::Precision;
pub use standing::{Place, Standing};

#[cfg(test)]
mod tests;
