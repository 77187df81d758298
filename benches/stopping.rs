//! What it costs and does to intervals that trials stop when a cell is known well enough:
//! `cargo bench --bench stopping [SEEDS]`.
//!
//! Trials of a made-up cell scatter about the truth. They go on until half the 95 % interval of their mean is at most 5 % of
//! the median, and was without the last three of them; the mean of as many trials as were allowed at most, without looking,
//! stands beside it.

mod noise;

use std::error::Error;

use kilonet::plan::Precision;
use kilonet::random::SplitMix;
use kilonet::scenario::{Cell, Gauge, Goal, Scenario};
use kilonet::stats;
use noise::Shape;

const TRUTH: f64 = 10e9;

/// Trials at least and at most.
const TIMES: [(u32, u32); 3] = [(3, 10), (5, 10), (3, 30)];

/// Standard deviations of a trial, as a share of the truth.
const SCATTER: [f64; 6] = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).filter(|it| !it.starts_with("--"));
    let seeds: u64 = arguments.next().map_or(Ok(10_000), |seeds| seeds.parse())?;
    println!("{seeds} seeds, within 5 %");
    for shape in Shape::ALL {
        println!("\n{shape:?}");
        println!("repeats  scatter  trials  reached   held   held at most");
        for times in TIMES {
            let scenario = scenario(times)?;
            let goal = scenario.repeats.goal().ok_or("the scenario has a goal")?;
            for scatter in SCATTER {
                let runs = (0..seeds).map(|seed| {
                    let trials = trials(goal.max, (seed, shape, scatter));
                    stop(goal, &scenario.cells[0], &trials)
                });
                tell(times, scatter, &runs.collect::<Vec<_>>());
            }
        }
    }
    Ok(())
}

fn tell((min, max): (u32, u32), scatter: f64, all: &[Run]) {
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

/// What so many trials of a cell move.
fn trials(number: u32, (seed, shape, scatter): (u64, Shape, f64)) -> Vec<f64> {
    let mut random = SplitMix::new(seed);
    let trials = (0..number).map(|_| TRUTH * (1.0 + scatter * shape.draw(&mut random)));
    trials.collect()
}

fn stop(goal: &Goal, cell: &Cell, all: &[f64]) -> Run {
    let settled = |n: &usize| {
        let figures = |gauge| match gauge {
            Gauge::Goodput => all[..*n].to_vec(),
            _ => Vec::new(),
        };
        Precision::of(goal, cell, figures).is_some_and(|precision| precision.is_settled)
    };
    let stopped = (goal.min as usize..=all.len()).find(settled);
    let trials = stopped.unwrap_or(all.len());
    let half = stats::relative_half_width(&all[..trials]);
    Run {
        trials,
        reached: half.is_some_and(|half| half <= goal.within.share()),
        held: holds(&all[..trials]),
        held_at_most: holds(all),
    }
}

fn holds(figures: &[f64]) -> bool {
    stats::interval_95(figures).is_some_and(|(low, high)| low <= TRUTH && TRUTH <= high)
}
