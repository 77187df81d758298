//! The second witnesses of a window's bytes, and what is said where they disagree.
//!
//! The invariant: a ratio is of two counts of the same payload; where a witness was not there, its ratio is absent.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use super::edges::{Edges, Witnessed};
use super::{Datagrams, Requests};
use crate::scenario::{Cell, Family, Workload};
use crate::store::record::Checks;
use crate::traffic::{FlowOutcome, Outcome};

/// How far the interfaces' bytes may be from the sockets', beyond what lay unread between them: reading them takes some time, in
/// which bytes move, and which packets have which headers is not known of each.
const INTERFACE_RATIO: RangeInclusive<f64> = 0.9..=1.1;

/// `TCP_INFO` counts the very same bytes, and a FIN as one: of flows that have moved a few hundred, that is more than this share.
const TCP_INFO_SHARE: f64 = 0.001;

/// What is timed is what is counted, by one act. A client whose process has died has taken along what it had timed.
const TRANSACTIONS_RATIO: RangeInclusive<f64> = 0.99..=1.01;

/// Bytes of the headers that an interface counts with a packet's payload; the shorter ones where some flows are TCP's and
/// others not. TCP's have its timestamps, as all connections of
/// Linux do unless a sysctl says otherwise; lo counts no Ethernet header (`loopback_xmit`).
pub(in crate::testbed) fn header_bytes(cell: &Cell) -> u64 {
    let link = if cell.topology.has_links() { 14 } else { 0 };
    let network = match cell.family {
        Family::Ipv4 => 20,
        Family::Ipv6 => 40,
    };
    let datagrams = cell.workloads().any(Workload::is_datagrams);
    let transport = if datagrams { 8 } else { 32 };
    link + network + transport
}

/// Whether what its flows move may be less than what containers say of themselves: requests of a byte, or nothing.
fn is_small(cell: &Cell) -> bool {
    cell.has_requests() || !cell.workloads().any(Workload::has_messages)
}

/// Bytes by which a connection's first packet each way has more options than the others: 20 of TCP's, where the timestamps
/// alone are 12 with their padding (`tcp_syn_options`).
const GREETING_BYTES: u64 = 8;

/// What the witnesses of a window say.
pub(super) fn of(
    cell: &Cell,
    outcome: &Outcome,
    edges: Option<&Edges>,
    (requests, datagrams): (&Requests, &Datagrams),
) -> Checks {
    let witnessed = edges.map_or(&[][..], |edges| &edges.witnessed);
    let interfaces = Interfaces::of(cell, outcome, witnessed);
    let tcp_info = TcpInfo::of(&outcome.flows);
    let transactions_ratio = requests.ratio();
    let told = transactions_ratio.is_none_or(|ratio| TRANSACTIONS_RATIO.contains(&ratio));
    Checks {
        interface_bytes_ratio: interfaces.ratio(),
        unread_ratio: interfaces.unread_ratio(),
        tcp_info_bytes_ratio: tcp_info.ratio(),
        transactions_ratio,
        datagrams_ratio: datagrams.ratio(),
        valid: tcp_info.agrees()
            && told
            && !datagrams.out_of_nothing
            && interfaces.agree(is_small(cell)),
    }
}

/// What a reader should be told of them.
pub(super) fn warnings(cell: &Cell, checks: Checks) -> Option<String> {
    if checks.valid {
        filling(checks).filter(|_| !cell.has_requests())
    } else {
        Some(disagreement(checks))
    }
}

/// The payload of the watched containers, by who counted it, in bytes.
#[derive(Debug, Default)]
struct Interfaces {
    /// By the interfaces.
    counted: u64,
    /// At the sockets, with the greetings that the kernel takes for itself.
    read: u64,
    /// At the sockets, with what was sent in place of what was read where both ends tell of the same datagrams: on one node these
    /// are at the interface at once, and in a queue behind it for long.
    told: u64,
    /// What lay unread at the end. The interfaces had counted it and the sockets not yet, so the two may differ by as much; of
    /// streams, as much may have lain there at the start.
    unread: u64,
    /// What may have lain unread at the start, of datagrams.
    pending: u64,
    /// Datagrams that receivers found missing: the kernel may have dropped them behind the interface as well as before.
    missing: u64,
    /// Datagrams that were sent and did not come, whether or not anybody has found them missing yet.
    astray: u64,
}

