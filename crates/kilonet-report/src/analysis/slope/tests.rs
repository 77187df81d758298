use super::*;
use crate::analysis::Analysis;
use crate::plan::Role;
use crate::scenario::{Firewall, RuleShape, Rules, Topology, Workload};
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
    assert_eq!((slope.label.as_str(), slope.over), ("bridge", Count::Rules));
    let cost = &slope.fits[0];
    assert_eq!(
        (cost.metric, cost.control, cost.line.n),
        (Metric::CpuPerByte, Control::Absent, 12)
    );
    assert!(close(cost.line.slope, EACH, 0.01), "{:?}", cost.line);
    let (low, high) = cost.line.interval.unwrap();
    assert!(low > 0.0 && low < EACH && EACH < high);
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
        assert_eq!((slope.over, slope.label.as_str()), (over, "bridge"));
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
        assert!(analysis.answers.is_empty(), "slopes tell of rules");
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
    assert!(analysis.slopes.is_empty());
}

#[test]
fn rules_that_cost_nothing_have_no_certain_slope() {
    let slopes = slopes(over_rules(0.0));
    assert_eq!(slopes[0].fits.len(), 2);
    for fit in &slopes[0].fits {
        assert!(!fit.line.is_certain(), "{fit:?}");
    }
}

#[test]
fn what_containers_cost_without_rules_is_taken_off_block_by_block() {
    let controlled = slopes(over_containers(true));
    let [slope] = &controlled[..] else {
        panic!("{controlled:?}")
    };
    assert_eq!(slope.over, Count::Containers);
    let [cost, goodput] = &slope.fits[..] else {
        panic!("{slope:?}")
    };
    assert_eq!(
        (cost.control, goodput.control),
        (Control::Subtracted, Control::Divided)
    );
    assert!(close(cost.line.slope, EACH, 1e-3), "{:?}", cost.line);
    assert!(cost.line.intercept.abs() < 1e-9, "{:?}", cost.line);

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
    assert!(slopes(records).is_empty());
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
    let labels: Vec<_> = slopes.iter().map(|slope| slope.label.as_str()).collect();
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
fn a_run_without_rules_has_no_slopes() {
    let records = [2, 4, 8].map(|count| measured(cell(Topology::Bridge, count), 0));
    assert!(slopes(records.to_vec()).is_empty());
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
    let said: Vec<_> = fits
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
