use super::*;
use crate::analysis::{Metric, records_of_the_post as post};
use crate::scenario::{Factor, Search, Topology, Workload};
use crate::store::record::Record;
use crate::store::sample::{
    both_testbeds, cell, failed, measured, over_containers, over_rules, run, sweep,
};

fn said(records: Vec<Record>) -> String {
    let analysis = Analysis::of(&run(records));
    let findings = findings(&analysis).into_iter();
    let told = findings.map(|one| format!("{} [{}; {:?}]", one.text, one.evidence, one.shown));
    let mut lines: Vec<_> = told.collect();
    let sections = sections(&analysis);
    for section in sections {
        lines.push(format!("{}: {}", section.title, section.basis));
        lines.extend(section.rows.iter().map(|row| row.join(" | ")));
        lines.extend(section.sentences);
    }
    lines.join("\n")
}

#[test]
fn a_run_of_topologies_has_no_sections() {
    assert!(sections(&Analysis::of(&sweep(64))).is_empty());
}

/// A testbed's law: a pair moves 10 Gb/s, all together 205 Gb/s; beyond 1,022 containers a bridge is full.
fn law(repeat: u32, containers: u32) -> Record {
    if containers > 1023 {
        return failed(cell(Topology::Bridge, containers), repeat);
    }
    let mut record = measured(cell(Topology::Bridge, containers), repeat);
    let noise = 1.0 + 0.01 * f64::from((repeat + containers.ilog2()) % 3);
    let pairs = f64::from(record.cell.pairs);
    let aggregate = (10e9 * pairs).min(205e9) * noise;
    record.aggregate.as_mut().unwrap().goodput_bps = aggregate;
    record.per_pair.as_mut().unwrap().p50_bps = aggregate / pairs;
    record
}

#[test]
fn a_planted_law_is_told_in_sentences() {
    let counts = (1..=10).map(|power| 1 << power);
    let records = counts.flat_map(|count| (0..3).map(move |repeat| law(repeat, count)));
    insta::assert_snapshot!(said(records.collect()));
}

#[test]
fn no_finding_is_without_evidence() {
    for run in [sweep(4096), run(both_testbeds()), run(over_rules(1.0))] {
        let found = findings(&Analysis::of(&run));
        assert!(!found.is_empty());
        assert!(
            found.iter().all(|one| !one.evidence.is_empty()),
            "{found:?}"
        );
    }
}

#[test]
fn a_run_without_records_has_no_findings() {
    assert_eq!(findings(&Analysis::of(&run(Vec::new()))), []);
}

#[test]
fn the_cost_of_a_rule_is_said_with_its_interval() {
    insta::assert_snapshot!(said(over_rules(1.0)));
}

#[test]
fn a_container_with_rules_is_held_against_one_without() {
    insta::assert_snapshot!(said(over_containers(true)));
}

#[test]
fn a_slope_within_its_noise_is_said_to_be_none() {
    let said = said(over_rules(0.0));
    assert_eq!(said.matches("contains zero").count(), 2, "{said}");
}

#[test]
fn a_slope_of_one_block_is_said_to_have_no_interval() {
    let mut records = over_rules(1.0);
    records.retain(|record| record.repeat == 0);
    let said = said(records);
    assert_eq!(said.matches("without an interval").count(), 2, "{said}");
    assert_eq!(said.matches("4 trials of one block").count(), 2, "{said}");
    assert!(!said.contains("(95 %:"), "{said}");
}

#[test]
fn model_and_reality_are_said_with_what_differs() {
    insta::assert_snapshot!(said(both_testbeds()));
}

#[test]
fn the_posts_table_is_set_beside_todays() {
    insta::assert_snapshot!(said(post()));
}

#[test]
fn a_ratio_that_fell_is_said_without_a_cause() {
    let mut records = post();
    for record in &mut records {
        let slow = record.cell.topology == Topology::Shared;
        let aggregate = record.aggregate.as_mut().unwrap();
        aggregate.goodput_bps *= if slow { 0.1 } else { 1.0 };
    }
    let said = said(records);
    assert!(
        said.contains(
            "no cause is known for: shared namespace, IPv4, modelled; shared namespace, IPv6"
        ),
        "{said}"
    );
}

#[test]
fn two_containers_by_one_family_are_not_the_posts_table() {
    let records = Topology::ALL
        .iter()
        .map(|topology| measured(cell(*topology, 2), 0));
    let run = run(records.collect());
    assert!(sections(&Analysis::of(&run)).is_empty());
}

/// A trial that searched: four pairs carry what two do.
fn searched(repeat: u32, containers: u32) -> Record {
    let mut cell = cell(Topology::Bridge, containers);
    cell.workload = Workload::UdpStream;
    cell.load.search = Search::HalfPercent;
    let mut record = measured(cell, repeat);
    let aggregate = record.aggregate.as_mut().unwrap();
    let pairs = f64::from(containers / 2).min(2.0);
    aggregate.datagrams_per_s = Some(200_000.0 * pairs + 1_000.0 * f64::from(repeat));
    aggregate.loss_ratio = Some(0.004);
    record
}

#[test]
fn the_highest_rate_within_a_loss_is_told_at_each_count() {
    let found = |counts: &[u32]| {
        let counts = counts.iter();
        let records = counts.flat_map(|count| (0..3).map(|repeat| searched(repeat, *count)));
        findings(&Analysis::of(&run(records.collect())))
    };
    let all = found(&[2, 4, 8]);
    let of_search = all
        .iter()
        .find(|one| one.text.contains("highest rate"))
        .unwrap();
    assert!(
        of_search
            .text
            .ends_with("within 0.5% loss is 201 k/s at 2 containers, 401 k/s at 4, 401 k/s at 8"),
        "{of_search:?}"
    );
    assert_eq!(of_search.shown, Shown::In(Metric::Datagrams));
    assert!(
        of_search
            .evidence
            .starts_with("at 2 (95 %: 199 k/s to 203 k/s), 0.400 % lost, 3 trials; at 4 "),
        "{of_search:?}"
    );
}

#[test]
fn a_run_without_a_search_tells_of_none() {
    assert!(!said(sweep_of_datagrams()).contains("highest rate"));
}

/// The same datagrams, at no rate that was searched for.
fn sweep_of_datagrams() -> Vec<Record> {
    let mut records: Vec<_> = [2, 4, 8].map(|count| searched(0, count)).into();
    for record in &mut records {
        record.cell.load.search = Search::None;
    }
    records
}
