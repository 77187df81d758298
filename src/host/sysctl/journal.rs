//! The journals: which process has raised which sysctls from what.
//!
//! Must not write a sysctl. The invariants: a journal that is seen is whole, for it is written beside and renamed into
//! place; and whoever reads or writes journals holds the folder's lock, so that two starts do not restore the same one.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Remedy, Result};
use crate::files;
use crate::host::pseudo::start_of;

/// Bytes of a journal at most, which has a line or so for each sysctl of a scenario.
const MOST: u64 = 1 << 20;

/// One raised sysctl.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) name: String,
    /// What it goes back to.
    pub(super) before: String,
    /// What it is set to.
    pub(super) raised: String,
}

/// What one process has raised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Journal {
    pub(super) pid: u32,
    /// When it started, in ticks since boot: a pid is used again, a pid with its start is not.
    pub(super) started: u64,
    /// In the order in which they are set.
    pub(super) entries: Vec<Entry>,
}

impl Journal {
    pub(super) fn of_self(entries: Vec<Entry>) -> Result<Self> {
        let pid = std::process::id();
        let unknown = || Error::refused("find", "this process in /proc", "it is not there");
        let started = start_of(pid).ok_or_else(unknown)?;
        Ok(Self {
            pid,
            started,
            entries,
        })
    }

    fn is_live(&self) -> bool {
        start_of(self.pid) == Some(self.started)
    }

    fn file_name(&self) -> String {
        format!("sysctl-{}-{}.json", self.pid, self.started)
    }
}

/// The folder of journals, locked.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    lock: Flock<File>,
}

impl Folder {
    /// Opens the folder, which is made where it is missing, and waits for its lock; holders keep it for milliseconds.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let failed = |act, source| Error::kernel(act, path.display().to_string(), source);
        fs::create_dir_all(path).map_err(|source| {
            let is_taken = [io::ErrorKind::AlreadyExists, io::ErrorKind::NotADirectory];
            let is_taken = is_taken.contains(&source.kind());
            let error = failed("create", source);
            if is_taken {
                error.with_remedy(Remedy::ClearJournals)
            } else {
                error
            }
        })?;
        let folder = File::open(path).map_err(|source| failed("open", source))?;
        let lock = Flock::lock(folder, FlockArg::LockExclusive)
            .map_err(|(_, errno)| failed("lock", errno.into()))?;
        Ok(Self {
            path: path.to_path_buf(),
            lock,
        })
    }

    /// Makes the journal durable before anybody acts on it.
    pub(super) fn write(&self, journal: &Journal) -> Result<()> {
        let path = self.path.join(journal.file_name());
        self.write_durably(&path, journal)
            .map_err(|source| Error::kernel("write", path.display().to_string(), source))
    }

    fn write_durably(&self, path: &Path, journal: &Journal) -> io::Result<()> {
        let beside = path.with_extension("new");
        let mut file = files::create(&beside)?;
        file.write_all(&serde_json::to_vec(journal)?)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        self.lock.sync_all()
    }

    /// The journal as it is on disk; absent once it was restored.
    pub(super) fn read_if_there(&self, journal: &Journal) -> Result<Option<Journal>> {
        let path = self.path.join(journal.file_name());
        if path.exists() {
            read(&path).map(Some)
        } else {
            Ok(None)
        }
    }

    pub(super) fn remove(&self, journal: &Journal) -> Result<()> {
        let path = self.path.join(journal.file_name());
        fs::remove_file(&path)
            .map_err(|source| Error::kernel("remove", path.display().to_string(), source))
    }

    /// The journals of processes that are no more, and which files cannot be read.
    pub(super) fn dead(&self) -> Result<(Vec<Journal>, Vec<Error>)> {
        let mut dead = Vec::new();
        let mut unread = Vec::new();
        for journal in self.all()? {
            match journal {
                Ok(journal) if journal.is_live() => {}
                Ok(journal) => dead.push(journal),
                Err(error) => unread.push(error),
            }
        }
        Ok((dead, unread))
    }

    /// Removes what was being written when its writer died: nobody is writing now, as the lock is ours.
    pub(super) fn remove_torsos(&self) -> Result<Vec<Result<()>>> {
        let torsos = self.paths("new")?.into_iter();
        let removed = torsos.map(|path| {
            fs::remove_file(&path)
                .map_err(|source| Error::kernel("remove", path.display().to_string(), source))
        });
        Ok(removed.collect())
    }

    /// Two runs that raise the same sysctl would restore each other's values.
    pub(super) fn refuse_if_raised(&self, entries: &[Entry]) -> Result<()> {
        let journals = self.all()?.into_iter().collect::<Result<Vec<_>>>()?;
        for journal in journals.iter().filter(|journal| journal.is_live()) {
            let shared =
                |entry: &&Entry| journal.entries.iter().any(|other| other.name == entry.name);
            if let Some(entry) = entries.iter().find(shared) {
                let reason = format!("process {} has raised it and is still running", journal.pid);
                let error = Error::refused("raise", format!("sysctl {}", entry.name), reason);
                return Err(error.with_remedy(Remedy::AwaitRun));
            }
        }
        Ok(())
    }

    fn all(&self) -> Result<Vec<Result<Journal>>> {
        let paths = self.paths("json")?;
        Ok(paths.iter().map(|path| read(path)).collect())
    }

    /// The files of the folder whose names end so, in order.
    fn paths(&self, wanted: &str) -> Result<Vec<PathBuf>> {
        let listed = fs::read_dir(&self.path)
            .map_err(|source| Error::kernel("list", self.path.display().to_string(), source))?;
        let mut paths: Vec<_> = listed.flatten().map(|entry| entry.path()).collect();
        paths.retain(|path| {
            path.extension()
                .is_some_and(|extension| extension == wanted)
        });
        paths.sort();
        Ok(paths)
    }
}

fn read(path: &Path) -> Result<Journal> {
    let text = files::read(path, MOST).map_err(|source| refused(path, source))?;
    serde_json::from_slice(&text).map_err(|reason| Error::Malformed {
        object: path.display().to_string(),
        reason: reason.to_string(),
        remedy: Some(Remedy::RestoreByHand),
    })
}

/// What is there under a journal's name and no file that kilonet writes names no sysctl to put back.
fn refused(path: &Path, source: io::Error) -> Error {
    let is_unfit = files::is_unfit(&source);
    let error = Error::kernel("read", path.display().to_string(), source);
    if is_unfit {
        error.with_remedy(Remedy::RemoveStranger)
    } else {
        error
    }
}
