//! What a trial is called.
//!
//! Topology, family, rules and count always; every other factor only where it is not at its default, so that ids stay
//! short where little varies. Invariant: two cells of one scenario never share an id.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::factors::{
    Arrivals, Batch, Buffers, Cell, Direction, Driver, Entries, Factor, Join, Macs, Napi, Path,
    Pattern, Pinning, Receiving, Rps, RuleHook, RuleShape, Search, Sending, Stack, Testbed,
    Topology, Workload,
};
use crate::files::FileName;

/// What the id of a trial ends in that is run as others disturbed another: for people, and for an id of its own. That it is one
/// of these only the trial itself says.
const AGAIN: &str = "-again";

/// The id of a trial, which is also a name for its files: only its checker makes one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TrialId(FileName);

/// Characters of a cell's part of an id at most; what is longer is cut, and a number that its whole text comes to put behind.
const LONGEST: usize = 160;

impl TrialId {
    /// That of one repetition of a cell.
    #[must_use]
    pub fn of(cell: &Cell, repeat: u32) -> Self {
        let whole = of_cell(cell);
        let text = match whole.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}-{:016x}", &whole[..end], number_of(&whole)),
            None => whole,
        };
        Self(FileName::nearest(&format!("{text}-r{repeat}")))
    }

    /// That of the trial which is run where others disturbed this one.
    #[must_use]
    pub fn once_more(&self) -> Self {
        Self(self.0.with(AGAIN))
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The repetition that it ends in; absent where it ends in none, as an id that is not of this kilonet's making may.
    #[must_use]
    pub(in crate::store) fn repeat(&self) -> Option<u32> {
        let text = self.as_str();
        let first = text.strip_suffix(AGAIN).unwrap_or(text);
        let (_, digits) = first.rsplit_once("-r")?;
        digits.parse().ok()
    }

    /// A file of the trial, by its ending.
    #[must_use]
    pub fn file(&self, ending: &'static str) -> FileName {
        self.0.with(ending)
    }
}

impl Deref for TrialId {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TrialId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self)
    }
}

impl From<TrialId> for String {
    fn from(id: TrialId) -> Self {
        id.as_str().to_owned()
    }
}

impl TryFrom<String> for TrialId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        FileName::checked(text).map(Self)
    }
}

impl FromStr for TrialId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.to_owned().try_into()
    }
}

