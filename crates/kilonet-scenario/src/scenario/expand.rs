//! From the file as written to the cells it stands for: what each topology makes of the axes.
//!
//! Knows no text and no machine. Invariant: the cells of a file that was checked can be laid out as they are.

use std::collections::HashSet;
use std::num::NonZeroU32;

use super::table::Axis;
use super::wire::{Axes, Lab, Wire};
use kilonet_record::factors::beside::Beside;
use kilonet_record::factors::cell::{
    Buffers, Cell, Congestion, Driver, Family, Firewall, Macs, Path, Workload,
};
use kilonet_record::factors::factor::Factor;
use kilonet_record::factors::limits::{self, Limits};
use kilonet_record::factors::load::{self, Load};
use kilonet_record::factors::pattern::{self, Pattern, Talk};
use kilonet_record::factors::rules::Rules;
use kilonet_record::factors::topology::{Testbed, Topology};
use kilonet_record::factors::wiring::{self, Join, Wiring};

/// The cells of a file without problems: all combinations of each table of axes, in order, each cell once.
pub(super) fn cells(wire: &Wire) -> Vec<Cell> {
    let mut seen = HashSet::new();
    let tables = wire.axes.0.iter();
    let cells = tables.flat_map(|axes| combinations(axes, wire));
    cells.filter(|cell| seen.insert(cell.clone())).collect()
}

/// All combinations of one table, in the order of its axes.
pub(super) fn combinations(axes: &Axes, wire: &Wire) -> Vec<Cell> {
    let mut cells = vec![blank(wire)];
    cells = vary(&cells, &axes.topology, |cell, level| cell.topology = *level);
    cells = vary(&cells, &axes.testbed, |cell, level| cell.testbed = *level);
    cells = vary(&cells, &axes.family, |cell, level| cell.family = *level);
    cells = vary(&cells, &axes.firewall, |cell, level| cell.firewall = *level);
    cells = vary(&cells, &axes.path, |cell, level| cell.path = *level);
    cells = vary_rules(&cells, axes);
    cells = vary(&cells, &axes.workload, |cell, level| cell.workload = *level);
    cells = vary(&cells, &axes.driver, |cell, level| cell.driver = *level);
    cells = vary(&cells, &axes.pinning, |cell, level| {
        cell.load.pinning = *level;
    });
    cells = vary_limits(&cells, axes);
    cells = vary_pattern(&cells, axes);
    cells = vary(&cells, &axes.streams, |cell, level| cell.streams = level.0);
    cells = vary_load(cells, axes);
    cells = vary(&cells, &axes.beside, |cell, level| {
        cell.beside = level.clone();
    });
    cells = vary(&cells, &axes.congestion, |cell, level| {
        cell.congestion = level.clone();
    });
    cells = vary(&cells, &axes.buffers, |cell, level| cell.buffers = level.0);
    cells = vary(&cells, &axes.mtu, |cell, level| cell.mtu = Some(level.0));
    cells = vary_wiring(cells, axes);
    cells = vary(&cells, &axes.containers, |cell, level| {
        cell.containers = level.0;
    });
    cells = vary(&cells, &axes.active, |cell, level| {
        cell.active = level.of(cell.containers);
    });
    for cell in &mut cells {
        settle(cell, &wire.lab);
    }
    cells
}

/// Every cell with every combination of what its containers may use.
fn vary_limits(cells: &[Cell], axes: &Axes) -> Vec<Cell> {
    let cells = vary(cells, &axes.cpu_max, |cell, level| {
        cell.limits.cpu_max = *level;
    });
    let cells = vary(&cells, &axes.memory_max, |cell, level| {
        cell.limits.memory_max = *level;
    });
    vary(&cells, &axes.cpuset, |cell, level| {
        cell.limits.cpuset = level.clone();
    })
}

/// Every cell with every combination of who may talk to whom.
fn vary_pattern(cells: &[Cell], axes: &Axes) -> Vec<Cell> {
    let cells = vary(cells, &axes.pattern, |cell, level| cell.pattern = *level);
    let cells = vary(&cells, &axes.direction, |cell, level| {
        cell.talk.direction = *level;
    });
    match &axes.peers {
        None => cells,
        Some(peers) => vary(&cells, peers, |cell, level| {
            cell.talk.peers = Some(level.0);
        }),
    }
}

