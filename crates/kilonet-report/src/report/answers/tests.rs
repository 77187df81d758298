use std::path::{Path, PathBuf};

use super::answer::LONGEST;
use super::choose::MOST;
use super::*;
use crate::analysis::{At, Contrast, Control, Fall, Held, Metric, Taken, Verdict};
use crate::report;
use crate::scenario::{Topology, Workload};
use crate::store::record::Record;
use crate::store::sample::{cell, failed, measured, over_containers, run, sweep};

/// Words that a reader would have to look up.
const JARGON: &[&str] = &[
    "slope",
    "knee",
    "halving",
    "usl",
    "kneedle",
    "jain",
    "heteroscedastic",
    "kappa",
    "residual",
];

/// Units, or what stands for one.
const UNITS: &[&str] = &[
    "b/s",
    "/s",
    " us",
    " ms",
    " ns",
    " s ",
    " s)",
    " s.",
    " %",
    "iB",
    "as much",
    "as many",
    "as long",
    "pairs",
    "trial",
    "flows",
    "containers could",
    "requests",
    "connections",
    "times",
    "full",
    "cell",
];

fn held_to_the_rules(analysis: &Analysis, whose: &str) -> Vec<String> {
    let answers = answers(analysis);
    assert!(answers.len() <= MOST, "{whose}: {answers:?}");
    for answer in &answers {
        let words = &answer.words;
        let number = words.split_whitespace().count();
        assert!(number <= LONGEST, "{whose}: {number} words: {words}");
        assert!(
            words.contains(|c: char| c.is_ascii_digit()),
            "{whose}: no number: {words}"
        );
        assert!(
            UNITS.iter().any(|unit| words.contains(unit)),
            "{whose}: no unit: {words}"
        );
        let nouns = [
            "containers",
            "active",
            "rules",
            "ports",
            "services",
            "endpoints",
            "cells",
        ];
        assert!(
            nouns.iter().any(|noun| words.contains(noun)),
            "{whose}: no count: {words}"
        );
        let small = words.to_lowercase();
        let mut parts = small.split(|c: char| !c.is_alphanumeric());
        assert!(
            !parts.any(|word| JARGON.contains(&word)),
            "{whose}: {words}"
        );
        assert!(!answer.evidence.is_empty());
        if analysis.of_requests {
            assert!(
                !words.contains("a byte") && !words.contains("ns/B"),
                "{whose}: {words}"
            );
        }
    }
    answers.into_iter().map(|answer| answer.words).collect()
}

/// The folders of runs that are kept with the source.
fn kept() -> Vec<PathBuf> {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../results");
    let mut left = vec![results];
    let mut kept = Vec::new();
    while let Some(folder) = left.pop() {
        let entries = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        left.extend(entries.filter(|path| path.is_dir()));
        if folder.join("trials.jsonl").exists() {
            kept.push(folder);
        }
    }
    kept.sort();
    kept
}

#[test]
fn every_kept_run_begins_with_a_few_short_plain_sentences() {
    let kept = kept();
    assert!(kept.len() > 10, "{kept:?}");
    for folder in kept {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let said = held_to_the_rules(&report::read(&folder).unwrap(), &name);
        assert!(!said.is_empty(), "{name} says nothing");
    }
}

/// Three blocks of two topologies that move the same, before anything is planted.
fn plain(counts: &[u32], workload: Workload) -> Analysis {
    let topologies = [Topology::Veth, Topology::Bridge];
    let records = topologies.into_iter().flat_map(|topology| {
        counts.iter().flat_map(move |count| {
            (0..3).map(move |repeat| {
                let mut at = cell(topology, *count);
                at.workload = workload;
                measured(at, repeat)
            })
        })
    });
    let mut analysis = Analysis::of(&run(records.collect::<Vec<Record>>()));
    analysis.contrasts.clear();
    analysis.falls.clear();
    analysis.slopes.clear();
    analysis
}

/// What is held against each other, with an interval of two per cent to either side.
fn held(ratio: f64) -> Held {
    let interval = (ratio * 0.98, ratio * 1.02);
    Held {
        blocks: 3,
        base: 1.0,
        ratio: Some(ratio),
        difference: ratio - 1.0,
        interval: Some(interval),
        verdict: if interval.0 > 1.0 || interval.1 < 1.0 {
            Verdict::Different
        } else {
            Verdict::Same(0.031)
        },
    }
}

