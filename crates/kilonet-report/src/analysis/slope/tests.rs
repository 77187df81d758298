use std::path::Path;

use super::*;
use crate::analysis::Analysis;
use crate::analysis::trials::by_cell;
use crate::plan::Role;
use crate::scenario::{Firewall, RuleShape, Rules, Topology, Workload};
use crate::stats::random::SplitMix;
use crate::store::folder::Run;
use crate::store::record::{Effect, Verdict};
use crate::store::sample::{
    RULE_COST as EACH, cell, failed, invalid, measured, over_containers, over_rules, run,
};

fn slopes(records: Vec<Record>) -> Vec<Slope> {
    Analysis::of(&run(records)).slopes
}

fn close(found: f64, planted: f64, share: f64) -> bool {
    (found / planted - 1.0).abs() < share
}

#[test]
fn a_planted_cost_of_a_rule_comes_back() {
    let slopes = slopes(over_rules(1.0));
    let [slope] = &slopes[..] else {
        panic!("{slopes:?}")
    };
    assert_eq!(slope.label, "bridge");
    assert!(slope.over == Count::Rules && slope.of_rules);
    assert_eq!((slope.range, slope.step), ((0.0, 1000.0), 1000.0));
    let cost = &slope.fits[0];
    assert_eq!(
        (cost.metric, cost.control, cost.line.n),
        (Metric::CpuPerByte, Control::Absent, 12)
    );
    assert!(close(cost.line.slope, EACH, 0.01), "{:?}", cost.line);
    let (low, high) = cost.line.interval.unwrap();
    assert!(low > 0.0 && low < EACH && EACH < high);
    assert_eq!(cost.verdict, LineVerdict::Straight);
    assert!(slope.fits[1].line.slope < 0.0, "more rules, less goodput");
}

/// What a published port, a service, or an endpoint of each costs a connection.
#[test]
fn every_count_of_rules_has_its_slope_and_its_words() {
    type Put = fn(&mut Rules, u32);
    let counts: [(Count, Put, &str); 3] = [
        (
            Count::Published,
            |rules, to| rules.published = Some(to).filter(|to| *to > 0),
            "published ports",
        ),
        (
            Count::Services,
            |rules, to| rules.services = Some(to),
            "services",
        ),
        (
            Count::Endpoints,
            |rules, to| rules.endpoints = Some(to),
            "endpoints of each service",
        ),
    ];
    for (over, put, noun) in counts {
        let mut records = over_rules(1.0);
        for record in &mut records {
            let planted = record.cell.rules.filler.take().unwrap();
            record.cell.firewall = Firewall::Kubernetes;
            record.cell.workload = Workload::TcpCrr;
            put(&mut record.cell.rules, planted);
            record.cpu.as_mut().unwrap().ns_per_transaction = Some(7e4 + 20.0 * f64::from(planted));
        }
        let analysis = Analysis::of(&run(records));
        assert_eq!(analysis.count, over);
        let [slope] = &analysis.slopes[..] else {
            panic!("{:?}", analysis.slopes)
        };
        assert!(slope.over == over && slope.label == "bridge");
        let cost = &slope.fits[0];
        assert_eq!(cost.metric, Metric::CpuPerTransaction);
        assert!(close(cost.line.slope, 20.0, 1e-6), "{:?}", cost.line);
        let counts: Vec<_> = analysis
            .cells
            .iter()
            .map(|cell| over.of(&cell.cell))
            .collect();
        assert_eq!(counts, [0, 100, 300, 1000], "one curve");
        assert_eq!((analysis.series.len(), over.noun()), (1, noun));
        assert!(analysis.bends.is_empty(), "slopes tell of rules");
    }
}

/// Ports that are published for flows, and services that only one firewall has, are nothing that was varied.
#[test]
fn what_follows_from_other_factors_is_no_count_of_its_own() {
    let records = [(1, Some(2)), (4, Some(8))]
        .into_iter()
        .flat_map(|(streams, published)| {
            (0..3).map(move |repeat| {
                let mut at = cell(Topology::Bridge, 4);
                (at.streams, at.rules.published, at.firewall) =
                    (streams, published, Firewall::Docker29);
                measured(at, repeat)
            })
        });
    let bare = (0..3).map(|repeat| measured(cell(Topology::Bridge, 4), repeat));
    let served = (0..3).map(|repeat| {
        let mut at = cell(Topology::Bridge, 4);
        at.firewall = Firewall::Kubernetes;
        (at.rules.services, at.rules.endpoints) = (Some(10), Some(2));
        measured(at, repeat)
    });
    let analysis = Analysis::of(&run(records.chain(bare).chain(served).collect()));
    assert_eq!(analysis.count, Count::Containers);
    for series in &analysis.series {
        let said = &series.label;
        assert!(
            !said.contains("published") && !said.contains("service"),
            "{said}"
        );
    }
    assert!(analysis.slopes.iter().all(|slope| !slope.of_rules));
}

