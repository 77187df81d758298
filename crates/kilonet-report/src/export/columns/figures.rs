//! The columns of `trials` that were measured over the window; absent, all of them, in a failed trial.

use super::super::column::Unit::{BitsPerSecond, Nanoseconds, PerSecond, Plain, Ratio};
use super::super::column::{Column, integer, number, text};
use crate::stats::{self, Scatter};
use crate::store::Record;

/// What was measured in the window.
pub(super) const COLUMNS: &[Column<Record>] = &[
    integer(
        "window_start_unix_ns",
        Nanoseconds,
        "Start of the window, since 1970 UTC.",
        |it| it.window.map(|window| window.start_unix_ns),
    ),
    integer("window_duration_ns", Nanoseconds, "Its length.", |it| {
        it.window.map(|window| window.duration_ns)
    }),
    integer(
        "window_skew_ns",
        Nanoseconds,
        "By how much the windows of two flows can differ.",
        |it| it.window.map(|window| window.skew_ns),
    ),
    number(
        "aggregate_goodput_bps",
        BitsPerSecond,
        "Payload delivered to all receivers in the window.",
        |it| it.aggregate.map(|all| all.goodput_bps),
    ),
    number(
        "samples_scatter_ratio",
        Ratio,
        "Standard deviation of the window's goodput by that of its quarters, over their mean: what repeats would scatter by if \
         nothing else set them apart. Absent with fewer than four samples.",
        |it| {
            let parts = stats::parts(&it.samples.as_ref()?.goodput_bps)?;
            Scatter::within_one(&parts)
        },
    ),
    number(
        "aggregate_transactions_per_s",
        PerSecond,
        "Requests completed in the window (with `tcp-cc`, connections made and closed); absent for workloads without.",
        |it| it.aggregate?.transactions_per_s,
    ),
    number(
        "aggregate_datagrams_per_s",
        PerSecond,
        "Datagrams received; absent for other workloads.",
        |it| it.aggregate?.datagrams_per_s,
    ),
    number(
        "aggregate_loss_ratio",
        Ratio,
        "The share of datagrams that was lost; absent likewise.",
        |it| it.aggregate?.loss_ratio,
    ),
    number(
        "per_pair_min_bps",
        BitsPerSecond,
        "Goodput of the slowest pair.",
        |it| it.per_pair.map(|pairs| pairs.min_bps),
    ),
    number(
        "per_pair_p5_bps",
        BitsPerSecond,
        "5th percentile of pairs.",
        |it| it.per_pair.map(|pairs| pairs.p5_bps),
    ),
    number(
        "per_pair_p50_bps",
        BitsPerSecond,
        "The median pair.",
        |it| it.per_pair.map(|pairs| pairs.p50_bps),
    ),
    number(
        "per_pair_p95_bps",
        BitsPerSecond,
        "95th percentile of pairs.",
        |it| it.per_pair.map(|pairs| pairs.p95_bps),
    ),
    number(
        "per_pair_max_bps",
        BitsPerSecond,
        "The fastest pair.",
        |it| it.per_pair.map(|pairs| pairs.max_bps),
    ),
    number(
        "per_pair_jain",
        Ratio,
        "Jain's fairness index over pairs: 1 when all got the same, 1/n when one got everything.",
        |it| it.per_pair.map(|pairs| pairs.jain),
    ),
    integer(
        "per_pair_starved",
        Plain,
        "Pairs that moved no byte in the window.",
        |it| it.per_pair.map(|pairs| pairs.starved.into()),
    ),
    integer(
        "latency_count",
        Plain,
        "Requests whose latency was recorded; absent, as are the next seven, for workloads without.",
        |it| it.latency.as_ref().map(|latency| latency.count),
    ),
    number(
        "latency_mean_ns",
        Nanoseconds,
        "Their mean latency, from the moment each was meant to be sent.",
        |it| it.latency.as_ref().map(|latency| latency.mean_ns),
    ),
    integer("latency_p50_ns", Nanoseconds, "Median.", |it| {
        it.latency.as_ref().map(|latency| latency.p50_ns)
    }),
    integer(
        "latency_p90_ns",
        Nanoseconds,
        "90th percentile; absent below ten requests, because none of them need be beyond it.",
        |it| it.latency.as_ref()?.p90_ns,
    ),
    integer(
        "latency_p99_ns",
        Nanoseconds,
        "99th percentile; absent below a hundred.",
        |it| it.latency.as_ref()?.p99_ns,
    ),
    integer(
        "latency_p999_ns",
        Nanoseconds,
        "99.9th percentile; absent below a thousand.",
        |it| it.latency.as_ref()?.p999_ns,
    ),
    integer(
        "latency_p9999_ns",
        Nanoseconds,
        "99.99th percentile; absent below ten thousand.",
        |it| it.latency.as_ref()?.p9999_ns,
    ),
    integer("latency_max_ns", Nanoseconds, "The longest.", |it| {
        it.latency.as_ref().map(|latency| latency.max_ns)
    }),
    number(
        "latency_above_1s_ratio",
        Ratio,
        "The share of connections that took longer than 1 s, those among them that had not ended when the window closed, and were older; absent, \
         as is the next, where requests have no connections of their own, and where flows began to move too late for that.",
        Record::above_1s_ratio,
    ),
    number(
        "latency_above_3s_ratio",
        Ratio,
        "The share of connections that took longer than 3 s, counted likewise.",
        Record::above_3s_ratio,
    ),
    integer(
        "under_way_connections",
        Plain,
        "Connections that were meant to be made before the window closed and had not ended by then; absent, as are the next three, where \
         requests have no connections of their own.",
        |it| Some(it.under_way?.connections),
    ),
    integer(
        "under_way_oldest_ns",
        Nanoseconds,
        "The age of the oldest of them, from the moment at which it was meant to be made.",
        |it| Some(it.under_way?.oldest_ns),
    ),
    integer(
        "under_way_above_1s",
        Plain,
        "How many of them were older than 1 s.",
        |it| Some(it.under_way?.above_1s),
    ),
    integer(
        "under_way_above_3s",
        Plain,
        "How many of them were older than 3 s.",
        |it| Some(it.under_way?.above_3s),
    ),
    number(
        "pacing_offered_bps",
        BitsPerSecond,
        "Payload of the messages that were due in the window; absent, as are the next four, without a rate in bits a second.",
        |it| it.pacing.map(|of| of.offered_bps),
    ),
    number(
        "pacing_achieved_bps",
        BitsPerSecond,
        "Payload of it that receivers took.",
        |it| it.pacing.map(|of| of.achieved_bps),
    ),
    integer(
        "pacing_kept_pairs",
        Plain,
        "Pairs that got at least 99 % of what was due, but for one message of each flow.",
        |it| it.pacing.map(|of| of.kept_pairs.into()),
    ),
    integer("pacing_missed_pairs", Plain, "The other pairs.", |it| {
        it.pacing.map(|of| of.missed_pairs.into())
    }),
    number(
        "pacing_least_ratio",
        Ratio,
        "The lowest share of its offered payload that a pair's receivers took.",
        |it| it.pacing.map(|of| of.least_ratio),
    ),
    integer(
        "lateness_p50_ns",
        Nanoseconds,
        "How late messages were sent, median; absent, as are the next two, without a rate.",
        |it| it.lateness.map(|late| late.p50_ns),
    ),
    integer(
        "lateness_p99_ns",
        Nanoseconds,
        "99th percentile of that.",
        |it| it.lateness.map(|late| late.p99_ns),
    ),
    integer("lateness_max_ns", Nanoseconds, "The latest.", |it| {
        it.lateness.map(|late| late.max_ns)
    }),
    number(
        "search_accepted_loss",
        Ratio,
        "The share of datagrams that a search for the highest rate accepts as lost; absent, as are the next two, without a \
         search.",
        |it| it.search.as_ref().map(|search| search.accepted_loss),
    ),
    number(
        "search_resolution",
        Ratio,
        "How far the rate found lies below the lowest rate that failed, as a share of the latter; absent where none failed.",
        |it| it.search.as_ref()?.resolution,
    ),
    text(
        "search_steps",
        "Its windows as JSON, in the order in which they were tried: `rate` (1/s for each flow; absent where it had no limit), \
         `loss_ratio`, `left_out_share`, `lost_flows` (absent where none were), `passed`.",
        |it| {
            let steps = serde_json::to_value(&it.search.as_ref()?.steps).ok()?;
            Some(steps.to_string().into())
        },
    ),
];