fn contrast(metric: Metric, at: &[(u32, f64)]) -> Contrast {
    let ratios = || at.iter().map(|(_, ratio)| *ratio);
    let mean = ratios().product::<f64>().powf((at.len() as f64).recip());
    Contrast {
        factor: "topology",
        base: 0,
        other: 1,
        from: "veth".to_owned(),
        to: "bridge".to_owned(),
        metric,
        all: held(mean),
        is_alike: ratios().all(|ratio| (ratio / mean - 1.0).abs() < 0.01),
        at: at
            .iter()
            .map(|(count, ratio)| At {
                count: *count,
                held: held(*ratio),
            })
            .collect(),
    }
}

fn fall(series: usize, metric: Metric, top: f64, left: f64) -> Fall {
    Fall {
        series,
        metric,
        taken: Taken::Itself,
        best: 8,
        top,
        last: 512,
        end: top * left,
        left,
        interval: Some((left * 0.97, left * 1.03)),
        blocks: 3,
        is_certain: true,
    }
}

const COUNTS: &[u32] = &[2, 8, 32, 128, 512];

/// Sets the median of a metric at a count of a curve.
fn set(analysis: &mut Analysis, (series, count): (usize, u32), metric: Metric, median: f64) {
    let nth = words::cell_at(analysis, series, count).unwrap();
    let estimate = crate::analysis::Estimate {
        n: 3,
        median,
        interval: None,
    };
    analysis.cells[nth].metrics.insert(metric, estimate);
}

#[test]
fn what_gets_through_and_what_it_costs_are_one_sentence() {
    let mut analysis = plain(COUNTS, Workload::default());
    set(&mut analysis, (0, 512), Metric::Goodput, 90e9);
    set(&mut analysis, (1, 512), Metric::Goodput, 63e9);
    analysis.contrasts = vec![
        contrast(Metric::Goodput, &[(2, 1.0), (512, 0.7)]),
        contrast(Metric::CpuPerByte, &[(2, 1.0), (512, 1.43)]),
        contrast(Metric::Jain, &[(2, 1.0), (512, 0.5)]),
    ];
    assert_eq!(
        held_to_the_rules(&analysis, "planted"),
        [
            "At 512 containers pairs together move 0.70 as much over a bridge as over veth pairs (medians 63.0 of 90.0 Gb/s), and a byte costs 43 % more CPU time."
        ]
    );
}

#[test]
fn requests_are_told_by_what_one_costs_and_counts_that_are_alike_together() {
    let mut analysis = plain(&[2, 32], "tcp-crr".parse().unwrap());
    assert!(analysis.of_requests);
    set(&mut analysis, (0, 32), Metric::CpuPerTransaction, 61e3);
    set(&mut analysis, (1, 32), Metric::CpuPerTransaction, 79.3e3);
    analysis.contrasts = vec![
        contrast(Metric::Goodput, &[(2, 0.5), (32, 0.5)]),
        contrast(Metric::Transactions, &[(2, 0.77), (32, 0.77)]),
        contrast(Metric::CpuPerByte, &[(2, 3.0), (32, 3.0)]),
        contrast(Metric::CpuPerTransaction, &[(2, 1.3), (32, 1.3)]),
    ];
    assert_eq!(
        held_to_the_rules(&analysis, "planted"),
        [
            "At 2 and 32 containers a connection costs 30 % more CPU time over a bridge than over veth pairs (medians 79.3 us and 61.0 us at 32)."
        ]
    );
}

#[test]
fn a_fall_says_its_best_where_that_was_and_what_a_unit_came_to_cost() {
    let mut analysis = plain(COUNTS, Workload::default());
    analysis.falls = vec![
        fall(0, Metric::Goodput, 74e9, 0.9),
        fall(1, Metric::Goodput, 102e9, 0.62),
        fall(1, Metric::CpuPerByte, 0.2, 1.61),
        fall(1, Metric::PairP50, 25e9, 0.01),
    ];
    assert_eq!(
        held_to_the_rules(&analysis, "planted"),
        [
            "Over a bridge pairs together move at best 102 Gb/s at 8 containers and 63.2 Gb/s at 512; a byte then costs 61 % more CPU time.",
            "Over veth pairs pairs together move at best 74.0 Gb/s at 8 containers and 66.6 Gb/s at 512."
        ]
    );
}

