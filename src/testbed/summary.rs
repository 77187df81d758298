//! From what a window showed to what a record says of it: pure arithmetic.
//!
//! The invariant: bytes are believed only where a second witness agrees. Where none could be asked, that is a warning, and
//! where one disagrees the trial is invalid.

use std::collections::HashMap;
use std::time::Duration;

use super::{Measurement, TrialPlan, nanos};
use crate::host::counters::{Delta, ForeignDelta};
use crate::host::noise;
use crate::stats::{Sorted, jain};
use crate::store::record::{
    Aggregate, Checks, Counters, Cpu, Effective, FlowCounts, FlowRow, PerPair, Samples, Window,
};
use crate::traffic::{FlowOutcome, FlowStatus, Outcome};

/// What was read of the machine around the window.
#[derive(Debug)]
pub(super) struct Edges {
    /// Its counters.
    pub(super) machine: Delta,
    /// Other people's processes.
    pub(super) foreign: ForeignDelta,
    /// The interfaces.
    pub(super) witnessed: Vec<Witnessed>,
}

/// Bytes that came in by the interfaces of some receivers, headers included, over a time of its own.
#[derive(Debug)]
pub(super) struct Witnessed {
    /// The receiving containers.
    pub(super) servers: Vec<u32>,
    /// Bytes in.
    pub(super) bytes: u64,
    /// Between the two readings.
    pub(super) elapsed: Duration,
}

/// How far the interfaces' rate may be from the sockets'. Headers add at most 0.2 % at 64 KiB a segment and 4.6 % at 1,448 bytes;
/// the two are read some milliseconds apart, while thousands of flows do not move evenly. Beyond a tenth something else is wrong.
const INTERFACE_RATIO: std::ops::RangeInclusive<f64> = 0.9..=1.15;

/// `TCP_INFO` counts the very same bytes; a FIN may count as one.
const TCP_INFO_RATIO: std::ops::RangeInclusive<f64> = 0.999..=1.001;

/// Names put into one warning at most.
const NAMED: usize = 5;

/// Says what a window showed.
pub(super) fn summarise(
    trial: TrialPlan<'_>,
    outcome: &Outcome,
    edges: Option<Edges>,
) -> Measurement {
    let seconds = outcome.window.duration_ns as f64 / 1e9;
    let rate = |bytes: u64| bytes as f64 * 8.0 / seconds;
    let bytes: u64 = outcome.flows.iter().map(|flow| flow.window_bytes).sum();
    let checks = checks(
        outcome,
        edges.as_ref().map_or(&[], |edges| &edges.witnessed),
    );
    Measurement {
        window: Window {
            start_unix_ns: outcome.window.start_unix_ns,
            duration_ns: outcome.window.duration_ns,
            skew_ns: outcome.window.skew_ns,
        },
        aggregate: Aggregate {
            goodput_bps: rate(bytes),
        },
        per_pair: per_pair(outcome, trial.cell.pairs, rate),
        cpu: edges.as_ref().map(|edges| cpu(edges, bytes)),
        checks,
        counters: counters(outcome, edges.as_ref()),
        flows: flow_counts(outcome),
        samples: samples(trial, outcome),
        effective: effective(outcome),
        warnings: warnings(trial, outcome, checks, edges.as_ref()),
        rows: outcome
            .flows
            .iter()
            .map(|flow| row(trial.id, flow, rate(flow.window_bytes)))
            .collect(),
    }
}

fn per_pair(outcome: &Outcome, pairs: u32, rate: impl Fn(u64) -> f64) -> PerPair {
    let mut bytes = vec![0; pairs as usize];
    for flow in &outcome.flows {
        bytes[flow.pair as usize] += flow.window_bytes;
    }
    let starved = bytes.iter().filter(|bytes| **bytes == 0).count();
    let rates: Vec<f64> = bytes.into_iter().map(rate).collect();
    let fairness = jain(&rates).unwrap_or(0.0);
    let sorted = Sorted::of(rates);
    let quantile = |q| sorted.quantile(q).unwrap_or(0.0);
    PerPair {
        min_bps: quantile(0.0),
        p5_bps: quantile(0.05),
        p50_bps: quantile(0.5),
        p95_bps: quantile(0.95),
        max_bps: quantile(1.0),
        jain: fairness,
        starved: u32::try_from(starved).unwrap_or(u32::MAX),
    }
}

