//! From the file as written to the cells it stands for: what each topology makes of the axes.
//!
//! Knows no text and no machine. Invariant: the cells of a file that was checked can be laid out as they are.

use std::collections::HashSet;
use std::num::NonZeroU32;

use super::values::{At, Values};
use super::wire::Wire;
use kilonet_record::factors::beside::Beside;
use kilonet_record::factors::cell::Cell;
use kilonet_record::factors::factor::Factor;
use kilonet_record::factors::kept::Kept;
use kilonet_record::factors::key::{AnyKey, Level, Table};
use kilonet_record::factors::limits::Limits;
use kilonet_record::factors::load::Load;
use kilonet_record::factors::pattern::{Pattern, Talk};
use kilonet_record::factors::registry;
use kilonet_record::factors::registry::lab::{BRIDGES, PER_NAMESPACE, PORTS_PER_BRIDGE};
use kilonet_record::factors::registry::rules::PUBLISHED;
use kilonet_record::factors::rules::Rules;
use kilonet_record::factors::settle;
use kilonet_record::factors::topology::{Joined, Testbed, Topology};
use kilonet_record::factors::wiring::{Join, Wiring};
use kilonet_record::factors::{
    Buffers, Congestion, Driver, Family, Firewall, Macs, Path, Stack, Workload,
};

/// The cells of a file without problems: all combinations of each table of axes, in order, each cell once.
pub(super) fn cells(wire: &Wire) -> Vec<Cell> {
    let mut seen = HashSet::new();
    let tables = wire.axes.iter();
    let cells = tables.flat_map(|axes| combinations(axes, wire));
    cells.filter(|cell| seen.insert(cell.clone())).collect()
}

/// All combinations of one table, in the order of the registry.
pub(super) fn combinations(axes: &Values, wire: &Wire) -> Vec<Cell> {
    let mut cells = vec![blank()];
    for key in registry::keys() {
        cells = match key.facts().table {
            Table::Axes => vary(cells, key, axes.of(key)),
            Table::Lab => vary(cells, key, one(wire.lab.of(key))),
            Table::Trial => vary(cells, key, one(wire.trial.of(key))),
        };
    }
    for cell in &mut cells {
        settle(cell, &wire.lab);
    }
    cells
}

/// Keys of other tables are not varied: what has several values has them at once, and cells nothing of them.
fn one(levels: &[At<Level>]) -> &[At<Level>] {
    &levels[..levels.len().min(1)]
}

/// Every cell with every level of one more factor.
fn vary(mut cells: Vec<Cell>, key: &dyn AnyKey, levels: &[At<Level>]) -> Vec<Cell> {
    if let [] | [_] = levels {
        let level = levels.first().map(|at| &at.value);
        for cell in &mut cells {
            key.put(cell, level);
        }
        return cells;
    }
    let with = |cell: &Cell, level: &Level| {
        let mut cell = cell.clone();
        key.put(&mut cell, Some(level));
        cell
    };
    cells
        .iter()
        .flat_map(|cell| levels.iter().map(move |at| with(cell, &at.value)))
        .collect()
}

/// A cell to be filled in by every axis.
fn blank() -> Cell {
    Cell {
        topology: Topology::ALL[0],
        testbed: Testbed::ALL[0],
        family: Family::ALL[0],
        firewall: Firewall::ALL[0],
        path: Path::ALL[0],
        workload: Workload::default(),
        driver: Driver::ALL[0],
        limits: Limits::default(),
        pattern: Pattern::ALL[0],
        talk: Talk::default(),
        containers: 0,
        active: 0,
        pairs: 0,
        streams: 0,
        message_bytes: 0,
        load: Load::default(),
        beside: Beside::default(),
        congestion: Congestion(String::new()),
        buffers: Buffers::Auto,
        stack: Stack::ALL[0],
        macs: Macs::ALL[0],
        wiring: Wiring::default(),
        mtu: None,
        per_namespace: None,
        bridges: None,
        ports_per_bridge: None,
        rules: Rules::default(),
        kept: Kept::default(),
    }
}

