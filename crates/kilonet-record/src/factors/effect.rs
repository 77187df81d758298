//! Whether a factor's level took hold in a trial: what an entry of the registry says of it, by a witness that is not the setting
//! itself.
//!
//! Knows no key. The invariant: a level that was not seen to act is never said to have held.

use serde::{Deserialize, Serialize};

use super::evidence::Evidence;
use super::factor::is_default;

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

/// What an entry says of a trial: an effect whose factor is the entry's own.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    witness: &'static str,
    seen: Option<f64>,
    wanted: Option<f64>,
    verdict: Verdict,
    reason: String,
}

/// How the levels of a factor are seen to act.
#[derive(Clone, Copy)]
pub enum Witnessing {
    /// The entry says nothing, which a test of the registry does not let pass.
    Unsaid,
    /// By what was counted in a trial; nothing is said of a level that no trial could show, or where nobody counted.
    Shows(fn(&Evidence<'_>) -> Option<Shown>),
    /// By nothing that is counted, for this reason, and what is read back instead.
    ReadBack(&'static str),
}

impl Shown {
    /// A witness, in words, and how much of it there was; it is for one of the next to say what that means.
    #[must_use]
    pub fn by(witness: &'static str, seen: impl Into<Option<f64>>) -> Self {
        Self {
            witness,
            seen: seen.into(),
            wanted: None,
            verdict: Verdict::Held,
            reason: String::new(),
        }
    }

    /// How much of it a level must show.
    #[must_use]
    pub fn of(mut self, wanted: impl Into<f64>) -> Self {
        self.wanted = Some(wanted.into());
        self
    }

    /// The level took hold if that is so, and otherwise did not, for a reason that says what helps.
    #[must_use]
    pub fn held_if(self, held: bool, or_else: impl Into<String>) -> Self {
        self.turned(
            if held {
                Verdict::Held
            } else {
                Verdict::NotHeld
            },
            or_else,
        )
    }

    /// The level was set, and this traffic cannot show it.
    #[must_use]
    pub fn not_exercised(self, reason: impl Into<String>) -> Self {
        self.turned(Verdict::NotExercised, reason)
    }

    fn turned(mut self, verdict: Verdict, reason: impl Into<String>) -> Self {
        self.verdict = verdict;
        self.reason = match verdict {
            Verdict::Held => String::new(),
            Verdict::NotHeld | Verdict::NotExercised => reason.into(),
        };
        self
    }

    /// What it says of a factor.
    #[must_use]
    pub fn of_factor(self, factor: &str) -> Effect {
        Effect {
            factor: factor.to_owned(),
            verdict: self.verdict,
            witness: self.witness.to_owned(),
            seen: self.seen,
            wanted: self.wanted,
            reason: self.reason,
        }
    }
}