fn cpu(edges: &Edges, bytes: u64) -> Cpu {
    let times = edges.machine.cpu;
    Cpu {
        user_ns: times.user_ns,
        system_ns: times.system_ns,
        softirq_ns: times.softirq_ns,
        steal_ns: times.steal_ns,
        idle_ns: times.idle_ns,
        ns_per_byte: (bytes > 0).then(|| times.busy_ns() as f64 / bytes as f64),
        own_user_ns: edges.machine.own.user_ns,
        foreign_ns: nanos(edges.foreign.cpu),
    }
}

fn checks(outcome: &Outcome, witnessed: &[Witnessed]) -> Checks {
    let interface_bytes_ratio = interface_ratio(outcome, witnessed);
    let tcp_info_bytes_ratio = tcp_info_ratio(&outcome.flows);
    let agrees = |ratio: Option<f64>, range: &std::ops::RangeInclusive<f64>| {
        ratio.is_none_or(|r| range.contains(&r))
    };
    Checks {
        interface_bytes_ratio,
        tcp_info_bytes_ratio,
        valid: agrees(interface_bytes_ratio, &INTERFACE_RATIO)
            && agrees(tcp_info_bytes_ratio, &TCP_INFO_RATIO),
    }
}

/// The interfaces' rate over the sockets' rate of the same receivers.
fn interface_ratio(outcome: &Outcome, witnessed: &[Witnessed]) -> Option<f64> {
    let mut at_sockets: HashMap<u32, u64> = HashMap::new();
    for flow in &outcome.flows {
        *at_sockets.entry(flow.server).or_default() += flow.window_bytes;
    }
    let window = outcome.window.duration_ns as f64 / 1e9;
    let (mut interfaces, mut sockets) = (0.0, 0.0);
    for group in witnessed.iter().filter(|group| !group.elapsed.is_zero()) {
        interfaces += group.bytes as f64 / group.elapsed.as_secs_f64();
        sockets += group
            .servers
            .iter()
            .filter_map(|server| at_sockets.get(server))
            .sum::<u64>() as f64
            / window;
    }
    (sockets > 0.0).then(|| interfaces / sockets)
}

/// Bytes by `TCP_INFO` over bytes counted, of the flows that were whole to their end.
fn tcp_info_ratio(flows: &[FlowOutcome]) -> Option<f64> {
    let whole = flows
        .iter()
        .filter_map(|flow| Some((flow.info_bytes?, flow.total_bytes)));
    let (info, counted) = whole.fold((0, 0), |(info, counted), (i, c)| (info + i, counted + c));
    (counted > 0).then(|| info as f64 / counted as f64)
}

fn counters(outcome: &Outcome, edges: Option<&Edges>) -> Counters {
    let known: Vec<u64> = outcome
        .flows
        .iter()
        .filter_map(|flow| flow.retransmits)
        .collect();
    let machine = edges.map(|edges| &edges.machine);
    Counters {
        retransmits: (!known.is_empty()).then(|| known.iter().sum()),
        backlog_drops: machine.map(|delta| delta.softnet.dropped),
        softirq_squeezes: machine.map(|delta| delta.softnet.squeezed),
        neighbour_overflows: machine.and_then(|delta| delta.neighbour_overflows),
        tcp_memory_pages: machine.and_then(|delta| delta.tcp_memory_pages),
        tcp_memory_pressure_pages: None,
    }
}

fn flow_counts(outcome: &Outcome) -> FlowCounts {
    let count = |wanted: fn(&FlowStatus) -> bool| {
        let number = outcome
            .flows
            .iter()
            .filter(|flow| wanted(&flow.status))
            .count();
        u32::try_from(number).unwrap_or(u32::MAX)
    };
    FlowCounts {
        expected: count(|_| true),
        connected: count(|status| !matches!(status, FlowStatus::Unconnected(_))),
        died: count(|status| matches!(status, FlowStatus::Died { .. })),
        stalled: count(|status| matches!(status, FlowStatus::Stalled)),
    }
}

