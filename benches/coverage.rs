//! How often intervals hold the truth, and planted things are found: `cargo bench --bench coverage [SEEDS]`.
//!
//! Runs of a made-up machine that follows a law, with noise from a seed, go through the analysis as any run does. The truth
//! of an interval is what the analysis says of the law without noise; of the knee, where the law bends.

mod noise;

use std::error::Error;

use kilonet::analysis::{Analysis, Bend, Bending, Fall, LineVerdict, Metric};
use kilonet::plan::TrialId;
use kilonet::random::SplitMix;
use kilonet::scenario::{Cell, Scenario};
use kilonet::stats::Bootstrap;
use kilonet::store::Record;
use kilonet::store::folder::{Manifest, Run};
use kilonet::store::record::{Aggregate, Cpu, PerPair, SCHEMA};
use noise::Shape;
use rayon::prelude::*;
use serde_json::json;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The relative standard deviation of a trial from its law; that of a block as a whole is as large.
const NOISE: f64 = 0.03;

const SWEEP: &str =
    "axes = { topology = \"bridge\", containers = [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] }";
const RULES: &str =
    "axes = { topology = \"bridge\", containers = 2, rules = [0, 100, 200, 500, 1000, 2000] }";

/// How the made-up machine behaves.
struct Law {
    name: &'static str,
    /// The cells it is measured in.
    scenario: &'static str,
    /// Bits a second of so many pairs together.
    goodput: fn(f64) -> f64,
    /// Nanoseconds of CPU time a byte, at so many rules.
    cost: fn(f64) -> f64,
    /// What is looked for.
    finds: &'static [Find],
}

/// Something to be looked for, which is to be found or not.
type Find = (&'static str, fn(&Analysis) -> Option<Found>);

/// A way from resamples to an interval around a value.
type Way = fn(&Bootstrap, f64) -> Option<(f64, f64)>;

/// What was found.
enum Found {
    /// A figure and its interval.
    Interval(f64, (f64, f64)),
    /// That a thing is there, or is not.
    Verdict(bool),
}

const LAWS: &[Law] = &[
    Law {
        name: "min(N 10 Gb/s, 205 Gb/s)",
        scenario: SWEEP,
        goodput: |pairs| (10e9 * pairs).min(205e9),
        cost: |_| 0.4,
        finds: &[
            ("mean of a cell", mean_of_a_cell),
            ("knee, where lines meet", corner),
            ("knee, between counts", knee),
            ("knee is there", has_knee),
        ],
    },
    Law {
        name: "USL 0.1, 1e-4",
        scenario: SWEEP,
        goodput: |pairs| scaled(pairs, 1e-4),
        cost: |_| 0.4,
        finds: &[
            ("sigma", sigma),
            ("kappa", kappa),
            ("retrograde is there", is_retrograde),
            ("left of the best", left),
            ("fall is there", has_fall),
            ("peak is there", has_peak),
        ],
    },
    Law {
        name: "the same at every count",
        scenario: SWEEP,
        goodput: |_| 50e9,
        cost: |_| 0.4,
        finds: &[("fall is there", has_fall), ("peak is there", has_peak)],
    },
    Law {
        name: "USL 0.1, 0",
        scenario: SWEEP,
        goodput: |pairs| scaled(pairs, 0.0),
        cost: |_| 0.4,
        finds: &[
            ("kappa", kappa),
            ("retrograde is there", is_retrograde),
            ("two lines are there", has_corner),
        ],
    },
    Law {
        name: "N to the 0.4",
        scenario: SWEEP,
        goodput: |pairs| 10e9 * pairs.powf(0.4),
        cost: |_| 0.4,
        finds: &[("knee is there", has_knee)],
    },
    Law {
        name: "2e-4 ns/B a rule",
        scenario: RULES,
        goodput: |_| 10e9,
        cost: |rules| 0.4 + 2e-4 * rules,
        finds: &[("slope", slope), ("slope is there", has_slope)],
    },
    Law {
        name: "rules cost nothing",
        scenario: RULES,
        goodput: |_| 10e9,
        cost: |_| 0.4,
        finds: &[("slope", slope), ("slope is there", has_slope)],
    },
];

/// Gunther's law at sigma 0.1.
fn scaled(pairs: f64, kappa: f64) -> f64 {
    10e9 * pairs / (1.0 + 0.1 * (pairs - 1.0) + kappa * pairs * (pairs - 1.0))
}

fn mean_of_a_cell(analysis: &Analysis) -> Option<Found> {
    let goodput = analysis.cells.get(4)?.estimate(Metric::Goodput)?;
    Some(Found::Interval(goodput.median, goodput.interval?))
}

/// The law bends at 41 containers, which is none of the counts.
fn corner(analysis: &Analysis) -> Option<Found> {
    let (Bend::Knee(knee) | Bend::Peak(knee)) = bend(analysis)? else {
        return None;
    };
    Some(Found::Interval(41.0, knee.corner?.interval))
}

fn knee(analysis: &Analysis) -> Option<Found> {
    let (Bend::Knee(knee) | Bend::Peak(knee)) = bend(analysis)? else {
        return None;
    };
    let (low, high) = knee.between;
    Some(Found::Interval(41.0, (f64::from(low), f64::from(high))))
}

fn has_knee(analysis: &Analysis) -> Option<Found> {
    Some(Found::Verdict(matches!(bend(analysis)?, Bend::Knee(_))))
}

/// Whether the curve was taken for two straight lines.
fn has_corner(analysis: &Analysis) -> Option<Found> {
    let is_corner = |bend| matches!(bend, Bend::Knee(knee) if knee.corner.is_some());
    Some(Found::Verdict(is_corner(bend(analysis)?)))
}

fn bend(analysis: &Analysis) -> Option<Bend> {
    let of_goodput = |answer: &&Bending| answer.metric == Metric::Goodput;
    Some(analysis.bends.iter().find(of_goodput)?.bend)
}

fn sigma(analysis: &Analysis) -> Option<Found> {
    let term = analysis.usl.first()?.sigma;
    Some(Found::Interval(term.value, term.interval?))
}

fn kappa(analysis: &Analysis) -> Option<Found> {
    let term = analysis.usl.first()?.kappa;
    Some(Found::Interval(term.value, term.interval?))
}

fn is_retrograde(analysis: &Analysis) -> Option<Found> {
    Some(Found::Verdict(analysis.usl.first()?.kappa.is_certain()))
}

fn slope(analysis: &Analysis) -> Option<Found> {
    let line = analysis.slopes.first()?.fits.first()?.line;
    Some(Found::Interval(line.slope, line.interval?))
}

/// Whether any slope of the run may be told.
#[allow(
    clippy::unnecessary_wraps,
    reason = "it stands in a table with those that may find nothing"
)]
fn has_slope(analysis: &Analysis) -> Option<Found> {
    let mut fits = analysis.slopes.iter().flat_map(|slope| &slope.fits);
    Some(Found::Verdict(
        fits.any(|fit| fit.verdict == LineVerdict::Straight),
    ))
}