impl PartialEq<str> for TrialId {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<TrialId> for String {
    fn eq(&self, other: &TrialId) -> bool {
        self == other.as_str()
    }
}

/// The number that a text comes to, the same in every version (FNV-1a).
fn number_of(text: &str) -> u64 {
    let bytes = text.bytes().map(u64::from);
    bytes.fold(0xcbf2_9ce4_8422_2325, |number, byte| {
        (number ^ byte).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The id of a cell, which those of its repetitions begin with.
#[must_use]
pub fn of_cell(cell: &Cell) -> String {
    let mut parts = vec![
        cell.topology.word().to_owned(),
        cell.family.word().to_owned(),
        cell.firewall.word().to_owned(),
        format!("c{}", cell.containers),
    ];
    parts.extend(traffic(cell));
    parts.extend(lab(cell));
    parts.extend(rules(cell));
    parts.join("-")
}

fn traffic(cell: &Cell) -> impl Iterator<Item = String> {
    [
        (cell.active != cell.containers).then(|| format!("a{}", cell.active)),
        (cell.workload != Workload::TcpStream).then(|| cell.workload.to_string()),
        (cell.driver != Driver::Threads).then(|| cell.driver.to_string()),
        limits(cell),
        (cell.load.pinning != Pinning::None).then(|| format!("pin-{}", cell.load.pinning)),
        (cell.pattern != Pattern::Pairs).then(|| cell.pattern.to_string()),
        cell.talk.peers.map(|peers| format!("of{peers}")),
        (cell.talk.direction != Direction::OneWay).then(|| cell.talk.direction.to_string()),
        (cell.streams != 1).then(|| format!("s{}", cell.streams)),
        message(cell),
        load(cell),
        beside(cell),
        // An algorithm may have any name, `s4` or `single` among them: its own part goes before it.
        (cell.congestion.0 != "cubic").then(|| format!("cc-{}", cell.congestion)),
        match cell.buffers {
            Buffers::Auto => None,
            Buffers::Bytes(bytes) => Some(format!("b{bytes}")),
        },
    ]
    .into_iter()
    .flatten()
}

/// What each container may use, where it is limited.
fn limits(cell: &Cell) -> Option<String> {
    let limits = &cell.limits;
    let parts = [
        limits.cpu_max.0.map(|_| format!("cpu{}", limits.cpu_max)),
        limits.memory_max.0.map(|bytes| format!("mem{bytes}")),
        limits
            .cpuset
            .list()
            .map(|list| format!("cpus{}", list.replace(',', "+"))),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("-"))
}

/// The sizes of messages, where they are not the workload's usual ones.
fn message(cell: &Cell) -> Option<String> {
    let bytes = cell.message_bytes;
    match cell.load.response_bytes {
        Some(response) if response != bytes => Some(format!("m{bytes}-{response}")),
        _ => (bytes != cell.workload.usual_message_bytes()).then(|| format!("m{bytes}")),
    }
}

/// What is asked of flows beside their messages.
fn load(cell: &Cell) -> Option<String> {
    let load = &cell.load;
    let poisson = load.arrivals == Some(Arrivals::Poisson);
    let parts = [
        load.outstanding.map(|count| format!("o{count}")),
        load.rate.map(|rate| format!("{rate}ps")),
        poisson.then(|| "poisson".to_owned()),
        (load.send != Sending::Copy).then(|| format!("tx-{}", load.send)),
        (load.receive != Receiving::Copy).then(|| format!("rx-{}", load.receive)),
        (load.batch != Batch::None).then(|| load.batch.to_string()),
        // A per cent sign is not safe in a file's name.
        (load.search != Search::None).then(|| format!("search{}", load.search).replace('%', "p")),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("-"))
}

/// What some pairs do instead, in letters that are safe in a file's name.
fn beside(cell: &Cell) -> Option<String> {
    let words = cell.beside.to_string();
    let safe = |letter: char| match letter {
        '%' => 'p',
        ':' | ' ' | '@' => '-',
        other => other,
    };
    (!cell.beside.is_none())
        .then(|| format!("beside-{}", words.chars().map(safe).collect::<String>()))
}

fn lab(cell: &Cell) -> impl Iterator<Item = String> {
    [
        (cell.path != Path::Direct).then(|| cell.path.to_string()),
        wiring(cell),
        cell.mtu
            .filter(|mtu| *mtu != 1500)
            .map(|mtu| format!("mtu{mtu}")),
        (cell.testbed != Testbed::Kernel).then(|| cell.testbed.to_string()),
        (cell.stack != Stack::Dual).then(|| cell.stack.to_string()),
        (cell.macs != Macs::Derived).then(|| cell.macs.to_string()),
        cell.per_namespace
            .filter(|seats| seats.get() != 2)
            .map(|seats| format!("n{seats}")),
        bridges(cell),
    ]
    .into_iter()
    .flatten()
}

fn rules(cell: &Cell) -> impl Iterator<Item = String> {
    let rules = &cell.rules;
    let services = rules.services.zip(rules.endpoints);
    [
        cell.unusual_backend().map(|backend| backend.to_string()),
        rules.published.map(|ports| format!("p{ports}")),
        services
            .filter(|services| *services != (10, 2))
            .map(|(services, endpoints)| format!("{services}x{endpoints}")),
        rules.filler.map(|count| format!("rules{count}")),
        rules
            .rule_shape
            .filter(|shape| *shape != RuleShape::Linear)
            .map(|shape| shape.to_string()),
        rules
            .rule_hook
            .filter(|hook| *hook != RuleHook::Raw)
            .map(|hook| hook.to_string()),
    ]
    .into_iter()
    .flatten()
}

/// How links and bridges are set, where that is not as usual.
fn wiring(cell: &Cell) -> Option<String> {
    let wiring = &cell.wiring;
    let said = |is: bool, word: &str| is.then(|| word.to_owned());
    let parts = [
        said(wiring.join == Join::Trunk, "trunk"),
        said(wiring.join == Join::Routed, "joined"),
        said(wiring.crossing, "crossing"),
        said(wiring.entries == Entries::Learned, "learned"),
        said(wiring.snooping, "snooping"),
        wiring.ageing_s.map(|seconds| format!("age{seconds}")),
        said(wiring.hairpin, "hairpin"),
        said(wiring.isolation, "isolated"),
        said(wiring.vlan_filtering, "vlan"),
        said(wiring.offload_off, "nogso"),
        wiring.gso_max_bytes.map(|bytes| format!("gso{bytes}")),
        wiring
            .gso_ipv4_max_bytes
            .map(|bytes| format!("v4gso{bytes}")),
        said(wiring.napi == Napi::Polled, "polled"),
        said(wiring.napi == Napi::Threaded, "threaded"),
        (wiring.rps != Rps::Off).then(|| format!("rps-{}", wiring.rps)),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("-"))
}

/// Bridges, where there are more or fewer than 1000 ports a bridge ask for.
fn bridges(cell: &Cell) -> Option<String> {
    let usual = match cell.topology {
        Topology::Bridge => cell.containers.div_ceil(1000),
        Topology::Vxlan => 2 * cell.containers.div_ceil(2000),
        _ => return None,
    };
    cell.bridges
        .filter(|bridges| bridges.get() != usual)
        .map(|bridges| format!("br{bridges}"))
}