/// Every cell with every combination of what is asked of its flows.
fn vary_load(mut cells: Vec<Cell>, axes: &Axes) -> Vec<Cell> {
    for cell in &mut cells {
        cell.message_bytes = cell.workload.usual_message_bytes();
    }
    if let Some(axis) = &axes.message {
        cells = vary(&cells, axis, |cell, level| cell.message_bytes = level.0);
    }
    for cell in &mut cells {
        cell.load.response_bytes = Some(cell.message_bytes);
    }
    if let Some(axis) = &axes.response {
        cells = vary(&cells, axis, |cell, level| {
            cell.load.response_bytes = Some(level.0);
        });
    }
    cells = vary(&cells, &axes.outstanding, |cell, level| {
        cell.load.outstanding = Some(level.0);
    });
    if let Some(axis) = &axes.rate {
        cells = vary(&cells, axis, |cell, level| cell.load.rate = Some(level.0));
    }
    cells = vary(&cells, &axes.arrivals, |cell, level| {
        cell.load.arrivals = Some(*level);
    });
    cells = vary(&cells, &axes.send, |cell, level| cell.load.send = *level);
    cells = vary(&cells, &axes.receive, |cell, level| {
        cell.load.receive = *level;
    });
    cells = vary(&cells, &axes.batch, |cell, level| cell.load.batch = *level);
    vary(&cells, &axes.search, |cell, level| {
        cell.load.search = *level;
    })
}

/// Every cell with what its rules may be.
fn vary_rules(cells: &[Cell], axes: &Axes) -> Vec<Cell> {
    let mut cells = cells.to_vec();
    if let Some(axis) = &axes.backend {
        cells = vary(&cells, axis, |cell, level| {
            cell.rules.backend = Some(*level);
        });
    }
    if let Some(axis) = &axes.rules {
        cells = vary(&cells, axis, |cell, level| {
            cell.rules.filler = Some(level.0);
        });
    }
    cells = vary(&cells, &axes.rule_shape, |cell, level| {
        cell.rules.rule_shape = Some(*level);
    });
    vary(&cells, &axes.rule_hook, |cell, level| {
        cell.rules.rule_hook = Some(*level);
    })
}

