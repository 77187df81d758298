//! Records of a made-up machine that follows a law known in closed form, for tests of what is computed from records.
//!
//! The law: a pair alone moves [`Law::one`]; all pairs together move at most [`Law::ceiling`], shared equally.

mod changed;
pub mod newcomer;

use serde_json::json;

use super::folder::{Manifest, Run};
use super::record::{
    Aggregate, Checks, Cpu, Failure, LabCost, PerPair, Phases, Record, SCHEMA, Status,
};
use crate::factors::{
    Cell, Congestion, Driver, Family, Firewall, Macs, Path, Pattern, Stack, Testbed, Topology,
    Workload,
};

/// How a topology behaves on the made-up machine.
#[derive(Clone, Copy)]
pub struct Law {
    /// Bits a second of one pair alone.
    pub one: f64,
    /// Bits a second of all pairs together, at most.
    pub ceiling: f64,
}

impl Law {
    /// What the made-up machine does of a topology.
    #[must_use]
    pub fn of(topology: Topology) -> Self {
        let (one, ceiling) = match topology {
            Topology::Loopback => (40e9, 64e9),
            Topology::Shared | Topology::Host => (38e9, 62e9),
            Topology::Veth => (22e9, 36e9),
            Topology::Bridge | Topology::UserBridge => (18e9, 30e9),
            _ => (17e9, 29e9),
        };
        Self { one, ceiling }
    }

    /// Bits a second of so many pairs together.
    #[must_use]
    pub fn aggregate(self, pairs: u32) -> f64 {
        self.ceiling.min(f64::from(pairs) * self.one)
    }
}

/// A cell of bulk TCP in pairs, everything else at its default.
#[must_use]
pub fn cell(topology: Topology, containers: u32) -> Cell {
    Cell {
        topology,
        testbed: Testbed::Kernel,
        family: Family::Ipv4,
        firewall: Firewall::None,
        path: Path::Direct,
        workload: Workload::TcpStream,
        driver: Driver::Threads,
        pattern: Pattern::Pairs,
        containers,
        active: containers,
        pairs: containers / 2,
        streams: 1,
        message_bytes: 131_072,
        congestion: Congestion("cubic".to_owned()),
        stack: Stack::Dual,
        macs: Macs::Derived,
        ..Cell::blank()
    }
}

/// A trial with nothing measured yet.
fn blank(cell: Cell, repeat: u32) -> Record {
    let trial = format!(
        "{}-{}-c{}-a{}-r{repeat}",
        cell.topology, cell.family, cell.containers, cell.active
    );
    Record::blank(trial.parse().unwrap(), repeat, cell)
}

/// A trial that went as the law says, 1 % faster with each repeat.
#[must_use]
pub fn measured(cell: Cell, repeat: u32) -> Record {
    let aggregate = Law::of(cell.topology).aggregate(cell.pairs) * (1.0 + 0.01 * f64::from(repeat));
    let pair = aggregate / f64::from(cell.pairs);
    let containers = u64::from(cell.containers);
    // What each container adds to set-up, in nanoseconds.
    let own = match cell.topology {
        Topology::Loopback => 100,
        Topology::Shared | Topology::Host => 60_000,
        Topology::Veth => 250_000,
        _ => 400_000,
    };
    let ns_per_byte = 2.0 * 8e9 / aggregate * (1.0 + f64::from(cell.pairs) / 1e4);
    Record {
        aggregate: Some(Aggregate {
            goodput_bps: aggregate,
            transactions_per_s: None,
            datagrams_per_s: None,
            loss_ratio: None,
        }),
        per_pair: Some(spread(pair, cell.pairs)),
        cpu: Some(Cpu {
            user_ns: 20_000_000,
            system_ns: 1_500_000_000,
            softirq_ns: 400_000_000,
            steal_ns: 0,
            idle_ns: 80_000_000,
            ns_per_byte: Some(ns_per_byte),
            ns_per_transaction: None,
            own_user_ns: 10_000_000,
            foreign_ns: 1_000_000,
        }),
        lab: Some(LabCost {
            setup_ns: 2_000_000 + own * containers,
            teardown_ns: Some(15_000_000 + own / 3 * containers),
            phases_ns: Phases::default(),
            kernel_bytes_per_container: Some(180_000),
        }),
        checks: Some(Checks {
            interface_bytes_ratio: Some(1.0),
            unread_ratio: None,
            tcp_info_bytes_ratio: Some(1.0),
            transactions_ratio: None,
            datagrams_ratio: None,
            valid: true,
        }),
        ..blank(cell, repeat)
    }
}

