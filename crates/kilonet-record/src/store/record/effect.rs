//! The part of a record that says of each factor whether its level took hold in this trial, by a witness that is not the setting itself.
//!
//! Must not know factors. The invariant: a level that was not seen to act is never said to have held.

use serde::{Deserialize, Serialize};

use crate::factors::is_default;

/// Whether a level took hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It did: what it must show was counted.
    Held,
    /// It did not: the trial is invalid, as it measured something else.
    NotHeld,
    /// It was set, and this traffic cannot show it: no slope and no contrast over the factor has this trial.
    NotExercised,
}

/// What was seen of a factor's level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// The factor, by the name of its key.
    pub factor: String,
    /// Whether it took hold.
    pub verdict: Verdict,
    /// What was looked at, in words: "packets that met the last rule".
    pub witness: String,
    /// How much of it there was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seen: Option<f64>,
    /// How much of it the level must show at least, or at most where that is in the words; absent where any is enough.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub wanted: Option<f64>,
    /// Why it did not hold, or was not exercised, with what helps; empty where it held.
    #[serde(skip_serializing_if = "is_default", default)]
    pub reason: String,
}
