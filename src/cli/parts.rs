//! Which flags for a scenario's keys a verb uses: the others are refused with the reason, and are not in its help.
//!
//! Must not know what a key means. The invariant: no flag is taken and left unused.

use clap::Arg;

use crate::error::{Error, Result};
use crate::scenario::{Overrides, Part, registry};

/// Refuses the first flag about a part of scenarios that the verb does not use.
///
/// # Errors
/// For such a flag, with `reason` and `hint`.
pub(super) fn only(
    overrides: &Overrides,
    parts: &[Part],
    (reason, hint): (&str, &str),
) -> Result<()> {
    match overrides.given().find(|key| !parts.contains(&key.part)) {
        None => Ok(()),
        Some(key) => Err(refused(&format!("--{}", key.flag()), reason, hint)),
    }
}

/// A flag that cannot apply, with why and what to do.
pub(super) fn refused(flag: &str, reason: &str, hint: &str) -> Error {
    Error::Scenario(format!("error: {flag}: {reason}\nhint: {hint}"))
}

/// Hides an argument of a verb that has only these parts, where it is a flag about another.
pub(super) fn hide_others(argument: Arg, parts: &[Part]) -> Arg {
    let key = registry::key(argument.get_id().as_str());
    match key.map(|key| key.facts().part) {
        Some(part) if !parts.contains(&part) => argument.hide(true),
        Some(_) | None => argument,
    }
}