/// Pairs evenly from half to one and a half of the mean; all alike when there is one.
fn spread(mean: f64, pairs: u32) -> PerPair {
    let half = if pairs == 1 { 0.0 } else { 0.5 };
    // The second moment of a uniform distribution of that width is 1 + half^2 / 3.
    let jain = 1.0 / (1.0 + half * half / 3.0);
    PerPair {
        min_bps: mean * (1.0 - half),
        p5_bps: mean * (1.0 - 0.9 * half),
        p50_bps: mean,
        p95_bps: mean * (1.0 + 0.9 * half),
        max_bps: mean * (1.0 + half),
        jain,
        starved: 0,
    }
}

/// A trial that did not get as far as a figure.
#[must_use]
pub fn failed(cell: Cell, repeat: u32) -> Record {
    let error = Failure {
        act: "add port".to_owned(),
        object: "v01024 to bridge br0".to_owned(),
        errno: Some("EXFULL".to_owned()),
        reason: None,
        hint: Some("a Linux bridge holds 1023 ports; set ports_per_bridge lower".to_owned()),
    };
    Record {
        status: Status::Failed,
        error: Some(error),
        ..blank(cell, repeat)
    }
}

/// A trial in which some pairs moved nothing.
#[must_use]
pub fn starving(cell: Cell, repeat: u32, starved: u32) -> Record {
    let mut record = measured(cell, repeat);
    if let Some(pairs) = &mut record.per_pair {
        pairs.min_bps = 0.0;
        pairs.starved = starved;
        pairs.jain *= 0.8;
    }
    record
        .warnings
        .push("the machine was busy with other work for 7 % of the window".to_owned());
    record
}

/// A trial whose witnesses disagree.
#[must_use]
pub fn invalid(cell: Cell, repeat: u32) -> Record {
    let checks = Checks {
        interface_bytes_ratio: Some(0.5),
        unread_ratio: None,
        tcp_info_bytes_ratio: None,
        transactions_ratio: None,
        datagrams_ratio: None,
        valid: false,
    };
    Record {
        checks: Some(checks),
        aggregate: Some(Aggregate {
            goodput_bps: 1e15,
            transactions_per_s: None,
            datagrams_per_s: None,
            loss_ratio: None,
        }),
        ..measured(cell, repeat)
    }
}

/// The manifest of a run of so many planned trials.
#[must_use]
pub fn manifest(planned: u32) -> Manifest {
    Manifest {
        schema: SCHEMA,
        name: "sample".to_owned(),
        purpose: None,
        scenario_text: "name = \"sample\"\n".to_owned(),
        ruleset_text: None,
        settings: json!({}),
        version: "0.1.0".to_owned(),
        build: None,
        seed: 7,
        planned,
        // 2026-11-23 04:15:00 UTC
        started_unix_ns: 1_795_407_300_000_000_000,
        fingerprint: json!({"cpu": {"model": "Made-up CPU", "online": 2}, "kernel": {"release": "6.12.0"}}),
        command: None,
    }
}

/// A run of these records.
#[must_use]
pub fn run(records: Vec<Record>) -> Run {
    let planned = u32::try_from(records.len()).unwrap();
    Run {
        manifest: manifest(planned),
        records,
        notes: Vec::new(),
    }
}

