//! The second witnesses of a window's bytes, and what is said where they disagree.
//!
//! The invariant: a ratio is of two counts of the same payload; where a witness was not there, its ratio is absent.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::{Datagrams, Edges, Requests};
use crate::scenario::{Cell, Family, Topology, Workload};
use crate::store::record::Checks;
use crate::traffic::{FlowOutcome, Outcome};

/// What came in by the interfaces of some containers over a time of its own.
#[derive(Debug)]
pub(in crate::testbed) struct Witnessed {
    /// The containers.
    pub(in crate::testbed) containers: Vec<u32>,
    /// Bytes in, headers included.
    pub(in crate::testbed) bytes: u64,
    /// Packets these came in.
    pub(in crate::testbed) packets: u64,
    /// Between the two readings.
    pub(in crate::testbed) elapsed: Duration,
}

/// How far the interfaces' rate may be from the sockets', beyond what lay unread between them: the two are read some
/// milliseconds apart, while thousands of flows move by turns.
const INTERFACE_RATIO: RangeInclusive<f64> = 0.9..=1.1;

/// `TCP_INFO` counts the very same bytes; a FIN may count as one.
const TCP_INFO_RATIO: RangeInclusive<f64> = 0.999..=1.001;

/// A response that comes as the window opens or closes may be on one side for one count and on the other for the other.
const TRANSACTIONS_RATIO: RangeInclusive<f64> = 0.99..=1.01;

