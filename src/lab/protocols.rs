//! The figures of a namespace's protocols as its files in `/proc/net` tell them: `netstat`, `snmp`, `snmp6`, `sockstat`, and those of
//! `stat/`.
//!
//! Must not know what they mean. The invariant: a figure is known by its protocol and its name, never by its place.

use std::iter;

use crate::error::Error;

/// A figure with the protocol (`TcpExt:`) and the name that it is told by.
pub(crate) type Told<'a> = (&'a str, &'a str, u64);

/// The figures of a file with two lines for each protocol: the names, and below each its figure.
pub(crate) fn paired(text: &str) -> impl Iterator<Item = Told<'_>> {
    let mut lines = text.lines();
    let pairs = iter::from_fn(move || Some((lines.next()?, lines.next()?)));
    pairs.flat_map(|(names, figures)| {
        let protocol = names.split_whitespace().next().unwrap_or_default();
        let columns = names.split_whitespace().zip(figures.split_whitespace());
        columns.filter_map(move |(name, figure)| Some((protocol, name, figure.parse().ok()?)))
    })
}

/// The figures of a file with a line for each protocol, in which each name is followed by its figure: `sockstat`.
pub(crate) fn in_lines(text: &str) -> impl Iterator<Item = Told<'_>> {
    text.lines().flat_map(|line| {
        let (protocol, figures) = line.split_once(' ').unwrap_or((line, ""));
        let mut words = figures.split_whitespace();
        let figures = iter::from_fn(move || Some((words.next()?, words.next()?)));
        figures.filter_map(move |(name, figure)| Some((protocol, name, figure.parse().ok()?)))
    })
}

/// The figures of a file with a name and a figure a line.
pub(crate) fn single(text: &str) -> impl Iterator<Item = Told<'_>> {
    text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        Some(("", words.next()?, words.next()?.parse().ok()?))
    })
}

/// A column of a file of `/proc/net/stat`: one hexadecimal figure per CPU. `entries` is of the table, the same on all.
pub(crate) fn stat_column(text: &str, name: &str) -> Option<Vec<u64>> {
    let mut lines = text.lines();
    let column = lines
        .next()?
        .split_whitespace()
        .position(|title| title == name)?;
    lines
        .map(|line| u64::from_str_radix(line.split_whitespace().nth(column)?, 16).ok())
        .collect()
}

/// What is said of a file whose columns are not known.
pub(crate) fn malformed(object: &str) -> Error {
    let reason = "its columns are not those of any kernel known to kilonet".to_owned();
    Error::Malformed {
        object: object.to_owned(),
        reason,
        remedy: None,
    }
}
