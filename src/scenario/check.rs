//! From the file as written to the cells it stands for: how values must fit together, and what each topology makes of them.
//!
//! Knows no text and no machine. Invariant: a cell that leaves here can be laid out as it is.

use std::collections::HashSet;
use std::num::NonZeroU32;

use super::cell::{Cell, Congestion, Factor, Family, Macs, Pattern, Stack, Topology};
use super::problem::{Problem, Problems};
use super::table::{At, Axis};
use super::value::{Count, Share};
use super::wire::{Axes, Lab, Trial, Wire};
use crate::scenario::{Buffers, Driver, Firewall, Workload};

/// What a scenario may come to; more would run for days, and is more likely a slip of the pen.
const MOST_TRIALS: u64 = 100_000;

/// The smallest packet that every IPv6 link must carry (RFC 8200, 5); below it the kernel takes IPv6 off the interface.
const SMALLEST_IPV6_MTU: u32 = 1280;

/// Reports what does not fit together, each value for itself being right.
pub(super) fn check(wire: &Wire, problems: &mut Problems) {
    check_parity(wire, problems);
    check_active(&wire.axes, problems);
    check_mtu(wire, problems);
    check_sample(&wire.trial, problems);
    check_size(wire, problems);
}

fn check_parity(wire: &Wire, problems: &mut Problems) {
    let (axes, lab) = (&wire.axes, &wire.lab);
    let containers = axes
        .containers
        .0
        .iter()
        .map(|at| ("axes.containers", at.value.0, &at.span));
    let active = axes
        .active
        .0
        .iter()
        .filter_map(|at| Some(("axes.active", at.value.count()?, &at.span)));
    let seats = lab
        .per_namespace
        .value
        .count()
        .map(|count| ("lab.per_namespace", count, &lab.per_namespace.span));
    let ports = (
        "lab.ports_per_bridge",
        lab.ports_per_bridge.value.0,
        &lab.ports_per_bridge.span,
    );
    let counts = containers.chain(active).chain(seats).chain([ports]);
    let mut odd_ones: Vec<_> = counts.filter(|(_, count, _)| count % 2 == 1).collect();
    // The many odd numbers of one range are one mistake.
    odd_ones.dedup_by_key(|(_, _, span)| *span);
    for (key, count, span) in odd_ones {
        problems.push(odd(key, count).at(span.clone()));
    }
}

fn odd(key: &str, count: u32) -> Problem {
    Problem::of(key, format!("{count} is odd, and containers talk in pairs"))
        .remedy("allowed: even numbers")
}

fn check_active(axes: &Axes, problems: &mut Problems) {
    let Some(fewest) = axes.containers.0.iter().map(|at| at.value.0).min() else {
        return;
    };
    let above = |at: &&At<Share>| matches!(at.value, Share::Of(count) if count > fewest);
    if let Some(at) = axes.active.0.iter().find(above) {
        let message = format!("{} active of {fewest} containers", at.value.of(fewest));
        let remedy =
            format!("allowed: \"all\", or at most the smallest of `axes.containers`, {fewest}");
        let problem = Problem::of("axes.active", message).at(at.span.clone());
        problems.push(problem.remedy(remedy));
    }
}

fn check_mtu(wire: &Wire, problems: &mut Problems) {
    let dual = wire.lab.stack.value == Stack::Dual;
    let ipv6 = wire.axes.family.0.iter().any(|at| at.value == Family::Ipv6);
    let low = |at: &&At<Count<68, 65_535>>| at.value.0 < SMALLEST_IPV6_MTU;
    if let Some(at) = wire.axes.mtu.0.iter().find(low)
        && (dual || ipv6)
    {
        let message = format!(
            "{} is below {SMALLEST_IPV6_MTU}, the least that IPv6 needs",
            at.value.0
        );
        let remedy = format!(
            "allowed: {SMALLEST_IPV6_MTU} to 65535; less only with family = \"ipv4\" and stack = \"single\""
        );
        let problem = Problem::of("axes.mtu", message).at(at.span.clone());
        problems.push(problem.remedy(remedy));
    }
}

fn check_sample(trial: &Trial, problems: &mut Problems) {
    if trial.sample.value.0 > trial.measure.value.0 {
        let problem = Problem::of("trial.sample", "longer than the window, `trial.measure`")
            .at(trial.sample.span.clone());
        problems.push(problem.remedy("allowed: from 100 ms to `trial.measure`"));
    }
}

