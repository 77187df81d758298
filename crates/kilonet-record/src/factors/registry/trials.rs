//! Keys of trials: how each is timed, and how often it is made. None of them is varied; the seed alone is also in cells, whose
//! patterns are drawn by it.

use crate::factors::cell::Cell;
use crate::factors::choice::{Choice, Chosen, Misfit, Name};
use crate::factors::key::{Group, Key, Part, Table, Usual};
use crate::factors::repeats::{Allowance, Gauge, Width};
use crate::factors::times::Times;
use crate::factors::value::{Length, Seed};
use crate::units::counted;

use super::names;

const fn of<T>(name: &'static str, help: &'static str) -> Key<T> {
    Key::single(Table::Trial, name, Group::Trials, help).about(Part::Trial)
}

pub static WARMUP: Key<Length<0, 3_600_000>> =
    of("warmup", "Time the traffic runs before it counts.")
        .also(&["omit", "warm-up"])
        .examples("`300ms`")
        .usual(Usual::Text("1s"))
        .read_back("The record has how long each phase was.");

pub static MEASURE: Key<Length<100, 3_600_000>> = of(
    names::MEASURE.word(),
    "Length of the window in which bytes count.",
)
.also(&["duration", "time", "window", "seconds"])
.examples("`1s`")
.usual(Usual::Text("1s"))
.read_back("The record has how long the window was, by the monotonic clock.");

pub static SAMPLE: Key<Length<100, 3_600_000>> =
    of("sample", "Interval of the samples within the window.")
        .examples("`100ms`")
        .usual(Usual::Text("100ms"))
        .fits(&[is_within_the_window])
        .read_back("The record has each sample of the window.");

fn is_within_the_window(choice: &Choice) -> Vec<Misfit> {
    let longer = choice.find(SAMPLE.named(), |sample| {
        sample.0 > choice.one(names::MEASURE).0
    });
    let misfit = longer.map(|at| {
        let message = format!("longer than the window, `{}`", choice.path(names::MEASURE));
        at.misfit(message, "allowed: from 100 ms to `trial.measure`")
    });
    misfit.into_iter().collect()
}

pub static CONNECT: Key<Length<100, 600_000>> =
    of("connect", "Time limit for all flows to connect.")
        .examples("`10s`")
        .usual(Usual::Text("10s"))
        .read_back("A trial whose flows take longer fails.");

pub static REPEATS: Key<Times> = of(
    names::REPEATS.word(),
    "Trials of each cell: a number, or a range; with a range, as many as it takes for its metrics to be as precise as `within`.",
)
.also(&["trials", "runs", "iterations", "reps"])
.examples("`5`, `3..10`")
.usual(Usual::Number("3"))
.read_back("Each trial is a record.");

pub static WITHIN: Key<Width> = of(
    "within",
    "With a range of repeats: half the width that the 95 % interval of each metric must reach, as a share of the median; 5% if \
     absent.",
)
.also(&["precision"])
.examples("`5%`")
.or_else(|_| ())
    .fits(&[|choice| decides(choice, WITHIN.named())])
.read_back("The report says how precise each metric became.");

pub static METRICS: Key<Gauge> = of(
    "metrics",
    "With a range of repeats: the metrics that must be as precise as `within`; goodput or transactions, and pair-p50, if absent.",
)
.several()
.or_else(|_| ())
    .fits(&[|choice| decides(choice, METRICS.named())])
    .fits_cells(are_of_some_cell)
.read_back("The report says how precise each metric became.");

/// A width or metrics say nothing where the number of trials is given.
fn decides<T: Clone + 'static>(choice: &Choice, key: Name<T>) -> Vec<Misfit> {
    let Times::Of(times) = choice.one(names::REPEATS) else {
        return Vec::new();
    };
    let misfit = choice.first(key).map(|at: Chosen<T>| {
        let message = format!(
            "each cell has {} whatever they show",
            counted(times, "trial")
        );
        at.misfit(message, "allowed with a range, such as repeats = \"3..10\"")
    });
    misfit.into_iter().collect()
}

/// A metric that no cell has decides nothing.
fn are_of_some_cell(choice: &Choice, cells: &[Cell]) -> Vec<Misfit> {
    let metrics = choice.levels(METRICS.named());
    let strange = metrics.filter(|at| !cells.iter().any(|cell| at.value.is_of(cell)));
    let misfits = strange.map(|at| {
        let message = format!("no cell of the scenario has {}", at.value);
        at.misfit(
            message,
            "allowed: metrics that one of the scenario's workloads has",
        )
    });
    misfits.collect()
}

pub static AGAIN: Key<Allowance> = of(
    "again",
    "Most disturbed trials that are run again, as a share of all; 20% if absent, none with `repeats = 1`.",
)
.also(&["retries"])
.examples("`20%`, `0%`")
.or_else(|_| ())
.read_back("Each trial that was run again is a record that says so.");

pub static SEED: Key<Seed> = of::<Seed>(
    "seed",
    "Seed of the order of trials, and of random patterns.",
)
// Labs are made for who talks to whom.
.about(Part::Both)
.usual(Usual::Number("1"))
.sets(|cell, seed| cell.talk.pattern_seed = Some(seed.0))
.read_back("The manifest has it, and the same one gives the same order and the same pairs.");

pub static BASELINE: Key<bool> = of(
    "baseline",
    "Whether each block of trials has a pair over loopback to compare with.",
)
.usual(Usual::Truth(true))
.read_back("Each is a record that says so.");
