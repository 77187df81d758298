//! From what a window showed to what a record says of it: pure arithmetic.
//!
//! The invariant: bytes are believed only where a second witness agrees. Where none could be asked, that is a warning, and
//! where one disagrees the trial is invalid.

mod checks;
mod classes;
mod consumption;
mod datagrams;
mod edges;
mod errors;
mod pacing;
mod requests;
mod uncopied;

pub(super) use checks::header_bytes;
pub(super) use consumption::Consumption;
pub(super) use edges::{Edges, Tracked, Witnessed};

use std::time::Duration;

use super::{Measurement, TrialPlan};
use classes::{Members, Times, bps};
use datagrams::Datagrams;
use requests::Requests;

use crate::host::counters::Delta;
use crate::host::noise::{self, Verdict};
use crate::scenario::{Cell, Testbed};
use crate::stats::Latencies;
use crate::store::record::{
    Aggregate, Batched, Checks, CountedBy, Counters, Cpu, CpuShare, DatagramCounts, Effective,
    FlowCounts, FlowRow, Forwarder, Rows, Samples, Window,
};
use crate::traffic::{FlowOutcome, FlowStatus, Outcome};
use crate::units::{counted, nanos, were};

/// What can be said of others in the window.
fn judged(edges: &Edges) -> Verdict {
    noise::judge(&edges.machine, &edges.foreign)
}

/// Names put into one warning at most.
const NAMED: usize = 5;

/// Says what a window showed.
pub(super) fn summarise(
    trial: TrialPlan<'_>,
    outcome: &Outcome,
    edges: Option<&Edges>,
) -> Measurement {
    let seconds = outcome.window.duration_ns as f64 / 1e9;
    let bytes: u64 = outcome.flows.iter().map(FlowOutcome::payload).sum();
    let flows: Vec<_> = outcome.flows.iter().collect();
    let measured = Duration::from_nanos(outcome.window.duration_ns);
    let reach = trial.timing.warmup + measured;
    let requests = Requests::of(trial.cell.has_requests(), &flows, reach);
    let datagrams = Datagrams::of(&flows);
    let checks = checks::of(trial.cell, outcome, edges, (&requests, &datagrams));
    let of_requests = requests.unpunctual().into_iter().chain(requests.hung());
    let of_requests: Vec<_> = of_requests.collect();
    let consumption = edges.and_then(|edges| edges.containers.as_ref());
    let members = Members::by_class(trial.cell, outcome);
    let pacing = pacing::of(trial.cell, members[0].flows(), seconds);
    Measurement {
        window: Window {
            start_unix_ns: outcome.window.start_unix_ns,
            duration_ns: outcome.window.duration_ns,
            skew_ns: outcome.window.skew_ns,
        },
        aggregate: aggregate(bytes, (&requests, &datagrams), seconds),
        latency: requests.latency,
        under_way: requests.under_way,
        lateness: requests.lateness,
        pacing,
        per_pair: classes::per_pair(trial.cell.workload, &members[0], seconds),
        classes: classes::of(trial.cell, &members, Times { seconds, reach }),
        cpu: edges.map(|edges| {
            // Beside streams, most of it is theirs.
            let own = requests
                .transactions
                .filter(|_| trial.cell.is_of_requests());
            cpu(edges, bytes, own)
        }),
        cpus: edges.map_or_else(Vec::new, |edges| cpus(&edges.machine)),
        connections: edges.and_then(|edges| Some(edges.tracked.as_ref()?.fullest)),
        checks,
        counters: counters(outcome, edges, datagrams.socket_drops),
        flows: flow_counts(outcome, datagrams.counts),
        errors: errors::of(outcome),
        samples: samples(trial, outcome),
        effective: effective(trial.cell, outcome, datagrams.batched),
        generator: None,
        seen: None,
        search: None,
        warnings: [
            warnings(trial, outcome, checks, edges),
            datagrams.warning().into_iter().collect(),
            of_requests,
            Vec::from_iter(pacing::warning(trial.cell, pacing)),
        ]
        .concat(),
        noise: edges.map_or_else(Verdict::default, judged),
        per_container: consumption.and_then(Consumption::summary),
        rows: rows(trial.id, &flows, consumption, seconds),
    }
}

fn rows(
    trial: &str,
    flows: &[&FlowOutcome],
    consumption: Option<&Consumption>,
    seconds: f64,
) -> Rows {
    let flows = flows.iter();
    Rows {
        flows: flows
            .map(|flow| row(trial, flow, bps(flow.payload(), seconds)))
            .collect(),
        containers: consumption.map_or_else(Vec::new, |it| it.rows(trial)),
    }
}

