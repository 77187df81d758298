//! `kilonet clean`: removes what runs that died have left in control groups and with an engine.

use std::process::ExitCode;

use clap::Args;

use super::out;
use crate::error::Result;
use crate::host::cgroup;
use crate::lab::docker::{Engine, Leftovers, Removed};
use crate::units::counted;

/// Removes control groups named for a run of kilonet that is no more, and containers, networks and images with its label, and
/// nothing else. Runs that are still going on keep theirs. The engine is the one behind `DOCKER_HOST`, or the usual socket.
#[derive(Debug, Args)]
pub(super) struct Clean {}

impl Clean {
    pub(super) fn run() -> Result<ExitCode> {
        let groups = cgroup::remove_leftovers()?;
        let with_engine = remove_from_engine();
        let removed = with_engine.as_ref().copied().unwrap_or_default();
        if groups > 0 || with_engine.is_ok() {
            out::page(sentence(groups, removed) + "\n")?;
        }
        with_engine.map(|_| ExitCode::SUCCESS)
    }
}

fn remove_from_engine() -> Result<Removed> {
    let engine = Engine::connect()?;
    Leftovers::find(&engine)?.remove(&engine)
}

fn sentence(groups: usize, removed: Removed) -> String {
    let counts = [
        (groups, "control group"),
        (removed.containers, "container"),
        (removed.networks, "network"),
        (removed.images, "image"),
        (removed.directories, "directory"),
    ];
    let some = counts.iter().filter(|(count, _)| *count > 0);
    let words: Vec<_> = some.map(|(count, noun)| counted(*count, noun)).collect();
    if words.is_empty() {
        "nothing to remove".to_owned()
    } else {
        format!("removed {}", words.join(", "))
    }
}
