use super::*;
use crate::analysis::{Metric, records_of_the_post as post};
use crate::scenario::{Buffers, Factor, Search, Topology, Workload};
use crate::store::record::{
    Counter, DroppedPackets, LogLine, PhaseCounts, Record, TrackedConnections, TrialPhase,
};
use crate::store::sample::{
    both_testbeds, cell, failed, measured, over_containers, over_rules, run, sweep,
};

fn said(records: Vec<Record>) -> String {
    let analysis = Analysis::of(&run(records));
    let findings = findings(&analysis).into_iter();
    let told = findings.flat_map(|one| {
        let line = format!("{} [{}; {:?}]", one.text, one.evidence, one.shown);
        let under = one.under.into_iter().map(|text| format!("  {text}"));
        [line].into_iter().chain(under)
    });
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
fn a_run_of_topologies_has_no_section_of_other_runs() {
    assert!(of_other_runs(&Analysis::of(&sweep(64))).is_empty());
}

/// The sections but that of slopes, which any run with numbers may have.
fn of_other_runs(analysis: &Analysis) -> Vec<&'static str> {
    let ids = sections(analysis).into_iter().map(|section| section.id);
    ids.filter(|id| *id != "slopes").collect()
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

/// Pairs over a bridge, half of which could not be reached from 64 containers on, as the neighbour table was full.
fn unreachable(repeat: u32, containers: u32) -> Record {
    let mut record = measured(cell(Topology::Bridge, containers), repeat);
    if containers >= 64 {
        let half = record.cell.pairs / 2;
        let pairs = record.per_pair.as_mut().unwrap();
        (pairs.starved, pairs.jain) = (half, 0.45);
        count(
            &mut record,
            TrialPhase::Connect,
            Counter::NeighbourOverflows,
            1234,
        );
        record.kernel_log = vec![LogLine {
            phase: TrialPhase::Connect,
            window_s: Some(-2.5),
            line: "neighbour: arp_cache: neighbor table overflow!".to_owned(),
            lines: 10,
        }];
        record.drops = Some(vec![
            dropped(TrialPhase::Connect, "NOT_SPECIFIED", 9000),
            dropped(TrialPhase::Connect, "NEIGH_CREATEFAIL", 1000),
            dropped(TrialPhase::Connect, "NEIGH_FAILED", 7),
            dropped(TrialPhase::Window, "NEIGH_CREATEFAIL", 234),
            dropped(TrialPhase::Teardown, "NEIGH_CREATEFAIL", 5000),
        ]);
    }
    record
}

fn dropped(phase: TrialPhase, reason: &str, packets: u64) -> DroppedPackets {
    DroppedPackets {
        phase,
        reason: reason.to_owned(),
        packets,
    }
}

/// A counter moves in a phase.
fn count(record: &mut Record, phase: TrialPhase, counter: Counter, number: u64) {
    let counts = PhaseCounts {
        duration_ns: 500_000_000,
        counts: [(counter, number)].into_iter().collect(),
    };
    let phases = record.phases.get_or_insert_default();
    phases.add(phase, counts);
}

fn over_counts(trial: fn(u32, u32) -> Record) -> Vec<Record> {
    let counts = [2, 64, 128].into_iter();
    counts
        .flat_map(|count| (0..3).map(move |repeat| trial(repeat, count)))
        .collect()
}

#[test]
fn a_mechanism_is_told_with_what_follows_and_that_is_not_told_again() {
    let mut run = run(over_counts(unreachable));
    let name = "net.ipv4.neigh.default.gc_thresh3";
    run.manifest.settings = serde_json::json!({"sysctls": {name: "128"}});
    let found = findings(&Analysis::of(&run));
    let first = &found[0];
    assert_eq!(
        first.text,
        "the neighbour table was full (net.ipv4.neigh.default.gc_thresh3 = 128): bridge from 64 containers on, first while flows \
         connected"
    );
    assert_eq!(
        first.evidence,
        "neighbour_overflows: up to 1,234 times; 2 of 3 cells, 6 trials"
    );
    assert_eq!(
        first.under[..4],
        [
            "so up to 32 of 64 pairs moved nothing in the window: bridge at 64, 128",
            "so pairs got unequal shares, down to 0.450 by Jain's index: bridge at 64, 128",
            "the kernel dropped 1,234 packets for NEIGH_CREATEFAIL until the window was over, on the whole machine",
            "the kernel logged: \"neighbour: arp_cache: neighbor table overflow!\"",
        ]
    );
    assert!(first.under[4].starts_with("remedy: raise sysctl net.ipv4.neigh"));
    let others = &found[1..];
    assert!(
        !others.iter().any(|one| one.text.starts_with("pairs ")),
        "{others:?}"
    );
}

/// Connections through a table of 5,000, which was full after 0.4 s.
fn refused_by_a_full_table(repeat: u32, containers: u32) -> Record {
    let mut record = measured(cell(Topology::Bridge, containers), repeat);
    count(
        &mut record,
        TrialPhase::Warmup,
        Counter::ConntrackDrops,
        12_000,
    );
    record.connections = Some(TrackedConnections {
        before: 5000,
        after: 5000,
        max: Some(5000),
        closed_stay_s: Some(120),
    });
    record.kernel_log = vec![LogLine {
        phase: TrialPhase::Warmup,
        window_s: Some(-0.1),
        line: "nf_conntrack: nf_conntrack: table full, dropping packet".to_owned(),
        lines: 3,
    }];
    record
}

#[test]
fn a_full_table_says_when_it_was_full_and_when_one_of_the_usual_size_would_be() {
    let found = findings(&Analysis::of(&run(over_counts(refused_by_a_full_table))));
    assert_eq!(
        found[0].text,
        "the connection table was full: bridge from 2 containers on, first in the warm-up"
    );
    assert_eq!(
        found[0].under[0],
        "it holds 5,000 connections; it was full 400 ms after flows began to run, after 5,000 more connections, at 12.5 k/s; a closed \
         connection keeps its entry for 120 s; 0 entries could not be inserted (insert_failed), 12,000 packets were dropped (drop), 0 entries \
         were evicted (early_drop); the kernel's default table of 262,144 would be full after 21.0 s at this rate"
    );
}

/// Streams that are slower under pressure on TCP's memory, with two sizes of buffers.
#[test]
fn pressure_and_the_proof_by_smaller_buffers_are_one_finding() {
    let pressed = |repeat, containers| {
        let mut record = measured(cell(Topology::Bridge, containers), repeat);
        count(
            &mut record,
            TrialPhase::Window,
            Counter::TcpMemoryPressures,
            2,
        );
        record.aggregate.as_mut().unwrap().goodput_bps /= 2.0;
        record
    };
    let free = |repeat, containers| {
        let mut record = measured(cell(Topology::Bridge, containers), repeat);
        record.cell.buffers = Buffers::Bytes(65_536);
        count(
            &mut record,
            TrialPhase::Window,
            Counter::TcpMemoryPressures,
            0,
        );
        record
    };
    let both = [over_counts(pressed), over_counts(free)].concat();
    let found = findings(&Analysis::of(&run(both)));
    let under = &found[0].under[0];
    assert!(
        under.contains(
            " at 128: with buffers = 64 KiB instead of auto this did not happen, and goodput was 30.3 Gb/s instead of 15."
        ),
        "{under}"
    );
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
    assert_eq!(said.matches("contains zero").count(), 1, "{said}");
}

#[test]
fn a_slope_of_one_block_is_said_to_have_no_interval() {
    let mut records = over_rules(1.0);
    records.retain(|record| record.repeat == 0);
    let said = said(records);
    assert_eq!(said.matches("without an interval").count(), 1, "{said}");
    assert_eq!(said.matches("4 trials of one block").count(), 1, "{said}");
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
    assert!(of_other_runs(&Analysis::of(&run)).is_empty());
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