fn aggregate(
    bytes: u64,
    (requests, datagrams): (&Requests, &Datagrams),
    seconds: f64,
) -> Aggregate {
    Aggregate {
        goodput_bps: bps(bytes, seconds),
        transactions_per_s: requests.transactions.map(|count| count as f64 / seconds),
        datagrams_per_s: datagrams.per_s(seconds),
        loss_ratio: datagrams.loss_ratio(),
    }
}

fn cpu(edges: &Edges, bytes: u64, transactions: Option<u64>) -> Cpu {
    let times = edges.machine.cpu;
    Cpu {
        user_ns: times.user_ns,
        system_ns: times.system_ns,
        softirq_ns: times.softirq_ns,
        steal_ns: times.steal_ns,
        idle_ns: times.idle_ns,
        ns_per_byte: (bytes > 0).then(|| times.busy_ns() as f64 / bytes as f64),
        ns_per_transaction: transactions
            .filter(|count| *count > 0)
            .map(|count| times.busy_ns() as f64 / count as f64),
        own_user_ns: edges.machine.own.user_ns
            + edges.containers.as_ref().map_or(0, Consumption::user_ns),
        foreign_ns: nanos(edges.foreign.cpu),
    }
}

fn cpus(machine: &Delta) -> Vec<CpuShare> {
    let shares = machine.each.iter().map(|(cpu, times)| CpuShare {
        cpu: *cpu,
        user_ns: times.user_ns,
        system_ns: times.system_ns,
        softirq_ns: times.softirq_ns,
        idle_ns: times.idle_ns,
    });
    shares.collect()
}

fn counters(outcome: &Outcome, edges: Option<&Edges>, socket_drops: Option<u64>) -> Counters {
    let known: Vec<u64> = outcome
        .flows
        .iter()
        .filter_map(|flow| flow.retransmits)
        .collect();
    let machine = edges.map(|edges| &edges.machine);
    let counted = machine.map(|delta| delta.counted);
    let softnet = counted.and_then(|counted| counted.softnet);
    let tracked = edges.and_then(|edges| edges.tracked.as_ref());
    let conntrack = tracked.map(|tracked| tracked.counted);
    Counters {
        retransmits: (!known.is_empty()).then(|| known.iter().sum()),
        socket_drops,
        backlog_drops: softnet.map(|packets| packets.dropped),
        softirq_squeezes: softnet.map(|packets| packets.squeezed),
        neighbour_overflows: counted.and_then(|counted| counted.neighbour_overflows),
        conntrack_entries: conntrack.map(|counted| counted.entries),
        conntrack_insert_failed: conntrack.map(|counted| counted.insert_failed),
        conntrack_drops: conntrack.map(|counted| counted.drops),
        conntrack_early_drops: conntrack.map(|counted| counted.early_drops),
        conntrack_containers: tracked
            .map(|tracked| tracked.containers)
            .filter(|containers| *containers > 0),
        tcp_memory_pages: machine.and_then(|delta| delta.tcp_memory_pages),
        tcp_memory_pressure_pages: edges
            .and_then(|edges| edges.tcp_memory)
            .map(|marks| marks.pressure_pages),
    }
}

