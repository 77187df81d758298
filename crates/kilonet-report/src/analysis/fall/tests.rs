use std::path::Path;

use super::*;
use crate::analysis::{Analysis, Bend};
use crate::scenario::{Topology, Workload};
use crate::stats::Recorder;
use crate::stats::random::SplitMix;
use crate::store::folder::Run;
use crate::store::record::Latency;
use crate::store::sample::{cell, measured, over_rules, run};

const COUNTS: [u32; 6] = [2, 8, 32, 128, 512, 1024];

fn falls(records: Vec<Record>) -> Vec<Fall> {
    Analysis::of(&run(records)).falls
}

fn of(falls: &[Fall], metric: Metric) -> Option<&Fall> {
    falls.iter().find(|fall| fall.metric == metric)
}

/// About normal, with a standard deviation of 1.
fn normal(random: &mut SplitMix) -> f64 {
    (0..12).map(|_| random.share()).sum::<f64>() - 6.0
}

/// A run in which a bridge of so many containers moves so much, by blocks that differ by 3 % and trials that do as well.
fn noisy(law: fn(u32) -> f64, blocks: u32, seed: u64) -> Vec<Record> {
    let mut random = SplitMix::new(seed);
    let mut records = Vec::new();
    for repeat in 0..blocks {
        let block = 0.03 * normal(&mut random);
        for count in COUNTS {
            let noise = (block + 0.03 * normal(&mut random)).exp();
            records.push(moving(count, repeat, law(count) * noise));
        }
    }
    records
}

/// A trial in which pairs move so many bits a second together, all alike, at 2 CPUs' time.
fn moving(containers: u32, repeat: u32, aggregate: f64) -> Record {
    let mut record = measured(cell(Topology::Bridge, containers), repeat);
    record.aggregate.as_mut().unwrap().goodput_bps = aggregate;
    let pairs = f64::from(record.cell.pairs);
    record.per_pair.as_mut().unwrap().p50_bps = aggregate / pairs;
    record.cpu.as_mut().unwrap().ns_per_byte = Some(16e9 / aggregate);
    record.lab.as_mut().unwrap().setup_ns = 400_000 * u64::from(containers);
    record
}

fn peaked(count: u32) -> f64 {
    match count {
        2 => 30e9,
        8 => 78e9,
        32 => 60e9,
        128 => 50e9,
        _ => 40e9,
    }
}

#[test]
fn what_is_left_of_the_best_is_said_with_where_it_was_and_what_a_byte_came_to_cost() {
    let found = falls(noisy(peaked, 5, 1));
    let goodput = of(&found, Metric::Goodput).unwrap();
    assert_eq!((goodput.best, goodput.last, goodput.blocks), (8, 1024, 5));
    assert!(
        (goodput.left / (40.0 / 78.0) - 1.0).abs() < 0.05,
        "{goodput:?}"
    );
    assert!(
        goodput.is_certain && goodput.interval.unwrap().1 < 0.7,
        "{goodput:?}"
    );
    assert!((goodput.top / 78e9 - 1.0).abs() < 0.1 && (goodput.end / 40e9 - 1.0).abs() < 0.1);
    let cost = of(&found, Metric::CpuPerByte).unwrap();
    assert_eq!((cost.best, cost.is_certain), (8, true));
    assert!((cost.left / (78.0 / 40.0) - 1.0).abs() < 0.05, "{cost:?}");
}

/// Equal parts of the same aggregate are no fall, however many pairs there are, and unequal ones are.
#[test]
fn a_pair_loses_what_is_lost_beyond_equal_shares() {
    let flat = |count: u32| if count == 2 { 30e9 } else { 78e9 };
    let certain = |records| {
        let found = falls(records);
        of(&found, Metric::PairP50).is_some_and(|fall| fall.is_certain)
    };
    assert!(!certain(noisy(flat, 5, 2)), "one over the pairs");
    let mut unequal = noisy(flat, 5, 2);
    for record in &mut unequal {
        if record.cell.containers > 100 {
            record.per_pair.as_mut().unwrap().p50_bps *= 0.6;
        }
    }
    let found = falls(unequal);
    let pair = of(&found, Metric::PairP50).unwrap();
    assert_eq!((pair.taken, pair.is_certain), (Taken::EqualShares, true));
    assert!((pair.left / 0.6 - 1.0).abs() < 0.06, "{pair:?}");
    assert!(
        (pair.end / (0.6 * 78e9) - 1.0).abs() < 0.06,
        "of all pairs: {pair:?}"
    );
}

