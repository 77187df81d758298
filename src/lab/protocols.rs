//! The figures of a namespace's protocols as its files in `/proc/net` tell them: `netstat`, `snmp`, `snmp6`.
//!
//! Must not know what they mean. The invariant: a figure is known by its protocol and its name, never by its place.

use std::iter;

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

/// The figures of a file with a name and a figure a line.
pub(crate) fn single(text: &str) -> impl Iterator<Item = Told<'_>> {
    text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        Some(("", words.next()?, words.next()?.parse().ok()?))
    })
}
