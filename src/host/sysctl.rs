//! Sysctls of the machine, raised for a run and put back after it, whatever becomes of the run.
//!
//! Must not know which sysctls are worth raising. The invariant: before the first is written, a journal with every old
//! value is on disk; it goes only once the old values are back. A process that dies leaves its journal, and the next
//! start restores from it. A value that somebody else has changed since is theirs: it is left alone and reported.
//!
//! Sysctls under `net` are those of the calling thread's namespace: call from a thread at home.

mod journal;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

use crate::error::{Error, Remedy, Result};
use crate::swept::Swept;
use journal::{Entry, Folder, Journal};

/// The sysctls and the journals.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// `/proc/sys`.
    pub(crate) sysctls: PathBuf,
    /// `/run/kilonet`: gone after a reboot, as the raised values are.
    pub(crate) journals: PathBuf,
}

impl Place {
    fn of_the_machine() -> Self {
        Self {
            sysctls: PathBuf::from("/proc/sys"),
            journals: PathBuf::from("/run/kilonet"),
        }
    }
}

/// Raised sysctls; put back in reverse order when dropped.
#[derive(Debug)]
pub struct Guard {
    place: Place,
    journal: Journal,
}

impl Guard {
    /// Sets each sysctl of `wanted` (dotted name to value) and reads it back.
    ///
    /// # Errors
    /// `Refused` without real root, for a name that is no sysctl's, for one that another live kilonet has raised, and for
    /// a value that reads back as another; `Kernel` when the journal or a sysctl cannot be written. What was set
    /// by then is put back.
    pub fn raise(wanted: &BTreeMap<String, String>) -> Result<Self> {
        if !geteuid().is_root() || super::privilege::in_own_user_namespace() {
            let names: Vec<_> = wanted.keys().map(String::as_str).collect();
            let reason = "they belong to the initial namespace, which takes real root";
            return Err(
                Error::refused("raise", format!("sysctls {}", names.join(", ")), reason)
                    .with_remedy(Remedy::SysctlsNeedRoot),
            );
        }
        Self::raise_in(Place::of_the_machine(), wanted)
    }

    pub(crate) fn raise_in(place: Place, wanted: &BTreeMap<String, String>) -> Result<Self> {
        let folder = Folder::open(&place.journals)?;
        let entries: Vec<_> = wanted
            .iter()
            .map(|(name, value)| place.entry(name, value))
            .collect::<Result<_>>()?;
        folder.refuse_if_raised(&entries)?;
        let journal = Journal::of_self(entries)?;
        folder.write(&journal)?;
        drop(folder);
        let guard = Self { place, journal };
        // On an error the guard is dropped here, which puts back what was set.
        guard
            .journal
            .entries
            .iter()
            .try_for_each(|entry| guard.place.set(entry))?;
        Ok(guard)
    }

    /// Puts every sysctl back now, and says which were left alone and why.
    #[must_use]
    pub fn restore(self) -> Vec<String> {
        self.put_back()
    }

    fn put_back(&self) -> Vec<String> {
        sentences(self.place.restore(&self.journal))
    }
}

/// What there is to say of sysctls that were put back: which were left alone, and which could not be.
fn sentences(swept: Swept) -> Vec<String> {
    let errors = swept.errors.iter().map(Error::sentence);
    swept.notes.into_iter().chain(errors).collect()
}

impl Drop for Guard {
    fn drop(&mut self) {
        // After `restore` the journal is gone and nothing is done here. What fails stays in the journal for the next
        // start to restore and report.
        let _ = self.put_back();
    }
}

/// Puts back what this process has raised; for the last act before a hasty exit, when its [`Guard`] is out of reach.
/// Gives sentences on what was left alone.
#[must_use]
pub fn restore_own() -> Vec<String> {
    let place = Place::of_the_machine();
    let own = Journal::of_self(Vec::new()).map(|journal| place.restore(&journal));
    sentences(own.unwrap_or_else(Swept::refused))
}

/// Puts back what processes that died have left raised, with a note on each; for the start of `run`, and for `kilonet clean`.
/// Without a journal folder there is nothing to do. What could not be read or put back is an error, and its journal stays;
/// the others are put back all the same.
#[must_use]
pub fn restore_leftovers() -> Swept {
    let may_write = geteuid().is_root() && !super::privilege::in_own_user_namespace();
    restore_leftovers_in(&Place::of_the_machine(), may_write)
}

pub(crate) fn restore_leftovers_in(place: &Place, may_write: bool) -> Swept {
    match place.leftovers(may_write) {
        Ok((dead, swept)) => dead
            .iter()
            .map(|journal| place.restore_dead(journal, may_write))
            .fold(swept, Swept::and),
        Err(error) => Swept::refused(error),
    }
}

impl Place {
    /// What is to be set, with the value to go back to.
    fn entry(&self, name: &str, value: &str) -> Result<Entry> {
        let before = self.read(name)?;
        Ok(Entry {
            name: name.to_owned(),
            before,
            raised: columns(value),
        })
    }

