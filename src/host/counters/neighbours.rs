//! The neighbour tables, one for each family and the whole machine.
//!
//! The invariant: what the kernel does not say is absent.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::sync::OnceLock;

use crate::host::pseudo;
use crate::lab::protocols::stat_column;

/// What counts in them, by family: IPv4 and IPv6.
const TABLES: [&str; 2] = ["arp_cache", "ndisc_cache"];

/// The files of [`TABLES`], where they were opened in the initial namespace.
static HELD: OnceLock<[Option<File>; 2]> = OnceLock::new();

/// Opens what counts in the tables, so that it can be read later too. The kernel shows it in the initial namespace only: whoever
/// is about to leave that for a user namespace of its own calls this before.
pub fn hold_neighbours() {
    HELD.get_or_init(|| TABLES.map(|table| File::open(path(table)).ok()));
}

fn path(table: &str) -> String {
    format!("/proc/net/stat/{table}")
}

/// Entries of a neighbour table (`arp_cache`, `ndisc_cache`), of all namespaces together.
pub(in crate::host) fn neighbour_entries(table: &str) -> Option<u64> {
    let text = pseudo::word(path(table))?;
    stat_column(&text, "entries")?.first().copied()
}

/// Times either table was full, in all namespaces of the machine together.
pub(super) fn neighbour_overflows() -> Option<u64> {
    let held = HELD.get();
    let of = |family: usize| {
        let text = match held {
            Some(files) => again(files[family].as_ref()?),
            None => fs::read_to_string(path(TABLES[family])).ok(),
        };
        Some(stat_column(&text?, "table_fulls")?.iter().sum::<u64>())
    };
    Some(of(0)? + of(1).unwrap_or(0))
}

/// A file that several may read at once, from its beginning.
fn again(file: &File) -> Option<String> {
    let mut text = String::new();
    FromStart { file, at: 0 }.read_to_string(&mut text).ok()?;
    Some(text)
}

struct FromStart<'a> {
    file: &'a File,
    at: u64,
}

impl Read for FromStart<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read_at(into, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_open_is_read_anew_each_time() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let held = File::open(file.path()).unwrap();
        for text in ["entries\n00000002\n", "entries\n00000003\n00000003\n"] {
            fs::write(file.path(), text).unwrap();
            assert_eq!(again(&held).as_deref(), Some(text));
            assert_eq!(again(&held).as_deref(), Some(text));
        }
    }

    #[test]
    fn neighbour_overflows_are_summed_over_cpus_and_absent_on_old_kernels() {
        let text =
            "entries  allocs table_fulls\n00000002 00000001 0000000f\n00000002 00000001 00000001\n";
        assert_eq!(stat_column(text, "table_fulls"), Some(vec![15, 1]));
        assert_eq!(stat_column(text, "entries"), Some(vec![2, 2]));
        assert_eq!(
            stat_column("entries  allocs\n00000002 00000001\n", "table_fulls"),
            None
        );
    }
}
