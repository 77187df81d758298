//! What a window showed of streams of datagrams.

use crate::store::record::{Batched, DatagramCounts};
use crate::traffic::{self, FlowOutcome};

/// The datagrams of some flows together.
#[derive(Debug, Default)]
pub(super) struct Datagrams {
    /// What became of them; absent where no flow has any.
    pub(super) counts: Option<DatagramCounts>,
    /// How many a call moved.
    pub(super) batched: Option<Batched>,
    /// Dropped at receivers' sockets, where the kernel says.
    pub(super) socket_drops: Option<u64>,
    /// The share of those that were due which were not sent, as it was too late for them.
    left_out: Option<f64>,
    /// Whether a receiver has seen more than its sender has sent.
    pub(super) out_of_nothing: bool,
}

impl Datagrams {
    pub(super) fn of(flows: &[&FlowOutcome]) -> Self {
        let all = flows.iter().filter_map(|flow| flow.datagrams);
        if all.clone().next().is_none() {
            return Self::default();
        }
        let sum = |of: fn(&traffic::Datagrams) -> u64| -> u64 {
            all.clone().map(|datagrams| of(&datagrams)).sum()
        };
        let drops = flows.iter().filter_map(|flow| flow.socket_drops);
        let left_out: u64 = flows.iter().map(|flow| flow.left_out).sum();
        let (sent, received) = (sum(|it| it.sent), sum(|it| it.received));
        Self {
            counts: Some(DatagramCounts {
                datagrams_sent: sent,
                datagrams_received: received,
                lost_datagrams: sum(|it| it.lost),
                reordered: sum(|it| it.reordered),
                duplicates: sum(|it| it.duplicates),
                left_out_datagrams: left_out,
            }),
            batched: Some(Batched {
                per_send: ratio(sent, sum(|it| it.sends)),
                per_receive: ratio(received, sum(|it| it.receives)),
            }),
            socket_drops: drops.reduce(|one, other| one + other),
            left_out: ratio(left_out, left_out + sent),
            out_of_nothing: flows.iter().any(|flow| is_out_of_nothing(flow)),
        }
    }

    /// Datagrams received or missed over those sent.
    pub(super) fn ratio(&self) -> Option<f64> {
        let counts = self.counts?;
        let known = counts.datagrams_received + counts.lost_datagrams;
        ratio(known, counts.datagrams_sent)
    }

    /// Datagrams received a second, over so many.
    pub(super) fn per_s(&self, seconds: f64) -> Option<f64> {
        Some(self.counts?.datagrams_received as f64 / seconds)
    }

    /// The share that was lost.
    pub(super) fn loss_ratio(&self) -> Option<f64> {
        self.counts?.loss_ratio()
    }

    /// What a reader should be told of them.
    pub(super) fn warning(&self) -> Option<String> {
        let share = self.left_out.filter(|share| *share >= NOTABLE)?;
        Some(format!(
            "{:.1} % of the datagrams that were due were not sent, because the senders were behind: less than the rate was \
             offered",
            share * 100.0
        ))
    }
}

/// A smaller share is not worth a warning.
const NOTABLE: f64 = 0.001;

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Over a flow's whole life no receiver can have taken and missed more than was sent, whatever was lost.
fn is_out_of_nothing(flow: &FlowOutcome) -> bool {
    let life = flow.datagrams_in_life;
    life.is_some_and(|life| life.received + life.lost > life.sent)
}