/// Every cell with every combination of how links and bridges are set.
fn vary_wiring(mut cells: Vec<Cell>, axes: &Axes) -> Vec<Cell> {
    cells = vary(&cells, &axes.join, |cell, level| cell.wiring.join = *level);
    cells = vary(&cells, &axes.crossing, |cell, level| {
        cell.wiring.crossing = *level;
    });
    cells = vary(&cells, &axes.entries, |cell, level| {
        cell.wiring.entries = *level;
    });
    cells = vary(&cells, &axes.snooping, |cell, level| {
        cell.wiring.snooping = *level;
    });
    cells = vary(&cells, &axes.ageing, |cell, level| {
        cell.wiring.ageing_s = Some(level.0);
    });
    cells = vary(&cells, &axes.hairpin, |cell, level| {
        cell.wiring.hairpin = *level;
    });
    cells = vary(&cells, &axes.isolation, |cell, level| {
        cell.wiring.isolation = *level;
    });
    cells = vary(&cells, &axes.vlan_filtering, |cell, level| {
        cell.wiring.vlan_filtering = *level;
    });
    cells = vary(&cells, &axes.offload, |cell, level| {
        cell.wiring.offload_off = !*level;
    });
    cells = vary(&cells, &axes.gso_max, |cell, level| {
        cell.wiring.gso_max_bytes = Some(level.0);
    });
    if let Some(axis) = &axes.gso_ipv4_max {
        cells = vary(&cells, axis, |cell, level| {
            cell.wiring.gso_ipv4_max_bytes = Some(level.0);
        });
    }
    cells = vary(&cells, &axes.napi, |cell, level| {
        cell.wiring.napi = *level;
    });
    vary(&cells, &axes.rps, |cell, level| {
        cell.wiring.rps = level.clone();
    })
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
fn blank(wire: &Wire) -> Cell {
    let lab = &wire.lab;
    Cell {
        topology: Topology::ALL[0],
        testbed: Testbed::ALL[0],
        family: Family::ALL[0],
        firewall: Firewall::ALL[0],
        path: Path::ALL[0],
        workload: Workload::ALL[0],
        driver: Driver::ALL[0],
        limits: Limits::default(),
        pattern: Pattern::ALL[0],
        talk: Talk {
            pattern_seed: Some(wire.trial.seed.value.0),
            ..Talk::default()
        },
        containers: 0,
        active: 0,
        pairs: 0,
        streams: 0,
        message_bytes: 0,
        load: Load::default(),
        beside: Beside::default(),
        congestion: Congestion(String::new()),
        buffers: Buffers::Auto,
        stack: lab.stack.value,
        macs: lab.macs.value,
        wiring: Wiring::default(),
        mtu: None,
        per_namespace: None,
        bridges: None,
        ports_per_bridge: None,
        rules: Rules::default(),
    }
}

/// Fills in what follows from the factors, and takes out those that the topology does not have.
fn settle(cell: &mut Cell, lab: &Lab) {
    pattern::settle(cell);
    if cell.testbed == Testbed::Docker {
        // The engine chooses them, each version in its own way.
        cell.macs = Macs::Derived;
    }
    match cell.topology {
        Topology::Loopback | Topology::Shared | Topology::Host | Topology::Attached => {
            cell.mtu = None;
            cell.macs = Macs::Derived;
        }
        Topology::IpvlanL2 | Topology::IpvlanL3 => cell.macs = Macs::Derived,
        Topology::Veth
        | Topology::Bridge
        | Topology::UserBridge
        | Topology::Vxlan
        | Topology::Routed
        | Topology::Netkit
        | Topology::Macvlan => {}
    }
    if !cell.topology.has_router() {
        cell.path = Path::Direct;
    }
    load::settle(cell);
    limits::settle(cell);
    settle_rules(cell, lab);
    if cell.topology == Topology::Shared {
        let seats = lab
            .per_namespace
            .value
            .of(cell.containers)
            .min(cell.containers);
        cell.per_namespace = NonZeroU32::new(seats);
    }
    wiring::settle(cell);
    // Where they do not talk in pairs there may be an odd one.
    let pairs = cell.containers.div_ceil(2);
    let spread = match (cell.topology, cell.testbed) {
        // A network of an engine is one bridge.
        (Topology::Bridge | Topology::UserBridge, Testbed::Docker) => (1, cell.containers),
        (Topology::Bridge | Topology::UserBridge, Testbed::Kernel) => {
            spread(pairs, cell.wiring.crossing, lab)
        }
        (Topology::Vxlan, _) => spread_over_nodes(pairs, lab),
        (
            Topology::Loopback
            | Topology::Shared
            | Topology::Host
            | Topology::Veth
            | Topology::Routed
            | Topology::Netkit
            | Topology::Macvlan
            | Topology::IpvlanL2
            | Topology::IpvlanL3
            | Topology::Attached,
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
fn settle_rules(cell: &mut Cell, lab: &Lab) {
    let firewall = cell.firewall;
    let of_kubernetes = |count: u32| (firewall == Firewall::Kubernetes).then_some(count);
    let filler = cell.rules.filler;
    let usual = firewall.usual_backend();
    cell.rules = Rules {
        backend: cell.rules.backend.or(usual).filter(|_| cell.has_rules()),
        published: Some(published(cell, lab)).filter(|count| *count > 0),
        services: of_kubernetes(lab.services.value.0),
        endpoints: of_kubernetes(lab.endpoints.value.0),
        ruleset: lab
            .ruleset
            .as_ref()
            .filter(|_| firewall == Firewall::Custom)
            .map(|at| at.value.clone()),
        filler,
        rule_shape: cell.rules.rule_shape.filter(|_| filler.is_some()),
        rule_hook: cell.rules.rule_hook.filter(|_| filler.is_some()),
    };
}

/// Published ports: one for each flow where flows go by them, and as many as were asked for.
fn published(cell: &Cell, lab: &Lab) -> u32 {
    let needed = if cell.path.is_by_port() {
        cell.flows()
    } else {
        0
    };
    if cell.firewall.publishes() {
        lab.published.value.0.max(needed)
    } else {
        0
    }
}

/// Spreads pairs evenly over as few bridges as hold them (or as many as were asked for; two at least, if pairs are to
/// cross): bridges, and ports of each.
fn spread(pairs: u32, crossing: bool, lab: &Lab) -> (u32, u32) {
    let fewest = if crossing { 2 } else { 1 };
    let needed = (pairs * 2).div_ceil(lab.ports_per_bridge.value.0);
    let wanted = needed.max(lab.bridges.value.0).max(fewest).min(pairs);
    let pairs_per_bridge = pairs.div_ceil(wanted);
    let bridges = pairs.div_ceil(pairs_per_bridge).max(fewest);
    (bridges, pairs_per_bridge * 2)
}

/// Spreads pairs evenly over nodes, which come in twos, each pair with one end on each: nodes, and ports of each.
fn spread_over_nodes(pairs: u32, lab: &Lab) -> (u32, u32) {
    let needed = pairs.div_ceil(lab.ports_per_bridge.value.0);
    let wanted = needed.max(lab.bridges.value.0.div_ceil(2)).min(pairs);
    let ports = pairs.div_ceil(wanted);
    (2 * pairs.div_ceil(ports), ports)
}
