//! The columns of `trials` that say what was counted in each phase of a trial, by which errors flows were lost, and what was seen
//! beside that.
//!
//! A counter of which a reader asks first has a column in each phase; the others are together in one.

use std::borrow::Cow;

use serde::Serialize;

use super::super::column::Unit::{Nanoseconds, Plain, Seconds};
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

/// A part of a record as JSON; absent where it is.
fn json(part: Option<&impl Serialize>) -> Option<Cow<'static, str>> {
    Some(serde_json::to_value(part?).ok()?.to_string().into())
}

/// Several parts likewise.
fn list(parts: &[impl Serialize]) -> Option<Cow<'static, str>> {
    json(Some(&parts).filter(|parts| !parts.is_empty()))
}

/// All counters of all phases, and what was seen beside them.
const SEEN: &[Column<Record>] = &[
    text(
        "errors",
        "By which errors flows were lost, as JSON: `phase`, `act`, `errno` (absent where the kernel refused nothing), `flows`, \
         `first` (the text of the first one). Absent where none was, and before schema 2.",
        |it| list(&it.errors),
    ),
    text(
        "exceeded",
        "Limits of the machine that left less than the trial needs, where flows or the trial were lost by an error, as JSON: `limit`, \
         `resource`, `have`, `used` (when the trial was over), `need` (by the plan). Absent where none did.",
        |it| list(&it.exceeded),
    ),
    text(
        "effects",
        "Whether each factor's level took hold, as JSON: `factor`, `verdict`, `witness`, `seen`, `wanted`, `reason`. Absent in records of \
         earlier versions.",
        |it| list(&it.effects),
    ),
    text(
        "phases",
        "All counters of each phase, as JSON: by phase, `duration_ns` and each counter by its name. Backlog drops, softirq squeezes \
         and neighbour overflows are the whole machine's; the others are of the lab's host sides and absent where it has none.",
        |it| json(it.phases.as_ref()),
    ),
    integer(
        "host_sides_read",
        Plain,
        "Namespaces of the host side whose counters are in `phases`: all, or an even sample of up to 16; absent where there is none.",
        |it| it.host_sides.map(|of| of.read.into()),
    ),
    integer(
        "host_sides_of",
        Plain,
        "Namespaces of the host side that there were.",
        |it| it.host_sides.map(|of| of.of.into()),
    ),
    text(
        "watched",
        "What containers' own namespaces and control groups counted until their flows had ended, as JSON: `containers` that were \
         read, `of` those that talk, `failing` (of which flows failed), `time_wait` (closed connections that still keep their ports, in \
         the namespace that has most), and each counter by its name. Absent where nobody looked.",
        |it| json(it.watched.as_ref()),
    ),
    integer(
        "connections_before",
        Plain,
        "Connections in the fullest connection table as the window began; absent where nothing is tracked, as are the next three.",
        |it| Some(it.connections?.before),
    ),
    integer(
        "connections_after",
        Plain,
        "Connections in the same table as the window ended.",
        |it| Some(it.connections?.after),
    ),
    integer(
        "connections_max",
        Plain,
        "Connections that it holds at most (`nf_conntrack_max`).",
        |it| it.connections?.max,
    ),
    integer(
        "connections_closed_stay_s",
        Seconds,
        "How long a closed connection stays in it (`nf_conntrack_tcp_timeout_time_wait`).",
        |it| it.connections?.closed_stay_s,
    ),
    text(
        "cpus",
        "What each CPU did in the window, as JSON: `cpu`, `user_ns`, `system_ns`, `softirq_ns`, `idle_ns`.",
        |it| list(&it.cpus),
    ),
    text(
        "drops",
        "Why the kernel dropped packets, on the whole machine, as JSON: `phase`, `reason` (the kernel's name), `packets`. Empty where it \
         dropped none; absent where that could not be traced.",
        |it| json(it.drops.as_ref()),
    ),
    text(
        "kernel_log",
        "What the kernel logged of the network, as JSON: `phase`, `window_s` (from the opening of the window), `line`, `lines` (that \
         are like it). Absent where its log may not be read, and where there was nothing.",
        |it| list(&it.kernel_log),
    ),
    integer(
        "watching_cpu_ns",
        Nanoseconds,
        "CPU time that watching the trial took, none of it in the window; counting `drops` is not in it.",
        |it| Some(it.watching?.cpu_ns),
    ),
    integer(
        "watching_wall_ns",
        Nanoseconds,
        "Time by which watching made the trial longer.",
        |it| Some(it.watching?.wall_ns),
    ),
];

/// What was counted in each phase, and seen beside that.
pub(super) fn columns() -> Vec<Column<Record>> {
    let phases = [
        of_phase!(setup, "while the lab was raised"),
        of_phase!(connect, "while flows were brought up"),
        of_phase!(warmup, "while flows ran before the window"),
        of_phase!(window, "while the window was open"),
        of_phase!(teardown, "while flows were ended and the lab was removed"),
    ];
    let phases = phases.into_iter().flatten();
    phases.chain(SEEN.iter().copied()).collect()
}
