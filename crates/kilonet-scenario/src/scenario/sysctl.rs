//! The machine-wide settings that a scenario may ask for, by name.
//!
//! These exist once for all network namespaces, so they are the only ones a lab cannot hold within itself. The list is
//! short on purpose: what is not on it is not touched. Knows no other key of a scenario.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use kilonet_record::factors::raw::Raw;
use kilonet_record::factors::value::{Written, show};

/// How many numbers a setting is made of.
#[derive(Clone, Copy)]
enum Arity {
    One,
    Three,
}

use Arity::{One, Three};

/// Name, arity and meaning of each.
const ALLOWED: &[(&str, Arity, &str)] = &[
    (
        "net.core.netdev_max_backlog",
        One,
        "Packets a CPU holds back before it drops them.",
    ),
    (
        "net.core.netdev_budget",
        One,
        "Packets a CPU handles in one softirq round.",
    ),
    (
        "net.core.netdev_budget_usecs",
        One,
        "Microseconds of one softirq round.",
    ),
    (
        "net.core.rmem_max",
        One,
        "Largest receive buffer a socket may ask for, in bytes.",
    ),
    (
        "net.core.wmem_max",
        One,
        "Largest send buffer a socket may ask for, in bytes.",
    ),
    (
        "net.core.devconf_inherit_init_net",
        One,
        "Where new namespaces take their interface settings from.",
    ),
    (
        "net.ipv4.tcp_mem",
        Three,
        "Pages of TCP's memory pool: low, pressure, most.",
    ),
    (
        "net.ipv4.neigh.default.gc_thresh1",
        One,
        "IPv4 neighbours never collected.",
    ),
    (
        "net.ipv4.neigh.default.gc_thresh2",
        One,
        "IPv4 neighbours kept for at most five seconds.",
    ),
    (
        "net.ipv4.neigh.default.gc_thresh3",
        One,
        "Most IPv4 neighbours, of all namespaces together.",
    ),
    (
        "net.ipv6.neigh.default.gc_thresh1",
        One,
        "IPv6 neighbours never collected.",
    ),
    (
        "net.ipv6.neigh.default.gc_thresh2",
        One,
        "IPv6 neighbours kept for at most five seconds.",
    ),
    (
        "net.ipv6.neigh.default.gc_thresh3",
        One,
        "Most IPv6 neighbours, of all namespaces together.",
    ),
    (
        "net.netfilter.nf_conntrack_max",
        One,
        "Most tracked connections.",
    ),
];

/// A value as the kernel takes it: whole numbers parted by single spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Numbers(pub(super) String);

impl Written for Numbers {
    fn read(value: &Raw<'_>) -> Result<Self, String> {
        let wrong = || format!("{} is not a whole number", show(value));
        let numbers: Option<Vec<u64>> = match value {
            Raw::Integer(number) => number.to_string().parse().ok().map(|number| vec![number]),
            Raw::Text(text) => text
                .split_whitespace()
                .map(|number| number.parse().ok())
                .collect(),
            _ => None,
        };
        let words: Vec<_> = numbers
            .ok_or_else(wrong)?
            .iter()
            .map(u64::to_string)
            .collect();
        Ok(Self(words.join(" ")))
    }

    fn allowed() -> String {
        "a whole number, or a text of three for net.ipv4.tcp_mem".to_owned()
    }
}

/// The names, in the order of the list.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ALLOWED.iter().map(|(name, ..)| *name)
}

/// What each of them means, in that order.
pub(super) fn meanings() -> impl Iterator<Item = (&'static str, &'static str)> {
    ALLOWED.iter().map(|(name, _, about)| (*name, *about))
}

/// Whether `numbers` has as many as the setting `name` is made of.
pub(super) fn fits(name: &str, numbers: &Numbers) -> bool {
    let arity = ALLOWED
        .iter()
        .find(|(known, ..)| *known == name)
        .map(|(_, arity, _)| *arity);
    let count = numbers.0.split_whitespace().count();
    matches!((arity, count), (Some(One), 1) | (Some(Three), 3))
}

/// The settings of a scenario.
#[derive(Debug, Clone, Default)]
pub(super) struct Sysctls(pub(super) BTreeMap<String, String>);

impl JsonSchema for Sysctls {
    fn schema_name() -> Cow<'static, str> {
        "Sysctls".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let properties: serde_json::Map<_, _> = ALLOWED
            .iter()
            .map(|(name, arity, meaning)| {
                let value = match arity {
                    One => serde_json::json!({ "type": "integer", "minimum": 0, "description": meaning }),
                    Three => {
                        serde_json::json!({ "type": "string", "pattern": "^ *\\d+ +\\d+ +\\d+ *$", "description": meaning })
                    }
                };
                ((*name).to_owned(), value)
            })
            .collect();
        json_schema!({ "type": "object", "properties": properties, "additionalProperties": false })
    }
}
