//! How often what a report says of the levels of a factor is wrong, and what it finds: runs of the model testbed in which no level
//! differs from another, and runs in which one does.
//!
//! `cargo bench --bench contrasts [SEEDS]` prints a table; `results/` keeps one, with what it means. Each row is of so many seeds, and
//! each seed of six runs: with equal levels, with one that moves 5, 10, 20 and 40 % less at every count, and with one that moves 40 %
//! less at the largest count alone.

#[path = "noise/law.rs"]
mod law;
mod noise;

use std::error::Error;
use std::path::Path;

use kilonet::analysis::contrast::{Contrast, Verdict};
use kilonet::analysis::{Metric, contrasts};
use kilonet::plan::{Plan, Trial};
use kilonet::random::SplitMix;
use kilonet::scenario::{Cell, Scenario, Topology};
use kilonet::stats;
use kilonet::store::Record;
use kilonet::store::folder::Run;
use kilonet::testbed::{Model, Testbed, TrialPlan};
use law::{Law, Nobody, run_of};
use noise::Shape;
use rayon::prelude::*;

/// The relative standard deviations of a trial: of a quiet machine, and the median of the runs kept in `results/`.
const NOISES: [f64; 2] = [0.03, 0.09];
/// Levels, counts and repeats.
const SIZES: [[usize; 3]; 6] = [
    [4, 5, 3],
    [4, 5, 5],
    [4, 5, 10],
    [3, 2, 3],
    [2, 1, 3],
    [3, 1, 5],
];
/// Topologies that are one to the model.
const LEVELS: [&str; 4] = ["bridge", "shared", "veth", "routed"];
/// The run whose scatter is taken for [`Scatter::Kept`].
const KEPT: &str = "results/20261123T115514Z-quickstart";

/// How much trials scatter.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Scatter {
    /// As a law says, alike but for what the law says itself.
    As(Law),
    /// Normally, and four times as much at the first count, twice at the second, and half as much from the fourth on.
    SmallCounts,
    /// Normally, and three times as much at the second level, and half as much at the third.
    OneLevel,
    /// Normally, and each cell as much as one of the run that is kept, whatever the row's noise.
    Kept,
}

impl Scatter {
    fn all() -> impl Iterator<Item = Self> {
        Law::all()
            .map(Self::As)
            .chain([Self::SmallCounts, Self::OneLevel, Self::Kept])
    }

    fn name(self) -> String {
        match self {
            Self::As(law) => law.name(),
            other => format!("{other:?}"),
        }
    }

    /// How much more than the row's noise a cell scatters.
    fn times(self, row: &Row, [level, count]: [usize; 2]) -> f64 {
        match self {
            Self::As(_) => 1.0,
            Self::SmallCounts => [4.0, 2.0, 1.0, 0.5, 0.5][count],
            Self::OneLevel => [1.0, 3.0, 0.5, 1.0][level],
            Self::Kept => row.kept[level][count] / row.noise,
        }
    }

    /// How far a trial is off, in standard deviations of its cell.
    fn deviation(self, row: &Row, [level, count]: [usize; 2], random: &mut SplitMix) -> f64 {
        match self {
            Self::As(law) => {
                let cell = level * row.size[1] + count;
                law.deviation(u32::try_from(cell).unwrap_or(u32::MAX), random)
            }
            Self::SmallCounts | Self::OneLevel | Self::Kept => Shape::Normal.draw(random),
        }
    }

    fn of_block(self, noise: f64, random: &mut SplitMix) -> f64 {
        match self {
            Self::As(law) => law.of_block(noise, random),
            Self::SmallCounts | Self::OneLevel | Self::Kept => 1.0,
        }
    }
}

/// What a row of the table is of.
struct Row<'a> {
    scatter: Scatter,
    noise: f64,
    size: [usize; 3],
    /// The standard deviations of the kept run, by level and count.
    kept: &'a [Vec<f64>],
    plan: &'a Plan,
}

/// A level that moves less than the law says.
#[derive(Clone, Copy)]
struct Planted {
    share: f64,
    /// At the largest count, or else at all.
    last_alone: bool,
}

const PLANTED: [Planted; 6] = [
    planted(1.0, false),
    planted(0.95, false),
    planted(0.9, false),
    planted(0.8, false),
    planted(0.6, false),
    planted(0.6, true),
];

