//! Queues that overflow: a CPU's backlog, a listener's two, and the buffers of sockets of UDP.

use super::super::consequence::Consequence::{
    Behind, DatagramsLost, Late, RequestsLost, Stalled, Starved, Unfair,
};
use super::super::consequence::{OF_CONNECTIONS, OF_PACKETS};
use super::super::model::Setting;
use super::super::model::Unit::Things;
use super::super::row::{BLANK, Moved, Reading, Row};
use super::super::seen::{Seen, are_some, by_phase, connections, is_share, seen, units};
use crate::analysis::signs::Symptom;
use crate::store::record::{Counter, Record, TrialPhase};

/// A CPU's queue of packets that were received and wait for it.
pub(in super::super) const BACKLOG: Row = Row {
    id: "backlog",
    title: "the backlog of a CPU was full and packets were dropped",
    witness: ("backlog_drops", Things("packet")),
    threshold: "0.1 % of the units of the window and ten at least, or 5 % and two; or ten before it, where flows were lost then",
    read: backlog,
    drops: &["CPU_BACKLOG"],
    limit: |record, manifest| Setting::of("net.core.netdev_max_backlog", record, manifest),
    remedy: "raise sysctl net.core.netdev_max_backlog, spread packets over CPUs (rps), or have fewer of them: entries = \"static\" \
             where broadcasts fill it, larger messages where data do",
    explains: OF_PACKETS,
    instead_of: Some(Symptom::BacklogDrops),
    ..BLANK
};

/// Those of the window are held against what crossed in it. Those of earlier phases, of which nobody counts what crossed, count
/// where flows were lost then; while the lab is raised, packets of its interfaces drop that no flow needs.
fn backlog(record: &Record) -> Reading {
    let phases = by_phase(record, Counter::BacklogDrops);
    if phases.is_empty() {
        return Reading::Unseen;
    }
    let phases = phases.into_iter();
    let phases: Vec<_> = phases
        .filter(|(phase, _)| *phase > TrialPhase::Setup)
        .collect();
    let enough = phases.iter().find(|(phase, amount)| match phase {
        TrialPhase::Window => is_share(*amount, units(record)),
        TrialPhase::Setup | TrialPhase::Connect | TrialPhase::Warmup | TrialPhase::Teardown => {
            are_some(*amount)
                && record
                    .errors
                    .iter()
                    .any(|of| of.phase <= TrialPhase::Warmup)
        }
    });
    enough.map_or(Reading::Still, |(phase, _)| {
        Reading::Moved(Moved::by(
            phases.iter().map(|(_, amount)| *amount as f64).sum(),
            Some(*phase),
        ))
    })
}

/// Connections that are made and wait for the program to take them.
pub(in super::super) const ACCEPT_QUEUE: Row = Row {
    id: "accept_queue",
    title: "the accept queue of a listening socket overflowed",
    witness: ("listen_overflows", Things("time")),
    threshold: "0.1 % of the connections and ten at least, or 5 % and two",
    read: |record| {
        let seen = seen(record, &[Counter::ListenOverflows]);
        Reading::of(seen, |seen| {
            is_share(seen.amount, connections(record, seen))
        })
    },
    drops: &["TCP_LISTEN_OVERFLOW"],
    limit: |record, _| room(record),
    remedy: "raise backlog and, in the namespace of the listener, sysctl net.core.somaxconn; or accept faster (more servers, more CPU)",
    explains: OF_CONNECTIONS,
    ..BLANK
};

/// How many calls may wait, as the sockets say, and what says so: what was asked for, or the sysctl of the listener's namespace that
/// allows no more.
fn room(record: &Record) -> Option<Setting> {
    let room = record.effective.as_ref()?.backlog?;
    let asked = u64::from(record.cell.load.backlog());
    let name = if u64::from(room) < asked {
        "net.core.somaxconn"
    } else {
        "backlog"
    };
    Some(Setting {
        name: name.to_owned(),
        value: room.to_string(),
    })
}

/// Connections that have begun and are not made yet. What drops with the other queue full is counted by both.
pub(in super::super) const SYN_BACKLOG: Row = Row {
    id: "syn_backlog",
    title: "the SYN queue of a listening socket overflowed",
    witness: ("listen_drops", Things("SYN")),
    threshold: "0.1 % of the connections and ten at least, or 5 % and two",
    read: |record| {
        let dropped = seen(record, &[Counter::ListenDrops]);
        let overflows = seen(record, &[Counter::ListenOverflows]);
        let beyond = dropped.zip(overflows).map(|(all, overflows)| Seen {
            amount: all.amount.saturating_sub(overflows.amount),
            ..all
        });
        Reading::of(beyond, |seen| {
            is_share(seen.amount, connections(record, seen))
        })
    },
    logs: &["possible syn flooding"],
    limit: |record, manifest| Setting::of("net.ipv4.tcp_max_syn_backlog", record, manifest),
    remedy: "raise backlog and, in the namespace of the listener, sysctls net.ipv4.tcp_max_syn_backlog and net.core.somaxconn",
    explains: OF_CONNECTIONS,
    ..BLANK
};

/// What receivers of datagrams have not read yet.
pub(in super::super) const SOCKET_BUFFERS: Row = Row {
    id: "socket_buffers",
    title: "socket receive buffers were full and datagrams were dropped",
    witness: ("udp_receive_buffer_errors", Things("datagram")),
    threshold: "0.1 % of the datagrams and ten at least, or 5 % and two",
    read: socket_buffers,
    drops: &["SOCKET_RCVBUFF", "PROTO_MEM"],
    limit: |record, manifest| Setting::of("net.core.rmem_max", record, manifest),
    remedy: "set larger buffers (up to sysctl net.core.rmem_max), offer a lower rate, or give receivers more CPU: they read slower \
             than datagrams come",
    explains: &[
        Starved,
        Stalled,
        RequestsLost,
        Late,
        Behind,
        Unfair,
        DatagramsLost,
    ],
    ..BLANK
};

/// The sockets' own count, over their whole life, or the kernel's in their namespaces: both are of the same drops.
fn socket_buffers(record: &Record) -> Reading {
    let kernels = [Counter::UdpReceiveBufferErrors, Counter::UdpMemoryErrors];
    let counted = seen(record, &kernels);
    let own = record.counters.and_then(|of| of.socket_drops);
    let own = own.map(|amount| Seen {
        amount,
        phase: None,
    });
    let most = counted
        .into_iter()
        .chain(own)
        .max_by_key(|seen| seen.amount);
    Reading::of(most, |seen| is_share(seen.amount, datagrams(record)))
}

/// Datagrams that were sent in the window, or crossed in it where nobody counted those.
fn datagrams(record: &Record) -> Option<f64> {
    let counts = record.flows.and_then(|of| of.datagrams);
    let sent = counts.map(|of| of.datagrams_sent as f64);
    sent.or_else(|| units(record))
}