/// Payload that nobody had read when the flows had been stopped, by container.
fn unread(outcome: &Outcome) -> HashMap<u32, u64> {
    let mut unread = HashMap::new();
    for flow in &outcome.flows {
        *unread.entry(flow.plan.server.container).or_default() += flow.unread_bytes.unwrap_or(0);
    }
    unread
}

impl Interfaces {
    fn of(cell: &Cell, outcome: &Outcome, witnessed: &[Witnessed]) -> Self {
        let header_bytes = header_bytes(cell);
        let unread = unread(outcome);
        let mut sum = Self::default();
        for group in witnessed {
            let at = group.at_sockets;
            let containers = group.containers.iter();
            sum.counted += group.bytes.saturating_sub(group.packets * header_bytes);
            let read = at.received + at.connections * GREETING_BYTES;
            sum.read += read;
            sum.told += (read + at.datagrams_sent).saturating_sub(at.datagrams_received);
            sum.unread += containers.filter_map(|it| unread.get(it)).sum::<u64>();
            sum.pending += group.pending;
            sum.missing += at.datagrams_lost;
            sum.astray += at.datagrams_sent.saturating_sub(at.datagrams_received);
        }
        sum
    }

    fn ratio(&self) -> Option<f64> {
        (self.told > 0).then(|| self.counted as f64 / self.told as f64)
    }

    fn unread_ratio(&self) -> Option<f64> {
        (self.read > 0).then(|| self.unread as f64 / self.read as f64)
    }

    /// Whether the interfaces may have seen what the sockets did. Beside `small` traffic they may have seen any more:
    /// containers announce themselves to all others for some seconds, which with hundreds of them is many times what requests
    /// of a byte come to; and what sockets have read is held against `TCP_INFO` and the number of responses. Of datagrams
    /// they may have seen whatever was sent and did not come.
    fn agree(&self, small: bool) -> bool {
        let (counted, read) = (self.counted as f64, self.read as f64);
        let (unread, pending) = (self.unread as f64, self.pending as f64);
        let enough = counted >= INTERFACE_RATIO.start() * read - unread.max(pending);
        let most = (self.read + self.missing.max(self.astray)) as f64;
        let too_many = counted > INTERFACE_RATIO.end() * most + unread;
        enough && (small || !too_many)
    }
}

/// What `TCP_INFO` and the flows that were whole to their end have counted, in bytes.
#[derive(Debug, Default)]
struct TcpInfo {
    info: u64,
    counted: u64,
    /// Flows of which both are known.
    flows: u64,
}

impl TcpInfo {
    fn of(flows: &[FlowOutcome]) -> Self {
        let whole = flows
            .iter()
            .filter_map(|flow| Some((flow.info_bytes?, flow.total_bytes)));
        whole.fold(Self::default(), |sum, (info, counted)| Self {
            info: sum.info + info,
            counted: sum.counted + counted,
            flows: sum.flows + 1,
        })
    }

    fn ratio(&self) -> Option<f64> {
        (self.counted > 0).then(|| self.info as f64 / self.counted as f64)
    }

    /// Whether they are the same bytes. Where none were counted, others tell that nothing moved.
    fn agrees(&self) -> bool {
        let ends = self.info.saturating_sub(self.counted).min(self.flows);
        let off = (self.info - ends).abs_diff(self.counted) as f64;
        self.counted == 0 || off <= TCP_INFO_SHARE * self.counted as f64
    }
}

/// By how much the interfaces may count more than the sockets before a reader is told that queues were filling.
const FILLING_SHARE: f64 = 0.05;

/// Interfaces that count more than sockets do, while bytes lie unread, show a window that saw queues fill.
fn filling(checks: Checks) -> Option<String> {
    let more = checks.interface_bytes_ratio? - 1.0;
    (more > FILLING_SHARE && checks.unread_ratio? > 0.0).then(|| {
        format!(
            "{:.0} % more arrived than was read, because receive queues were still filling; use a longer warm-up or fixed \
             buffers",
            more * 100.0
        )
    })
}

fn disagreement(checks: Checks) -> String {
    let shown =
        |ratio: Option<f64>| ratio.map_or("no".to_owned(), |ratio| format!("{ratio:.3} times"));
    format!(
        "the interfaces counted {} the sockets' bytes and TCP_INFO {}; do not trust the figures",
        shown(checks.interface_bytes_ratio),
        shown(checks.tcp_info_bytes_ratio)
    )
}
