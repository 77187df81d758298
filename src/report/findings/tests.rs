use super::*;
use crate::scenario::{Factor, Topology};
use crate::store::record::Record;
use crate::store::sample::{
    both_testbeds, cell, measured, over_containers, over_rules, post, run, sweep,
};

fn said(records: Vec<Record>) -> String {
    let sections = sections(&Analysis::of(&run(records)));
    let mut lines = Vec::new();
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
    assert_eq!(said.matches("holds zero (12 trials)").count(), 2, "{said}");
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
            "no cause is known of: shared namespace, IPv4, modelled; shared namespace, IPv6"
        ),
        "{said}"
    );
}

#[test]
fn two_containers_by_one_family_are_not_the_posts_table() {
    let records = Topology::ALL
        .iter()
        .map(|topology| measured(cell(*topology, 2), 0));
    assert_eq!(said(records.collect()), "");
}
