//! The columns of `flows`: those of `flows.csv`, whatever version of kilonet wrote it.

use super::super::column::Unit::{BitsPerSecond, Bytes, Nanoseconds, PerSecond, Plain};
use super::super::column::{Column, integer, number, text};
use crate::store::record::FlowRow;

pub(super) const COLUMNS: &[Column<FlowRow>] = &[
    text("trial", "The trial's id.", |it| {
        Some(it.trial.as_str().into())
    }),
    integer("pair", Plain, "Pair, from 0.", |it| Some(it.pair.into())),
    integer("stream", Plain, "Stream of the pair, from 0.", |it| {
        Some(it.stream.into())
    }),
    integer("client", Plain, "Container that sends.", |it| {
        Some(it.client.into())
    }),
    integer("server", Plain, "Container that receives.", |it| {
        Some(it.server.into())
    }),
    text(
        "status",
        "`ok`, `unconnected`, `died` or `stalled`.",
        |it| Some(it.status.as_str().into()),
    ),
    integer("bytes", Bytes, "Payload delivered in the window.", |it| {
        Some(it.bytes)
    }),
    number("goodput_bps", BitsPerSecond, "The same as a rate.", |it| {
        Some(it.goodput_bps)
    }),
    integer(
        "retransmits",
        Plain,
        "Segments retransmitted over the flow's life; absent when not known.",
        |it| it.retransmits,
    ),
    integer(
        "transactions",
        Plain,
        "Requests completed in the window (with `tcp-cc`, connections made and closed); absent, as are the next three, for \
         workloads without.",
        |it| it.transactions,
    ),
    integer("p50_ns", Nanoseconds, "Median of their latency.", |it| {
        it.p50_ns
    }),
    integer("p99_ns", Nanoseconds, "99th percentile of that.", |it| {
        it.p99_ns
    }),
    integer("max_ns", Nanoseconds, "The longest.", |it| it.max_ns),
    integer(
        "datagrams_sent",
        Plain,
        "Datagrams sent in the window; absent, as are the next four, for other workloads than `udp-stream`.",
        |it| it.datagrams_sent,
    ),
    integer(
        "datagrams_received",
        Plain,
        "Datagrams received, each once.",
        |it| it.datagrams_received,
    ),
    integer(
        "lost_datagrams",
        Plain,
        "Datagrams found missing when later ones arrived.",
        |it| it.lost_datagrams,
    ),
    integer(
        "reordered",
        Plain,
        "Datagrams that arrived after one that was sent later.",
        |it| it.reordered,
    ),
    integer("duplicates", Plain, "Datagrams that arrived again.", |it| {
        it.duplicates
    }),
    text(
        "error",
        "The error of a flow that is not `ok`; absent otherwise.",
        |it| it.error.as_deref().map(Into::into),
    ),
    number(
        "generator_bps",
        BitsPerSecond,
        "Goodput that the generator reports for the pair; absent where flows were kilonet's own.",
        |it| it.generator_bps,
    ),
    number(
        "generator_transactions_per_s",
        PerSecond,
        "Requests that it reports as answered; absent likewise.",
        |it| it.generator_transactions_per_s,
    ),
];
