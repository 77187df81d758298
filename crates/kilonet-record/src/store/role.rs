//! What a run, and a trial of it, is there for.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::factors::Cell;

/// Why a trial is in the plan; in a record only where it is not one of the sweep itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The scenario asks for it. It may be a baseline for others all the same; see [`Cell::baseline`].
    #[default]
    Cell,
    /// The plan put it into the block so that the others have something to be compared with.
    Baseline,
}

/// Which of the trials of a plan something is of, whatever its id looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn<'a> {
    /// The factors.
    pub cell: &'a Cell,
    /// Which repetition of it.
    pub repeat: u32,
    /// Whether it is the one that was run as others had disturbed the one of the plan.
    pub again: bool,
}

/// What a scenario is run for. Nothing else says so: a run's name may look like anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// To measure.
    Measure,
    /// To see that every cell works: one trial of each, long enough for every check and too short for figures.
    Verify,
}

impl Purpose {
    /// Its name in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Measure => "measure",
            Self::Verify => "verify",
        }
    }
}

/// How long a trial that only verifies warms up, and how long its window is.
pub const VERIFIES_IN: Duration = Duration::from_millis(100);