#[test]
fn the_largest_certain_effect_comes_first_and_an_uncertain_one_not_at_all() {
    let mut analysis = plain(COUNTS, Workload::default());
    analysis.contrasts = vec![contrast(Metric::Goodput, &[(2, 0.9)])];
    let uncertain = Fall {
        is_certain: false,
        ..fall(0, Metric::Goodput, 1e9, 0.1)
    };
    analysis.falls = vec![uncertain, fall(1, Metric::Goodput, 1e9, 0.5)];
    let said = held_to_the_rules(&analysis, "planted");
    assert!(
        said[0].starts_with("Over a bridge pairs together move at best"),
        "{said:?}"
    );
    assert!(
        said[1].starts_with("At 2 containers pairs together move 0.90 as much"),
        "{said:?}"
    );
    assert_eq!(said.len(), 2);
}

#[test]
fn levels_that_are_the_same_are_said_to_be_within_so_much() {
    let mut analysis = plain(&[2, 8, 32], Workload::default());
    set(&mut analysis, (0, 32), Metric::Goodput, 45e9);
    analysis.contrasts = vec![contrast(Metric::Goodput, &[(2, 1.0), (8, 1.0), (32, 1.0)])];
    assert_eq!(
        held_to_the_rules(&analysis, "planted"),
        [
            "No difference larger than 4 % at 2 to 32 containers: pairs together move as much over a bridge as over veth pairs (45.0 Gb/s at 32)."
        ]
    );
}

#[test]
fn levels_of_which_too_little_is_known_are_said_to_need_more() {
    let mut analysis = plain(&[2, 8], Workload::default());
    let mut wide = contrast(Metric::Goodput, &[(2, 0.9), (8, 0.8)]);
    for held in wide
        .at
        .iter_mut()
        .map(|at| &mut at.held)
        .chain([&mut wide.all])
    {
        (held.interval, held.verdict) = (Some((0.5, 1.5)), Verdict::Unknown);
    }
    analysis.contrasts = vec![wide];
    let said = held_to_the_rules(&analysis, "planted");
    assert!(
        said[0].starts_with("3 trials cannot tell whether pairs together move as much over a bridge as over veth pairs at 8 containers"),
        "{said:?}"
    );
}

#[test]
fn several_levels_held_against_the_same_are_one_sentence() {
    let topologies = [Topology::Bridge, Topology::Veth, Topology::Routed];
    let records = topologies.map(|topology| measured(cell(topology, 512), 0));
    let mut analysis = Analysis::of(&run(records.to_vec()));
    analysis.falls.clear();
    analysis.slopes.clear();
    let place = |word: &str| {
        let mut series = analysis.series.iter();
        series.position(|one| one.label == word).unwrap()
    };
    let against = |word: &str, ratio| Contrast {
        base: place("bridge"),
        other: place(word),
        from: "bridge".to_owned(),
        to: word.to_owned(),
        ..contrast(Metric::Goodput, &[(512, ratio)])
    };
    let contrasts = vec![against("veth", 1.36), against("routed", 1.2)];
    let base = place("bridge");
    analysis.contrasts = contrasts;
    set(&mut analysis, (base, 512), Metric::Goodput, 40e9);
    assert_eq!(
        held_to_the_rules(&analysis, "planted"),
        [
            "At 512 containers pairs together move 1.36 times as much over veth pairs and 1.20 times through a router as over a bridge (40.0 Gb/s)."
        ]
    );
}

#[test]
fn where_labs_alone_differ_that_is_said_after_what_crosses_them() {
    let mut analysis = plain(&[2, 8], Workload::default());
    analysis.contrasts = vec![
        contrast(Metric::Setup, &[(2, 40.0), (8, 40.0)]),
        contrast(Metric::Goodput, &[(2, 1.0), (8, 1.0)]),
    ];
    let said = held_to_the_rules(&analysis, "planted");
    assert!(
        said[0].starts_with("No difference larger than 4 %"),
        "{said:?}"
    );
    assert!(
        said[1].starts_with(
            "At 2 and 8 containers set-up takes 40 times as long over a bridge as over veth pairs"
        ),
        "{said:?}"
    );
}

