//! Passing controllers on to groups below, in version 2.
//!
//! Must not know what they are for. The invariant: what was passed on for us is taken back, and this process ends up in the
//! group in which it began.
//!
//! A group other than the root either has processes or passes controllers on (the "no internal processes" rule of
//! `cgroup-v2.rst`). A process that was given a group of its own is alone in it, and so has to step aside into one below.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Remedy, Result};
use crate::host::pseudo;

/// What a group passes on.
const PASSED_ON: &str = "cgroup.subtree_control";

/// See the file's head.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Delegation {
    own: PathBuf,
    nest: PathBuf,
    /// What the own group did not pass on before.
    added: Vec<String>,
    /// Where this process stepped aside, if it did.
    aside: Option<PathBuf>,
}

impl Delegation {
    /// Has the group `own`, this process's, and `nest` below it pass these controllers on.
    pub(super) fn begin(own: &Path, nest: &Path, words: &[&str]) -> Result<Self> {
        let before = pseudo::word(own.join(PASSED_ON)).unwrap_or_default();
        let is_new = |word: &&&str| !before.split_whitespace().any(|it| it == **word);
        let added = words.iter().filter(is_new).map(|word| (*word).to_owned());
        let mut delegation = Self {
            own: own.to_owned(),
            nest: nest.to_owned(),
            added: added.collect(),
            aside: None,
        };
        match delegation.pass_on(words) {
            Ok(()) => Ok(delegation),
            Err(error) => {
                delegation.end();
                Err(error)
            }
        }
    }

    fn pass_on(&mut self, words: &[&str]) -> Result<()> {
        if !self.added.is_empty() {
            let file = self.own.join(PASSED_ON);
            let text = signed('+', self.added.iter().map(String::as_str));
            match write(&file, &text) {
                Err(error) if error.errno() == Some(Errno::EBUSY as i32) => {
                    self.step_aside()?;
                    write(&file, &text)?;
                }
                written => written?,
            }
        }
        write(
            &self.nest.join(PASSED_ON),
            &signed('+', words.iter().copied()),
        )
    }

    fn step_aside(&mut self) -> Result<()> {
        let own = std::process::id().to_string();
        let inside = pseudo::text(self.own.join("cgroup.procs"))?;
        if inside.split_whitespace().any(|pid| pid != own) {
            let reason = "it contains processes other than kilonet, so it cannot be divided";
            let object = format!("group {}", self.own.display());
            return Err(
                Error::refused("divide", object, reason).with_remedy(Remedy::OwnControlGroup)
            );
        }
        let aside = self.nest.join("kilonet");
        fs::create_dir(&aside)
            .map_err(|source| Error::kernel("make", aside.display().to_string(), source))?;
        self.aside = Some(aside.clone());
        write(&aside.join("cgroup.procs"), "0")
    }

    /// Takes back what was passed on, once there are no groups below the nest any more but the one of this process.
    pub(super) fn end(&self) {
        // Each may be refused where a lab's processes have not ended yet; the groups are leftovers then, and found later.
        let passed = pseudo::word(self.nest.join(PASSED_ON)).unwrap_or_default();
        let _ = write(
            &self.nest.join(PASSED_ON),
            &signed('-', passed.split_whitespace()),
        );
        if !self.added.is_empty() {
            let added = self.added.iter().map(String::as_str);
            let _ = write(&self.own.join(PASSED_ON), &signed('-', added));
        }
        if let Some(aside) = &self.aside {
            let _ = write(&self.own.join("cgroup.procs"), "0");
            let _ = fs::remove_dir(aside);
        }
    }
}

fn signed<'a>(sign: char, words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<_> = words.map(|word| format!("{sign}{word}")).collect();
    words.join(" ")
}

pub(super) fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).map_err(|source| {
        let act = format!("write {text:?} to");
        refusal(&act, file, source)
    })
}

/// The kernel's, with the remedy where it is one of rights.
pub(super) fn refusal(act: &str, object: &Path, source: io::Error) -> Error {
    let errno = source.raw_os_error().map(Errno::from_raw);
    let error = Error::kernel(act, object.display().to_string(), source);
    match errno {
        Some(Errno::EACCES | Errno::EPERM | Errno::EROFS | Errno::EBUSY) => {
            error.with_remedy(Remedy::OwnControlGroup)
        }
        Some(Errno::EINVAL | Errno::ERANGE) => error.with_remedy(Remedy::SmallerLimits),
        _ => error,
    }
}
