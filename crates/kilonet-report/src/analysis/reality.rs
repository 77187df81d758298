//! Model against reality: what a real engine's containers move, over what modelled ones do.
//!
//! Must not know how either is wired. The invariant: a ratio is of two trials of one block whose traffic and shape were
//! the same, both measured and valid.
//!
//! Ratios are averaged as logarithms, and the 95 % interval is Student's t over them, so that two are to one what one is
//! to two (Bland and Altman, "The use of transformation when comparing two means", BMJ 312:1153, 1996). Pairs of one block
//! were measured close together, so what moved both is taken out.

use std::collections::BTreeSet;

use super::factors::Varying;
use super::metric::Metric;
use super::metric::own_figure;
use super::model::{Ratio, Reality};
use super::trials::Trials;
use crate::scenario::{Cell, Entries, Excepted, Firewall, Testbed};
use crate::stats;
use crate::store::record::{Confinement, Record};

/// Every real cell beside each modelled one that it has the shape and the traffic of.
pub(super) fn realities(trials: &Trials<'_>, varying: &Varying) -> Vec<Reality> {
    let cells = varying.in_order(trials.keys().copied().collect());
    let of = |testbed: Testbed| {
        let cells = cells.iter().copied();
        cells.filter(move |cell| cell.testbed == testbed)
    };
    // What only an engine chooses, such as MAC addresses, is no part of the name.
    let naming = Varying::among(&of(Testbed::Kernel).collect::<Vec<_>>());
    let pairs = of(Testbed::Kernel).flat_map(|modelled| {
        let real = of(Testbed::Docker).filter(move |real| is_counterpart(real, modelled));
        real.map(move |real| (real, modelled))
    });
    pairs
        .filter_map(|(real, modelled)| {
            let blocks = blocks(&trials[real], &trials[modelled]);
            let ratios: Vec<_> = Metric::of_traffic(modelled)
                .into_iter()
                .filter_map(|metric| Ratio::of(metric, &blocks))
                .collect();
            (!ratios.is_empty()).then(|| Reality {
                label: naming.label(modelled),
                count: varying.count().of(modelled),
                ratios,
                differences: differences(&blocks),
            })
        })
        .collect()
}

/// What an engine decides for itself, so that a real cell and its model may differ in it.
const OF_THE_ENGINE: &[Excepted] = &[
    // It is what is compared.
    |cell, other| cell.testbed = other.testbed,
    // An engine gives each container an address of its own choice. That they differ is said.
    |cell, other| cell.macs = other.macs,
    // An engine tells its containers of nobody, and a scenario cannot ask it to. That they differ is said.
    |cell, other| cell.wiring.entries = other.wiring.entries,
    // A bridge of an engine has as many ports as it has containers; a model's has room for whole pairs.
    |cell, other| cell.ports_per_bridge = other.ports_per_bridge,
];

/// And, where the real cell names no profile, as the rules are the engine's own: it is held against the model with each.
/// Rules that match nothing, and services, are no part of that: an engine loads none.
const OF_ITS_RULES: &[Excepted] = &[
    |cell, other| cell.firewall = other.firewall,
    // What a profile is loaded by, how many ports it leads on, and its text if it is the user's.
    |cell, other| cell.rules.backend = other.rules.backend,
    |cell, other| cell.rules.published = other.rules.published,
    |cell, other| cell.rules.ruleset.clone_from(&other.rules.ruleset),
];

/// Whether a modelled cell is of the real one's shape and traffic.
fn is_counterpart(real: &Cell, modelled: &Cell) -> bool {
    let own_rules = real.firewall == Firewall::None;
    let rules = if own_rules { OF_ITS_RULES } else { &[] };
    real.same_but(modelled, &[OF_THE_ENGINE, rules].concat())
}

/// A real and a modelled trial of one block.
type Block<'a> = (&'a Record, &'a Record);

fn blocks<'a>(real: &[&'a Record], modelled: &[&'a Record]) -> Vec<Block<'a>> {
    let shown = |records: &[&'a Record]| {
        let records = records.iter().copied();
        records
            .filter(|record| record.is_shown())
            .collect::<Vec<_>>()
    };
    let modelled = shown(modelled);
    let partner = |real: &'a Record| {
        let same = modelled.iter().find(|record| record.repeat == real.repeat);
        same.map(|modelled| (real, *modelled))
    };
    shown(real).into_iter().filter_map(partner).collect()
}

