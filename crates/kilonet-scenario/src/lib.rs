//! What the user wrote, checked into what the program believes, and the plan of trials that it comes to.
//!
//! Pure: knows neither the machine nor the time. It is a crate of its own, below the report, since which cells of a run were
//! planned and have no trial yet is known from the scenario's text alone.

pub mod plan;
pub mod scenario;

// The names by which the files of this crate call their neighbours.
use kilonet_record::{error, files, store};
use kilonet_stats::{self as stats, random};