#[test]
fn rules_that_cost_nothing_have_no_certain_slope() {
    let slopes = slopes(over_rules(0.0));
    assert!(slopes[0].fits.len() >= 2);
    for fit in &slopes[0].fits {
        assert_eq!(fit.verdict, LineVerdict::Uncertain, "{fit:?}");
    }
}

#[test]
fn what_containers_cost_without_rules_is_taken_off_block_by_block() {
    let controlled = slopes(over_containers(true));
    let [slope, without] = &controlled[..] else {
        panic!("{controlled:?}")
    };
    assert!(slope.over == Count::Containers && slope.of_rules);
    let [cost, goodput, ..] = &slope.fits[..] else {
        panic!("{slope:?}")
    };
    assert_eq!(
        (cost.control, goodput.control),
        (Control::Subtracted, Control::Divided)
    );
    assert!(close(cost.line.slope, EACH, 1e-3), "{:?}", cost.line);
    assert!(cost.line.intercept.abs() < 1e-9, "{:?}", cost.line);
    // What the others add without rules is a line of its own, and of no rules.
    let presence = &without.fits[0];
    assert!(!without.of_rules && presence.control == Control::Absent);
    assert!(
        close(presence.line.slope, EACH * 0.5, 0.05),
        "{:?}",
        presence.line
    );

    let alone = slopes(over_containers(false));
    let cost = &alone[0].fits[0];
    assert_eq!(cost.control, Control::Absent);
    assert!(close(cost.line.slope, EACH * 1.5, 0.05), "{:?}", cost.line);
}

#[test]
fn more_traffic_is_not_taken_for_more_rules() {
    let mut records = over_containers(false);
    for record in &mut records {
        (record.cell.active, record.cell.pairs) =
            (record.cell.containers, record.cell.containers / 2);
    }
    for slope in slopes(records) {
        assert!(!slope.of_rules, "{slope:?}");
        let metrics: Vec<_> = slope.fits.iter().map(|fit| fit.metric).collect();
        assert!(!metrics.contains(&Metric::Goodput), "{metrics:?}");
    }
}

#[test]
fn trials_that_failed_or_are_invalid_are_no_points() {
    let mut records = over_rules(1.0);
    let mut at = cell(Topology::Bridge, 2);
    at.rules.filler = Some(1000);
    records.push(invalid(at.clone(), 3));
    records.push(failed(at, 4));
    let slopes = slopes(records);
    assert_eq!(slopes[0].fits[0].line.n, 12);
}

#[test]
fn rules_at_several_counts_are_a_line_each_named_by_its_place() {
    let mut records = over_rules(1.0);
    let elsewhere = records.clone().into_iter().map(|mut record| {
        (
            record.cell.containers,
            record.cell.active,
            record.cell.pairs,
        ) = (64, 64, 32);
        record
    });
    records.extend(elsewhere.collect::<Vec<_>>());
    let slopes = slopes(records);
    let of_rules = slopes.iter().filter(|slope| slope.of_rules);
    let labels: Vec<_> = of_rules.map(|slope| slope.label.as_str()).collect();
    assert_eq!(
        labels,
        ["bridge at 2 containers", "bridge at 64 containers"]
    );
}

#[test]
fn every_shape_of_rules_is_one_curve_and_one_line() {
    let shapes = [RuleShape::Linear, RuleShape::Set].into_iter();
    let records = shapes.flat_map(|shape| {
        over_rules(1.0).into_iter().map(move |mut record| {
            record.cell.rules.rule_shape = Some(shape);
            record
        })
    });
    let baseline = Record {
        role: Role::Baseline,
        ..measured(cell(Topology::Loopback, 2), 0)
    };
    let analysis = Analysis::of(&run(records.chain([baseline]).collect()));
    let curves: Vec<_> = analysis
        .series
        .iter()
        .map(|series| series.label.as_str())
        .collect();
    assert_eq!(
        (curves, analysis.count),
        (vec!["one by one", "in a set"], Count::Rules)
    );
    let lines: Vec<_> = analysis
        .slopes
        .iter()
        .map(|slope| slope.label.as_str())
        .collect();
    assert_eq!(lines, ["one by one", "in a set"]);
}