#[test]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "times are positive and short"
)]
fn waiting_for_the_others_turns_is_no_loss_in_a_closed_loop() {
    let requests = |slower: f64| {
        let mut records = noisy(|_| 1e9, 5, 3);
        for record in &mut records {
            record.cell.workload = Workload::TcpRr;
            let pairs = f64::from(record.cell.pairs);
            let late = if record.cell.containers > 500 {
                slower
            } else {
                1.0
            };
            let noise = record.aggregate.unwrap().goodput_bps / 1e9;
            let mut recorder = Recorder::new().unwrap();
            recorder.record((20_000.0 * pairs * late * noise) as u64);
            record.latency = Latency::of(&recorder.latencies());
        }
        let found = falls(records);
        of(&found, Metric::LatencyP50).copied()
    };
    assert!(requests(1.0).is_none_or(|fall| !fall.is_certain));
    let slower = requests(1.5).unwrap();
    assert_eq!((slower.taken, slower.is_certain), (Taken::Turns, true));
    assert!((slower.left / 1.5 - 1.0).abs() < 0.06, "{slower:?}");
}

#[test]
fn one_repeat_has_a_ratio_and_claims_nothing() {
    let found = falls(noisy(peaked, 1, 4));
    let goodput = of(&found, Metric::Goodput).unwrap();
    assert_eq!(
        (goodput.blocks, goodput.interval, goodput.is_certain),
        (1, None, false)
    );
}

#[test]
fn a_curve_that_is_best_at_its_largest_count_has_no_fall() {
    let rising = |count: u32| 1e9 * f64::from(count);
    assert_eq!(of(&falls(noisy(rising, 3, 5)), Metric::Goodput), None);
    assert!(falls(over_rules(1.0)).is_empty(), "of rules slopes tell");
}

/// The share of so many runs in which a fall of goodput is claimed, and in which the interval holds what is left, by the law.
fn rates(law: fn(u32) -> f64, blocks: u32, left: f64) -> (f64, f64) {
    const RUNS: u64 = 400;
    let (mut claimed, mut held, mut with) = (0.0, 0.0, 0.0_f64);
    for seed in 0..RUNS {
        let figures = noisy(law, blocks, 1000 + seed);
        let mut places: BTreeMap<u32, Vec<(u32, [f64; 2])>> = BTreeMap::new();
        for record in &figures {
            let both = Falls::Itself.of(Metric::Goodput, record).unwrap();
            let place = places.entry(record.cell.containers).or_default();
            place.push((record.repeat, both));
        }
        let Some((_, differences)) = Curves::through(&places).lost(Direction::Up) else {
            continue;
        };
        let (low, high) = stats::interval_95(&differences).unwrap();
        with += 1.0;
        claimed += f64::from(u8::from(high < 0.0));
        held += f64::from(u8::from(low <= left.ln() && left.ln() <= high));
    }
    (claimed / RUNS as f64, held / with.max(1.0))
}

/// The interval of one fall, before many are judged together, is that of a best count that the same trials chose.
#[test]
fn a_flat_curve_rarely_falls_and_a_planted_fall_is_held() {
    for blocks in [2, 3, 5, 10] {
        let (claimed, _) = rates(|_| 50e9, blocks, 1.0);
        assert!(
            claimed <= 0.05,
            "{claimed} of flat curves of {blocks} blocks"
        );
        let (claimed, held) = rates(peaked, blocks, 40.0 / 78.0);
        assert!(held >= 0.92, "{held} of {blocks} blocks");
        assert!(blocks < 3 || claimed > 0.95, "{claimed} of {blocks} blocks");
    }
}

/// What a run that is kept says of itself: the quickstart's bridge peaks at 8 containers, and has half of that and twice the cost at 512.
#[test]
fn the_kept_quickstart_has_peaks_and_what_they_fall_to() {
    let folder = "../../results/20261123T115514Z-quickstart";
    let kept = Run::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap();
    let analysis = Analysis::of(&kept);
    let mut series = analysis.series.iter();
    let bridge = series.position(|series| series.label == "bridge");
    let of_bridge = analysis.falls.iter().copied();
    let of_bridge: Vec<_> = of_bridge
        .filter(|fall| Some(fall.series) == bridge)
        .collect();
    for (metric, left) in [(Metric::Goodput, 0.5), (Metric::CpuPerByte, 2.0)] {
        let fall = of(&of_bridge, metric).unwrap();
        assert_eq!((fall.best, fall.last, fall.is_certain), (8, 512, true));
        let (low, high) = fall.interval.unwrap();
        assert!(low < left && left < high, "{fall:?}");
    }
    let mut answers = analysis.bends.iter();
    let goodput = answers.find(|it| Some(it.series) == bridge && it.metric == Metric::Goodput);
    let bend = goodput.unwrap().bend;
    assert!(
        matches!(bend, Bend::Peak(peak) if peak.count == 8),
        "{bend:?}"
    );
}