/// The words of the first sentence, with only these contrasts.
fn first_said(analysis: &mut Analysis, contrasts: Vec<Contrast>) -> Answer {
    analysis.contrasts = contrasts;
    answers(analysis).remove(0)
}

#[test]
fn a_range_is_said_of_counts_at_which_each_of_its_curves_differs() {
    let mut analysis = plain(COUNTS, Workload::default());
    let other = Contrast {
        base: 1,
        other: 0,
        ..contrast(Metric::Goodput, &[(2, 1.0), (512, 0.5)])
    };
    let both = contrast(Metric::Goodput, &[(2, 0.7), (512, 0.65)]);
    let said = first_said(&mut analysis, vec![both, other]);
    assert!(
        said.words.starts_with("At 512 containers pairs together move 0.50 as much over a bridge as over veth pairs (1 of 2 curves; "),
        "{said:?}"
    );
    let ends = [1, 0].map(|series| words::cell_at(&analysis, series, 512).unwrap());
    assert_eq!(said.cells.len(), 2);
    assert!(ends.iter().all(|it| said.cells.contains(it)), "{said:?}");
}

#[test]
fn what_a_unit_costs_is_said_only_of_the_counts_of_the_sentence() {
    let mut analysis = plain(COUNTS, Workload::default());
    let all = vec![
        contrast(Metric::Goodput, &[(2, 1.0), (512, 0.7)]),
        contrast(Metric::CpuPerByte, &[(2, 1.43), (512, 1.0)]),
    ];
    let said = first_said(&mut analysis, all);
    assert!(!said.words.contains("a byte costs"), "{said:?}");
}

#[test]
fn a_sentence_that_is_turned_round_has_its_figures_turned_too() {
    let mut analysis = plain(&[2], Workload::default());
    let said = first_said(&mut analysis, vec![contrast(Metric::Goodput, &[(2, 0.05)])]);
    assert!(
        said.words.starts_with(
            "At 2 containers pairs together move 20 times as much over veth pairs as over a bridge"
        ),
        "{said:?}"
    );
    assert!((said.estimate.unwrap() - 20.0).abs() < 1e-6, "{said:?}");
    let (low, high) = said.interval.unwrap();
    assert!(low < 20.0 && 20.0 < high, "{said:?}");
    assert!(said.evidence.contains(": 20; 20 to 20"), "{said:?}");
}

#[test]
fn traffic_of_another_congestion_control_is_held_against_none() {
    let topologies = [Topology::Veth, Topology::Bridge];
    let records = topologies.map(|topology| {
        let mut record = measured(cell(topology, 2), 0);
        let took = if topology == Topology::Bridge {
            "bbr"
        } else {
            "cubic"
        };
        record.effective.get_or_insert_default().congestion = Some(took.to_owned());
        record
    });
    let mut analysis = Analysis::of(&run(records.to_vec()));
    analysis.contrasts = vec![
        contrast(Metric::Goodput, &[(2, 0.5)]),
        contrast(Metric::Setup, &[(2, 2.0)]),
    ];
    let said = held_to_the_rules(&analysis, "planted");
    assert!(
        said[0].starts_with("Over a bridge at 2 containers a congestion control other than the one asked for took effect"),
        "{said:?}"
    );
    assert!(
        said[1].starts_with("At 2 containers set-up takes"),
        "{said:?}"
    );
    assert!(!said.iter().any(|it| it.contains("as much")), "{said:?}");
}

