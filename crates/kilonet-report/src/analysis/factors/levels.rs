//! Every factor but the count: what its level in a cell is, what that is called, and when it counts as varied.
//!
//! A table, a row for each key of a record's cell. Must not know which factors vary in a run.

use crate::scenario::{Cell, Testbed};
use crate::units::{self, Bytes};

/// When a factor counts as varied.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// When it has two levels anywhere in the run.
    Anywhere,
    /// When it has two levels on one testbed: an engine brings rules of its own.
    OnOneTestbed,
    /// When it has two levels of one workload: each has a usual one of its own.
    OfOneWorkload,
    /// When it has two levels at one topology and count: elsewhere it follows from these (bridges grow with the
    /// containers; only some topologies have an MTU).
    AtOneCount,
}

/// A factor as reports name it.
pub(super) struct Row {
    /// The key of the record's cell.
    pub(super) key: &'static str,
    /// The level of a cell, for people; absent where the factor does not apply.
    pub(super) level: fn(&Cell) -> Option<String>,
    /// A level as a part of a label.
    pub(super) phrase: fn(&str) -> String,
    pub(super) rule: Rule,
}

/// Every factor but the count, in the order in which labels name them.
pub(super) const ROWS: &[Row] = {
    use Rule::{Anywhere, AtOneCount, OfOneWorkload, OnOneTestbed};
    &[
        Row {
            key: "testbed",
            level: |cell| Some(cell.testbed.to_string()),
            phrase: |level| if level == "kernel" { "modelled" } else { level }.to_owned(),
            rule: Anywhere,
        },
        Row {
            key: "topology",
            level: |cell| Some(cell.topology.to_string()),
            phrase: plain,
            rule: Anywhere,
        },
        Row {
            key: "family",
            level: |cell| Some(cell.family.to_string()),
            phrase: plain,
            rule: Anywhere,
        },
        Row {
            key: "firewall",
            level: |cell| match cell.testbed {
                Testbed::Kernel => Some(cell.firewall.to_string()),
                Testbed::Docker => None,
            },
            phrase: |level| if level == "none" { "no rules" } else { level }.to_owned(),
            rule: OnOneTestbed,
        },
        Row {
            key: "backend",
            level: |cell| cell.unusual_backend().map(|backend| backend.to_string()),
            phrase: |level| format!("by {level}"),
            rule: AtOneCount,
        },
        Row {
            key: "path",
            level: |cell| Some(cell.path.to_string()),
            phrase: |level| match level {
                "direct" => "container to container".to_owned(),
                "published" => "by a published port".to_owned(),
                "outside" => "to the outside".to_owned(),
                other => format!("by a {other}"),
            },
            rule: Anywhere,
        },
        Row {
            key: "rules",
            level: |cell| cell.rules.filler.map(|rules| rules.to_string()),
            phrase: |level| counted(level, "rule"),
            rule: Anywhere,
        },
        Row {
            key: "rule_shape",
            level: |cell| cell.rules.rule_shape.map(|shape| shape.to_string()),
            phrase: |level| {
                if level == "linear" {
                    "one by one".to_owned()
                } else {
                    format!("in a {level}")
                }
            },
            rule: AtOneCount,
        },
        Row {
            key: "rule_hook",
            level: |cell| cell.rules.rule_hook.map(|hook| hook.to_string()),
            phrase: |level| format!("at {level}"),
            rule: AtOneCount,
        },
        Row {
            key: "workload",
            level: |cell| Some(cell.workload.to_string()),
            phrase: plain,
            rule: Anywhere,
        },
        Row {
            key: "beside",
            level: |cell| Some(cell.beside.to_string()),
            phrase: |level| {
                if level == "none" {
                    "alone".to_owned()
                } else {
                    format!("beside {level}")
                }
            },
            rule: Anywhere,
        },
        Row {
            key: "driver",
            level: |cell| Some(cell.driver.to_string()),
            phrase: plain,
            rule: Anywhere,
        },
        Row {
            key: "cpu_max",
            level: |cell| Some(cell.limits.cpu_max.to_string()),
            phrase: |level| match level {
                "none" => "any CPU time".to_owned(),
                cpus => format!("{cpus} CPU each"),
            },
            rule: Anywhere,
        },
        Row {
            key: "memory_max",
            level: |cell| Some(cell.limits.memory_max.to_string()),
            phrase: |level| match level {
                "none" => "any memory".to_owned(),
                size => format!("{size} each"),
            },
            rule: Anywhere,
        },
        Row {
            key: "cpuset",
            level: |cell| Some(cell.limits.cpuset.to_string()),
            phrase: |level| match level {
                "none" => "on any CPU".to_owned(),
                cpus => format!("on CPU {cpus}"),
            },
            rule: Anywhere,
        },
        Row {
            key: "pinning",
            level: |cell| Some(cell.load.pinning.to_string()),
            phrase: |level| match level {
                "none" => "ends not pinned".to_owned(),
                "same" => "ends on one CPU".to_owned(),
                _ => "ends on two CPUs".to_owned(),
            },
            rule: Anywhere,
        },
        Row {
            key: "pattern",
            level: |cell| Some(cell.pattern.to_string()),
            phrase: plain,
            rule: Anywhere,
        },
        Row {
            key: "peers",
            level: |cell| cell.talk.peers.map(|peers| peers.to_string()),
            phrase: |level| counted(level, "peer"),
            rule: AtOneCount,
        },
        Row {
            key: "direction",
            level: |cell| Some(cell.talk.direction.to_string()),
            phrase: |level| if level == "both" { "both ways" } else { level }.to_owned(),
            rule: Anywhere,
        },
        Row {
            key: "active",
            level: |cell| Some(active(cell)),
            phrase: |level| format!("{level} active"),
            rule: AtOneCount,
        },
        Row {
            key: "streams",
            level: |cell| Some(cell.streams.to_string()),
            phrase: |level| counted(level, "stream"),
            rule: Anywhere,
        },
        Row {
            key: "message_bytes",
            level: |cell| Some(Bytes(u64::from(cell.message_bytes)).to_string()),
            phrase: |level| format!("{level} messages"),
            rule: OfOneWorkload,
        },
        Row {
            key: "response_bytes",
            level: |cell| {
                cell.load
                    .response_bytes
                    .map(|bytes| Bytes(u64::from(bytes)).to_string())
            },
            phrase: |level| format!("{level} responses"),
            rule: OfOneWorkload,
        },
        Row {
            key: "outstanding",
            level: |cell| Some(cell.load.outstanding().to_string()),
            phrase: |level| format!("{level} under way"),
            rule: AtOneCount,
        },
        Row {
            key: "rate",
            level: |cell| {
                let none = if cell.workload.has_responses() {
                    "closed loop"
                } else {
                    "no rate"
                };
                let rate = cell.load.rate.map(|rate| format!("{rate}/s"));
                Some(rate.unwrap_or(none.to_owned()))
            },
            phrase: plain,
            rule: OfOneWorkload,
        },
        Row {
            key: "arrivals",
            level: |cell| cell.load.arrivals.map(|arrivals| arrivals.to_string()),
            phrase: |level| format!("{level} arrivals"),
            rule: AtOneCount,
        },
        Row {
            key: "send",
            level: |cell| Some(cell.load.send.to_string()),
            phrase: |level| format!("{level} sends"),
            rule: AtOneCount,
        },
        Row {
            key: "receive",
            level: |cell| Some(cell.load.receive.to_string()),
            phrase: |level| format!("{level} receives"),
            rule: AtOneCount,
        },
        Row {
            key: "batch",
            level: |cell| Some(cell.load.batch.to_string()),
            phrase: |level| {
                if level == "none" {
                    "no batches".to_owned()
                } else {
                    format!("{level} batches")
                }
            },
            rule: AtOneCount,
        },
        Row {
            key: "search",
            level: |cell| Some(cell.load.search.to_string()),
            phrase: |level| match level {
                "none" => "no search".to_owned(),
                accepted => format!("highest rate at {accepted} loss"),
            },
            rule: AtOneCount,
        },
        Row {
            key: "congestion",
            level: |cell| Some(cell.congestion.to_string()),
            phrase: plain,
            rule: Anywhere,
        },
        Row {
            key: "buffers",
            level: |cell| Some(cell.buffers.to_string()),
            phrase: |level| format!("{level} buffers"),
            rule: Anywhere,
        },
        Row {
            key: "stack",
            level: |cell| Some(cell.stack.to_string()),
            phrase: |level| format!("{level} stack"),
            rule: Anywhere,
        },
        Row {
            key: "macs",
            level: |cell| Some(cell.macs.to_string()),
            phrase: |level| format!("{level} MACs"),
            rule: Anywhere,
        },
        Row {
            key: "mtu",
            level: |cell| cell.mtu.map(|bytes| bytes.to_string()),
            phrase: |level| format!("MTU {level}"),
            rule: AtOneCount,
        },
        Row {
            key: "join",
            level: |cell| Some(cell.wiring.join.to_string()),
            phrase: |level| match level {
                "none" => "not joined".to_owned(),
                "trunk" => "joined by trunks".to_owned(),
                _ => "joined by a router".to_owned(),
            },
            rule: AtOneCount,
        },
        Row {
            key: "crossing",
            level: |cell| Some(cell.wiring.crossing.to_string()),
            phrase: |level| either(level, "crossing", "not crossing"),
            rule: AtOneCount,
        },
        Row {
            key: "entries",
            level: |cell| Some(cell.wiring.entries.to_string()),
            phrase: |level| format!("{level} entries"),
            rule: AtOneCount,
        },
        Row {
            key: "snooping",
            level: |cell| Some(cell.wiring.snooping.to_string()),
            phrase: |level| either(level, "snooping", "no snooping"),
            rule: AtOneCount,
        },
        Row {
            key: "ageing_s",
            level: |cell| {
                Some(
                    cell.wiring
                        .ageing_s
                        .map_or("300".to_owned(), |age| age.to_string()),
                )
            },
            phrase: |level| format!("ageing {level} s"),
            rule: AtOneCount,
        },
        Row {
            key: "hairpin",
            level: |cell| Some(cell.wiring.hairpin.to_string()),
            phrase: |level| either(level, "hairpin", "no hairpin"),
            rule: AtOneCount,
        },
        Row {
            key: "isolation",
            level: |cell| Some(cell.wiring.isolation.to_string()),
            phrase: |level| either(level, "isolated", "not isolated"),
            rule: AtOneCount,
        },
        Row {
            key: "vlan_filtering",
            level: |cell| Some(cell.wiring.vlan_filtering.to_string()),
            phrase: |level| either(level, "VLANs", "no VLANs"),
            rule: AtOneCount,
        },
        Row {
            key: "offload_off",
            level: |cell| Some(cell.wiring.offload_off.to_string()),
            phrase: |level| either(level, "no offload", "offload"),
            rule: AtOneCount,
        },
        Row {
            key: "gso_max_bytes",
            level: |cell| Some(Bytes(u64::from(cell.wiring.gso_bytes()[0])).to_string()),
            phrase: |level| format!("units of {level}"),
            rule: AtOneCount,
        },
        Row {
            key: "gso_ipv4_max_bytes",
            level: |cell| {
                let bytes = cell.wiring.gso_ipv4_max_bytes?;
                Some(Bytes(u64::from(bytes)).to_string())
            },
            phrase: |level| format!("IPv4 units of {level}"),
            rule: AtOneCount,
        },
        Row {
            key: "napi",
            level: |cell| Some(cell.wiring.napi.to_string()),
            phrase: |level| {
                if level == "none" {
                    "no NAPI".to_owned()
                } else {
                    format!("{level} NAPI")
                }
            },
            rule: AtOneCount,
        },
        Row {
            key: "rps",
            level: |cell| Some(cell.wiring.rps.to_string()),
            phrase: |level| match level {
                "off" => "no RPS".to_owned(),
                "all" => "RPS on all CPUs".to_owned(),
                mask => format!("RPS {mask}"),
            },
            rule: AtOneCount,
        },
        Row {
            key: "per_namespace",
            level: |cell| cell.per_namespace.map(|containers| containers.to_string()),
            phrase: |level| format!("{level} a namespace"),
            rule: AtOneCount,
        },
        Row {
            key: "bridges",
            level: |cell| cell.bridges.map(|bridges| bridges.to_string()),
            phrase: |level| counted(level, "bridge"),
            rule: AtOneCount,
        },
        Row {
            key: "ports_per_bridge",
            level: |cell| cell.ports_per_bridge.map(|ports| ports.to_string()),
            phrase: |level| format!("{level} ports a bridge"),
            rule: AtOneCount,
        },
    ]
};

fn plain(level: &str) -> String {
    level.to_owned()
}

/// What a factor that is there or not is called.
fn either(level: &str, there: &str, not: &str) -> String {
    let phrase = if level == "true" { there } else { not };
    phrase.to_owned()
}

/// A level that is a number, and what it is of.
fn counted(level: &str, noun: &str) -> String {
    level
        .parse::<u64>()
        .map_or_else(|_| level.to_owned(), |count| units::counted(count, noun))
}

fn active(cell: &Cell) -> String {
    if cell.active == cell.containers {
        "all".to_owned()
    } else {
        cell.active.to_string()
    }
}