    /// Writes the raised value, and makes sure that it took.
    fn set(&self, entry: &Entry) -> Result<()> {
        self.write(&entry.name, &entry.raised)?;
        let now = self.read(&entry.name)?;
        if now == entry.raised {
            return Ok(());
        }
        let reason = format!("the kernel set `{now}` instead of `{}`", entry.raised);
        Err(Error::refused(
            "set",
            format!("sysctl {}", entry.name),
            reason,
        ))
    }

    /// The journals of the dead, and what came of the files that are none.
    fn leftovers(&self, may_write: bool) -> Result<(Vec<Journal>, Swept)> {
        if !self.journals.exists() {
            return Ok((Vec::new(), Swept::default()));
        }
        let folder = Folder::open(&self.journals)?;
        let (dead, errors) = folder.dead()?;
        let torsos = if may_write {
            folder.remove_torsos()?
        } else {
            Vec::new()
        };
        let unread = Swept {
            errors,
            ..Swept::default()
        };
        Ok((dead, unread.and(Swept::of("unfinished journal", torsos))))
    }

    /// Puts back what a process that is no more had raised.
    fn restore_dead(&self, journal: &Journal, may_write: bool) -> Swept {
        let names = journal.entries.iter().map(|entry| entry.name.as_str());
        let names = names.collect::<Vec<_>>().join(", ");
        if !may_write {
            let reason = format!(
                "a run that ended early (process {}) had raised it, and only root may restore it",
                journal.pid
            );
            let refused = Error::refused("restore", format!("sysctl {names}"), reason);
            return Swept::refused(refused.with_remedy(Remedy::CleanAsRoot));
        }
        let note = format!(
            "a run that ended early (process {}) had raised {names}",
            journal.pid
        );
        let noted = Swept {
            notes: vec![note],
            ..Swept::default()
        };
        noted.and(self.restore(journal))
    }

    /// Puts a journal's values back in reverse order and removes it; nothing is done where it is gone. A journal with a
    /// value that could not be written stays. What was left alone, as somebody has changed it since, is a note.
    fn restore(&self, journal: &Journal) -> Swept {
        self.put_all_back(journal).unwrap_or_else(Swept::refused)
    }

    fn put_all_back(&self, journal: &Journal) -> Result<Swept> {
        let mut swept = Swept::default();
        if !self.journals.exists() {
            return Ok(swept);
        }
        let folder = Folder::open(&self.journals)?;
        let Some(journal) = folder.read_if_there(journal)? else {
            return Ok(swept);
        };
        for entry in journal.entries.iter().rev() {
            match self.put_back(entry) {
                Ok(PutBack::Restored) => swept.restored += 1,
                Ok(PutBack::NeverRaised) => {}
                Ok(PutBack::LeftAlone(sentence)) => swept.notes.push(sentence),
                Err(error) => swept.errors.push(error),
            }
        }
        if swept.errors.is_empty() {
            folder.remove(&journal)?;
        }
        Ok(swept)
    }

    fn put_back(&self, entry: &Entry) -> Result<PutBack> {
        let now = self.read(&entry.name)?;
        if now == entry.raised {
            self.write(&entry.name, &entry.before)?;
            return Ok(PutBack::Restored);
        }
        let Entry {
            name,
            before,
            raised,
        } = entry;
        // A value that was journaled and never set is where it began: nobody has changed it.
        if now == *before {
            return Ok(PutBack::NeverRaised);
        }
        Ok(PutBack::LeftAlone(format!(
            "sysctl {name} was left at `{now}`: it was raised from `{before}` to `{raised}`, and changed since"
        )))
    }

    fn read(&self, name: &str) -> Result<String> {
        let text = fs::read_to_string(self.path(name)?);
        text.map(|text| columns(&text))
            .map_err(|source| Error::kernel("read", format!("sysctl {name}"), source))
    }

    fn write(&self, name: &str, value: &str) -> Result<()> {
        let object = format!("sysctl {name} to `{value}`");
        fs::write(self.path(name)?, value).map_err(|source| Error::kernel("set", object, source))
    }

    /// As sysctl(8) reads names: the first separator decides, and the other one is then part of a name
    /// (`net.ipv4.conf.eth0/100.forwarding`, `net/ipv4/conf/eth0.100/forwarding`).
    fn path(&self, name: &str) -> Result<PathBuf> {
        let dotted = name
            .find(['.', '/'])
            .is_some_and(|at| name.as_bytes()[at] == b'.');
        let parts: Vec<String> = if dotted {
            name.split('.').map(|part| part.replace('/', ".")).collect()
        } else {
            name.split('/').map(str::to_owned).collect()
        };
        let odd = |part: &String| part.is_empty() || part == "." || part == "..";
        if parts.len() < 2 || parts.iter().any(odd) {
            let reason = "that is not the name of a sysctl, such as net.core.somaxconn";
            return Err(Error::refused("find", format!("sysctl {name}"), reason));
        }
        Ok(parts
            .iter()
            .fold(self.sysctls.clone(), |path: PathBuf, part| {
                Path::join(&path, part)
            }))
    }
}

/// What came of putting one sysctl back.
enum PutBack {
    Restored,
    NeverRaised,
    /// Somebody else has changed it; a sentence that says so.
    LeftAlone(String),
}

/// The value with one space between its columns: the kernel shows tabs where a user writes spaces.
fn columns(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
