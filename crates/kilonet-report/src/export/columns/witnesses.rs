//! The columns of `trials` that say how far the figures are to be believed: second witnesses, the kernel's counters, and
//! what became of the flows.

use super::super::column::Unit::{Pages, Plain, Ratio};
use super::super::column::{Column, integer, number};
use crate::store::Record;
use crate::store::record::DatagramCounts;

/// The second witnesses, the kernel's counters, and what became of the flows.
pub(super) const COLUMNS: &[Column<Record>] = &[
    number(
        "checks_interface_bytes_ratio",
        Ratio,
        "Payload at the receiving interfaces over bytes at the sockets; absent when no interface could be read.",
        |it| it.checks?.interface_bytes_ratio,
    ),
    number(
        "checks_unread_ratio",
        Ratio,
        "Bytes unread at the end over bytes read; the two may differ by that much.",
        |it| it.checks?.unread_ratio,
    ),
    number(
        "checks_tcp_info_bytes_ratio",
        Ratio,
        "Bytes that `TCP_INFO` says were received over bytes counted.",
        |it| it.checks?.tcp_info_bytes_ratio,
    ),
    number(
        "checks_transactions_ratio",
        Ratio,
        "Responses counted over latencies recorded; absent for workloads without.",
        |it| it.checks?.transactions_ratio,
    ),
    number(
        "checks_datagrams_ratio",
        Ratio,
        "Datagrams received or found missing over those sent; absent for other workloads.",
        |it| it.checks?.datagrams_ratio,
    ),
    integer(
        "counters_retransmits",
        Plain,
        "Segments retransmitted over the flows' life. Counters are absent where the kernel does not have them.",
        |it| it.counters?.retransmits,
    ),
    integer(
        "counters_backlog_drops",
        Plain,
        "Packets dropped because a CPU's backlog was full.",
        |it| it.counters?.backlog_drops,
    ),
    integer(
        "counters_softirq_squeezes",
        Plain,
        "Times the softirq budget ran out.",
        |it| it.counters?.softirq_squeezes,
    ),
    integer(
        "counters_neighbour_overflows",
        Plain,
        "Neighbour table overflows of the lab's namespaces.",
        |it| it.counters?.neighbour_overflows,
    ),
    integer(
        "counters_socket_drops",
        Plain,
        "Datagrams, or trains of them, dropped at receivers' sockets for lack of room; absent for TCP.",
        |it| it.counters?.socket_drops,
    ),
    integer(
        "counters_conntrack_containers",
        Plain,
        "Containers in which the next four were read; on the host sides where absent.",
        |it| it.counters?.conntrack_containers.map(u64::from),
    ),
    integer(
        "counters_conntrack_entries",
        Plain,
        "Connections tracked at the end of the window.",
        |it| it.counters?.conntrack_entries,
    ),
    integer(
        "counters_conntrack_insert_failed",
        Plain,
        "Connections that could not be entered into the table.",
        |it| it.counters?.conntrack_insert_failed,
    ),
    integer(
        "counters_conntrack_drops",
        Plain,
        "Packets dropped because of that.",
        |it| it.counters?.conntrack_drops,
    ),
    integer(
        "counters_conntrack_early_drops",
        Plain,
        "Connections evicted to make room.",
        |it| it.counters?.conntrack_early_drops,
    ),
    integer(
        "counters_tcp_memory_pages",
        Pages,
        "TCP's memory in use at the end of the window.",
        |it| it.counters?.tcp_memory_pages,
    ),
    integer(
        "counters_tcp_memory_pressure_pages",
        Pages,
        "The mark at which TCP's memory comes under pressure.",
        |it| it.counters?.tcp_memory_pressure_pages,
    ),
    integer("flows_expected", Plain, "Flows the cell asks for.", |it| {
        it.flows.map(|flows| flows.expected.into())
    }),
    integer("flows_connected", Plain, "Flows that connected.", |it| {
        it.flows.map(|flows| flows.connected.into())
    }),
    integer(
        "flows_died",
        Plain,
        "Flows that ended with an error before the window did.",
        |it| it.flows.map(|flows| flows.died.into()),
    ),
    integer(
        "flows_stalled",
        Plain,
        "Flows that moved no byte though they were connected and alive.",
        |it| it.flows.map(|flows| flows.stalled.into()),
    ),
    integer(
        "flows_lost_requests",
        Plain,
        "Requests given up in the window because no response arrived.",
        |it| it.flows.map(|flows| flows.lost_requests),
    ),
    integer(
        "flows_datagrams_sent",
        Plain,
        "Datagrams given to the senders' kernels; absent, as are the next five, for other workloads.",
        |it| datagrams(it).map(|all| all.datagrams_sent),
    ),
    integer(
        "flows_datagrams_received",
        Plain,
        "Datagrams received, each once.",
        |it| datagrams(it).map(|all| all.datagrams_received),
    ),
    integer(
        "flows_lost_datagrams",
        Plain,
        "Datagrams found missing when later ones arrived.",
        |it| datagrams(it).map(|all| all.lost_datagrams),
    ),
    integer(
        "flows_reordered",
        Plain,
        "Datagrams that arrived after one that was sent later.",
        |it| datagrams(it).map(|all| all.reordered),
    ),
    integer(
        "flows_duplicates",
        Plain,
        "Datagrams that arrived again.",
        |it| datagrams(it).map(|all| all.duplicates),
    ),
    integer(
        "flows_left_out_datagrams",
        Plain,
        "Datagrams that were due by a rate and not sent; 0 without a rate.",
        |it| datagrams(it).map(|all| all.left_out_datagrams),
    ),
];

fn datagrams(record: &Record) -> Option<DatagramCounts> {
    record.flows?.datagrams
}
