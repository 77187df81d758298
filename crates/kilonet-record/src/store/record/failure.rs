//! The part of a record that says why its trial failed.

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Why a trial failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What was being done.
    pub act: String,
    /// To what.
    pub object: String,
    /// The kernel's error by name (`EXFULL`), where the kernel is who refused.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub errno: Option<String>,
    /// Why, where kilonet is who refused.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// What the user can do about it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hint: Option<String>,
}

impl Failure {
    /// The act, the object, and who refused it why: `add port v01024 to bridge br0: EXFULL`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let why = self.reason.as_deref().or(self.errno.as_deref());
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        format!("{} {}{why}", self.act, self.object)
    }
}

impl Failure {
    /// What an error comes to, whose number the caller has a name for.
    #[must_use]
    pub fn of(error: &Error, name: impl FnOnce(i32) -> String) -> Self {
        let (act, object, reason) = error.parts();
        let errno = error.errno().map(name);
        Self {
            act,
            object,
            errno,
            reason,
            hint: error.hint(),
        }
    }
}
