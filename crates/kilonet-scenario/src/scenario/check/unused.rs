//! Keys that nothing of their table could take: refused, since what is left out without a word would be taken for measured.
//!
//! Where a table mixes, a key is for those of its cells that have a place for it. Invariant: a key that is written with
//! another value than its default changes a cell, or is refused with the reason.

use crate::scenario::cell::{Cell, Congestion, Firewall, Macs, Stack, Workload};
use crate::scenario::expand;
use crate::scenario::problem::{Problem, Problems, Span};
use crate::scenario::receive::{Napi, Rps};
use crate::scenario::rules::{RuleHook, RuleShape};
use crate::scenario::table::{At, Axis};
use crate::scenario::topology::Testbed;
use crate::scenario::value::{Count, Share, Size};
use crate::scenario::wire::{Axes, Lab, Wire};
use crate::scenario::wiring::{Entries, Join};

/// A key that was written, and what it takes for it to mean anything.
struct Key {
    name: &'static str,
    span: Option<Span>,
    /// Whether a cell has a place for it.
    applies: fn(&Cell) -> bool,
    /// What the cells lack, after "no cell has ".
    lacking: &'static str,
    /// What it is allowed with.
    allowed: &'static str,
}

const BRIDGES: &str = "a bridge that could be set so";
const WITH_BRIDGES: &str = "topology = \"bridge\" or \"vxlan\", and testbed = \"kernel\"";
const VETHS: &str = "veths that could be set so";
const WITH_VETHS: &str =
    "topology = \"veth\", \"bridge\", \"routed\" or \"vxlan\", and testbed = \"kernel\"";

pub(super) fn check_cells(wire: &Wire, cells: &[Cell], problems: &mut Problems) {
    for axes in &wire.axes.0 {
        let own = expand::combinations(axes, wire);
        let keys = [
            of_traffic(axes),
            of_rules(axes),
            of_links(axes),
            of_bridges(axes),
        ];
        for key in keys.into_iter().flatten() {
            refuse(&key, axes.key(key.name), &own, problems);
        }
    }
    for key in of_lab(&wire.lab) {
        refuse(&key, format!("lab.{}", key.name), cells, problems);
    }
}

fn refuse(key: &Key, name: String, cells: &[Cell], problems: &mut Problems) {
    if cells.iter().any(key.applies) {
        return;
    }
    let message = format!("no cell has {}", key.lacking);
    let problem = Problem::of(name, message).at(key.span.clone());
    let remedy = format!("leave it out; allowed with {}", key.allowed);
    problems.push(problem.remedy(remedy));
}

/// Where a key was written, as far as that is known.
struct Place(Option<Span>);

/// Where a level stands that is not the default one.
fn unusual<T: PartialEq>(axis: &Axis<T>, usual: &T) -> Option<Place> {
    let mut levels = axis.0.iter();
    levels
        .find(|at| at.value != *usual)
        .map(|at| Place(at.span.clone()))
}

/// The same of a key without a default.
fn given<T>(axis: Option<&Axis<T>>) -> Option<Place> {
    axis.and_then(|axis| axis.0.first())
        .map(|at| Place(at.span.clone()))
}

/// The same of a single value.
fn single<T: PartialEq>(at: &At<T>, usual: &T) -> Option<Place> {
    (at.value != *usual).then(|| Place(at.span.clone()))
}