/// Bytes of the headers that an interface counts with a packet's payload; the shorter ones where some flows are TCP's and
/// others not. TCP's have its timestamps, as all connections of
/// Linux do unless a sysctl says otherwise; lo counts no Ethernet header (`loopback_xmit`).
pub(in crate::testbed) fn header_bytes(cell: &Cell) -> u64 {
    let link = match cell.topology {
        Topology::Loopback | Topology::Shared | Topology::Host => 0,
        _ => 14,
    };
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
    cell.has_requests() || cell.workloads().all(|workload| workload == Workload::Idle)
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
    let tcp_info_bytes_ratio = tcp_info_ratio(&outcome.flows);
    let transactions_ratio = requests.ratio();
    let same = tcp_info_bytes_ratio.is_none_or(|ratio| TCP_INFO_RATIO.contains(&ratio));
    let told = transactions_ratio.is_none_or(|ratio| TRANSACTIONS_RATIO.contains(&ratio));
    Checks {
        interface_bytes_ratio: interfaces.ratio(),
        unread_ratio: interfaces.unread_ratio(),
        tcp_info_bytes_ratio,
        transactions_ratio,
        datagrams_ratio: datagrams.ratio(),
        valid: same && told && !datagrams.out_of_nothing && interfaces.agree(is_small(cell)),
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

/// The payload a second of the watched containers, by who counted it.
#[derive(Debug, Default)]
struct Interfaces {
    /// By the interfaces, over their own time.
    counted: f64,
    /// At the sockets, over the window.
    read: f64,
    /// Bytes that lay unread at the end, as if they had come in evenly over the window. The interfaces had counted them
    /// and the sockets not yet, so the two may differ by as much; as much may have lain there at the window's start.
    unread: f64,
    /// Datagrams that receivers found missing: the kernel may have dropped them behind the interface as well as before.
    missing: f64,
    /// Datagrams that were sent and did not come in the window, whether or not anybody has found them missing yet.
    astray: f64,
}

/// Bytes of one container's sockets, with the greetings that the kernel takes for itself among those read.
#[derive(Debug, Default)]
struct AtSockets {
    read: u64,
    unread: u64,
    missing: u64,
    astray: u64,
}

/// What was counted at the sockets of each container.
fn at_sockets(cell: &Cell, outcome: &Outcome) -> HashMap<u32, AtSockets> {
    let mut counted: HashMap<u32, AtSockets> = HashMap::new();
    let orders = cell.orders_of_pairs();
    for flow in &outcome.flows {
        let renewed = orders[flow.pair as usize].workload.renews_connections();
        let greetings = u64::from(renewed) * flow.transactions * GREETING_BYTES;
        let datagrams = flow.datagrams.unwrap_or_default();
        let bytes = |count: u64| count * u64::from(datagrams.length);
        let server = counted.entry(flow.server).or_default();
        server.read += flow.window_bytes + greetings;
        server.unread += flow.unread_bytes.unwrap_or(0);
        server.missing += bytes(datagrams.lost);
        server.astray += bytes(datagrams.sent.saturating_sub(datagrams.received));
        let client = counted.entry(flow.client).or_default();
        client.read += flow.returned_bytes + greetings;
    }
    counted
}

impl Interfaces {
    fn of(cell: &Cell, outcome: &Outcome, witnessed: &[Witnessed]) -> Self {
        let header_bytes = header_bytes(cell);
        let at_sockets = at_sockets(cell, outcome);
        let window = outcome.window.duration_ns as f64 / 1e9;
        let mut sum = Self::default();
        for group in witnessed.iter().filter(|group| !group.elapsed.is_zero()) {
            let payload = group.bytes.saturating_sub(group.packets * header_bytes);
            sum.counted += payload as f64 / group.elapsed.as_secs_f64();
            let containers = group.containers.iter();
            for at in containers.filter_map(|container| at_sockets.get(container)) {
                sum.read += at.read as f64 / window;
                sum.unread += at.unread as f64 / window;
                sum.missing += at.missing as f64 / window;
                sum.astray += at.astray as f64 / window;
            }
        }
        sum
    }

    fn ratio(&self) -> Option<f64> {
        let told = self.read + self.missing;
        (told > 0.0).then(|| self.counted / told)
    }

    fn unread_ratio(&self) -> Option<f64> {
        (self.read > 0.0).then(|| self.unread / self.read)
    }

    /// Whether the interfaces may have seen what the sockets did. Beside `small` traffic they may have seen any more:
    /// containers announce themselves to all others for some seconds, which with hundreds of them is many times what requests
    /// of a byte come to; and what sockets have read is held against `TCP_INFO` and the number of responses. Of datagrams
    /// they may have seen whatever was sent and did not come.
    fn agree(&self, small: bool) -> bool {
        let enough = self.counted >= INTERFACE_RATIO.start() * self.read - self.unread;
        let most = self.read + self.missing.max(self.astray);
        let too_many = self.counted > INTERFACE_RATIO.end() * most + self.unread;
        enough && (small || !too_many)
    }
}

/// Bytes by `TCP_INFO` over bytes counted, of the flows that were whole to their end.
fn tcp_info_ratio(flows: &[FlowOutcome]) -> Option<f64> {
    let whole = flows
        .iter()
        .filter_map(|flow| Some((flow.info_bytes?, flow.total_bytes)));
    let (info, counted) = whole.fold((0, 0), |(info, counted), (i, c)| (info + i, counted + c));
    (counted > 0).then(|| info as f64 / counted as f64)
}

/// By how much the interfaces may count more than the sockets before a reader is told that queues were filling.
const FILLING_SHARE: f64 = 0.05;

/// Interfaces that count more than sockets do, while bytes lie unread, show a window that saw queues fill.
fn filling(checks: Checks) -> Option<String> {
    let more = checks.interface_bytes_ratio? - 1.0;
    (more > FILLING_SHARE && checks.unread_ratio? > 0.0).then(|| {
        format!(
            "{:.0} % more came in than was read, as receive queues were still filling; a longer warm-up, or fixed buffers, would end that",
            more * 100.0
        )
    })
}

fn disagreement(checks: Checks) -> String {
    let shown =
        |ratio: Option<f64>| ratio.map_or("no".to_owned(), |ratio| format!("{ratio:.3} times"));
    format!(
        "the interfaces counted {} the sockets' bytes and TCP_INFO {}; the figures are not to be trusted",
        shown(checks.interface_bytes_ratio),
        shown(checks.tcp_info_bytes_ratio)
    )
}
