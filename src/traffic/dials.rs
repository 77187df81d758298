//! The dials: what anybody may read of a trial's flows while they run.
//!
//! Must not know who reads, nor what for. The invariant: reading writes nothing, takes no lock and keeps nothing alive, so the
//! flows and their controlling thread cannot tell whether anybody looks.

use std::sync::{Arc, Weak};

use super::flow::{Role, place};
use super::ledger::Ledger;

/// A handle on the counters that the flows of one trial publish. Clones read the same ones.
#[derive(Debug, Clone)]
pub struct Dials {
    /// The trial's own, which go with it.
    ledger: Weak<Ledger>,
    /// Of each flow, its pair.
    pairs: Arc<[u32]>,
}

impl Dials {
    /// For the flows of a ledger, given the pair of each in their order.
    pub(super) fn new(ledger: &Arc<Ledger>, pairs: impl Iterator<Item = u32>) -> Self {
        Self {
            ledger: Arc::downgrade(ledger),
            pairs: pairs.collect(),
        }
    }

    /// The payload that each pair's flows have delivered so far, at either end, in bytes, by the number of the pair; absent
    /// once the trial has ended.
    #[must_use]
    pub fn bytes_by_pair(&self) -> Option<Vec<u64>> {
        let ledger = self.ledger.upgrade()?;
        let pairs = self.pairs.iter().max().map_or(0, |last| *last as usize + 1);
        let mut bytes = vec![0; pairs];
        for (flow, pair) in self.pairs.iter().enumerate() {
            let ends = [Role::Client, Role::Server].map(|role| place(flow, role));
            bytes[*pair as usize] += ends
                .map(|end| ledger.counter(end).received.read())
                .iter()
                .sum::<u64>();
        }
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::flow::places;

    #[test]
    fn the_streams_of_a_pair_add_up_until_the_trial_ends() {
        let ledger = Ledger::create(places(3)).unwrap();
        let dials = Dials::new(&ledger, [0, 1, 1].into_iter());
        let received = |flow, role, bytes| ledger.counter(place(flow, role)).received.add(bytes);
        received(0, Role::Server, 5);
        received(1, Role::Server, 7);
        received(2, Role::Server, 11);
        received(2, Role::Client, 13);
        ledger.counter(place(0, Role::Client)).sent.add(100);
        assert_eq!(dials.bytes_by_pair(), Some(vec![5, 31]));
        drop(ledger);
        assert_eq!(dials.bytes_by_pair(), None);
    }
}