/// What is left of the best aggregate at the largest count; of a law without noise, of its own best.
fn left(analysis: &Analysis) -> Option<Found> {
    let fall = fall(analysis)?;
    Some(Found::Interval(fall.left, fall.interval?))
}

/// Whether any fall of the run may be told.
#[allow(
    clippy::unnecessary_wraps,
    reason = "it stands in a table with those that may find nothing"
)]
fn has_fall(analysis: &Analysis) -> Option<Found> {
    let certain = analysis.falls.iter().any(|fall| fall.is_certain);
    Some(Found::Verdict(certain))
}

fn fall(analysis: &Analysis) -> Option<&Fall> {
    let of_goodput = |fall: &&Fall| fall.metric == Metric::Goodput;
    analysis.falls.iter().find(of_goodput)
}

fn has_peak(analysis: &Analysis) -> Option<Found> {
    Some(Found::Verdict(matches!(bend(analysis)?, Bend::Peak(_))))
}

fn main() -> Outcome<()> {
    let seeds = std::env::args().find_map(|word| word.parse().ok());
    let seeds: u32 = seeds.unwrap_or(1000);
    println!("{seeds} seeds; noise of each trial and of each block: {NOISE}");
    for shape in Shape::ALL {
        println!("\n{shape:?}");
        println!(
            "{:<26}{:<24}{:>8}{:>10}{:>10}",
            "law", "what", "blocks", "held", "without"
        );
        for blocks in [3, 5] {
            resampling(seeds, (shape, blocks));
            for law in LAWS {
                measure(law, seeds, (shape, blocks))?;
            }
        }
    }
    Ok(())
}

/// One law in so many runs, a line for each thing that is looked for.
fn measure(law: &Law, seeds: u32, (shape, blocks): (Shape, u32)) -> Outcome<()> {
    let cells = Scenario::parse(law.scenario, "coverage")?.cells;
    let truth = Analysis::of(&run(law, &cells, Noise::none(2)));
    let runs: Vec<_> = (0..seeds)
        .into_par_iter()
        .map(|seed| Analysis::of(&run(law, &cells, Noise::of(seed, (shape, blocks)))))
        .collect();
    for (what, find) in law.finds {
        let truth = find(&truth);
        let (mut held, mut without) = (0, 0);
        for found in runs.iter().map(find) {
            match (found, &truth) {
                (Some(Found::Interval(_, (low, high))), Some(Found::Interval(value, _))) => {
                    held += u32::from(low <= *value && *value <= high);
                }
                (Some(Found::Verdict(is)), _) => held += u32::from(is),
                _ => without += 1,
            }
        }
        let rate = f64::from(held) / f64::from((seeds - without).max(1));
        tell((law.name, what), blocks, rate, without);
    }
    Ok(())
}