const fn planted(share: f64, last_alone: bool) -> Planted {
    Planted { share, last_alone }
}

fn plan([levels, counts, repeats]: [usize; 3]) -> Plan {
    let last = 2 << (2 * (counts - 1));
    let levels = LEVELS[..levels].join("\", \"");
    let text = format!(
        "[axes]\ntopology = [\"{levels}\"]\ncontainers = \"2..{last} x4\"\n[trial]\nrepeats = {repeats}\nbaseline = false\n"
    );
    Plan::new(&Scenario::parse(&text, "contrasts").expect("the scenario is right"))
}

impl Row<'_> {
    /// A run in which the level next to the base moves what is planted.
    fn run(&self, planted: Planted, random: &mut SplitMix) -> Run {
        let mut model = Model::default();
        let blocks = (0..self.size[2]).map(|_| self.scatter.of_block(self.noise, random));
        let blocks: Vec<_> = blocks.collect();
        let trials = self.plan.trials.iter().map(|trial| {
            let place = place(&trial.cell);
            let last = place[1] + 1 == self.size[1] || !planted.last_alone;
            let change = if place[0] == 1 && last {
                planted.share
            } else {
                1.0
            };
            let mut record = measured(&mut model, trial, self.plan);
            self.deviate(&mut record, change * blocks[trial.repeat as usize], random);
            record
        });
        run_of(trials.collect())
    }

    /// Has a trial scatter: goodput, and what pairs get with it, what a byte costs against it, and set-up, teardown and memory by
    /// themselves.
    fn deviate(&self, record: &mut Record, change: f64, random: &mut SplitMix) {
        let place = place(&record.cell);
        let noise = self.noise * self.scatter.times(self, place);
        let mut factor = |share: f64| {
            let deviation = self.scatter.deviation(self, place, random);
            (share * noise * deviation).exp()
        };
        let moved = change * factor(1.0);
        if let Some(aggregate) = &mut record.aggregate {
            aggregate.goodput_bps *= moved;
        }
        if let Some(pairs) = &mut record.per_pair {
            let of_pairs = [
                &mut pairs.min_bps,
                &mut pairs.p5_bps,
                &mut pairs.p50_bps,
                &mut pairs.p95_bps,
                &mut pairs.max_bps,
            ];
            for bps in of_pairs {
                *bps *= moved * factor(1.0 / 3.0);
            }
            pairs.jain = 1.0 - 0.05 * factor(1.0);
        }
        if let Some(cost) = record.cpu.as_mut().and_then(|cpu| cpu.ns_per_byte.as_mut()) {
            *cost *= factor(1.0 / 3.0) / moved;
        }
        if let Some(lab) = &mut record.lab {
            lab.setup_ns = whole(1e7 * factor(2.0));
            lab.teardown_ns = Some(whole(1e7 * factor(2.0)));
            lab.kernel_bytes_per_container = Some(whole(2e5 * factor(0.5)));
        }
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and times and sizes are non-negative"
)]
fn whole(value: f64) -> u64 {
    value as u64
}

/// The level and the count of a cell, by their numbers.
fn place(cell: &Cell) -> [usize; 2] {
    let level = LEVELS
        .iter()
        .position(|it| cell.topology.to_string() == *it);
    let count = cell.containers.ilog2() / 2;
    [level.unwrap_or(0), count as usize]
}

fn measured(model: &mut Model, trial: &Trial, plan: &Plan) -> Record {
    let planned = TrialPlan {
        id: &trial.id,
        cell: &trial.cell,
        timing: plan.timing,
    };
    let measured = model.measure(&0, planned, &Nobody);
    let measured = measured.expect("the model refuses nothing");
    let lab = model.teardown(trial.cell.containers);
    Record {
        aggregate: Some(measured.aggregate),
        per_pair: measured.per_pair,
        cpu: measured.cpu,
        checks: Some(measured.checks),
        lab: lab.expect("the model refuses nothing"),
        ..Record::blank(trial.id.clone(), trial.repeat, trial.cell.clone())
    }
}

/// What the contrasts of a run came to.
#[derive(Default, Clone, Copy)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own"
)]
struct Outcome {
    /// Whether any is said to be different.
    any: bool,
    /// Whether the planted level's goodput is said to be, over all counts.
    found: bool,
    /// The same at the largest count.
    at_last: bool,
    /// Whether it is said to be the same.
    same: bool,
}