#[test]
fn a_lab_of_more_containers_takes_longer_and_pairs_that_share_are_no_line() {
    let trials = (0..3).flat_map(|repeat| [2, 64, 256, 512].map(|count| (repeat, count)));
    let records = trials.map(|(repeat, count)| {
        let mut record = measured(cell(Topology::Bridge, count), repeat);
        let lab = record.lab.as_mut().unwrap();
        lab.setup_ns += 10_000 * u64::from(repeat) * u64::from(count % 7);
        lab.phases_ns.links = lab.setup_ns / 2;
        record
    });
    let slopes = slopes(records.collect());
    let [slope] = &slopes[..] else {
        panic!("{slopes:?}")
    };
    assert!(slope.over == Count::Containers && !slope.of_rules);
    assert_eq!((slope.range, slope.step), ((2.0, 512.0), 100.0));
    let of = |metric| slope.fits.iter().find(|fit| fit.metric == metric);
    let parts = || slope.fits.iter().filter_map(|fit| Some((fit.part?, fit)));
    let [("links", links)] = parts().collect::<Vec<_>>()[..] else {
        panic!("other phases took no time: {slope:?}")
    };
    assert!(close(links.line.slope, 200_000.0, 1e-2), "{links:?}");
    let setup = of(Metric::Setup).unwrap();
    assert!(close(setup.line.slope, 400_000.0, 1e-2), "{setup:?}");
    assert_eq!(setup.verdict, LineVerdict::Straight);
    assert!(setup.points.is_empty(), "nothing draws them");
    assert!(of(Metric::Goodput).is_none() && of(Metric::PairP50).is_none());
    assert!(
        of(Metric::KernelMemory).unwrap().verdict == LineVerdict::Uncertain,
        "the same of each"
    );
}

/// A factor that is a number has its slope, whichever: it is the registry that says so.
#[test]
fn other_numbers_are_lines_by_themselves() {
    let trials = (0..4).flat_map(|repeat| [16_384, 65_536, 131_072].map(|bytes| (repeat, bytes)));
    let records = trials.map(|(repeat, bytes)| {
        let mut record = measured(cell(Topology::Bridge, 2), repeat);
        record.cell.message_bytes = bytes;
        let wobble = f64::from((repeat * 7 + bytes / 16_384 * 3) % 5) * 1e-4;
        let cost = 0.5 - f64::from(bytes) * 1e-6 + wobble;
        record.cpu.as_mut().unwrap().ns_per_byte = Some(cost);
        record
    });
    let slopes = slopes(records.collect());
    let [slope] = &slopes[..] else {
        panic!("{slopes:?}")
    };
    assert_eq!((slope.over.key(), slope.step), ("message_bytes", 131_072.0));
    let cost = &slope.fits[0];
    assert_eq!(
        (cost.metric, cost.verdict),
        (Metric::CpuPerByte, LineVerdict::Straight)
    );
    assert!(close(cost.line.slope, -1e-6, 0.02), "{cost:?}");
    let lab = |fit: &Fit| fit.metric.about().traits.slopes == Some(Slopes::Lab);
    assert!(
        !slope.fits.iter().any(lab),
        "messages are nothing of the lab"
    );
}

#[test]
fn a_bend_is_no_slope_and_two_numbers_are_no_line() {
    let bent = |counts: &[u32]| {
        let trials = (0..4).flat_map(|repeat| counts.iter().map(move |count| (repeat, *count)));
        let records = trials.map(|(repeat, rules)| {
            let mut at = cell(Topology::Bridge, 2);
            at.rules.filler = Some(rules);
            let mut record = measured(at, repeat);
            let wobble = f64::from((repeat * 7 + rules / 100 * 3) % 5) * 1e-3;
            // All that it costs more comes with the first few.
            let cost = 0.4 + if rules > 0 { 0.2 } else { 0.0 } + wobble;
            record.cpu.as_mut().unwrap().ns_per_byte = Some(cost);
            record
        });
        slopes(records.collect())[0].fits[0].clone()
    };
    let found = bent(&[0, 100, 500, 1000]);
    assert_eq!(found.verdict, LineVerdict::Bent, "{found:?}");
    assert!(found.straight.unwrap() < 0.01);
    let found = bent(&[0, 1000]);
    assert_eq!(
        (found.verdict, found.straight),
        (LineVerdict::TwoPlaces, None),
        "{found:?}"
    );
}

