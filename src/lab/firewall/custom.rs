//! The user's own rule set: a file for `nft`, or what `iptables-save` writes, with names for what a lab has.
//!
//! `{{bridge}}`, `{{subnet}}` and `{{subnet6}}` stand for the lab's; a line with `{{container}}` (its number),
//! `{{address}}` or `{{address6}}` is written once for every container. Must not know what the rules do: the tool that
//! loads them is the judge of everything else.

use super::script::Script;
use super::site::{Net, Site};
use crate::error::{Act, Error, Remedy, Result};
use crate::scenario::{Cell, Family, Stack, read_ruleset};

/// Names that stand for something of the whole lab.
const OF_LAB: [&str; 3] = ["{{bridge}}", "{{subnet}}", "{{subnet6}}"];
/// Names that stand for something of each container.
const OF_CONTAINER: [&str; 3] = ["{{container}}", "{{address}}", "{{address6}}"];

/// Reads the file and writes it for a site.
///
/// # Errors
/// When it cannot be read, or has a name that nothing stands behind.
pub(super) fn scripts(path: &str, site: &Site) -> Result<Vec<Script>> {
    let text = read(path)?;
    let expanded =
        expand(&text, site).map_err(|(number, name)| nothing_behind(path, (number, &name)))?;
    Ok(split(&expanded))
}

/// Whether a cell's file is for `nft`, and not for iptables.
///
/// # Errors
/// When it cannot be read, has nothing in it that packets could meet, or has a name that nothing of the lab stands behind.
pub(super) fn is_for_nft(cell: &Cell) -> Result<bool> {
    let path = cell.rules.ruleset.as_deref().unwrap_or_default();
    let text = read(path)?;
    let known = known_names(cell);
    for (number, line) in (1..).zip(text.lines()) {
        let unknown = names_in(line).find(|name| !known.contains(name));
        if let Some(name) = unknown {
            return Err(nothing_behind(path, (number, name)));
        }
    }
    Ok(!text.lines().any(of_iptables))
}

/// The names that something of a cell's lab stands behind.
fn known_names(cell: &Cell) -> Vec<&'static str> {
    let has = |family| cell.stack == Stack::Dual || cell.family == family;
    let of_ipv4 = [OF_LAB[1], OF_CONTAINER[1]];
    let of_ipv6 = [OF_LAB[2], OF_CONTAINER[2]];
    let absent = |name: &&str| {
        (of_ipv4.contains(name) && !has(Family::Ipv4))
            || (of_ipv6.contains(name) && !has(Family::Ipv6))
    };
    let mut names = [OF_LAB, OF_CONTAINER].concat();
    names.retain(|name| !absent(name));
    names
}

fn nothing_behind(path: &str, (number, name): (usize, &str)) -> Error {
    let reason = format!("line {number}: nothing stands behind {name}");
    let allowed = [OF_LAB, OF_CONTAINER].concat().join(", ");
    Error::refused("read", object(path), reason).with_remedy(Remedy::RulesetNames(allowed))
}

fn object(path: &str) -> String {
    format!("rule set {path}")
}

fn read(path: &str) -> Result<String> {
    let text = read_ruleset(path)
        .map_err(|source| Error::kernel(Act::ReadRuleset, object(path), source))?;
    if loads_something(&text) {
        return Ok(text);
    }
    let refused = Error::refused("read", object(path), "it has no rules");
    Err(refused.with_remedy(Remedy::RulesetEmpty))
}

/// Whether packets meet anything of a text: a table without a chain is met by none.
fn loads_something(text: &str) -> bool {
    let said = |line: &&str| !line.starts_with('#');
    let mut lines = text.lines().map(str::trim).filter(said);
    if text.lines().any(of_iptables) {
        lines.any(|line| line.starts_with(':') || line.starts_with('-'))
    } else {
        // What is included may have one.
        let words = |line: &str| {
            line.split(|c: char| !c.is_alphanumeric())
                .any(is_of_a_chain)
        };
        lines.any(words)
    }
}

fn is_of_a_chain(word: &str) -> bool {
    ["chain", "include"].contains(&word)
}

/// Whether a line opens a table as `iptables-save` writes it.
fn of_iptables(line: &str) -> bool {
    line.starts_with('*')
}

/// The text with every name replaced; the error is a line's number, and a name in it that nothing stands behind.
fn expand(text: &str, site: &Site) -> Result<String, (usize, String)> {
    let mut expanded = String::new();
    for (number, line) in (1..).zip(text.lines()) {
        for written in expand_line(line, site) {
            if let Some(name) = names_in(&written).next() {
                return Err((number, name.to_owned()));
            }
            expanded.push_str(&written);
            expanded.push('\n');
        }
    }
    Ok(expanded)
}

fn expand_line(line: &str, site: &Site) -> Vec<String> {
    let subnet = |family| net(site, family).map(Net::subnet);
    let of_lab = [
        Some(site.device.clone()),
        subnet(Family::Ipv4),
        subnet(Family::Ipv6),
    ];
    let line = replace(line, OF_LAB, of_lab);
    if !OF_CONTAINER.iter().any(|name| line.contains(name)) {
        return vec![line];
    }
    let of_container = |container: usize| {
        let address = |family| net(site, family).map(|net| net.containers[container].to_string());
        [
            Some(site.containers[container].to_string()),
            address(Family::Ipv4),
            address(Family::Ipv6),
        ]
    };
    (0..site.containers.len())
        .map(|container| replace(&line, OF_CONTAINER, of_container(container)))
        .collect()
}

/// Names whose value the site does not have stay, to be reported.
fn replace<const N: usize>(line: &str, names: [&str; N], values: [Option<String>; N]) -> String {
    let known = names.into_iter().zip(values);
    known.fold(line.to_owned(), |line, (name, value)| match value {
        Some(value) => line.replace(name, &value),
        None => line,
    })
}

fn net(site: &Site, family: Family) -> Option<&Net> {
    site.nets.iter().find(|net| net.family == family)
}

/// What stands between two braces and two, with them.
fn names_in(line: &str) -> impl Iterator<Item = &str> {
    let starts = line.match_indices("{{");
    starts.filter_map(|(start, _)| {
        let end = start + line[start..].find("}}")? + 2;
        Some(&line[start..end])
    })
}

/// What each tool is to read: a line `*table` is iptables', and after the heading of `ip6tables-save` IPv6's.
fn split(text: &str) -> Vec<Script> {
    if !text.lines().any(of_iptables) {
        return vec![Script::Nft(text.to_owned())];
    }
    let mut scripts = Vec::new();
    let mut family = Family::Ipv4;
    let mut part = String::new();
    for line in text.lines() {
        let next = match line {
            line if line.starts_with("# Generated by ip6tables-save") => Family::Ipv6,
            line if line.starts_with("# Generated by iptables-save") => Family::Ipv4,
            _ => family,
        };
        if next != family {
            scripts.push(Script::Restore(family, std::mem::take(&mut part)));
            family = next;
        }
        part.push_str(line);
        part.push('\n');
    }
    scripts.push(Script::Restore(family, part));
    scripts.retain(|script| script.text().lines().any(of_iptables));
    scripts
}
