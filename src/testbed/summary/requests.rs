//! What a window showed of requests and their responses.

use std::time::Duration;

use crate::scenario::Workload;
use crate::stats::Latencies;
use crate::store::record::{Latency, Lateness, UnderWay};
use crate::traffic::FlowOutcome;
use crate::units::{counted, were};

/// How late messages may be, all but one in a hundred, before a reader is told: what an otherwise idle machine keeps to at
/// 100,000 of them a second.
const PUNCTUAL_NS: u64 = 50_000;

/// The requests of all flows together.
#[derive(Debug)]
pub(super) struct Requests {
    /// Responses counted in the window; absent for workloads without.
    pub(super) transactions: Option<u64>,
    /// How long they took.
    pub(super) latency: Option<Latency>,
    /// Those with a connection of their own that had not ended when the window closed; absent where none have one.
    pub(super) under_way: Option<UnderWay>,
    /// How late they were sent.
    pub(super) lateness: Option<Lateness>,
}

impl Requests {
    /// Of some flows, which may have requests or not, and which began to move so long before the window's end.
    pub(super) fn of(has_requests: bool, flows: &[&FlowOutcome], reach: Duration) -> Self {
        let counted = flows.iter().map(|flow| flow.transactions).sum();
        let together = |which: fn(&FlowOutcome) -> Option<&Latencies>| {
            Latencies::merged(flows.iter().filter_map(|flow| which(flow)))
        };
        let under_way = under_way(flows);
        let times = together(|flow| flow.latency.as_ref());
        let latency = times.and_then(|all| match under_way {
            Some(under_way) => Latency::of_connections(&all, under_way, reach),
            None => Latency::of(&all),
        });
        Self {
            transactions: has_requests.then_some(counted),
            latency,
            under_way,
            lateness: together(|flow| flow.lateness.as_ref()).and_then(|all| Lateness::of(&all)),
        }
    }

    /// What a reader should be told where messages were not sent at their times.
    pub(super) fn unpunctual(&self) -> Option<String> {
        let late = self.lateness.filter(|late| late.p99_ns > PUNCTUAL_NS)?;
        Some(format!(
            "the senders did not keep to the times that the rate sets: one message in a hundred was sent more than {} us late",
            late.p99_ns / 1000
        ))
    }

    /// What a reader should be told where no connection ended, though some were meant to.
    pub(super) fn hung(&self) -> Option<String> {
        let hung = self.under_way.filter(|of| of.connections > 0)?;
        let none_ended = self.latency.is_none();
        none_ended.then(|| {
            let oldest = Duration::from_nanos(hung.oldest_ns);
            format!(
                "no connection ended in the window: {} {} under way when it closed, the oldest for {:.2} s",
                counted(hung.connections, "connection"),
                were(hung.connections),
                oldest.as_secs_f64()
            )
        })
    }

    /// Responses counted as they came over latencies recorded.
    pub(super) fn ratio(&self) -> Option<f64> {
        let recorded = self.latency.as_ref()?.count;
        Some(self.transactions? as f64 / recorded as f64)
    }
}

/// Those that had not ended, where each request has a connection of its own.
fn under_way(flows: &[&FlowOutcome]) -> Option<UnderWay> {
    let workloads = flows.iter().map(|flow| flow.plan.orders.workload);
    let mut asking = workloads
        .filter(|workload| workload.has_requests())
        .peekable();
    asking.peek()?;
    let are_renewed = asking.all(Workload::renews_connections);
    are_renewed.then(|| flows.iter().map(|flow| flow.under_way).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_that_were_not_sent_at_their_times_are_told_of() {
        let said = |p99_ns| {
            let lateness = Lateness {
                p50_ns: 10,
                p99_ns,
                max_ns: 1_000_000,
            };
            let requests = Requests {
                transactions: None,
                latency: None,
                under_way: None,
                lateness: Some(lateness),
            };
            requests.unpunctual()
        };
        assert_eq!(said(50_000), None);
        let late = said(73_400).unwrap();
        assert!(late.contains("more than 73 us late"), "{late}");
    }
}
