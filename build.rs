//! What the program will say of its own making: `src/version.rs` has the names. And that a release packs its debug sections.
//!
//! The invariant: what cannot be found out is left out, as where there is no git, or none of this source. Run again when
//! something changes that the program is made of, or the commit that is checked out, and not otherwise: what changes beside
//! the source (pages, results, tests) makes the program no other. So `modified` is as of the build, and of its source alone.

#[path = "build/sha256.rs"]
mod sha256;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

/// What the program is made of, beside the lock file.
const MADE_OF: [&str; 5] = ["Cargo.toml", "build", "build.rs", "crates", "src"];

/// Digits of a hash that are kept: enough to tell apart what anybody has built.
const DIGITS: usize = 12;

fn main() -> io::Result<()> {
    let files = files()?;
    for file in &files {
        println!("cargo:rerun-if-changed={}", file.display());
    }
    tell("SOURCE", Some(source(&files)?));
    tell("PROFILE", env::var("PROFILE").ok());
    tell("LOCK", lock());
    if env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        // Those of the standard library, which a panic reads to say where it was: a fifth as large, and inflated only then. At this
        // level the linker packs well.
        println!("cargo:rustc-link-arg-bins=-Wl,--compress-debug-sections=zlib,-O2");
    }
    if is_own_repository() {
        watch_commit();
        tell(
            "COMMIT",
            git(&["rev-parse", &format!("--short={DIGITS}"), "HEAD"]),
        );
        tell("MODIFIED", modified(&files));
    }
    Ok(())
}

fn tell(name: &str, value: Option<String>) {
    if let Some(value) = value {
        println!("cargo:rustc-env=KILONET_{name}={value}");
    }
}

/// The files of which the program is made, tests in files of their own left out.
fn files() -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in MADE_OF.map(PathBuf::from) {
        gather(path, &mut files)?;
    }
    files.sort();
    Ok(files)
}

fn gather(path: PathBuf, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if path.file_name().is_some_and(is_of_tests) {
        return Ok(());
    }
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            gather(entry?.path(), files)?;
        }
    } else if path.exists() {
        files.push(path);
    }
    Ok(())
}

/// One hash of all files and their names.
fn source(files: &[PathBuf]) -> io::Result<String> {
    let mut all = Vec::new();
    for file in files {
        let text = fs::read(file)?;
        all.extend(format!("{} {}\n", sha256::hex(&text), file.display()).into_bytes());
    }
    Ok(short(&sha256::hex(&all)))
}

/// The hash of the lock file; absent where there is none.
fn lock() -> Option<String> {
    // Of a file that is not there cargo would say that it has changed, each time.
    let text = fs::read("Cargo.lock").ok()?;
    println!("cargo:rerun-if-changed=Cargo.lock");
    Some(short(&sha256::hex(&text)))
}

fn short(hash: &str) -> String {
    hash.chars().take(DIGITS).collect()
}

/// Whether git knows this very folder: an archive that was unpacked within somebody's repository is not that one's.
fn is_own_repository() -> bool {
    let root = git(&["rev-parse", "--show-toplevel"]).and_then(|root| fs::canonicalize(root).ok());
    root.is_some() && root == fs::canonicalize(".").ok()
}

/// Has the build run again when another commit is checked out, or made.
fn watch_commit() {
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]);
    let reference = branch
        .as_deref()
        .and_then(git_path)
        .filter(|path| path.exists());
    let watched = match (branch, reference) {
        (Some(_), Some(reference)) => vec![Some(reference)],
        // Packed, until the next commit makes it a file in the folder of its like.
        (Some(branch), None) => {
            let folder = Path::new(&branch).parent().map(Path::to_owned);
            let folder = folder.and_then(|folder| git_path(&folder.to_string_lossy()));
            vec![git_path("packed-refs"), folder]
        }
        (None, _) => Vec::new(),
    };
    let watched = watched.into_iter().chain([git_path("HEAD")]).flatten();
    for path in watched.filter(|path| path.exists()) {
        println!("cargo:rerun-if-changed={}", path.display());
    }
}

fn git_path(name: &str) -> Option<PathBuf> {
    git(&["rev-parse", "--git-path", name]).map(PathBuf::from)
}

/// Whether a file of the source or the lock file is not as committed.
fn modified(files: &[PathBuf]) -> Option<String> {
    let status = git(&["status", "--porcelain", "--untracked-files=all"])?;
    let names = status.lines().filter_map(|line| line.get(3..));
    let mut ours = names.filter(|name| {
        let path = Path::new(name.trim_matches('"'));
        path == Path::new("Cargo.lock") || is_source(path, files)
    });
    Some(ours.next().is_some().to_string())
}

/// Also of one that is gone, or was renamed.
fn is_source(path: &Path, files: &[PathBuf]) -> bool {
    let of_tests = path.iter().any(is_of_tests);
    let made_of = MADE_OF.iter().any(|root| path.starts_with(root));
    files.iter().any(|file| file == path) || (made_of && !of_tests)
}

/// Whether a file or folder of this name is there for tests alone.
fn is_of_tests(name: &OsStr) -> bool {
    ["tests", "tests.rs", "snapshots"]
        .iter()
        .any(|it| name == *it)
}

/// What git says; absent where it is not there, or refuses.
fn git(arguments: &[&str]) -> Option<String> {
    // No lock is taken, for others may be at work in the repository.
    let output = Command::new("git")
        .arg("--no-optional-locks")
        .args(arguments)
        .output()
        .ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| said.trim_end().to_owned())
}
