//! What can go wrong, said as the act and the object it was done to.
//!
//! One enum for the whole library. The kernel's own error stays the `source` and is never repeated in the text: a
//! printer joins the chain with `: `. What the user can do about it, where that is known, is a [`Remedy`].

mod act;
mod remedy;

use std::io;

pub use act::Act;
pub use remedy::Remedy;

/// The library's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure, with what was being done and to what.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The kernel refused an act.
    #[error("{act} {object}")]
    Kernel {
        /// What was being done: `add port`, `connect flow`.
        act: Act,
        /// What it was done to: `v00042 to bridge br1`.
        object: String,
        /// The kernel's answer.
        source: io::Error,
        /// What the user can do about it.
        remedy: Option<Remedy>,
    },
    /// kilonet itself refused to go on, before or instead of asking the kernel; the machine is what falls short.
    #[error("{act} {object}: {reason}")]
    Refused {
        /// The verb and its preposition, lower case.
        act: String,
        /// What it would have been done to.
        object: String,
        /// Why it was not done.
        reason: String,
        /// What the user can do about it.
        remedy: Option<Remedy>,
    },
    /// The scenario, or a flag that stands for one of its keys, is wrong. The text is ready to print: it names file,
    /// line, key and what is allowed.
    #[error("{0}")]
    Scenario(String),
    /// A file of a run folder cannot be read as what it should be.
    #[error("read {object}: {reason}")]
    Malformed {
        /// The file, and the line where there is one.
        object: String,
        /// What is wrong with it.
        reason: String,
        /// What the user can do about it.
        remedy: Option<Remedy>,
    },
    /// The user asked for the run to end.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// The kernel refused `act` on `object`; the remedy is the act's own against this error number.
    pub fn kernel(act: impl Into<Act>, object: impl Into<String>, source: io::Error) -> Self {
        let act = act.into();
        let errno = source.raw_os_error();
        Self::Kernel {
            remedy: errno.and_then(|errno| act.remedy(errno)),
            act,
            object: object.into(),
            source,
        }
    }

    /// kilonet declines `act` on `object` for `reason`.
    pub fn refused(
        act: impl Into<String>,
        object: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        Self::Refused {
            act: act.into(),
            object: object.into(),
            reason: reason.into(),
            remedy: None,
        }
    }

    /// The same error with a remedy of the caller's, who knows more than the act does.
    #[must_use]
    pub fn with_remedy(mut self, better: Remedy) -> Self {
        match &mut self {
            Self::Kernel { remedy, .. }
            | Self::Refused { remedy, .. }
            | Self::Malformed { remedy, .. } => {
                *remedy = Some(better);
            }
            Self::Scenario(_) | Self::Interrupted => {}
        }
        self
    }

    /// What the user can do about it, where that is known.
    #[must_use]
    pub fn remedy(&self) -> Option<&Remedy> {
        match self {
            Self::Kernel { remedy, .. }
            | Self::Refused { remedy, .. }
            | Self::Malformed { remedy, .. } => remedy.as_ref(),
            Self::Scenario(_) | Self::Interrupted => None,
        }
    }

    /// The same as a sentence.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        self.remedy().map(Remedy::to_string)
    }

    /// The kernel's error number, where the kernel is who refused.
    #[must_use]
    pub fn errno(&self) -> Option<i32> {
        match self {
            Self::Kernel { source, .. } => source.raw_os_error(),
            _ => None,
        }
    }

    /// What was being done, to what, and why not, where kilonet is who refused.
    #[must_use]
    pub fn parts(&self) -> (String, String, Option<String>) {
        match self {
            Self::Kernel { act, object, .. } => (act.to_string(), object.clone(), None),
            Self::Refused {
                act,
                object,
                reason,
                ..
            } => (act.clone(), object.clone(), Some(reason.clone())),
            Self::Scenario(_) | Self::Malformed { .. } | Self::Interrupted => (
                "run".to_owned(),
                "the trial".to_owned(),
                Some(self.to_string()),
            ),
        }
    }

    /// The whole chain in one line: act, object, and the kernel's reason.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Kernel { source, .. } => format!("{self}: {source}"),
            _ => self.to_string(),
        }
    }

    /// Whether the user's input is at fault (exit code 2) rather than the machine (exit code 1).
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Scenario(_))
    }
}
