//! What flows share and have too little of: TCP's memory, CPU time; and a congestion control that shares otherwise than asked.

use super::super::consequence::Consequence::{
    BacklogDrops, Behind, DatagramsLost, Late, RequestsLost, Retransmits, Stalled, Starved, Unfair,
};
use super::super::consequence::{OF_A_WINDOW, OF_CONNECTIONS};
use super::super::model::Setting;
use super::super::model::Unit::{Share, Things};
use super::super::row::{BLANK, Moved, Reading, Row};
use super::super::seen::{by_phase, is_share, ran_s, seen, units};
use crate::analysis::signs::{Symptom, memory_share};
use crate::store::record::{Counter, CpuShare, Record, TrialPhase, Verdict};

/// One pool for all sockets of the machine: beyond the second figure of `tcp_mem` the kernel shrinks windows, prunes what arrives and
/// lets senders wait.
pub(in super::super) const TCP_MEMORY: Row = Row {
    id: "tcp_memory",
    title: "TCP's memory was under pressure",
    witness: ("tcp_memory_pages", Share("of the pressure mark")),
    threshold: "the mark itself at the window's end, or any time that the kernel counted (TCPMemoryPressures, TCPAbortOnMemory)",
    read: tcp_memory,
    logs: &["tcp: out of memory"],
    drops: &["PROTO_MEM", "TCP_OFO_QUEUE_PRUNE"],
    limit: |record, manifest| Setting::of("net.ipv4.tcp_mem", record, manifest),
    remedy: "fix buffers so that all flows together stay below the mark, or raise sysctl net.ipv4.tcp_mem",
    explains: OF_CONNECTIONS,
    instead_of: Some(Symptom::TcpMemoryPressure),
    ..BLANK
};

fn tcp_memory(record: &Record) -> Reading {
    let counters = [Counter::TcpMemoryPressures, Counter::TcpAbortsOnMemory];
    let counted = seen(record, &counters);
    let share = memory_share(record);
    if counted.is_none() && share.is_none() {
        return Reading::Unseen;
    }
    let counted = counted.filter(|seen| seen.amount > 0);
    let share = share.unwrap_or(0.0);
    if counted.is_none() && share < 1.0 {
        return Reading::Still;
    }
    // What was counted was beyond the mark, whatever was left of it as the window ended.
    let phase = counted.map_or(Some(TrialPhase::Window), |seen| seen.phase);
    Reading::Moved(Moved::by(share.max(1.0), phase))
}

/// What a container, or kilonet itself with all that it runs, may use of the CPUs in each period of its control group.
pub(in super::super) const CPU_QUOTA: Row = Row {
    id: "cpu_quota",
    title: "a CPU quota held back the containers, or kilonet itself",
    witness: ("throttled_periods", Share("of the periods")),
    threshold: "5 % of the periods, of the containers' control groups or of kilonet's own",
    read: cpu_quota,
    remedy: "raise cpu_max, or the quota of the service or container that kilonet runs in; or have less work in each container",
    explains: OF_A_WINDOW,
    ..BLANK
};

/// A period of a quota, in seconds: the kernel's default, which kilonet leaves as it is.
const PERIOD_S: f64 = 0.1;
/// From which share of periods on work is held back, and not a moment of it cut off.
const HELD_BACK: f64 = 0.05;

/// Of containers' groups what they counted from their beginning; of its own what it counted since flows ran.
fn cpu_quota(record: &Record) -> Reading {
    let counter = Counter::ThrottledPeriods;
    let periods = ran_s(record).unwrap_or(0.0) / PERIOD_S;
    let watched = record.watched.as_ref();
    let containers = watched.map_or(record.cell.active, |it| it.containers);
    let inside = watched.and_then(|it| it.counts.of(counter));
    let inside = inside.map(|amount| (amount, f64::from(containers) * periods, None));
    let phases = by_phase(record, counter).into_iter();
    let own = phases
        .filter(|(phase, _)| *phase >= TrialPhase::Warmup)
        .map(|(phase, amount)| (amount, periods, Some(phase).filter(|_| amount > 0)))
        .reduce(|sum, one| (sum.0 + one.0, periods, sum.2.or(one.2)));
    let shares = inside.into_iter().chain(own);
    let shares = shares.map(|(amount, of, phase)| (amount as f64 / of, phase));
    let most = shares.max_by(|a, b| a.0.total_cmp(&b.0));
    match most {
        None => Reading::Unseen,
        Some((share, phase)) if share.is_finite() && share >= HELD_BACK => {
            Reading::Moved(Moved::by(share.min(1.0), phase))
        }
        Some(_) => Reading::Still,
    }
}

