//! Why the kernel dropped packets in a trial, phase by phase.
//!
//! Must not know how that is counted. The invariant: where one reading is missing, nothing is told, as a part would pass for the
//! whole.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::host::watching::{Drops, Tally};
use crate::store::record::{DroppedPackets, TrialPhase};

/// See the file's head.
#[derive(Debug, Default)]
pub(super) struct Dropped {
    /// As the phase that goes on began.
    last: Option<Tally>,
    /// Absent where nobody could read all of it.
    packets: Option<Packets>,
}

/// By phase and reason.
type Packets = BTreeMap<(TrialPhase, String), u64>;

impl Dropped {
    /// A phase begins, and another ends but before the first.
    pub(super) fn turn(&mut self, drops: &Drops, ends: Option<TrialPhase>) {
        let now = drops.read();
        let both = self.last.as_ref().zip(now.as_ref());
        self.packets = match ends {
            None => now.as_ref().map(|_| Packets::new()),
            Some(phase) => self
                .packets
                .take()
                .zip(both)
                .map(|(mut packets, (last, now))| {
                    for (reason, more) in drops.between(last, now) {
                        *packets.entry((phase, reason.to_owned())).or_default() += more;
                    }
                    packets
                }),
        };
        self.last = now;
    }

    /// As a record has them: phases in their order, and of each the most frequent reason first.
    pub(super) fn told(self) -> Option<Vec<DroppedPackets>> {
        let each = self.packets?.into_iter();
        let each = each.map(|((phase, reason), packets)| DroppedPackets {
            phase,
            reason,
            packets,
        });
        let mut all: Vec<_> = each.collect();
        all.sort_by_key(|of| (of.phase, Reverse(of.packets)));
        Some(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_are_in_their_order_and_the_most_frequent_reason_of_each_comes_first() {
        let packets = [
            (TrialPhase::Window, "A", 1),
            (TrialPhase::Window, "B", 2),
            (TrialPhase::Setup, "C", 1),
        ];
        let packets = packets.map(|(phase, reason, number)| ((phase, reason.to_owned()), number));
        let dropped = Dropped {
            last: None,
            packets: Some(packets.into()),
        };
        let told = dropped.told().unwrap();
        let reasons: Vec<_> = told.iter().map(|of| of.reason.as_str()).collect();
        assert_eq!(reasons, ["C", "B", "A"]);
        assert_eq!(Dropped::default().told(), None);
    }
}
