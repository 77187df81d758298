//! Tables of the kernel that all namespaces share, or whose size they do: neighbours, connections, and the ports of masquerading.

use super::super::consequence::Consequence::{
    Behind, DatagramsLost, Died, Failed, Late, RequestsLost, Retransmits, SetupFailed, Stalled,
    Starved, Unfair,
};
use super::super::consequence::{OF_CONNECTIONS, OF_PACKETS};
use super::super::filling::filling;
use super::super::model::Setting;
use super::super::model::Unit::Things;
use super::super::row::{BLANK, Reading, Row, logged, of};
use super::super::seen::{connections, is_share, seen};
use crate::analysis::signs::Symptom;
use crate::scenario::Family;
use crate::store::record::{Counter, Record};

/// One table for all namespaces of the machine: past its third threshold an entry is refused, and what was to be sent is dropped.
pub(in super::super) const NEIGHBOUR_TABLE: Row = Row {
    id: "neighbour_table",
    title: "the neighbour table was full",
    witness: ("neighbour_overflows", Things("time")),
    threshold: "any: the kernel counts entries that it refused",
    // An entry that is refused is one too many, however many there are.
    read: |record| Reading::of(seen(record, &[Counter::NeighbourOverflows]), |_| true),
    by_error: &[
        of("connect flow", "EHOSTUNREACH"),
        of("connect flow", "ENOBUFS"),
        of("make", "EHOSTUNREACH"),
    ],
    logs: &["neigh", "table overflow"],
    drops: &["NEIGH_CREATEFAIL", "NEIGH_FAILED"],
    limit: |record, manifest| {
        // Each protocol has a table of its own.
        let threshold = match record.cell.family {
            Family::Ipv4 => "net.ipv4.neigh.default.gc_thresh3",
            Family::Ipv6 => "net.ipv6.neigh.default.gc_thresh3",
        };
        Setting::of(threshold, record, manifest)
    },
    remedy: "raise sysctl net.ipv4.neigh.default.gc_thresh3 (and net.ipv6's) beyond the entries of all containers together, or use \
             entries = \"static\", whose entries are permanent and not counted",
    explains: &[
        SetupFailed,
        Failed,
        Starved,
        Died,
        Stalled,
        RequestsLost,
        Late,
        Behind,
        Unfair,
        Retransmits,
        DatagramsLost,
    ],
    ..BLANK
};

/// The table of tracked connections: once it is full, the first packet of a new one is dropped.
pub(in super::super) const CONNECTION_TABLE: Row = Row {
    id: "connection_table",
    title: "the connection table was full",
    witness: ("conntrack_drops", Things("refusal")),
    threshold: "any, with the table at 95 % of nf_conntrack_max, entries evicted (early_drop) or the kernel's own line",
    read: |record| {
        let refused = [Counter::ConntrackDrops, Counter::ConntrackEarlyDrops];
        Reading::of(seen(record, &refused), |_| is_full(record))
    },
    logs: TABLE_FULL,
    drops: &["NETFILTER_DROP"],
    limit: |record, manifest| Setting::of("net.netfilter.nf_conntrack_max", record, manifest),
    remedy: "raise sysctl net.netfilter.nf_conntrack_max, let closed connections go sooner \
             (net.netfilter.nf_conntrack_tcp_timeout_time_wait), or leave such traffic untracked (notrack)",
    explains: OF_PACKETS,
    instead_of: Some(Symptom::ConntrackFull),
    ends_all: true,
    filling: Some(filling),
    ..BLANK
};

/// Masquerading gives each connection another port of one address; with none left towards a destination, the tuple it keeps is
/// another's and cannot be entered.
pub(in super::super) const MASQUERADING_PORTS: Row = Row {
    id: "masquerading_ports",
    title: "masquerading ran out of ports towards a destination",
    witness: ("conntrack_insert_failed", Things("connection")),
    threshold: "0.1 % of the connections and ten at least, or 5 % and two, under rules that masquerade and with the table not full",
    read: |record| {
        let seen = seen(record, &[Counter::ConntrackInsertFailed]);
        Reading::of(seen, |seen| {
            let masquerades = record.cell.firewall.masquerades();
            masquerades && !is_full(record) && is_share(seen.amount, connections(record, seen))
        })
    },
    drops: &["NETFILTER_DROP"],
    remedy: "spread connections over more destinations (addresses or ports) or more addresses to masquerade as, keep connections \
             open, or let closed ones go sooner (net.netfilter.nf_conntrack_tcp_timeout_time_wait)",
    explains: OF_CONNECTIONS,
    instead_of: Some(Symptom::ConntrackFull),
    ends_all: true,
    ..BLANK
};

/// What the kernel's line of a full table contains, in either wording.
const TABLE_FULL: &[&str] = &["nf_conntrack", "table full"];

/// From which share of its size a table is full: between its last reading and the first connection that it refused, entries end.
const NEARLY: f64 = 0.95;

/// Whether a trial's connection table was full: it has thrown entries out to make room, the kernel says so, or that many are in it.
/// Where nobody knows how many it holds, what was dropped but for entries that clash tells.
fn is_full(record: &Record) -> bool {
    let counted = |counter| seen(record, &[counter]).map_or(0, |seen| seen.amount);
    let is_logged = logged(record, TABLE_FULL).is_some();
    let table = record.connections.as_ref();
    let size = table.and_then(|it| Some((it.before.max(it.after), it.max?)));
    let is_at_its_size = match size {
        Some((entries, max)) => entries as f64 >= NEARLY * max as f64,
        // An entry that clashes with another is counted as dropped too.
        None => counted(Counter::ConntrackDrops) > counted(Counter::ConntrackInsertFailed),
    };
    counted(Counter::ConntrackEarlyDrops) > 0 || is_logged || is_at_its_size
}
