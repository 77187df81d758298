//! Where the programs of this machine are that others have installed.
//!
//! Must not know what they are run for.

use std::env;
use std::path::PathBuf;

/// Where administrators' programs are kept, which is not on every user's path.
const SYSTEM_FOLDERS: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// A program's file; none where it is not installed.
#[must_use]
pub fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(SYSTEM_FOLDERS.map(PathBuf::from));
    folders
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}
