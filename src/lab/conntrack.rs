//! Counts of connection tracking in a namespace: its entries, and those for which there was no room. The one reader of them.
//!
//! Must not know which namespace it is, nor who asks. The invariant: a column is found by its title, never by its place.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek};

use super::protocols::{malformed, stat_column};
use crate::error::{Error, Result};

/// Where a namespace tells them, below its `/proc/net`.
pub(crate) const PATH: &str = "stat/nf_conntrack";

/// What they are called where they cannot be had.
const OBJECT: &str = "what connection tracking of the lab counts";

/// The counts of one namespace, opened inside. It pins the namespace, so it must be gone before that is to go.
#[derive(Debug)]
pub struct Table(File);

impl Table {
    /// That of the namespace in which the thread is; none where the kernel has no such thing.
    ///
    /// # Errors
    /// When descriptors have run out.
    pub fn open() -> Result<Option<Self>> {
        match File::open(format!("/proc/thread-self/net/{PATH}")) {
            Ok(file) => Ok(Some(Self(file))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::kernel("open", OBJECT, source)),
        }
    }

    /// What it has counted since the namespace was made.
    ///
    /// # Errors
    /// When the kernel does not answer, or not in the columns that are known.
    pub fn read(&mut self) -> Result<Conntrack> {
        let failed = |source| Error::kernel("read", OBJECT, source);
        let mut text = String::new();
        self.0.rewind().map_err(failed)?;
        self.0.read_to_string(&mut text).map_err(failed)?;
        Conntrack::parse(&text).ok_or_else(|| malformed(&format!("/proc/net/{PATH}")))
    }
}

/// What a namespace counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Conntrack {
    /// Connections in the table.
    pub entries: u64,
    /// Connections that could not be entered.
    pub insert_failed: u64,
    /// Packets dropped since a connection could not be entered.
    pub drops: u64,
    /// Connections taken out early to make room.
    pub early_drops: u64,
}

impl Conntrack {
    /// Those of several namespaces together; absent where there is none.
    #[must_use]
    pub fn sum(counted: impl IntoIterator<Item = Self>) -> Option<Self> {
        counted.into_iter().reduce(|sum, one| Self {
            entries: sum.entries + one.entries,
            insert_failed: sum.insert_failed + one.insert_failed,
            drops: sum.drops + one.drops,
            early_drops: sum.early_drops + one.early_drops,
        })
    }

    /// One row per CPU, in hexadecimal; `entries` is of the namespace, the same on all.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let column = |name| stat_column(text, name);
        let sum = |name| Some(column(name)?.iter().sum());
        Some(Self {
            entries: column("entries")?.first().copied()?,
            insert_failed: sum("insert_failed")?,
            drops: sum("drop")?,
            early_drops: sum("early_drop")?,
        })
    }

    /// What was counted since, and the entries there are now.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            entries: self.entries,
            insert_failed: self.insert_failed.saturating_sub(earlier.insert_failed),
            drops: self.drops.saturating_sub(earlier.drops),
            early_drops: self.early_drops.saturating_sub(earlier.early_drops),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop icmp_error  expect_new expect_create expect_delete search_restart\n\
        00000012  00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000002 0000000a 00000001 00000000  00000000 00000000 00000000 00000000\n\
        00000012  00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000001 00000006 00000000 00000000  00000000 00000000 00000000 00000000\n";

    #[test]
    fn entries_are_of_the_namespace_and_the_rest_is_summed_over_cpus() {
        let counted = Conntrack::parse(TEXT).unwrap();
        let expected = Conntrack {
            entries: 18,
            insert_failed: 3,
            drops: 16,
            early_drops: 1,
        };
        assert_eq!(counted, expected);
        assert_eq!(counted.since(&counted).drops, 0);
        assert_eq!(counted.since(&counted).entries, 18);
        let both = Conntrack::sum([counted, counted]).unwrap();
        assert_eq!((both.entries, both.drops), (36, 32));
        assert_eq!(Conntrack::sum([]), None);
        assert_eq!(Conntrack::parse("entries found\n00000001 00000000\n"), None);
    }
}
