//! What a window showed of streams at a rate: what each pair was offered, and what it got.
//!
//! The invariant: what was due counts as offered, be it sent or not, and of a flow that never came up as well.

use std::collections::BTreeMap;

use super::classes::bps;
use crate::scenario::Cell;
use crate::store::record::{KEPT, Pacing};
use crate::traffic::FlowOutcome;
use crate::units::{BitsPerSecond, counted};

/// Bytes of a pair in the window.
#[derive(Debug, Clone, Copy, Default)]
struct Share {
    /// What was due.
    offered: f64,
    /// What its receivers took.
    achieved: f64,
    /// What may lie across the window's edges: a message of each flow.
    slack: f64,
}

impl Share {
    fn is_kept(self) -> bool {
        self.achieved + self.slack >= KEPT * self.offered
    }

    /// What it got over what it was offered; whole where nothing was due.
    fn ratio(self) -> f64 {
        if self.offered > 0.0 {
            self.achieved / self.offered
        } else {
            1.0
        }
    }
}

/// Of the flows that do the cell's own workload; absent where that has no rate in bits a second.
pub(super) fn of(cell: &Cell, flows: &[&FlowOutcome], seconds: f64) -> Option<Pacing> {
    let rate_bps = cell.load.rate_bps?;
    let mut pairs = BTreeMap::<u32, Share>::new();
    for flow in flows {
        let message = f64::from(flow.plan.orders.message_bytes);
        // A client that never came up, or is gone, has not told what was due: its rate says it.
        let by_rate = rate_bps as f64 / 8.0 * seconds;
        let share = pairs.entry(flow.plan.pair).or_default();
        share.offered += flow.due.map_or(by_rate, |due| due as f64 * message);
        share.achieved += flow.window_bytes as f64;
        share.slack += message;
    }
    let count = |kept| {
        let those = pairs.values().filter(|share| share.is_kept() == kept);
        u32::try_from(those.count()).unwrap_or(u32::MAX)
    };
    let ratios = pairs.values().map(|share| share.ratio());
    Some(Pacing {
        offered_bps: pairs.values().map(|share| share.offered).sum::<f64>() * 8.0 / seconds,
        achieved_bps: bps(flows.iter().map(|flow| flow.window_bytes).sum(), seconds),
        kept_pairs: count(true),
        missed_pairs: count(false),
        least_ratio: ratios.fold(f64::INFINITY, f64::min).min(1e12),
    })
}

/// What a reader should be told where pairs did not keep their rate.
pub(super) fn warning(cell: &Cell, pacing: Option<Pacing>) -> Option<String> {
    let of = pacing.filter(|of| of.missed_pairs > 0)?;
    let rate = BitsPerSecond(cell.load.rate_bps? as f64);
    let all = counted(of.kept_pairs + of.missed_pairs, "pair");
    Some(format!(
        "{} of {all} did not keep the rate of {rate} for each flow: the slowest got {:.0} % of what it was offered",
        of.missed_pairs,
        of.least_ratio * 100.0
    ))
}
