//! Which of the flags for a scenario's keys a verb has a use for: the others are refused with the reason, and not in its help.
//!
//! Must not know what a key means. The invariant: no flag is taken and left unused.

use clap::{Arg, Args, Command};

use super::limits::Limits;
use super::load::Load;
use super::wiring::Wiring;
use crate::error::{Error, Result};
use crate::scenario::{Overrides, Part};

/// Refuses the first flag that is about what the verb does not have.
///
/// # Errors
/// For such a flag, with `reason` and `hint`.
pub(super) fn only(
    overrides: &Overrides,
    parts: &[Part],
    (reason, hint): (&str, &str),
) -> Result<()> {
    match overrides.given().find(|(_, part)| !parts.contains(part)) {
        None => Ok(()),
        Some((flag, _)) => Err(refused(flag, reason, hint)),
    }
}

/// A flag that cannot apply, with why and what to do.
pub(super) fn refused(flag: &str, reason: &str, hint: &str) -> Error {
    Error::Scenario(format!("error: {flag}: {reason}\nhint: {hint}"))
}

/// Hides an argument of a verb that has only these parts, where it is a flag about another.
pub(super) fn hide_others(argument: Arg, parts: &[Part]) -> Arg {
    let part = part_of(argument.get_id().as_str());
    let is_other = part.is_some_and(|part| !parts.contains(&part));
    if is_other {
        argument.hide(true)
    } else {
        argument
    }
}

/// What the flag of this name is about; nothing for one that stands for no key.
fn part_of(id: &str) -> Option<Part> {
    if has::<Wiring>(id) {
        Some(Part::Lab)
    } else if has::<Load>(id) {
        Some(Part::Traffic)
    } else if has::<Limits>(id) {
        Some(Part::Limits)
    } else {
        Part::of_key(id)
    }
}

fn has<Flags: Args>(id: &str) -> bool {
    let command = Flags::augment_args(Command::new("flags"));
    command
        .get_arguments()
        .any(|argument| argument.get_id() == id)
}
