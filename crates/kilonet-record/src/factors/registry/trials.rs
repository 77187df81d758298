//! Keys of trials: how each is timed, and how often it is made. None of them is varied; the seed alone is also in cells, whose
//! patterns are drawn by it.

use crate::factors::key::{Group, Key, Part, Table, Usual};
use crate::factors::repeats::{Allowance, Gauge, Width};
use crate::factors::times::Times;
use crate::factors::value::{Length, Seed};

const fn of<T>(name: &'static str, help: &'static str) -> Key<T> {
    Key::single(Table::Trial, name, Group::Trials, help).about(Part::Trial)
}

pub static WARMUP: Key<Length<0, 3_600_000>> =
    of("warmup", "Time the traffic runs before it counts.")
        .also(&["omit", "warm-up"])
        .examples("`300ms`")
        .usual(Usual::Text("1s"));

pub static MEASURE: Key<Length<100, 3_600_000>> =
    of("measure", "Length of the window in which bytes count.")
        .also(&["duration", "time", "window", "seconds"])
        .examples("`1s`")
        .usual(Usual::Text("1s"));

pub static SAMPLE: Key<Length<100, 3_600_000>> =
    of("sample", "Interval of the samples within the window.")
        .examples("`100ms`")
        .usual(Usual::Text("100ms"));

pub static CONNECT: Key<Length<100, 600_000>> = of("connect", "Time all flows have to connect.")
    .examples("`10s`")
    .usual(Usual::Text("10s"));

pub static REPEATS: Key<Times> = of(
    "repeats",
    "Trials of each cell: a number, or a range, of which a cell has as many as it takes for its metrics to be as narrow as \
     `within`.",
)
.also(&["trials", "runs", "iterations", "reps"])
.examples("`5`, `3..10`")
.usual(Usual::Number("3"));

pub static WITHIN: Key<Width> = of(
    "within",
    "With a range of repeats: how narrow the 95 % interval of each metric is to be, to either side; 5% if absent.",
)
.also(&["precision"])
.examples("`5%`")
.or_else(|_| ());

pub static METRICS: Key<Gauge> = of(
    "metrics",
    "With a range of repeats: what must be as narrow as `within`; goodput or transactions, and pair-p50, if absent.",
)
.several()
.or_else(|_| ());

pub static AGAIN: Key<Allowance> = of(
    "again",
    "How many trials that others disturbed are run again, as a share of all; 20% if absent, none with `repeats = 1`.",
)
.also(&["retries"])
.examples("`20%`, `0%`")
.or_else(|_| ());

pub static SEED: Key<Seed> = of(
    "seed",
    "Seed of the order of trials, and of patterns that are drawn by lot.",
)
// Labs are made for who talks to whom.
.about(Part::Both)
.usual(Usual::Number("1"))
.sets(|cell, seed| cell.talk.pattern_seed = Some(seed.0));

pub static BASELINE: Key<bool> = of(
    "baseline",
    "Whether each block of trials has a pair over loopback to compare with.",
)
.usual(Usual::Truth(true));