fn samples(trial: TrialPlan<'_>, outcome: &Outcome) -> Samples {
    Samples {
        interval_ns: nanos(trial.timing.sample),
        goodput_bps: outcome
            .samples
            .iter()
            .map(|sample| sample.goodput_bps())
            .collect(),
    }
}

fn effective(outcome: &Outcome) -> Effective {
    Effective {
        congestion: outcome.congestion.clone(),
        send_buffer_bytes: outcome.buffers.send_bytes,
        receive_buffer_bytes: outcome.buffers.receive_bytes,
    }
}

fn row(trial: &str, flow: &FlowOutcome, goodput_bps: f64) -> FlowRow {
    let (status, error) = match &flow.status {
        FlowStatus::Ok => ("ok", None),
        FlowStatus::Stalled => ("stalled", None),
        FlowStatus::Unconnected(error) => ("unconnected", Some(error.clone())),
        FlowStatus::Died { error, .. } => ("died", Some(error.clone())),
    };
    FlowRow {
        trial: trial.to_owned(),
        pair: flow.pair,
        stream: flow.stream,
        client: flow.client,
        server: flow.server,
        status: status.to_owned(),
        bytes: flow.window_bytes,
        goodput_bps,
        retransmits: flow.retransmits,
        error,
    }
}

fn warnings(
    trial: TrialPlan<'_>,
    outcome: &Outcome,
    checks: Checks,
    edges: Option<&Edges>,
) -> Vec<String> {
    let mut warnings = outcome.warnings.clone();
    warnings.extend(other_congestion(trial, outcome));
    warnings.extend(lost_flows(outcome));
    warnings.extend(disagreement(checks));
    if let Some(edges) = edges {
        warnings.extend(noise::warnings(&edges.machine, Some(&edges.foreign)));
    }
    warnings
}

fn other_congestion(trial: TrialPlan<'_>, outcome: &Outcome) -> Option<String> {
    let asked = &trial.cell.congestion.0;
    let got = outcome.congestion.as_ref().filter(|got| *got != asked)?;
    Some(format!(
        "congestion control {asked} was asked for, {got} took effect"
    ))
}

/// How many flows were lost and to what, the first few by name.
fn lost_flows(outcome: &Outcome) -> Option<String> {
    let lost: Vec<String> = outcome.flows.iter().filter_map(loss).collect();
    let named = lost
        .iter()
        .take(NAMED)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join("; ");
    let more = if lost.len() > NAMED { "; ..." } else { "" };
    (!lost.is_empty()).then(|| {
        format!(
            "{} of {} flows were lost: {named}{more}",
            lost.len(),
            outcome.flows.len()
        )
    })
}

fn loss(flow: &FlowOutcome) -> Option<String> {
    let name = format!("{} to {}", flow.client, flow.server);
    match &flow.status {
        FlowStatus::Ok => None,
        FlowStatus::Stalled => Some(format!("{name} moved nothing")),
        FlowStatus::Unconnected(error) => Some(format!("{name} never connected ({error})")),
        FlowStatus::Died { error, .. } => Some(format!("{name} died ({error})")),
    }
}

fn disagreement(checks: Checks) -> Option<String> {
    let shown = |name: &str, ratio: Option<f64>, range: &std::ops::RangeInclusive<f64>| {
        let ratio = ratio.filter(|ratio| !range.contains(ratio))?;
        Some(format!(
            "{name} counted {ratio:.3} times the sockets' bytes; the figures are not to be trusted"
        ))
    };
    shown(
        "the interfaces",
        checks.interface_bytes_ratio,
        &INTERFACE_RATIO,
    )
    .or_else(|| shown("TCP_INFO", checks.tcp_info_bytes_ratio, &TCP_INFO_RATIO))
}
