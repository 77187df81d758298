//! The columns of `trials` that say what the machine counted in each phase of a trial, and by which errors flows were lost.

use super::super::column::Unit::{Nanoseconds, Plain};
use super::super::column::{Column, integer, text};
use crate::store::Record;
use crate::store::record::{Counter, PhaseCounts};

/// The columns of one phase, which the records of schema 1 lack.
macro_rules! of_phase {
    ($phase:ident, $when:literal) => {
        [
            integer(
                concat!("phases_", stringify!($phase), "_duration_ns"),
                Nanoseconds,
                concat!(
                    "Time spent ",
                    $when,
                    "; absent before schema 2 and where the trial never reached that phase."
                ),
                |it: &Record| Some(it.phases.as_ref()?.$phase.as_ref()?.duration_ns),
            ),
            integer(
                concat!("phases_", stringify!($phase), "_backlog_drops"),
                Plain,
                concat!(
                    "Packets dropped ",
                    $when,
                    " because a CPU's backlog was full, on the whole machine."
                ),
                |it: &Record| counted(it.phases.as_ref()?.$phase.as_ref(), Counter::BacklogDrops),
            ),
            integer(
                concat!("phases_", stringify!($phase), "_softirq_squeezes"),
                Plain,
                concat!(
                    "Times the softirq budget ran out ",
                    $when,
                    ", on the whole machine."
                ),
                |it: &Record| {
                    counted(
                        it.phases.as_ref()?.$phase.as_ref(),
                        Counter::SoftirqSqueezes,
                    )
                },
            ),
            integer(
                concat!("phases_", stringify!($phase), "_neighbour_overflows"),
                Plain,
                concat!(
                    "Times the neighbour table of either family was full ",
                    $when,
                    ", in any namespace."
                ),
                |it: &Record| {
                    counted(
                        it.phases.as_ref()?.$phase.as_ref(),
                        Counter::NeighbourOverflows,
                    )
                },
            ),
        ]
    };
}

fn counted(phase: Option<&PhaseCounts>, counter: Counter) -> Option<u64> {
    phase?.counts.of(counter)
}

/// By which errors flows were lost.
const ERRORS: Column<Record> = text(
    "errors",
    "By which errors flows were lost, as JSON: `phase`, `act`, `errno` (absent where the kernel refused nothing), `flows`, \
     `first` (the text of the first one). Absent where none was, and before schema 2.",
    |it| {
        let errors = Some(&it.errors).filter(|errors| !errors.is_empty())?;
        Some(serde_json::to_value(errors).ok()?.to_string().into())
    },
);

/// What the machine counted in each phase, and by which errors flows were lost.
pub(super) fn columns() -> Vec<Column<Record>> {
    let phases = [
        of_phase!(setup, "while the lab was raised"),
        of_phase!(connect, "while flows were brought up"),
        of_phase!(warmup, "while flows ran before the window"),
        of_phase!(window, "while the window was open"),
        of_phase!(teardown, "while flows were ended and the lab was removed"),
    ];
    phases.into_iter().flatten().chain([ERRORS]).collect()
}