fn flow_counts(outcome: &Outcome, datagrams: Option<DatagramCounts>) -> FlowCounts {
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
        lost_requests: outcome.flows.iter().map(|flow| flow.lost).sum(),
        datagrams,
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

fn effective(cell: &Cell, outcome: &Outcome, batch: Option<Batched>) -> Effective {
    Effective {
        engine: None,
        confinement: None,
        forwarder: forwarder(cell, &outcome.flows),
        counted_by: CountedBy::Sockets,
        congestion: outcome.congestion.clone(),
        send_buffer_bytes: outcome.buffers.send_bytes,
        receive_buffer_bytes: outcome.buffers.receive_bytes,
        zerocopy_copied_ratio: outcome.uncopied.copied_ratio,
        mapped_ratio: outcome.uncopied.mapped_ratio,
        backlog: outcome.backlog,
        batch,
        namespace_sysctls: None,
    }
}

/// What carried the flows to published ports. A lab of ours has rules for that and nothing else, and some of these give
/// clients new ports; an engine may have a process, which calls the servers from ports of its own.
fn forwarder(cell: &Cell, flows: &[FlowOutcome]) -> Option<Forwarder> {
    if !cell.path.is_by_port() {
        return None;
    }
    if cell.testbed == Testbed::Kernel {
        return Some(Forwarder::Rules);
    }
    let renamed = |renamed: bool| flows.iter().any(|flow| flow.renamed == Some(renamed));
    match (renamed(false), renamed(true)) {
        (true, false) => Some(Forwarder::Rules),
        (false, true) => Some(Forwarder::Proxy),
        (true, true) => Some(Forwarder::Both),
        (false, false) => None,
    }
}

fn row(trial: &str, flow: &FlowOutcome, goodput_bps: f64) -> FlowRow {
    let (status, error) = match &flow.status {
        FlowStatus::Ok => ("ok", None),
        FlowStatus::Stalled => ("stalled", None),
        FlowStatus::Unconnected(loss) => ("unconnected", Some(loss.sentence.clone())),
        FlowStatus::Died { loss, .. } => ("died", Some(loss.sentence.clone())),
    };
    let quantile = |q| flow.latency.as_ref()?.quantile(q);
    let datagrams = flow.datagrams;
    FlowRow {
        trial: trial.to_owned(),
        pair: flow.plan.pair,
        stream: flow.plan.stream,
        client: flow.plan.client.container,
        server: flow.plan.server.container,
        status: status.to_owned(),
        bytes: flow.window_bytes,
        goodput_bps,
        retransmits: flow.retransmits,
        transactions: flow.latency.as_ref().map(|_| flow.transactions),
        p50_ns: quantile(0.5),
        // Below a hundred it would be the longest of all.
        p99_ns: quantile(0.99).filter(|_| flow.transactions >= 100),
        max_ns: flow.latency.as_ref().and_then(Latencies::max),
        datagrams_sent: datagrams.map(|it| it.sent),
        datagrams_received: datagrams.map(|it| it.received),
        lost_datagrams: datagrams.map(|it| it.lost),
        reordered: datagrams.map(|it| it.reordered),
        duplicates: datagrams.map(|it| it.duplicates),
        error,
        generator_bps: None,
        generator_transactions_per_s: None,
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
    warnings.extend(relayed(trial.cell, outcome));
    warnings.extend(uncopied::warnings(outcome.uncopied));
    warnings.extend(lost_flows(outcome));
    warnings.extend(stalled_flows(trial.cell, outcome));
    warnings.extend(checks::warnings(trial.cell, checks));
    if let Some(edges) = edges {
        warnings.extend(judged(edges).disturbed);
        warnings.extend(noise::warnings(&edges.machine));
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

fn relayed(cell: &Cell, outcome: &Outcome) -> Option<String> {
    let forwarder = forwarder(cell, &outcome.flows)?;
    (forwarder != Forwarder::Rules).then(|| {
        "a process of the engine's, not its rules, carries flows to published ports: its copying is measured too"
            .to_owned()
    })
}

/// How many flows never connected or died, and of what, the first few by name. Those that were alive and moved nothing are
/// counted as starved and named in the rows of the flows.
fn lost_flows(outcome: &Outcome) -> Option<String> {
    let lost: Vec<String> = outcome.flows.iter().filter_map(loss).collect();
    let named = lost
        .iter()
        .take(NAMED)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join("; ");
    let more = if lost.len() > NAMED { "; ..." } else { "" };
    let (count, of) = (lost.len(), counted(outcome.flows.len(), "flow"));
    (count > 0).then(|| format!("{count} of {of} {} lost: {named}{more}", were(count)))
}

/// How many flows were alive and had no request, where no bytes are sent that could show a pair to be starved.
fn stalled_flows(cell: &Cell, outcome: &Outcome) -> Option<String> {
    let mut workloads = cell.workloads();
    let shows_nothing = workloads.any(|it| it.has_requests() && !it.has_messages());
    let stalled = outcome.flows.iter();
    let stalled = stalled.filter(|flow| flow.status == FlowStatus::Stalled);
    let (count, of) = (stalled.count(), counted(outcome.flows.len(), "flow"));
    (shows_nothing && count > 0)
        .then(|| format!("{count} of {of} were connected and completed no request in the window"))
}

fn loss(flow: &FlowOutcome) -> Option<String> {
    let [from, to] = [flow.plan.client, flow.plan.server].map(|seat| seat.container);
    let name = format!("{from} to {to}");
    match &flow.status {
        FlowStatus::Ok | FlowStatus::Stalled => None,
        FlowStatus::Unconnected(loss) => {
            Some(format!("{name} never connected ({})", loss.sentence))
        }
        FlowStatus::Died { loss, .. } => Some(format!("{name} died ({})", loss.sentence)),
    }
}

#[cfg(test)]
mod tests;
