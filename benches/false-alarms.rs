//! How often `kilonet compare` is wrong: runs of the model testbed that follow one law, and runs with a change planted.
//!
//! `cargo bench --bench false-alarms` prints a table; `results/` keeps one, with what it means. Each row is of so many
//! seeds, and each seed of three comparisons: equal runs, one cell of twenty slower by a tenth, and by three tenths.

use kilonet::analysis::compare::{Comparison, Folder, Terms, Verdict};
use kilonet::plan::Plan;
use kilonet::random::SplitMix;
use kilonet::scenario::Scenario;
use kilonet::store::Record;
use kilonet::store::folder::{Manifest, Run};
use kilonet::store::record::SCHEMA;
use kilonet::testbed::{Model, Testbed, TrialPlan, Watch};
use rayon::prelude::*;

const SEEDS: u64 = 1000;
/// The relative standard deviations of a trial: of a quiet machine, and the median of the runs kept in `results/`.
const NOISES: [f64; 2] = [0.03, 0.09];
/// Cells and repeats.
const SIZES: [(u32, u32); 4] = [(2, 3), (20, 3), (20, 10), (60, 3)];

/// How trials deviate from the law.
#[derive(Debug, Clone, Copy)]
enum Law {
    Uniform,
    Normal,
    /// Student's t with three degrees of freedom: now and then one is far off.
    Heavy,
    /// Normal, and the first cell six times as noisy as the others.
    OneNoisy,
    /// Normal, and in one trial of twelve something else takes a good part.
    Disturbed,
}

const LAWS: [Law; 5] = [
    Law::Uniform,
    Law::Normal,
    Law::Heavy,
    Law::OneNoisy,
    Law::Disturbed,
];

impl Law {
    /// The factor of one trial in a cell.
    fn factor(self, cell: u32, noise: f64, random: &mut SplitMix) -> f64 {
        let deviation = match self {
            Self::Uniform => return 1.0 + noise * 3_f64.sqrt() * (2.0 * random.share() - 1.0),
            Self::Heavy => {
                let chi: f64 = (0..3).map(|_| normal(random).powi(2)).sum();
                normal(random) / chi.sqrt()
            }
            Self::OneNoisy if cell == 0 => 6.0 * normal(random),
            Self::Disturbed if random.share() < 1.0 / 12.0 => normal(random) - 4.0,
            Self::Normal | Self::OneNoisy | Self::Disturbed => normal(random),
        };
        (noise * deviation).exp()
    }
}

/// A standard normal deviate (Box and Muller).
fn normal(random: &mut SplitMix) -> f64 {
    let radius = (-2.0 * (1.0 - random.share()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.share()).cos()
}

/// Nobody: nothing is shown and nothing is interrupted.
struct Nobody;

impl Watch for Nobody {
    fn sample(&self, _goodput_bps: f64) {}
    fn interrupted(&self) -> bool {
        false
    }
}

/// What a row of the table is of.
#[derive(Clone, Copy)]
struct Row {
    law: Law,
    noise: f64,
    cells: u32,
    repeats: u32,
}

impl Row {
    fn plan(&self) -> Plan {
        let last = 2 * self.cells;
        let text = format!(
            "[axes]\ntopology = \"veth\"\ncontainers = \"2..{last} +2\"\n[trial]\nrepeats = {}\nbaseline = false\n",
            self.repeats
        );
        Plan::new(&Scenario::parse(&text, "false-alarms").expect("the scenario is right"))
    }

    /// A run in which the cell in the middle moves `share` of what the law says.
    fn run(&self, plan: &Plan, seed: u64, share: f64) -> Folder {
        let (mut model, mut random) = (Model::default(), SplitMix::new(seed));
        let records = plan.trials.iter().map(|trial| {
            let measured = model.measure(
                &0,
                TrialPlan {
                    id: &trial.id,
                    cell: &trial.cell,
                    timing: plan.timing,
                },
                &Nobody,
            );
            let measured = measured.expect("the model refuses nothing");
            let place = trial.cell.pairs - 1;
            let planted = if place == self.cells / 2 { share } else { 1.0 };
            let factor = planted * self.law.factor(place, self.noise, &mut random);
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
                *cost *= self.law.factor(place, self.noise / 3.0, &mut random) / factor;
            }
            record
        });
        folder(records.collect())
    }
}

fn folder(records: Vec<Record>) -> Folder {
    let manifest = Manifest {
        schema: SCHEMA,
        name: "model".to_owned(),
        scenario_text: String::new(),
        ruleset_text: None,
        settings: serde_json::Value::Null,
        version: String::new(),
        seed: 1,
        planned: u32::try_from(records.len()).unwrap_or(u32::MAX),
        started_unix_ns: 0,
        fingerprint: serde_json::Value::Null,
        command: None,
    };
    let run = Run {
        manifest,
        records,
        notes: Vec::new(),
    };
    Folder {
        name: "model".to_owned(),
        run,
    }
}

/// What a comparison came to.
struct Outcome {
    /// Whether any figure was called better or worse.
    called: bool,
    /// Whether the exit code would be 1.
    regressed: bool,
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
    Outcome {
        called: comparison.figures().any(|figure| is_call(figure.verdict)),
        regressed: comparison.regressions() > 0,
        found: planted == Verdict::Worse,
    }
}

/// How often each thing came about, in percent: calls and regressions of equal runs, changes of a tenth and of three tenths
/// found.
fn rates(row: Row) -> [f64; 4] {
    let plan = row.plan();
    let trial = |seed: u64| {
        let run = |nth: u64, share| row.run(&plan, (seed << 2) + nth, share);
        let base = run(0, 1.0);
        let [equal, tenth, three] =
            [(1, 1.0), (2, 0.9), (3, 0.7)].map(|(nth, share)| compared(&base, run(nth, share)));
        [equal.called, equal.regressed, tenth.found, three.found].map(u64::from)
    };
    let add = |left: [u64; 4], right: [u64; 4]| std::array::from_fn(|nth| left[nth] + right[nth]);
    let sums = (0..SEEDS).into_par_iter().map(trial).reduce(|| [0; 4], add);
    sums.map(|sum| sum as f64 * 100.0 / SEEDS as f64)
}

fn main() {
    println!(
        "{SEEDS} seeds a row; goodput and CPU per byte of each cell; threshold 5 %; all in percent of the seeds\n"
    );
    println!("law        noise  cells  repeats | equal: called  exit 1 | found: -10 %  -30 %");
    for law in LAWS {
        for noise in NOISES {
            for (cells, repeats) in SIZES {
                let [called, regressed, tenth, three] = rates(Row {
                    law,
                    noise,
                    cells,
                    repeats,
                });
                let name = format!("{law:?}");
                println!(
                    "{name:<10} {noise:>5}  {cells:>5}  {repeats:>7} | {called:>13.1}  {regressed:>6.1} | {tenth:>12.1}  {three:>5.1}"
                );
            }
        }
    }
}
