//! Columns of the files of `/proc`, and the unit of its times.
//!
//! Must not know what is counted.

use crate::error::Error;

/// A column of a file of `/proc/net/stat`: one hexadecimal figure per CPU. `entries` is of the table, the same on all.
pub(super) fn stat_column(text: &str, name: &str) -> Option<Vec<u64>> {
    let mut lines = text.lines();
    let column = lines
        .next()?
        .split_whitespace()
        .position(|title| title == name)?;
    lines
        .map(|line| u64::from_str_radix(line.split_whitespace().nth(column)?, 16).ok())
        .collect()
}

/// A step of the kernel's counts of CPU time.
pub(in crate::host) fn tick_ns() -> u64 {
    1_000_000_000 / procfs::ticks_per_second().max(1)
}

pub(super) fn malformed(object: &str) -> Error {
    let reason = "its columns are not those of any kernel known to kilonet".to_owned();
    Error::Malformed {
        object: object.to_owned(),
        reason,
        remedy: None,
    }
}