/// What resampling covers of the mean of a figure, by either way to an interval.
fn resampling(seeds: u32, (shape, blocks): (Shape, u32)) {
    let ways: [(&str, Way); 2] = [
        ("mean, by t", Bootstrap::around),
        ("mean, by percentiles", |found, _| found.percentiles()),
    ];
    for (what, way) in ways {
        let holds = |seed| {
            let mut noise = Noise::of(seed, (shape, blocks));
            let figures: Vec<_> = (0..blocks).map(|_| noise.factor()).collect();
            let mean = |drawn: &[usize]| {
                let sum: f64 = drawn.iter().map(|block| figures[*block]).sum();
                Some(sum / drawn.len() as f64)
            };
            let all: Vec<_> = (0..figures.len()).collect();
            let found = Bootstrap::of(figures.len(), 2000, mean);
            let interval = mean(&all).and_then(|mean| way(&found, mean));
            interval.is_some_and(|(low, high)| low <= 1.0 && 1.0 <= high)
        };
        let held = (0..seeds)
            .into_par_iter()
            .filter(|seed| holds(*seed))
            .count();
        let rate = held as f64 / f64::from(seeds);
        tell(("one figure", what), blocks, rate, 0);
    }
}

fn tell((law, what): (&str, &str), blocks: u32, rate: f64, without: u32) {
    let percent = rate * 100.0;
    println!("{law:<26}{what:<24}{blocks:>8}{percent:>8.1} %{without:>10}");
}

/// Deviations from a law.
struct Noise {
    random: SplitMix,
    shape: Shape,
    size: f64,
    blocks: u32,
}

impl Noise {
    fn of(seed: u32, (shape, blocks): (Shape, u32)) -> Self {
        Self {
            random: SplitMix::new(u64::from(seed)),
            shape,
            size: NOISE,
            blocks,
        }
    }

    fn none(blocks: u32) -> Self {
        Self {
            size: 0.0,
            ..Self::of(0, (Shape::Normal, blocks))
        }
    }

    /// A trial moves something, however far off it is.
    fn factor(&mut self) -> f64 {
        (1.0 + self.size * self.shape.draw(&mut self.random)).max(0.01)
    }
}

/// A run of the law: each block has every cell.
fn run(law: &Law, cells: &[Cell], mut noise: Noise) -> Run {
    let mut records = Vec::new();
    for repeat in 0..noise.blocks {
        let block = noise.factor();
        for cell in cells {
            let (faster, dearer) = (block * noise.factor(), block * noise.factor());
            records.push(record(law, (cell, repeat), faster, dearer));
        }
    }
    Run {
        manifest: manifest(),
        records,
        notes: Vec::new(),
    }
}

fn record(law: &Law, (cell, repeat): (&Cell, u32), faster: f64, dearer: f64) -> Record {
    let pairs = f64::from(cell.pairs);
    let rules = f64::from(cell.rules.filler.unwrap_or(0));
    let goodput_bps = (law.goodput)(pairs) * faster;
    let mut record = Record::blank(TrialId::of(cell, repeat), repeat, cell.clone());
    record.aggregate = Some(Aggregate {
        goodput_bps,
        transactions_per_s: None,
        datagrams_per_s: None,
        loss_ratio: None,
    });
    record.per_pair = Some(alike(goodput_bps / pairs));
    record.cpu = Some(Cpu {
        user_ns: 0,
        system_ns: 1,
        softirq_ns: 0,
        steal_ns: 0,
        idle_ns: 1,
        ns_per_byte: Some((law.cost)(rules) * dearer),
        ns_per_transaction: None,
        own_user_ns: 0,
        foreign_ns: 0,
    });
    record
}

/// Pairs that all get the same.
fn alike(each: f64) -> PerPair {
    PerPair {
        min_bps: each,
        p5_bps: each,
        p50_bps: each,
        p95_bps: each,
        max_bps: each,
        jain: 1.0,
        starved: 0,
    }
}

fn manifest() -> Manifest {
    Manifest {
        schema: SCHEMA,
        name: "coverage".to_owned(),
        purpose: None,
        scenario_text: String::new(),
        ruleset_text: None,
        settings: json!({}),
        version: String::new(),
        build: None,
        seed: 0,
        planned: 0,
        started_unix_ns: 0,
        fingerprint: json!({}),
        command: None,
    }
}
