//! `kilonet clean`: removes what killed runs have left, and restores the sysctls that they raised.

use std::process::ExitCode;

use clap::Args;

use super::out;
use crate::error::Result;
use crate::host::{cgroup, sysctl};
use crate::lab::docker::{Directory, Engine, remove_leftovers};
use crate::swept::Swept;
use crate::units::counted;

/// Removes control groups named after a run of kilonet that has ended, directories in which its agents report, and
/// containers, networks and images with its label; restores sysctls that it had raised; and touches nothing else. Runs that
/// are still in progress keep theirs. The engine is the one named by `DOCKER_HOST`, or at the usual socket; without one there is
/// nothing to remove from it.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 everything was removed, or there was nothing to remove; 1 something could not be removed."
)]
pub(super) struct Clean {}

impl Clean {
    /// Every kind is tried, whatever came of the others.
    pub(super) fn run() -> Result<ExitCode> {
        let swept = sysctl::restore_leftovers()
            .and(cgroup::remove_leftovers())
            .and(from_engine())
            .and(Directory::remove_leftovers());
        for note in &swept.notes {
            out::say(format!("note: {note}"));
        }
        for error in &swept.errors {
            out::tell(error);
        }
        out::page(sentence(&swept) + "\n")?;
        Ok(ExitCode::from(u8::from(!swept.errors.is_empty())))
    }
}

fn from_engine() -> Swept {
    match Engine::find() {
        Ok(Some(engine)) => remove_leftovers(&engine),
        Ok(None) => Swept::default(),
        Err(error) => Swept::refused(error),
    }
}

/// Says in one sentence what was removed and restored.
fn sentence(swept: &Swept) -> String {
    let some = swept.removed.iter().filter(|(count, _)| *count > 0);
    let removed: Vec<_> = some.map(|(count, noun)| counted(*count, noun)).collect();
    let removed = (!removed.is_empty()).then(|| format!("removed {}", removed.join(", ")));
    let restored =
        (swept.restored > 0).then(|| format!("put back {}", counted(swept.restored, "sysctl")));
    let done: Vec<_> = restored.into_iter().chain(removed).collect();
    match (done.is_empty(), swept.errors.is_empty()) {
        (false, _) => done.join(", "),
        (true, true) => "nothing to remove".to_owned(),
        (true, false) => "nothing was removed".to_owned(),
    }
}