impl Ratio {
    /// Real over modelled, where a block has both figures.
    fn of(metric: Metric, blocks: &[Block<'_>]) -> Option<Self> {
        let logs: Vec<_> = blocks
            .iter()
            .filter_map(|(real, modelled)| {
                Some((own_figure(metric, real)? / own_figure(metric, modelled)?).ln())
            })
            .filter(|log| log.is_finite())
            .collect();
        let interval = stats::interval_95(&logs);
        Some(Self {
            metric,
            blocks: logs.len(),
            ratio: stats::mean(&logs)?.exp(),
            interval: interval.map(|(low, high)| (low.exp(), high.exp())),
        })
    }
}

/// What the records themselves show to be different, in sentences.
fn differences(blocks: &[Block<'_>]) -> Vec<String> {
    let sides = |read: fn(&Record) -> Option<String>| {
        let side = |records: Vec<&Record>| {
            records
                .into_iter()
                .filter_map(read)
                .collect::<BTreeSet<_>>()
        };
        let real = side(blocks.iter().map(|(real, _)| *real).collect());
        let modelled = side(blocks.iter().map(|(_, modelled)| *modelled).collect());
        (real, modelled)
    };
    SIGNS
        .iter()
        .filter_map(|sign| {
            let (real, modelled) = sides(sign.read);
            let known = !real.is_empty() && !modelled.is_empty();
            let words =
                |levels: BTreeSet<String>| levels.into_iter().collect::<Vec<_>>().join(" or ");
            (known && real != modelled).then(|| {
                format!(
                    "{} was {} in real containers and {} in modelled ones",
                    sign.what,
                    words(real),
                    words(modelled)
                )
            })
        })
        .collect()
}

/// Something a record shows of the conditions it was measured in.
struct Sign {
    what: &'static str,
    read: fn(&Record) -> Option<String>,
}

const SIGNS: &[Sign] = &[
    Sign {
        what: "congestion control",
        read: |record| record.effective.as_ref()?.congestion.clone(),
    },
    Sign {
        what: "the memory cgroup",
        read: |record| {
            let charged = confinement(record)?.memory_cgroup?;
            Some(either(charged, "one below the root", "the root"))
        },
    },
    Sign {
        what: "the system call filter (seccomp)",
        read: |record| Some(either(confinement(record)?.seccomp?, "on", "off")),
    },
    Sign {
        what: "CAP_NET_ADMIN",
        read: |record| {
            let granted = confinement(record)?.net_admin;
            Some(either(granted, "granted", "withheld"))
        },
    },
    Sign {
        what: "what carried flows to published ports",
        read: |record| Some(record.effective.as_ref()?.forwarder?.words().to_owned()),
    },
    Sign {
        what: "the source of neighbour entries",
        read: |record| {
            // Without a link that has an MTU of its own there are none to know.
            record.cell.mtu?;
            Some(either(
                asks(&record.cell),
                "resolution",
                "permanent entries",
            ))
        },
    },
    Sign {
        what: "the origin of MAC addresses",
        read: |record| Some(record.cell.macs.to_string()),
    },
];

fn confinement(record: &Record) -> Option<Confinement> {
    record.effective.as_ref()?.confinement
}

/// An engine tells its containers of nobody.
fn asks(cell: &Cell) -> bool {
    cell.testbed == Testbed::Docker || cell.wiring.entries == Entries::Learned
}

fn either(is: bool, yes: &str, no: &str) -> String {
    if is { yes } else { no }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Analysis;
    use crate::scenario::{self, Driver, Topology, Workload};
    use crate::store::record::Forwarder;
    use crate::store::sample::{REAL_SHARE, both_testbeds, cell, failed, measured, run};

    fn realities(records: Vec<Record>) -> Vec<Reality> {
        Analysis::of(&run(records)).realities
    }

    fn real(mut record: Record) -> Record {
        record.cell.testbed = Testbed::Docker;
        record
    }

    #[test]
    fn the_planted_share_comes_back_in_both_metrics() {
        let realities = realities(both_testbeds());
        let counts: Vec<_> = realities
            .iter()
            .map(|reality| (reality.label.as_str(), reality.count))
            .collect();
        assert_eq!(counts, [("bridge", 2), ("bridge", 8)]);
        for reality in &realities {
            let [goodput, cost] = &reality.ratios[..] else {
                panic!("{reality:?}")
            };
            // (0.98 * 1 * 1.02) to the power of a third is a little less than one.
            assert!(
                (goodput.ratio / REAL_SHARE - 1.0).abs() < 2e-4,
                "{goodput:?}"
            );
            assert!((cost.ratio * goodput.ratio - 1.0).abs() < 1e-9, "{cost:?}");
            let (low, high) = goodput.interval.unwrap();
            assert!(
                low < REAL_SHARE && REAL_SHARE < high && high / low < 1.12,
                "{goodput:?}"
            );
            assert_eq!(goodput.blocks, 3);
        }
    }

    #[test]
    fn what_the_records_show_to_differ_is_said_and_no_more() {
        let said = realities(both_testbeds())[0].differences.clone();
        assert_eq!(
            said,
            [
                "the origin of MAC addresses was random in real containers and derived in modelled ones"
            ]
        );
        let alike = vec![
            measured(cell(Topology::Shared, 2), 0),
            real(measured(cell(Topology::Shared, 2), 0)),
        ];
        assert!(realities(alike)[0].differences.is_empty());
        let joined = || {
            let mut record = measured(cell(Topology::Veth, 2), 0);
            record.cell.mtu = Some(1500);
            record
        };
        assert_eq!(
            realities(vec![joined(), real(joined())])[0].differences,
            [
                "the source of neighbour entries was resolution in real containers and permanent entries in modelled ones"
            ]
        );
    }

    #[test]
    fn what_an_engine_holds_its_containers_by_is_said() {
        let confined = |mut record: Record, held: bool| {
            let effective = record.effective.get_or_insert_default();
            effective.confinement = Some(Confinement {
                memory_cgroup: Some(held),
                seccomp: Some(held),
                net_admin: !held,
            });
            let carrier = if held {
                Forwarder::Proxy
            } else {
                Forwarder::Rules
            };
            effective.forwarder = Some(carrier);
            record
        };
        let at = || measured(cell(Topology::Shared, 2), 0);
        let said = realities(vec![confined(at(), false), confined(real(at()), true)]);
        assert_eq!(
            said[0].differences,
            [
                "the memory cgroup was one below the root in real containers and the root in modelled ones",
                "the system call filter (seccomp) was on in real containers and off in modelled ones",
                "CAP_NET_ADMIN was withheld in real containers and granted in modelled ones",
                "what carried flows to published ports was a process in real containers and the rules in modelled ones",
            ]
        );
        let alike = vec![confined(at(), true), confined(real(at()), true)];
        assert!(realities(alike)[0].differences.is_empty());
    }

    #[test]
    fn only_trials_of_one_block_and_one_traffic_are_held_together() {
        let at = || cell(Topology::Veth, 2);
        let apart = vec![measured(at(), 0), real(measured(at(), 1))];
        assert!(realities(apart).is_empty());
        let lost = vec![failed(at(), 0), real(measured(at(), 0))];
        assert!(realities(lost).is_empty());
        let mut other = real(measured(at(), 0));
        other.cell.driver = Driver::Workers;
        assert!(realities(vec![measured(at(), 0), other]).is_empty());
    }

    #[test]
    fn a_real_cell_is_held_against_no_model_of_other_traffic_or_another_shape() {
        let modelled = scenario::usual(Topology::Bridge, Testbed::Kernel).unwrap();
        let real = Cell {
            testbed: Testbed::Docker,
            ..modelled.clone()
        };
        let beside = |modelled: &Cell| {
            let records = vec![measured(modelled.clone(), 0), measured(real.clone(), 0)];
            !realities(records).is_empty()
        };
        assert!(beside(&modelled));
        assert_eq!(
            modelled.free_in(beside),
            [
                "backend",
                "entries",
                "firewall",
                "macs",
                "ports_per_bridge",
                "published",
                "ruleset"
            ]
        );
    }

    #[test]
    fn requests_are_compared_by_requests() {
        let at = |testbed, share: f64| {
            let mut record = measured(cell(Topology::Bridge, 2), 0);
            record.cell.testbed = testbed;
            record.cell.workload = Workload::TcpRr;
            record.aggregate.as_mut().unwrap().transactions_per_s = Some(9000.0 * share);
            record.cpu.as_mut().unwrap().ns_per_transaction = Some(5e4 / share);
            record
        };
        let records = vec![at(Testbed::Kernel, 1.0), at(Testbed::Docker, 0.5)];
        let ratios = realities(records)[0].ratios.clone();
        let said: Vec<_> = ratios.iter().map(|it| (it.metric, it.ratio)).collect();
        let [
            (Metric::Transactions, less),
            (Metric::CpuPerTransaction, more),
        ] = said[..]
        else {
            panic!("{said:?}")
        };
        assert!((less - 0.5).abs() < 1e-9 && (more - 2.0).abs() < 1e-9);
    }

    #[test]
    fn an_engine_with_rules_of_its_own_is_held_against_every_profile() {
        let mut ruled = measured(cell(Topology::Bridge, 2), 0);
        ruled.cell.firewall = Firewall::Docker112;
        let bare = measured(cell(Topology::Bridge, 2), 0);
        let engine = real(measured(cell(Topology::Bridge, 2), 0));
        let labels: Vec<_> = realities(vec![ruled, bare, engine])
            .into_iter()
            .map(|reality| reality.label)
            .collect();
        assert_eq!(labels, ["no rules", "docker-1.12"]);
    }
}
