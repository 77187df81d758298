//! Which factors vary in a run: what curves run over, what tells them apart, and what they are called.
//!
//! Must not know what was measured. The invariant: two cells of one curve differ in the count, and in what follows from
//! it, and in nothing else.

use std::collections::{BTreeMap, BTreeSet};

use super::model::Count;
use crate::scenario::{Cell, Rules, Testbed, Wiring};
use crate::units::Bytes;

/// When a factor counts as varied.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// When it has two levels anywhere in the run.
    Anywhere,
    /// When it has two levels on one testbed: an engine brings rules of its own.
    OnOneTestbed,
    /// When it has two levels at one topology and count: elsewhere it follows from these (bridges grow with the
    /// containers; only some topologies have an MTU).
    AtOneCount,
}

/// A factor as reports name it.
struct Row {
    /// The key of the record's cell.
    key: &'static str,
    /// The level of a cell, for people; absent where the factor does not apply.
    level: fn(&Cell) -> Option<String>,
    /// A level as a part of a label.
    phrase: fn(&str) -> String,
    rule: Rule,
}

/// Every factor but the count, in the order in which labels name them.
const ROWS: &[Row] = {
    use Rule::{Anywhere, AtOneCount, OnOneTestbed};
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
            key: "driver",
            level: |cell| Some(cell.driver.to_string()),
            phrase: plain,
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
            rule: AtOneCount,
        },
        Row {
            key: "response_bytes",
            level: |cell| {
                cell.load
                    .response_bytes
                    .map(|bytes| Bytes(u64::from(bytes)).to_string())
            },
            phrase: |level| format!("{level} responses"),
            rule: AtOneCount,
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
                Some(
                    cell.load
                        .rate
                        .map_or("closed loop".to_owned(), |rate| format!("{rate}/s")),
                )
            },
            phrase: plain,
            rule: AtOneCount,
        },
        Row {
            key: "arrivals",
            level: |cell| cell.load.arrivals.map(|arrivals| arrivals.to_string()),
            phrase: |level| format!("{level} arrivals"),
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

/// A number and what it is of, for nouns that take a plain `s`.
fn counted(level: &str, noun: &str) -> String {
    if level == "1" {
        format!("1 {noun}")
    } else {
        format!("{level} {noun}s")
    }
}

fn active(cell: &Cell) -> String {
    if cell.active == cell.containers {
        "all".to_owned()
    } else {
        cell.active.to_string()
    }
}

/// What varies in a run.
pub(super) struct Varying {
    count: Count,
    rows: Vec<&'static Row>,
}

impl Varying {
    /// Finds what varies among the cells of a run.
    pub(super) fn among(cells: &[&Cell]) -> Self {
        let count = count_among(cells);
        let rows = ROWS
            .iter()
            .filter(|row| row.key != count.key() && varies(row, count, cells))
            .collect();
        Self { count, rows }
    }

    /// What the curves run over.
    pub(super) fn count(&self) -> Count {
        self.count
    }

    /// Curve by curve in the order of the factors' levels, each from the smallest count up.
    pub(super) fn in_order<'a>(&self, mut cells: Vec<&'a Cell>) -> Vec<&'a Cell> {
        cells.sort_by_cached_key(|cell| {
            (
                without_count(self.count, cell),
                self.levels(cell),
                self.count.of(cell),
            )
        });
        cells
    }

    /// Whether two cells are points of one curve.
    pub(super) fn same_curve(&self, left: &Cell, right: &Cell) -> bool {
        self.levels(left) == self.levels(right)
    }

    /// The cells, in the order given, by all but what `over` counts; where that varies.
    pub(super) fn along<'a>(&self, over: Count, cells: &[&'a Cell]) -> Vec<Vec<&'a Cell>> {
        let mut lines: Vec<(_, Vec<&Cell>)> = Vec::new();
        for cell in cells {
            let mut levels = self.levels(cell);
            levels.remove(over.key());
            let key = (levels, (over != self.count).then(|| self.count.of(cell)));
            match lines.iter_mut().find(|(known, _)| *known == key) {
                Some((_, line)) => line.push(cell),
                None => lines.push((key, vec![cell])),
            }
        }
        let lines = lines.into_iter().map(|(_, line)| line);
        lines
            .filter(|line| line.iter().any(|cell| over.of(cell) != over.of(line[0])))
            .collect()
    }

    /// What a line along `over` is called: its curve, or its curve and its place there.
    pub(super) fn label_along(&self, over: Count, cell: &Cell) -> String {
        let label = Self::named(cell, self.rows.iter().filter(|row| row.key != over.key()));
        if over == self.count {
            label
        } else {
            format!("{label} at {} {}", self.count.of(cell), self.count.key())
        }
    }

    /// A cell's level of each factor that varies, by the factor's key.
    pub(super) fn levels(&self, cell: &Cell) -> BTreeMap<String, String> {
        self.rows
            .iter()
            .filter_map(|row| Some((row.key.to_owned(), (row.level)(cell)?)))
            .collect()
    }

    /// What a cell's curve is called; the topology where nothing but the count varies.
    pub(super) fn label(&self, cell: &Cell) -> String {
        Self::named(cell, self.rows.iter())
    }

    fn named<'a>(cell: &Cell, rows: impl Iterator<Item = &'a &'static Row>) -> String {
        let phrases: Vec<_> = rows
            .filter_map(|row| Some((row.phrase)(&(row.level)(cell)?)))
            .collect();
        if phrases.is_empty() {
            cell.topology.to_string()
        } else {
            phrases.join(" ")
        }
    }
}

fn count_among(cells: &[&Cell]) -> Count {
    let varies = |count: Count| {
        let levels: BTreeSet<_> = cells.iter().map(|cell| count.of(cell)).collect();
        levels.len() > 1
    };
    let counts = [Count::Containers, Count::Active, Count::Rules];
    let first = counts.into_iter().find(|count| varies(*count));
    first.unwrap_or(Count::Containers)
}

fn varies(row: &Row, count: Count, cells: &[&Cell]) -> bool {
    let mut levels: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for cell in cells {
        let place = match row.rule {
            Rule::Anywhere => (None, None),
            Rule::OnOneTestbed => (Some(cell.testbed), None),
            Rule::AtOneCount => (None, Some((cell.topology, count.of(cell)))),
        };
        levels.entry(place).or_default().insert((row.level)(cell));
    }
    levels.values().any(|levels| levels.len() > 1)
}

/// The cell less all that may follow from its count, so that curves sort by what they are.
fn without_count(count: Count, cell: &Cell) -> Cell {
    let filler = cell.rules.filler.filter(|_| count != Count::Rules);
    Cell {
        containers: 0,
        active: 0,
        pairs: 0,
        wiring: Wiring::default(),
        mtu: None,
        per_namespace: None,
        bridges: None,
        ports_per_bridge: None,
        rules: Rules {
            published: None,
            filler,
            ..cell.rules.clone()
        },
        ..cell.clone()
    }
}
