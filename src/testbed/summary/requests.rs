//! What a window showed of requests and their responses.

use crate::stats::Latencies;
use crate::store::record::{Latency, Lateness};
use crate::traffic::FlowOutcome;

/// The requests of all flows together.
#[derive(Debug)]
pub(super) struct Requests {
    /// Responses counted in the window; absent for workloads without.
    pub(super) transactions: Option<u64>,
    /// How long they took.
    pub(super) latency: Option<Latency>,
    /// How late they were sent.
    pub(super) lateness: Option<Lateness>,
}

impl Requests {
    /// Of some flows, which may have requests or not.
    pub(super) fn of(has_responses: bool, flows: &[&FlowOutcome]) -> Self {
        let counted = flows.iter().map(|flow| flow.transactions).sum();
        let together = |which: fn(&FlowOutcome) -> Option<&Latencies>| {
            Latencies::merged(flows.iter().filter_map(|flow| which(flow)))
        };
        Self {
            transactions: has_responses.then_some(counted),
            latency: together(|flow| flow.latency.as_ref()).and_then(Latency::of),
            lateness: together(|flow| flow.lateness.as_ref()).and_then(|all| Lateness::of(&all)),
        }
    }

    /// Responses counted as they came over latencies recorded.
    pub(super) fn ratio(&self) -> Option<f64> {
        let recorded = self.latency.as_ref()?.count;
        Some(self.transactions? as f64 / recorded as f64)
    }
}