/// A trial whose rules cost nothing: everything scatters by itself, and what is of one source together.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "times are positive and short"
)]
fn same_everywhere(seed: u64, repeats: u32) -> Vec<Record> {
    let mut random = SplitMix::new(seed);
    let mut noise = move || 1.0 + 0.1 * ((0..4).map(|_| random.share()).sum::<f64>() - 2.0);
    let mut records = Vec::new();
    for repeat in 0..repeats {
        let block = noise();
        for topology in [Topology::Veth, Topology::Bridge] {
            for rules in [0, 100, 300, 1000] {
                let mut at = cell(topology, 2);
                at.rules.filler = Some(rules);
                let mut record = measured(at, repeat);
                let (traffic, lab) = (block * noise(), block * noise());
                record.cpu.as_mut().unwrap().ns_per_byte = Some(0.4 * traffic);
                record.aggregate.as_mut().unwrap().goodput_bps = 20e9 / traffic;
                let cost = record.lab.as_mut().unwrap();
                cost.setup_ns = (5e6 * lab) as u64;
                cost.teardown_ns = Some((9e6 * block * noise()) as u64);
                records.push(record);
            }
        }
    }
    records
}

#[test]
fn runs_in_which_nothing_costs_anything_rarely_have_a_slope() {
    for repeats in [3, 5] {
        let has_slope = |seed: &u64| {
            let records = same_everywhere(*seed, repeats);
            let trials = by_cell(&records);
            let cells: Vec<_> = trials.keys().copied().collect();
            let slopes = super::slopes(&trials, &Varying::among(&cells));
            let mut fits = slopes.iter().flat_map(|slope| &slope.fits);
            fits.any(|fit| fit.verdict == LineVerdict::Straight)
        };
        let share = (0..300).filter(has_slope).count() as f64 / 300.0;
        assert!(share <= 0.05, "{share} of runs of {repeats} repeats");
    }
}

#[test]
fn what_a_rule_costs_a_request_is_no_cost_of_a_byte() {
    let mut records = over_rules(1.0);
    for record in &mut records {
        record.cell.workload = Workload::TcpRr;
        let rules = f64::from(record.cell.rules.filler.unwrap());
        record.cpu.as_mut().unwrap().ns_per_transaction = Some(5e4 + 30.0 * rules);
        record.aggregate.as_mut().unwrap().transactions_per_s = Some(9000.0 - rules);
    }
    let slopes = slopes(records);
    let fits = slopes[0].fits.iter();
    let of_traffic = [Metric::CpuPerTransaction, Metric::Transactions];
    let said: Vec<_> = fits
        .filter(|fit| of_traffic.contains(&fit.metric))
        .map(|fit| (fit.metric, fit.line.slope.round()))
        .collect();
    assert_eq!(
        said,
        [
            (Metric::CpuPerTransaction, 30.0),
            (Metric::Transactions, -1.0)
        ]
    );
}

#[test]
fn trials_that_could_not_show_their_rules_are_no_points() {
    let mut records = over_rules(1.0);
    for record in &mut records {
        record.effects = vec![Effect {
            factor: "rules".to_owned(),
            verdict: Verdict::NotExercised,
            witness: "packets".to_owned(),
            seen: Some(0.0),
            wanted: None,
            reason: "no packet could meet them".to_owned(),
        }];
    }
    assert_eq!(slopes(records.clone()).len(), 0);
    for record in &mut records {
        // What is not what the line is about takes nothing from it.
        record.effects[0].factor = "mtu".to_owned();
    }
    assert_eq!(slopes(records)[0].fits[0].line.n, 12);
}

/// What a run that is kept says of itself: Docker 29's rules for iptables cost a byte 1.6 ns at 1,000 containers, those for nftables an
/// eighth of that, and without rules there is nothing to tell.
#[test]
fn the_kept_run_over_dockers_rules_says_what_they_cost() {
    let folder = "../../results/20261123T115626Z-docker-rules";
    let kept = Run::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap();
    let slopes = Analysis::of(&kept).slopes;
    let cost = |label: &str| {
        let slope = slopes.iter().find(|slope| slope.label == label).unwrap();
        let mut fits = slope.fits.iter();
        let cost = fits.find(|fit| fit.metric == Metric::CpuPerByte).unwrap();
        (slope.of_rules, cost.verdict, cost.line.slope * 1000.0)
    };
    let (of_rules, verdict, each) = cost("docker-29");
    assert_eq!((of_rules, verdict), (true, LineVerdict::Straight));
    assert!((1.3..1.9).contains(&each), "{each}");
    let (of_rules, verdict, each) = cost("docker-29-nft");
    assert_eq!((of_rules, verdict), (true, LineVerdict::Straight));
    assert!((0.05..0.35).contains(&each), "{each}");
    let (of_rules, verdict, _) = cost("no rules");
    assert_eq!((of_rules, verdict), (false, LineVerdict::Uncertain));
}
