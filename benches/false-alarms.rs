//! How often `kilonet compare` is wrong: runs of the model testbed that follow one law, and runs with a change planted.
//!
//! `cargo bench --bench false-alarms` prints a table; `results/` keeps one, with what it means. Each row is of so many
//! seeds, and each seed of three comparisons: equal runs, the cell in the middle slower by a tenth, and by a fifth.

#[path = "noise/law.rs"]
mod law;
mod noise;

use kilonet::analysis::compare::{Comparison, Folder, Terms, Verdict};
use kilonet::plan::Plan;
use kilonet::random::SplitMix;
use kilonet::scenario::Scenario;
use kilonet::store::Record;
use kilonet::testbed::{Model, Testbed, TrialPlan};
use law::{Law, Nobody, run_of};
use rayon::prelude::*;

const SEEDS: u64 = 1000;
/// The relative standard deviations of a trial: of a quiet machine, and the median of the runs kept in `results/`.
const NOISES: [f64; 2] = [0.03, 0.09];
/// Cells, and the repeats of the base and of the new run.
const SIZES: [(u32, [u32; 2]); 6] = [
    (2, [3, 3]),
    (20, [3, 3]),
    (20, [5, 5]),
    (20, [10, 10]),
    (20, [10, 3]),
    (60, [3, 3]),
];

/// What a row of the table is of.
#[derive(Clone, Copy)]
struct Row {
    law: Law,
    noise: f64,
    cells: u32,
    /// Of the base and of the new run.
    repeats: [u32; 2],
}

impl Row {
    /// The plans of the base and of the new run.
    fn plans(&self) -> [Plan; 2] {
        let last = 2 * self.cells;
        self.repeats.map(|repeats| {
            let text = format!(
                "[axes]\ntopology = \"veth\"\ncontainers = \"2..{last} +2\"\n[trial]\nrepeats = {repeats}\nbaseline = false\n"
            );
            Plan::new(&Scenario::parse(&text, "false-alarms").expect("the scenario is right"))
        })
    }

    /// A run in which the cell in the middle moves `share` of what the law says.
    fn run(&self, plan: &Plan, seed: u64, share: f64) -> Folder {
        let (mut model, mut random) = (Model::default(), SplitMix::new(seed));
        let blocks: Vec<_> = (0..plan.repeats.most())
            .map(|_| self.law.of_block(self.noise, &mut random))
            .collect();
        let records = plan.trials.iter().map(|trial| {
            let planned = TrialPlan {
                id: &trial.id,
                cell: &trial.cell,
                timing: plan.timing,
            };
            let measured = model.measure(&0, planned, &Nobody);
            let measured = measured.expect("the model refuses nothing");
            let place = trial.cell.pairs - 1;
            let change = if place == self.cells / 2 { share } else { 1.0 };
            let own = (self.noise * self.law.deviation(place, &mut random)).exp();
            let factor = change * blocks[trial.repeat as usize] * own;
            let mut record = Record {
                aggregate: Some(measured.aggregate),
                cpu: measured.cpu,
                checks: Some(measured.checks),
                ..Record::blank(trial.id.clone(), trial.repeat, trial.cell.clone())
            };
            if let Some(aggregate) = &mut record.aggregate {
                aggregate.goodput_bps *= factor;
            }
            if let Some(cost) = record.cpu.as_mut().and_then(|cpu| cpu.ns_per_byte.as_mut()) {
                // What a byte costs goes with the aggregate on a busy machine, and has some noise of its own.
                let own = self.noise / 3.0 * self.law.deviation(place, &mut random);
                *cost *= own.exp() / factor;
            }
            record
        });
        folder(records.collect())
    }
}

fn folder(records: Vec<Record>) -> Folder {
    Folder {
        name: "model".to_owned(),
        run: run_of(records),
    }
}

/// What a comparison came to.
struct Outcome {
    /// Whether any figure was called better or worse.
    called: bool,
    /// Whether the exit code would be 1.
    regressed: bool,
    /// The share of the figures whose interval holds "no change".
    held: f64,
    /// Whether the cell in the middle was called worse by its goodput.
    found: bool,
}

fn compared(base: &Folder, new: Folder) -> Outcome {
    let terms = Terms {
        metrics: Vec::new(),
        threshold: 0.05,
        same_within: 0.02,
    };
    let comparison = Comparison::of(base, &[new], terms).expect("they have all cells in common");
    let is_call = |verdict| matches!(verdict, Verdict::Better | Verdict::Worse);
    let cells = &comparison.news[0].cells;
    let planted = cells[cells.len() / 2].figures[0].verdict;
    let intervals = comparison.figures().filter_map(|it| it.change?.interval);
    let holds: Vec<_> = intervals
        .map(|(low, high)| low <= 1.0 && high >= 1.0)
        .collect();
    Outcome {
        called: comparison.figures().any(|figure| is_call(figure.verdict)),
        regressed: comparison.regressions() > 0,
        held: holds.iter().filter(|holds| **holds).count() as f64 / holds.len() as f64,
        found: planted == Verdict::Worse,
    }
}

/// How often each thing came about, in percent: calls, regressions and held intervals of equal runs; changes of a tenth and
/// of a fifth found.
fn rates(row: Row) -> [f64; 5] {
    let plans = row.plans();
    let trial = |seed: u64| {
        let base = row.run(&plans[0], seed << 2, 1.0);
        let [equal, tenth, fifth] = [(1, 1.0), (2, 0.9), (3, 0.8)]
            .map(|(nth, share)| compared(&base, row.run(&plans[1], (seed << 2) + nth, share)));
        let share = |is: bool| f64::from(u8::from(is));
        [
            share(equal.called),
            share(equal.regressed),
            equal.held,
            share(tenth.found),
            share(fifth.found),
        ]
    };
    let all: Vec<_> = (0..SEEDS).into_par_iter().map(trial).collect();
    std::array::from_fn(|nth| {
        let sum: f64 = all.iter().map(|rates| rates[nth]).sum();
        sum * 100.0 / SEEDS as f64
    })
}

fn main() {
    println!(
        "{SEEDS} seeds a row; goodput and CPU per byte of each cell; threshold 5 %; all in percent of the seeds\n"
    );
    println!(
        "law        noise  cells  repeats | equal: called  exit 1  intervals held | found: -10 %  -20 %"
    );
    for law in Law::all() {
        for noise in NOISES {
            for (cells, repeats) in SIZES {
                let [called, regressed, held, tenth, fifth] = rates(Row {
                    law,
                    noise,
                    cells,
                    repeats,
                });
                let (name, [base, new]) = (law.name(), repeats);
                let repeats = format!("{base}, {new}");
                println!(
                    "{name:<10} {noise:>5}  {cells:>5}  {repeats:>7} | {called:>13.1}  {regressed:>6.1}  {held:>14.1} | {tenth:>12.1}  {fifth:>5.1}"
                );
            }
        }
    }
}
