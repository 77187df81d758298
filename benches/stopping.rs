//! What it costs and does to intervals that trials stop when a cell is known well enough:
//! `cargo bench --bench stopping [SEEDS]`.
//!
//! Trials of a made-up cell scatter normally about the truth. They go on until half the 95 % interval of their mean is at most
//! 5 % of the median; the mean of as many trials as were allowed at most, without looking, stands beside it.

use std::error::Error;

use kilonet::plan::Precision;
use kilonet::random::SplitMix;
use kilonet::scenario::{Cell, Gauge, Goal, Scenario};
use kilonet::stats;

const TRUTH: f64 = 10e9;

/// Trials at least and at most.
const TIMES: [(u32, u32); 3] = [(3, 10), (5, 10), (3, 30)];

/// Standard deviations of a trial, as a share of the truth.
const SCATTER: [f64; 6] = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).filter(|it| !it.starts_with("--"));
    let seeds: u64 = arguments.next().map_or(Ok(10_000), |seeds| seeds.parse())?;
    println!("{seeds} seeds, within 5 %\n");
    println!("repeats  scatter  trials  reached   held   held at most");
    for (min, max) in TIMES {
        let scenario = scenario((min, max))?;
        let goal = scenario.repeats.goal().ok_or("the scenario has a goal")?;
        for scatter in SCATTER {
            let runs = (0..seeds).map(|seed| stop(goal, &scenario.cells[0], (seed, scatter)));
            let all: Vec<_> = runs.collect();
            let share = |is: fn(&Run) -> bool| {
                100.0 * all.iter().filter(|run| is(run)).count() as f64 / all.len() as f64
            };
            let trials = all.iter().map(|run| run.trials).sum::<usize>() as f64 / all.len() as f64;
            println!(
                "{:>7}  {:>5.1} %  {trials:>6.1}  {:>5.1} %  {:>5.1} %  {:>5.1} %",
                format!("{min}..{max}"),
                scatter * 100.0,
                share(|run| run.reached),
                share(|run| run.held),
                share(|run| run.held_at_most),
            );
        }
    }
    Ok(())
}

fn scenario((min, max): (u32, u32)) -> kilonet::Result<Scenario> {
    let text = format!(
        "axes.containers = 2\ntrial = {{ repeats = \"{min}..{max}\", within = \"5%\", metrics = \"goodput\" }}"
    );
    Scenario::parse(&text, "stopping")
}

/// How the trials of one cell went.
struct Run {
    trials: usize,
    reached: bool,
    /// Whether the interval holds the truth.
    held: bool,
    /// Whether that of all trials that there might have been does.
    held_at_most: bool,
}

fn stop(goal: &Goal, cell: &Cell, (seed, scatter): (u64, f64)) -> Run {
    let mut random = SplitMix::new(seed);
    let all: Vec<_> = (0..goal.max)
        .map(|_| TRUTH * (1.0 + scatter * normal(&mut random)))
        .collect();
    let reached = |n: &usize| {
        let figures = |gauge| match gauge {
            Gauge::Goodput => all[..*n].to_vec(),
            _ => Vec::new(),
        };
        Precision::of(goal, cell, figures).is_some_and(|precision| precision.is_within(goal))
    };
    let stopped = (goal.min as usize..=all.len()).find(reached);
    let trials = stopped.unwrap_or(all.len());
    Run {
        trials,
        reached: stopped.is_some(),
        held: holds(&all[..trials]),
        held_at_most: holds(&all),
    }
}

fn holds(figures: &[f64]) -> bool {
    stats::interval_95(figures).is_some_and(|(low, high)| low <= TRUTH && TRUTH <= high)
}

/// A draw of the normal distribution of deviation 1 (Box and Muller).
fn normal(random: &mut SplitMix) -> f64 {
    let radius = (-2.0 * (1.0 - random.share()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.share()).cos()
}