/// Packets of many flows are taken in by one CPU, which has nothing left while others are idle.
pub(in super::super) const ONE_BUSY_CPU: Row = Row {
    id: "one_busy_cpu",
    title: "one CPU was saturated while the others had time left",
    witness: ("cpus", Share("of all softirq time on that CPU")),
    threshold: "95 % busy, the others at most 70 % on average, with two flows or more for each CPU",
    read: one_busy_cpu,
    remedy: "spread packets over CPUs (rps = \"all\", napi = \"threaded\"), or let flows run on more of them (pinning, cpuset)",
    explains: OF_A_WINDOW,
    ..BLANK
};

fn one_busy_cpu(record: &Record) -> Reading {
    let cpus = &record.cpus;
    if cpus.is_empty() {
        return Reading::Unseen;
    }
    let busiest = cpus.iter().max_by(|a, b| busy(a).total_cmp(&busy(b)));
    let Some(busiest) = busiest.filter(|_| cpus.len() > 1) else {
        return Reading::Still;
    };
    let others = cpus.iter().filter(|cpu| cpu.cpu != busiest.cpu).map(busy);
    let others = others.sum::<f64>() / (cpus.len() - 1) as f64;
    // With fewer, CPUs are idle as there is nothing for them to do.
    let can_be_spread = record.cell.flows() as usize >= 2 * cpus.len();
    if !can_be_spread || busy(busiest) < 0.95 || others > 0.7 {
        return Reading::Still;
    }
    let all: u64 = cpus.iter().map(|cpu| cpu.softirq_ns).sum();
    Reading::Moved(Moved::by(
        busiest.softirq_ns as f64 / all.max(1) as f64,
        Some(TrialPhase::Window),
    ))
}

/// The share of a CPU's time in which it was not idle.
fn busy(cpu: &CpuShare) -> f64 {
    let busy = (cpu.user_ns + cpu.system_ns + cpu.softirq_ns) as f64;
    let all = busy + cpu.idle_ns as f64;
    if all > 0.0 { busy / all } else { 0.0 }
}

/// A bridge that learns nothing, or forgets at once, sends each frame to every port: all of them are paid for.
pub(in super::super) const FLOODING: Row = Row {
    id: "flooding",
    title: "bridges flooded frames to containers that they were not for",
    witness: ("effects", Things("packet")),
    threshold: "0.1 % of the units of the window and ten at least, or 5 % and two, with ageing = 0",
    read: |record| {
        let effects = record.effects.iter();
        let mut held = effects.filter(|it| it.verdict == Verdict::Held);
        let Some(astray) = held.find(|it| it.factor == "ageing").and_then(|it| it.seen) else {
            return Reading::Unseen;
        };
        // They were counted in a sample of the containers, all of which get the same.
        let read = record.seen.as_ref().map_or(0, |seen| seen.containers);
        let astray = astray * f64::from(record.cell.containers) / f64::from(read.max(1));
        // Where bridges do not forget at once, the effect is how long they remember.
        if record.cell.wiring.ageing_s == Some(0) && is_share(whole(astray), units(record)) {
            Reading::Moved(Moved::by(astray, None))
        } else {
            Reading::Still
        }
    },
    drops: &["OTHERHOST"],
    remedy: "let bridges learn where addresses are: ageing = 300 with entries = \"learned\", or entries = \"static\"",
    explains: &[
        Starved,
        Stalled,
        RequestsLost,
        Late,
        Behind,
        Unfair,
        Retransmits,
        DatagramsLost,
        BacklogDrops,
    ],
    ..BLANK
};

/// A count that a record has as a plain figure.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and counts are non-negative"
)]
fn whole(count: f64) -> u64 {
    count as u64
}

/// What the sockets say they use.
pub(in super::super) const CONGESTION_CONTROL: Row = Row {
    id: "congestion_control",
    title: "a congestion control other than the one asked for took effect",
    witness: ("congestion", Things("trial")),
    threshold: "any: it is read back from the sockets",
    read: |record| {
        let effective = record.effective.as_ref();
        let Some(took) = effective.and_then(|it| it.congestion.as_ref()) else {
            return Reading::Unseen;
        };
        if *took == record.cell.congestion.0 {
            Reading::Still
        } else {
            Reading::Moved(Moved::by(1.0, None))
        }
    },
    limit: |record, manifest| {
        Setting::of("net.ipv4.tcp_allowed_congestion_control", record, manifest)
    },
    remedy: "load it (modprobe tcp_NAME), or run as root: others may only choose from sysctl net.ipv4.tcp_allowed_congestion_control",
    explains: &[Unfair, Retransmits],
    is_other_traffic: true,
    ..BLANK
};
