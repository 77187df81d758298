//! The columns of `samples`: the window of each trial, interval by interval.

use super::super::column::Unit::{BitsPerSecond, Nanoseconds, Plain};
use super::super::column::{Column, integer, number, text};
use crate::store::Record;

/// One interval of one trial's window.
pub struct Sample {
    trial: String,
    number: u64,
    interval_ns: u64,
    goodput_bps: f64,
}

impl Sample {
    /// Those of a trial, first to last; none where it has none.
    pub fn of(record: &Record) -> impl Iterator<Item = Self> {
        let samples = record.samples.as_ref();
        samples.into_iter().flat_map(|samples| {
            (0..)
                .zip(&samples.goodput_bps)
                .map(|(number, goodput_bps)| Self {
                    trial: record.trial.to_string(),
                    number,
                    interval_ns: samples.interval_ns,
                    goodput_bps: *goodput_bps,
                })
        })
    }
}

pub(super) const COLUMNS: &[Column<Sample>] = &[
    text("trial", "The trial's id.", |it| {
        Some(it.trial.as_str().into())
    }),
    integer("sample", Plain, "Interval of the window, from 0.", |it| {
        Some(it.number)
    }),
    integer(
        "start_ns",
        Nanoseconds,
        "Where it begins, from the start of the window.",
        |it| Some(it.number * it.interval_ns),
    ),
    integer(
        "interval_ns",
        Nanoseconds,
        "The length asked for; the rate is over its own measured length.",
        |it| Some(it.interval_ns),
    ),
    number(
        "goodput_bps",
        BitsPerSecond,
        "Payload delivered to all receivers in it, as a rate.",
        |it| Some(it.goodput_bps),
    ),
];
