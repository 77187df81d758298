//! The part of a record that is about who else was at work.
//!
//! Must not know how a disturbance is told.

use serde::{Deserialize, Serialize};

use crate::factors::is_default;

/// Who else was at work around a trial, and how fast the machine was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noise {
    /// What a fixed piece of work took before set-up; absent where it was not timed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub canary_before_ns: Option<u64>,
    /// The same after teardown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub canary_after_ns: Option<u64>,
    /// What it usually took in the run, before this trial: what the two are held against. Absent where it was not timed, and in
    /// records of earlier versions.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub canary_usual_ns: Option<u64>,
    /// What disturbed the trial, in sentences; nothing if none of what could be judged did.
    #[serde(skip_serializing_if = "is_default", default)]
    pub disturbed: Vec<String>,
    /// What could not be judged, and why, in sentences; nothing where all could, and in records of earlier versions.
    #[serde(skip_serializing_if = "is_default", default)]
    pub unjudged: Vec<String>,
}