/// Rows of which each is there if its key was written.
type Rows<const N: usize> = [(
    &'static str,
    Option<Place>,
    fn(&Cell) -> bool,
    [&'static str; 2],
); N];

fn written<const N: usize>(rows: Rows<N>) -> Vec<Key> {
    let keys = rows.into_iter();
    let keys = keys.filter_map(|(name, span, applies, [lacking, allowed])| {
        Some(Key {
            name,
            span: span?.0,
            applies,
            lacking,
            allowed,
        })
    });
    keys.collect()
}

fn of_traffic(axes: &Axes) -> Vec<Key> {
    let cubic = Congestion("cubic".to_owned());
    written([
        (
            "message",
            given(axes.message.as_ref()),
            |cell| cell.workload != Workload::Idle,
            ["messages", "workloads other than \"idle\""],
        ),
        (
            "congestion",
            unusual(&axes.congestion, &cubic),
            |cell| cell.workloads().any(|it| !it.is_datagrams()),
            ["connections of TCP", "workloads of TCP"],
        ),
    ])
}

fn of_rules(axes: &Axes) -> Vec<Key> {
    let has_filler = |cell: &Cell| cell.rules.filler.is_some();
    let lacking = ["rules that match nothing", "`rules`"];
    written([
        (
            "backend",
            given(axes.backend.as_ref()),
            |cell| cell.rules.backend.is_some(),
            [
                "rules to load",
                "a firewall other than \"none\", or `rules`",
            ],
        ),
        (
            "rule_shape",
            unusual(&axes.rule_shape, &RuleShape::Linear),
            has_filler,
            lacking,
        ),
        (
            "rule_hook",
            unusual(&axes.rule_hook, &RuleHook::Raw),
            has_filler,
            lacking,
        ),
    ])
}

fn has_veths(cell: &Cell) -> bool {
    cell.topology.has_veths() && cell.testbed == Testbed::Kernel
}

fn has_bridges(cell: &Cell) -> bool {
    cell.topology.has_bridges_of_ours() && cell.testbed == Testbed::Kernel
}

fn of_links(axes: &Axes) -> Vec<Key> {
    let veths = [VETHS, WITH_VETHS];
    written([
        (
            "mtu",
            unusual(&axes.mtu, &Count(1500)),
            |cell| cell.mtu.is_some(),
            [
                "links, and lo keeps its own MTU",
                "a topology that has links",
            ],
        ),
        (
            "entries",
            unusual(&axes.entries, &Entries::Static),
            |cell| cell.wiring.entries == Entries::Learned,
            [
                "links of ours on which to ask",
                "a topology that has links, and testbed = \"kernel\"",
            ],
        ),
        ("offload", unusual(&axes.offload, &true), has_veths, veths),
        (
            "gso_max",
            unusual(&axes.gso_max, &Size(64 << 10)),
            has_veths,
            veths,
        ),
        (
            "gso_ipv4_max",
            given(axes.gso_ipv4_max.as_ref()),
            has_veths,
            veths,
        ),
        ("napi", unusual(&axes.napi, &Napi::None), has_veths, veths),
        ("rps", unusual(&axes.rps, &Rps::Off), has_veths, veths),
    ])
}

fn of_bridges(axes: &Axes) -> Vec<Key> {
    let bridges = [BRIDGES, WITH_BRIDGES];
    let joined = |cell: &Cell| cell.wiring.join != Join::None;
    let several = [
        "bridges that could be joined",
        "topology = \"bridge\", testbed = \"kernel\", path = \"direct\", and two bridges or more (`bridges` in [lab], or crossing = true)",
    ];
    written([
        ("join", unusual(&axes.join, &Join::None), joined, several),
        ("crossing", unusual(&axes.crossing, &false), joined, several),
        (
            "snooping",
            unusual(&axes.snooping, &false),
            has_bridges,
            bridges,
        ),
        (
            "ageing",
            unusual(&axes.ageing, &Count(300)),
            has_bridges,
            bridges,
        ),
        (
            "hairpin",
            unusual(&axes.hairpin, &false),
            has_bridges,
            bridges,
        ),
        (
            "isolation",
            unusual(&axes.isolation, &false),
            has_bridges,
            bridges,
        ),
        (
            "vlan_filtering",
            unusual(&axes.vlan_filtering, &false),
            has_bridges,
            bridges,
        ),
    ])
}

fn of_lab(lab: &Lab) -> Vec<Key> {
    let kubernetes = |cell: &Cell| cell.firewall == Firewall::Kubernetes;
    let services = ["services", "firewall = \"kubernetes\""];
    let bridges = ["a bridge of ours", WITH_BRIDGES];
    written([
        (
            "stack",
            single(&lab.stack, &Stack::Dual),
            |cell| cell.topology.has_links(),
            ["links that have addresses", "a topology that has links"],
        ),
        (
            "macs",
            single(&lab.macs, &Macs::Derived),
            |cell| cell.macs == Macs::Random,
            [
                "links whose MAC addresses are ours to choose",
                "testbed = \"kernel\", and a topology other than \"loopback\", \"shared\" and \"ipvlan\"",
            ],
        ),
        (
            "per_namespace",
            single(&lab.per_namespace, &Share::Of(2)),
            |cell| cell.per_namespace.is_some(),
            ["containers that share a namespace", "topology = \"shared\""],
        ),
        (
            "ports_per_bridge",
            single(&lab.ports_per_bridge, &Count(1000)),
            has_bridges,
            bridges,
        ),
        (
            "bridges",
            single(&lab.bridges, &Count(1)),
            has_bridges,
            bridges,
        ),
        (
            "published",
            single(&lab.published, &Count(0)),
            |cell| cell.firewall.publishes(),
            [
                "rules that publish ports",
                "one of Docker's firewalls or \"kubernetes\"",
            ],
        ),
        (
            "services",
            single(&lab.services, &Count(10)),
            kubernetes,
            services,
        ),
        (
            "endpoints",
            single(&lab.endpoints, &Count(2)),
            kubernetes,
            services,
        ),
        (
            "ruleset",
            lab.ruleset.as_ref().map(|at| Place(at.span.clone())),
            |cell| cell.firewall == Firewall::Custom,
            ["rules of your own", "firewall = \"custom\""],
        ),
    ])
}