/// Fills in what follows from the factors, and takes out those that the topology does not have.
fn settle(cell: &mut Cell, lab: &Values) {
    settle::pattern(cell);
    // The engine chooses them, each version in its own way.
    if cell.testbed == Testbed::Docker || !cell.topology.chooses_macs() {
        cell.macs = Macs::Derived;
    }
    cell.mtu = cell.mtu.filter(|_| cell.topology.makes_links());
    if !cell.topology.has_router() {
        cell.path = Path::Direct;
    }
    settle::load(cell);
    settle::limits(cell);
    settle_rules(cell, lab);
    if cell.topology.joined() == Joined::Seats {
        let seats = lab.one(&PER_NAMESPACE).of(cell.containers);
        let seats = seats.min(cell.containers);
        cell.per_namespace = NonZeroU32::new(seats);
    }
    settle::wiring(cell);
    settle_bridges(cell, lab);
    settle::kept(cell);
}

/// Fills in how many bridges there are, and takes out what joins them where there is one.
fn settle_bridges(cell: &mut Cell, lab: &Values) {
    // Where they do not talk in pairs there may be an odd one.
    let pairs = cell.containers.div_ceil(2);
    let spread = match (cell.topology.joined(), cell.testbed) {
        // A network of an engine is one bridge.
        (Joined::Bridges, Testbed::Docker) => (1, cell.containers),
        (Joined::Bridges, Testbed::Kernel) => spread(pairs, cell.wiring.crossing, lab),
        (Joined::Nodes, _) => spread_over_nodes(pairs, lab),
        (
            Joined::OneNamespace
            | Joined::Seats
            | Joined::Pairs
            | Joined::Routers
            | Joined::Parent
            | Joined::Before,
            _,
        ) => return,
    };
    cell.bridges = NonZeroU32::new(spread.0);
    cell.ports_per_bridge = NonZeroU32::new(spread.1);
    if spread.0 == 1 {
        cell.wiring.join = Join::None;
    }
}

/// Takes out what a cell's rules are not made of, and fills in what they are.
fn settle_rules(cell: &mut Cell, lab: &Values) {
    let firewall = cell.firewall;
    let has_services = firewall.facts().has_services;
    let rules = cell.rules.clone();
    let filler = rules.filler;
    let usual = firewall.usual_backend();
    cell.rules = Rules {
        backend: rules.backend.or(usual).filter(|_| cell.has_rules()),
        published: Some(published(cell, lab)).filter(|count| *count > 0),
        services: rules.services.filter(|_| has_services),
        endpoints: rules.endpoints.filter(|_| has_services),
        ruleset: rules.ruleset.filter(|_| firewall == Firewall::Custom),
        filler,
        rule_shape: rules.rule_shape.filter(|_| filler.is_some()),
        rule_hook: rules.rule_hook.filter(|_| filler.is_some()),
    };
}

/// Published ports: one for each flow where flows go by them, and as many as were asked for.
fn published(cell: &Cell, lab: &Values) -> u32 {
    let needed = if cell.path.is_by_port() {
        cell.flows()
    } else {
        0
    };
    if cell.firewall.publishes() {
        lab.one(&PUBLISHED).0.max(needed)
    } else {
        0
    }
}

/// Spreads pairs evenly over as few bridges as hold them (or as many as were asked for; two at least, if pairs are to
/// cross): bridges, and ports of each.
fn spread(pairs: u32, crossing: bool, lab: &Values) -> (u32, u32) {
    let fewest = if crossing { 2 } else { 1 };
    let needed = (pairs * 2).div_ceil(lab.one(&PORTS_PER_BRIDGE).0);
    let wanted = needed.max(lab.one(&BRIDGES).0).max(fewest).min(pairs);
    let pairs_per_bridge = pairs.div_ceil(wanted);
    let bridges = pairs.div_ceil(pairs_per_bridge).max(fewest);
    (bridges, pairs_per_bridge * 2)
}

/// Spreads pairs evenly over nodes, which come in twos, each pair with one end on each: nodes, and ports of each.
fn spread_over_nodes(pairs: u32, lab: &Values) -> (u32, u32) {
    let needed = pairs.div_ceil(lab.one(&PORTS_PER_BRIDGE).0);
    let wanted = needed.max(lab.one(&BRIDGES).0.div_ceil(2)).min(pairs);
    let ports = pairs.div_ceil(wanted);
    (2 * pairs.div_ceil(ports), ports)
}