#[test]
fn what_bound_is_said_to_go_on_only_where_a_larger_count_shows_it() {
    let of = |(topology, count, took): (Topology, u32, &str)| {
        let mut record = measured(cell(topology, count), 0);
        record.effective.get_or_insert_default().congestion = Some(took.to_owned());
        record
    };
    let (veth, bridge, routed) = (Topology::Veth, Topology::Bridge, Topology::Routed);
    for (places, text) in [
        (
            vec![(bridge, 2, "cubic"), (bridge, 8, "bbr")],
            "At 8 containers ",
        ),
        (
            vec![(bridge, 2, "bbr"), (bridge, 8, "bbr")],
            "From 2 containers ",
        ),
        (
            vec![(veth, 2, "bbr"), (bridge, 2, "bbr"), (routed, 2, "cubic")],
            "On 2 of 3 curves at 2 containers ",
        ),
    ] {
        let records = places.into_iter().map(of);
        let analysis = Analysis::of(&run(records.collect::<Vec<Record>>()));
        let said = held_to_the_rules(&analysis, "planted");
        let text = format!("{text}a congestion control");
        assert!(said.iter().any(|it| it.starts_with(&text)), "{said:?}");
    }
}

#[test]
fn what_rules_cost_is_said_beside_what_is_without_them() {
    let said = |control| {
        let mut analysis = Analysis::of(&run(over_containers(true)));
        (analysis.contrasts, analysis.falls) = (Vec::new(), Vec::new());
        for slope in &mut analysis.slopes {
            slope.fits.retain(|fit| fit.control == control);
        }
        held_to_the_rules(&analysis, "planted").remove(0)
    };
    let each = "Over a bridge with docker-29's rules each 1,000 containers ";
    for (control, what) in [
        (
            Control::Divided,
            "take 26 % of what pairs together move without rules (95 %: 23 to 30 %), from 2 to 1,000 containers.",
        ),
        (
            Control::Subtracted,
            "add 0.200 ns/B to what a byte costs beyond that without rules (95 %: ",
        ),
    ] {
        let said = said(control);
        assert!(said.starts_with(&format!("{each}{what}")), "{said}");
    }
}

#[test]
fn labs_without_links_are_not_asked_how_long_they_take_to_set_up() {
    let records = [Topology::Loopback, Topology::Bridge].map(|it| measured(cell(it, 2), 0));
    let mut analysis = Analysis::of(&run(records.to_vec()));
    analysis.contrasts = vec![contrast(Metric::Setup, &[(2, 40.0)])];
    let said = held_to_the_rules(&analysis, "planted");
    assert!(!said.iter().any(|it| it.contains("set-up")), "{said:?}");
}

#[test]
fn levels_that_are_alike_only_over_all_counts_are_so_on_average() {
    let mut analysis = plain(&[2, 8], Workload::default());
    let mut one = contrast(Metric::Goodput, &[(2, 1.0), (8, 1.0)]);
    for at in &mut one.at {
        at.held.verdict = Verdict::Unknown;
    }
    let said = first_said(&mut analysis, vec![one]);
    assert!(
        said.words.starts_with(
            "No difference larger than 4 % on average over 2 and 8 containers: pairs together move"
        ),
        "{said:?}"
    );
}

#[test]
fn a_curve_that_rises_and_falls_is_told_by_its_largest_too() {
    let mut analysis = plain(&[2, 8, 32], Workload::default());
    for (count, median) in [(2, 31e9), (8, 69e9), (32, 24e9)] {
        set(&mut analysis, (1, count), Metric::Goodput, median);
    }
    let said = held_to_the_rules(&analysis, "planted");
    assert!(
        said.contains(&"Over a bridge pairs together move 31.0 Gb/s at 2 containers, 69.0 Gb/s at 8 and 24.0 Gb/s at 32.".to_owned()),
        "{said:?}"
    );
    assert_eq!(said.len(), 2, "both curves: {said:?}");
}

#[test]
fn a_limit_says_the_last_count_and_the_first_that_is_refused() {
    let mut bad = failed(cell(Topology::Bridge, 8), 0);
    bad.error.as_mut().unwrap().act = "connect flow".to_owned();
    let analysis = Analysis::of(&run(vec![measured(cell(Topology::Bridge, 2), 0), bad]));
    let said = held_to_the_rules(&analysis, "planted");
    assert!(
        said[0].starts_with("Over a bridge 2 containers could be measured and 8 could not"),
        "{said:?}"
    );
}

#[test]
fn a_run_without_records_answers_nothing() {
    assert_eq!(answers(&Analysis::of(&run(Vec::new()))), []);
}

#[test]
fn a_sweep_of_the_model_is_answered() {
    let said = held_to_the_rules(&Analysis::of(&sweep(64)), "sweep");
    assert!(!said.is_empty());
}