/// Four topologies from 2 containers to `most`, three repeats, with one of each thing that goes wrong: a cell that fails,
/// a pair that starves, a trial whose witnesses disagree.
#[must_use]
pub fn sweep(most: u32) -> Run {
    use Topology::{Bridge, Loopback, Shared, Veth};
    let counts: Vec<u32> = (1..=12)
        .map(|power| 1 << power)
        .filter(|count| *count <= most)
        .collect();
    let mut records = Vec::new();
    for repeat in 0..3 {
        for topology in [Loopback, Shared, Veth, Bridge] {
            records.extend(counts.iter().map(|count| match (topology, count) {
                (Bridge, 32) => failed(cell(topology, 32), repeat),
                (Veth, 16) if repeat == 1 => invalid(cell(topology, 16), repeat),
                (Bridge, 64) => starving(cell(topology, 64), repeat, 3),
                _ => measured(cell(topology, *count), repeat),
            }));
        }
    }
    run(records)
}

/// What a byte costs in every trial, in nanoseconds, before its rules.
const BARE: f64 = 0.4;
/// What each rule adds.
pub const RULE_COST: f64 = 2e-4;

/// A trial whose rules cost as planted, a little more or less by turns.
fn costing(cell: Cell, repeat: u32, rules: f64) -> Record {
    let mut record = measured(cell, repeat);
    let hundreds = record.cell.rules.filler.unwrap_or(0) / 100;
    let wobble = if (repeat + record.cell.containers + hundreds).is_multiple_of(2) {
        1e-4
    } else {
        -1e-4
    };
    let cost = BARE * (1.0 + 0.1 * f64::from(repeat)) + RULE_COST * rules + wobble;
    record.cpu.as_mut().unwrap().ns_per_byte = Some(cost);
    let aggregate = 8e9 / cost;
    record.aggregate.as_mut().unwrap().goodput_bps = aggregate;
    record.per_pair = Some(spread(
        aggregate / f64::from(record.cell.pairs),
        record.cell.pairs,
    ));
    record
}

/// Rules beside one pair: the axis `rules`.
#[must_use]
pub fn over_rules(each: f64) -> Vec<Record> {
    let trials = (0..3).flat_map(|repeat| [0, 100, 300, 1000].map(|rules| (repeat, rules)));
    trials
        .map(|(repeat, rules)| {
            let mut at = cell(Topology::Bridge, 2);
            at.rules.filler = Some(rules);
            costing(at, repeat, f64::from(rules) * each)
        })
        .collect()
}

/// One active pair among more and more containers, each with a rule; with trials without rules if so wished.
#[must_use]
pub fn over_containers(with_controls: bool) -> Vec<Record> {
    let trials = (0..3).flat_map(|repeat| [2, 32, 250, 1000].map(|count| (repeat, count)));
    trials
        .flat_map(|(repeat, count)| {
            let mut at = cell(Topology::Bridge, count);
            (at.active, at.pairs) = (2, 1);
            let bare = at.clone();
            at.firewall = Firewall::Docker29;
            // Containers cost something of their own, which the rules are not to answer for.
            let presence = f64::from(count) * 0.5;
            let ruled = costing(at, repeat, f64::from(count) + presence);
            let control = with_controls.then(|| costing(bare, repeat, presence));
            [Some(ruled), control]
        })
        .flatten()
        .collect()
}

/// What real containers move of what modelled ones do, in [`both_testbeds`].
pub const REAL_SHARE: f64 = 0.8;

/// Bridges of 2 and 8 containers, modelled and real, in three blocks.
#[must_use]
pub fn both_testbeds() -> Vec<Record> {
    let trials = (0..3).flat_map(|repeat| [2, 8].map(|count| (repeat, count)));
    trials
        .flat_map(|(repeat, count)| {
            let modelled = measured(cell(Topology::Bridge, count), repeat);
            let mut real = modelled.clone();
            real.cell.testbed = Testbed::Docker;
            real.cell.macs = Macs::Random;
            // 2 % less and 2 % more by turns, so that there is something to be unsure of.
            let share = REAL_SHARE * [0.98, 1.0, 1.02][repeat as usize];
            real.aggregate.as_mut().unwrap().goodput_bps *= share;
            let cost = real.cpu.as_mut().unwrap().ns_per_byte.as_mut();
            *cost.unwrap() /= share;
            [modelled, real]
        })
        .collect()
}
