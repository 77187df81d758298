//! What came of removing remains of one kind.
//!
//! The invariant: what could not be removed is an error of its own beside what was, so that neither is lost.

use crate::error::{Error, Result};

/// What is gone, and what is not.
#[derive(Debug, Default)]
pub struct Swept {
    /// How many of each were removed, by their noun.
    pub removed: Vec<(usize, &'static str)>,
    /// How many sysctls were put back to what they were.
    pub restored: usize,
    /// What else the user should know of what was done.
    pub notes: Vec<String>,
    /// What could not be removed, or not even looked for.
    pub errors: Vec<Error>,
}

impl Swept {
    /// Of one kind, each of which was removed or not.
    #[must_use]
    pub fn of(noun: &'static str, outcomes: impl IntoIterator<Item = Result<()>>) -> Self {
        let mut swept = Self::default();
        let mut removed = 0;
        for outcome in outcomes {
            match outcome {
                Ok(()) => removed += 1,
                Err(error) => swept.errors.push(error),
            }
        }
        swept.removed.push((removed, noun));
        swept
    }

    /// Of one kind that could not even be looked for.
    #[must_use]
    pub fn refused(error: Error) -> Self {
        Self {
            errors: vec![error],
            ..Self::default()
        }
    }

    /// Both together.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.removed.extend(other.removed);
        self.restored += other.restored;
        self.notes.extend(other.notes);
        self.errors.extend(other.errors);
        self
    }
}