fn outcome(all: &[Contrast]) -> Outcome {
    let is_different = |verdict| verdict == Verdict::Different;
    let any = |it: &Contrast| {
        is_different(it.all.verdict) || it.at.iter().any(|at| is_different(at.held.verdict))
    };
    let mut goodput = all.iter().filter(|it| it.metric == Metric::Goodput);
    let planted = goodput.find(|it| it.to == LEVELS[1]);
    let planted = planted.expect("both levels have a goodput");
    Outcome {
        any: all.iter().any(any),
        found: is_different(planted.all.verdict),
        at_last: planted
            .at
            .last()
            .is_some_and(|at| is_different(at.held.verdict)),
        same: matches!(planted.all.verdict, Verdict::Same(_)),
    }
}

/// How often each thing came about, in percent: any call and the same in equal runs; changes of 5, 10, 20 and 40 % found, and of 40 %
/// at the last count, where it was everywhere and where it was nowhere else.
fn rates(row: &Row<'_>, seeds: u64) -> [f64; 8] {
    let trial = |seed: u64| {
        let mut random = SplitMix::new(seed);
        let [equal, twentieth, tenth, fifth, most, late] =
            PLANTED.map(|planted| outcome(&contrasts(&row.run(planted, &mut random))));
        let found = [
            equal.any,
            equal.same,
            twentieth.found,
            tenth.found,
            fifth.found,
            most.found,
            most.at_last,
            late.at_last,
        ];
        found.map(|is| f64::from(u8::from(is)))
    };
    let all: Vec<_> = (0..seeds).into_par_iter().map(trial).collect();
    std::array::from_fn(|nth| {
        let sum: f64 = all.iter().map(|rates| rates[nth]).sum();
        sum * 100.0 / seeds as f64
    })
}

/// The standard deviation of the logarithm of goodput in each cell of the kept run, by topology and count.
fn kept() -> Result<Vec<Vec<f64>>, Box<dyn Error>> {
    use Topology::{Bridge, Loopback, Shared, Veth};

    let run = Run::read(Path::new(KEPT))?;
    let of = |topology: Topology, count: u32| {
        let cells = run.records.iter().filter(|it| it.is_shown());
        let trials = cells.filter(|it| it.cell.topology == topology && it.cell.containers == count);
        let logs: Vec<_> = trials
            .filter_map(|it| Some(it.aggregate?.goodput_bps.ln()))
            .collect();
        stats::standard_deviation(&logs)
            .ok_or_else(|| format!("{topology} at {count} has no repeats"))
    };
    let level = |topology| [2, 8, 32, 128, 512].map(|count| of(topology, count));
    let levels =
        [Bridge, Shared, Veth, Loopback].map(|topology| level(topology).into_iter().collect());
    Ok(levels.into_iter().collect::<Result<_, _>>()?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).filter(|it| !it.starts_with("--"));
    let seeds: u64 = arguments.next().map_or(Ok(1000), |seeds| seeds.parse())?;
    let kept = kept()?;
    println!(
        "{seeds} seeds a row; goodput, five of its pairs, fairness, CPU per byte, set-up, teardown and memory; all in percent of the seeds\n"
    );
    println!(
        "scatter      noise  levels, counts, repeats | equal: any  same | found: -5 %  -10 %  -20 %  -40 % | at the last count: -40 %  there alone"
    );
    for scatter in Scatter::all() {
        for noise in NOISES {
            for size in SIZES {
                let plan = plan(size);
                let row = Row {
                    scatter,
                    noise,
                    size,
                    kept: &kept,
                    plan: &plan,
                };
                let [any, same, least, less, more, most, at_last, alone] = rates(&row, seeds);
                let (name, [levels, counts, repeats]) = (scatter.name(), size);
                println!(
                    "{name:<11} {noise:>6}  {levels:>6}, {counts:>6}, {repeats:>7} | {any:>10.1}  {same:>4.1} | {least:>11.1}  {less:>5.1}  {more:>5.1}  {most:>5.1} | {at_last:>24.1}  {alone:>11.1}"
                );
            }
        }
    }
    Ok(())
}
