//! What this repository keeps under `results`, by name. Whoever tries kilonet here has runs of their own beside these, and no
//! test may take one for the other: what `results/.gitignore` keeps is read, and nothing else.

#![allow(dead_code, reason = "each test file uses a part of this")]

use std::fs;
use std::path::{Path, PathBuf};

/// The folders of `results` that are kept: runs, and what benches found.
pub(crate) fn folders() -> Vec<PathBuf> {
    // A crate of the workspace may be the one that asks.
    let mut above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let results = above.find_map(|folder| Some(folder.join("results")).filter(|it| it.exists()));
    let results = results.expect("the folder of results");
    let names = fs::read_to_string(results.join(".gitignore")).unwrap();
    let names = names
        .lines()
        .filter_map(|line| line.strip_prefix("!/")?.strip_suffix('/'));
    let folders: Vec<_> = names.map(|name| results.join(name)).collect();
    assert!(folders.len() > 10, "only {} are kept", folders.len());
    folders
}

/// Those that are runs.
pub(crate) fn runs() -> Vec<PathBuf> {
    let mut runs = folders();
    runs.retain(|folder| folder.join("trials.jsonl").exists());
    assert!(runs.len() > 5, "only {} runs are kept", runs.len());
    runs
}