fn check_size(wire: &Wire, problems: &mut Problems) {
    let axes = &wire.axes;
    let lengths = [
        axes.topology.0.len(),
        axes.family.0.len(),
        axes.firewall.0.len(),
        axes.workload.0.len(),
        axes.driver.0.len(),
        axes.pattern.0.len(),
        axes.containers.0.len(),
        axes.active.0.len(),
        axes.streams.0.len(),
        axes.message.0.len(),
        axes.congestion.0.len(),
        axes.buffers.0.len(),
        axes.mtu.0.len(),
    ];
    let repeats = u64::from(wire.trial.repeats.value.0);
    let trials = lengths.iter().fold(repeats, |product, length| {
        product.saturating_mul(*length as u64)
    });
    if trials > MOST_TRIALS {
        let message = format!("all combinations, repeated {repeats} times, are {trials} trials");
        problems.push(
            Problem::of("axes", message).remedy(format!("allowed: up to {MOST_TRIALS} trials")),
        );
    }
}

/// The cells of a file without problems: all combinations in the order of the axes, each once.
pub(super) fn cells(wire: &Wire) -> Vec<Cell> {
    let axes = &wire.axes;
    let mut cells = vec![blank(&wire.lab)];
    cells = vary(&cells, &axes.topology, |cell, level| cell.topology = *level);
    cells = vary(&cells, &axes.family, |cell, level| cell.family = *level);
    cells = vary(&cells, &axes.firewall, |cell, level| cell.firewall = *level);
    cells = vary(&cells, &axes.workload, |cell, level| cell.workload = *level);
    cells = vary(&cells, &axes.driver, |cell, level| cell.driver = *level);
    cells = vary(&cells, &axes.pattern, |cell, level| cell.pattern = *level);
    cells = vary(&cells, &axes.streams, |cell, level| cell.streams = level.0);
    cells = vary(&cells, &axes.message, |cell, level| {
        cell.message_bytes = level.0;
    });
    cells = vary(&cells, &axes.congestion, |cell, level| {
        cell.congestion = level.clone();
    });
    cells = vary(&cells, &axes.buffers, |cell, level| cell.buffers = level.0);
    cells = vary(&cells, &axes.mtu, |cell, level| cell.mtu = Some(level.0));
    cells = vary(&cells, &axes.containers, |cell, level| {
        cell.containers = level.0;
    });
    cells = vary(&cells, &axes.active, |cell, level| {
        cell.active = level.of(cell.containers);
    });
    for cell in &mut cells {
        settle(cell, &wire.lab);
    }
    let mut seen = HashSet::new();
    cells.retain(|cell| seen.insert(cell.clone()));
    cells
}

/// Every cell with every level of one more factor.
fn vary<T>(cells: &[Cell], axis: &Axis<T>, set: impl Fn(&mut Cell, &T)) -> Vec<Cell> {
    let with = |cell: &Cell, level: &T| {
        let mut cell = cell.clone();
        set(&mut cell, level);
        cell
    };
    cells
        .iter()
        .flat_map(|cell| axis.0.iter().map(move |at| with(cell, &at.value)))
        .collect()
}

/// A cell to be filled in by every axis.
fn blank(lab: &Lab) -> Cell {
    Cell {
        topology: Topology::ALL[0],
        family: Family::ALL[0],
        firewall: Firewall::ALL[0],
        workload: Workload::ALL[0],
        driver: Driver::ALL[0],
        pattern: Pattern::ALL[0],
        containers: 0,
        active: 0,
        pairs: 0,
        streams: 0,
        message_bytes: 0,
        congestion: Congestion(String::new()),
        buffers: Buffers::Auto,
        stack: lab.stack.value,
        macs: lab.macs.value,
        mtu: None,
        per_namespace: None,
        bridges: None,
        ports_per_bridge: None,
    }
}

/// Fills in what follows from the factors, and takes out those that the topology does not have.
fn settle(cell: &mut Cell, lab: &Lab) {
    cell.pairs = match cell.pattern {
        Pattern::Pairs => cell.active / 2,
    };
    match cell.topology {
        Topology::Loopback | Topology::Shared => {
            cell.mtu = None;
            cell.macs = Macs::Derived;
        }
        Topology::Veth | Topology::Bridge => {}
    }
    if cell.topology == Topology::Shared {
        let seats = lab
            .per_namespace
            .value
            .of(cell.containers)
            .min(cell.containers);
        cell.per_namespace = NonZeroU32::new(seats);
    }
    if cell.topology == Topology::Bridge {
        let (bridges, ports) = spread(cell.containers / 2, lab);
        cell.bridges = NonZeroU32::new(bridges);
        cell.ports_per_bridge = NonZeroU32::new(ports);
    }
}

/// Spreads pairs evenly over as few bridges as hold them (or as many as were asked for): bridges, and ports of each.
fn spread(pairs: u32, lab: &Lab) -> (u32, u32) {
    let needed = (pairs * 2).div_ceil(lab.ports_per_bridge.value.0);
    let wanted = needed.max(lab.bridges.value.0).min(pairs);
    let pairs_per_bridge = pairs.div_ceil(wanted);
    (pairs.div_ceil(pairs_per_bridge), pairs_per_bridge * 2)
}
