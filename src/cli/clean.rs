//! `kilonet clean`: removes what runs that died have left with an engine.

use std::process::ExitCode;

use clap::Args;

use crate::error::Result;
use crate::lab::docker::{Engine, Leftovers, Removed};

/// Removes containers, networks and images with kilonet's label whose run is no more, and nothing else. Runs that are still
/// going on keep theirs. The engine is the one behind `DOCKER_HOST`, or the usual socket.
#[derive(Debug, Args)]
pub(super) struct Clean {}

impl Clean {
    pub(super) fn run() -> Result<ExitCode> {
        let engine = Engine::connect()?;
        let removed = Leftovers::find(&engine)?.remove(&engine)?;
        anstream::println!("{}", sentence(removed));
        Ok(ExitCode::SUCCESS)
    }
}

fn sentence(removed: Removed) -> String {
    let counts = [
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

fn counted(count: usize, noun: &str) -> String {
    match (count, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {noun}s"),
    }
}
