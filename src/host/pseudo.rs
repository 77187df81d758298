//! Reads the text files through which the kernel reports: `/proc`, `/sys` and cgroup folders.
//!
//! Must not know what any of them means. The invariant: what is not there is `None`, never zero and never empty text.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The whole file, where doing without it is not possible.
pub(super) fn text(path: impl AsRef<Path>) -> Result<String> {
    let path = path.as_ref();
    fs::read_to_string(path)
        .map_err(|source| Error::kernel("read", path.display().to_string(), source))
}

/// The file without the white space around it.
pub(super) fn word(path: impl AsRef<Path>) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let word = text.trim();
    (!word.is_empty()).then(|| word.to_owned())
}

/// The file's first number. The `max` of cgroup files is no number: there is no limit.
pub(super) fn number(path: impl AsRef<Path>) -> Option<u64> {
    word(path)?.split_whitespace().next()?.parse().ok()
}

/// Where a sysctl is read, by its dotted name.
pub(super) fn sysctl_path(name: &str) -> PathBuf {
    Path::new("/proc/sys").join(name.replace('.', "/"))
}

/// A sysctl as text, its columns separated by one space.
pub(super) fn sysctl(name: &str) -> Option<String> {
    word(sysctl_path(name)).map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A field of `/proc/meminfo`, in bytes.
pub(super) fn meminfo(text: &str, key: &str) -> Option<u64> {
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    let kibibytes: u64 = value.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// When a process started, in ticks since boot: a pid is used again, a pid with its start is not. Absent once it has ended,
/// also where its parent has not looked yet (a zombie does nothing any more).
pub(super) fn start_of(pid: u32) -> Option<u64> {
    let process = procfs::process::Process::new(i32::try_from(pid).ok()?).ok()?;
    let stat = process.stat().ok()?;
    (stat.state != 'Z').then_some(stat.starttime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let text = "Active:   17448 kB\nActive(anon):  1552 kB\nSlab:  127376 kB\n";
        assert_eq!(meminfo(text, "Active"), Some(17448 * 1024));
        assert_eq!(meminfo(text, "Slab"), Some(127_376 * 1024));
        assert_eq!(meminfo(text, "Sl"), None);
        assert_eq!(meminfo(text, "Percpu"), None);
    }

    #[test]
    fn what_is_not_there_is_absent() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("limit");
        assert_eq!(number(&file), None);
        fs::write(&file, "\n").unwrap();
        assert_eq!(word(&file), None);
        fs::write(&file, "max\n").unwrap();
        assert_eq!(number(&file), None);
        fs::write(&file, "32768\t60999\n").unwrap();
        assert_eq!(number(&file), Some(32768));
    }
}
