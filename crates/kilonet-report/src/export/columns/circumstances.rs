//! The columns of `trials` that say what took effect, and what others say of the same trial.

use super::super::column::Unit::{BitsPerSecond, Bytes, Nanoseconds, PerSecond, Plain, Ratio};
use super::super::column::{Column, integer, number, text, truth};
use super::identity::written;
use crate::store::Record;

/// What took effect, and what others say.
pub(super) const COLUMNS: &[Column<Record>] = &[
    text(
        "effective_engine",
        "Version of the engine that made the containers; absent where there was none.",
        |it| it.effective.as_ref()?.engine.as_deref().map(Into::into),
    ),
    text(
        "effective_forwarder",
        "What carried flows to published ports; absent without published ports.",
        |it| written(&it.effective.as_ref()?.forwarder),
    ),
    text(
        "effective_counted_by",
        "What counted the bytes: the flows' own sockets, or the receivers' interfaces.",
        |it| written(&it.effective.as_ref()?.counted_by),
    ),
    truth(
        "effective_confinement_memory_cgroup",
        "Whether memory was charged to a control group below the root; absent where that could not be seen.",
        |it| it.effective.as_ref()?.confinement?.memory_cgroup,
    ),
    truth(
        "effective_confinement_seccomp",
        "Whether system calls passed a filter; absent where the kernel has none.",
        |it| it.effective.as_ref()?.confinement?.seccomp,
    ),
    truth(
        "effective_confinement_net_admin",
        "Whether the processes had `CAP_NET_ADMIN`.",
        |it| {
            it.effective
                .as_ref()?
                .confinement
                .map(|held| held.net_admin)
        },
    ),
    text(
        "effective_congestion",
        "Congestion control read back from the sockets.",
        |it| it.effective.as_ref()?.congestion.as_deref().map(Into::into),
    ),
    integer(
        "effective_backlog",
        Plain,
        "Connections that may wait to be accepted at the port of the first flow, as the kernel has it; absent where connections last.",
        |it| it.effective.as_ref()?.backlog.map(Into::into),
    ),
    integer(
        "effective_send_buffer_bytes",
        Bytes,
        "Send buffer at the end of the first flow.",
        |it| it.effective.as_ref()?.send_buffer_bytes,
    ),
    integer(
        "effective_receive_buffer_bytes",
        Bytes,
        "Receive buffer, likewise.",
        |it| it.effective.as_ref()?.receive_buffer_bytes,
    ),
    number(
        "effective_zerocopy_copied_ratio",
        Ratio,
        "Zero-copy sends that were copied after all, over all zero-copy sends; absent where there were none.",
        |it| it.effective.as_ref()?.zerocopy_copied_ratio,
    ),
    number(
        "effective_mapped_ratio",
        Ratio,
        "Bytes that receivers had mapped over all they received; absent where none were to be mapped.",
        |it| it.effective.as_ref()?.mapped_ratio,
    ),
    number(
        "effective_batch_per_send",
        Plain,
        "Datagrams sent per call, on average; absent for other workloads.",
        |it| it.effective.as_ref()?.batch?.per_send,
    ),
    number(
        "effective_batch_per_receive",
        Plain,
        "Datagrams received per call, on average; absent likewise.",
        |it| it.effective.as_ref()?.batch?.per_receive,
    ),
    text(
        "generator_name",
        "The tool that made the traffic; absent, as are the next ten, where the flows were kilonet's own.",
        |it| it.generator.as_ref().map(|tool| tool.name.as_str().into()),
    ),
    text("generator_version", "Its version.", |it| {
        it.generator.as_ref()?.version.as_deref().map(Into::into)
    }),
    number(
        "generator_sum_bps",
        BitsPerSecond,
        "Sum of the goodput that its pairs report, each over its own interval.",
        |it| it.generator.as_ref()?.sum_bps,
    ),
    number(
        "generator_transactions_per_s",
        PerSecond,
        "Sum of the requests that they report as answered; absent where none reports any.",
        |it| it.generator.as_ref()?.transactions_per_s,
    ),
    number(
        "generator_sum_over_crossed",
        Ratio,
        "That sum over what crossed in the common window.",
        |it| it.generator.as_ref()?.sum_over_crossed,
    ),
    integer(
        "generator_failed",
        Plain,
        "Pairs that report nothing because they failed.",
        |it| it.generator.as_ref().map(|tool| tool.failed.into()),
    ),
    integer(
        "generator_datagrams_sent",
        Plain,
        "Datagrams that its clients report as sent; absent, as are the next four, where none reports any.",
        |it| Some(it.generator.as_ref()?.datagrams?.datagrams_sent),
    ),
    integer(
        "generator_datagrams_received",
        Plain,
        "Datagrams that its servers report as received.",
        |it| Some(it.generator.as_ref()?.datagrams?.datagrams_received),
    ),
    integer(
        "generator_lost_datagrams",
        Plain,
        "Datagrams that its servers report as missing.",
        |it| Some(it.generator.as_ref()?.datagrams?.lost_datagrams),
    ),
    integer(
        "generator_reordered",
        Plain,
        "Datagrams that arrived at its servers after one that was sent later.",
        |it| Some(it.generator.as_ref()?.datagrams?.reordered),
    ),
    integer(
        "generator_jitter_ns",
        Nanoseconds,
        "Jitter of their arrival, mean over pairs (RFC 3550's interarrival jitter).",
        |it| Some(it.generator.as_ref()?.datagrams?.jitter_ns),
    ),
    integer(
        "noise_canary_before_ns",
        Nanoseconds,
        "Time of a fixed piece of work before set-up; absent where it was not timed.",
        |it| it.noise.as_ref()?.canary_before_ns,
    ),
    integer(
        "noise_canary_after_ns",
        Nanoseconds,
        "The same after teardown.",
        |it| it.noise.as_ref()?.canary_after_ns,
    ),
    integer(
        "noise_canary_usual_ns",
        Nanoseconds,
        "Its median in the run before the trial.",
        |it| it.noise.as_ref()?.canary_usual_ns,
    ),
    text(
        "noise_disturbed",
        "What disturbed the trial, in sentences joined by `; `; absent where nothing that could be judged did.",
        |it| {
            let disturbed = &it.noise.as_ref()?.disturbed;
            (!disturbed.is_empty()).then(|| disturbed.join("; ").into())
        },
    ),
    text(
        "noise_unjudged",
        "What might have disturbed the trial and could not be judged, in sentences joined by `; `; absent where all could.",
        |it| {
            let unjudged = &it.noise.as_ref()?.unjudged;
            (!unjudged.is_empty()).then(|| unjudged.join("; ").into())
        },
    ),
    text(
        "warnings",
        "Warnings to be shown beside the figures, joined by `; `; absent where there are none.",
        |it| (!it.warnings.is_empty()).then(|| it.warnings.join("; ").into()),
    ),
];
