//! Why the kernel drops packets: counted by the kernel itself, reason by reason, where its tracepoint `skb:kfree_skb` says that one was.
//!
//! A packet that was delivered is not told of there. Samples of perf were tried first: 50,000 to 160,000 records a second with 1,000
//! containers, which somebody must read while a window is open. A program of 16 instructions in the kernel counts all of them, for
//! less than that costs, and is read between phases alone.
//!
//! Must not know trials. The invariant: nothing is left out of the count; what is of no reason that the kernel lists is counted as
//! such.

mod counting;
mod reasons;

use std::fmt;
use std::io;

use counting::Counting;
use reasons::Reasons;

use crate::error::{Error, Remedy, Result};

/// What the kernel of the whole machine drops, from when it was opened until this is gone.
pub struct Drops {
    counting: Counting,
    reasons: Reasons,
}

/// How many packets had been dropped at an instant, by reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally(Vec<u64>);

impl Drops {
    /// Begins to count.
    ///
    /// # Errors
    /// `EPERM` without `CAP_BPF` and `CAP_PERFMON` over the machine; `ENOENT` on a kernel that does not describe its types (BTF);
    /// `Unsupported` on one that tells no reason (before Linux 5.17).
    pub fn open() -> Result<Self> {
        let reasons = Reasons::find().map_err(refusal)?;
        let counting = Counting::start(reasons.argument, reasons.names.len()).map_err(refusal)?;
        Ok(Self { counting, reasons })
    }

    /// What has been counted so far; absent where that may not be read any more: Linux 5.17 refuses it to whoever has given its
    /// rights up.
    #[must_use]
    pub fn read(&self) -> Option<Tally> {
        let mut counted = self.counting.read().ok()?;
        // They came while another was being counted on the same CPU, and nobody knows why they were dropped.
        *counted.last_mut()? += self.counting.missed().ok()?;
        Some(Tally(counted))
    }

    /// The packets that were dropped from an earlier reading to a later one, by reasons, of which none is without packets.
    pub fn between(&self, earlier: &Tally, later: &Tally) -> impl Iterator<Item = (&str, u64)> {
        let grown = later.0.iter().zip(&earlier.0);
        let grown = grown.map(|(now, before)| now.saturating_sub(*before));
        let grown: Vec<_> = grown.collect();
        let names = self.reasons.names.iter().map(String::as_str);
        names.zip(grown).filter(|(_, packets)| *packets > 0)
    }
}

impl fmt::Debug for Drops {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reasons = self.reasons.names.len();
        out.debug_struct("Drops")
            .field("reasons", &reasons)
            .finish_non_exhaustive()
    }
}

pub(crate) fn refusal(source: io::Error) -> Error {
    Error::kernel("trace", "the packets that the kernel drops", source)
        .with_remedy(Remedy::TraceDrops)
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;
    use crate::lab::tests::kernel;

    /// Sends so many datagrams to a socket that reads none of them, and says how many found no room.
    fn flood(sent: usize) -> u64 {
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket2::SockRef::from(&receiver)
            .set_recv_buffer_size(4096)
            .unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        let there = receiver.local_addr().unwrap();
        for _ in 0..sent {
            sender.send_to(&[0; 1000], there).unwrap();
        }
        receiver.set_nonblocking(true).unwrap();
        let held = std::iter::from_fn(|| receiver.recv(&mut [0; 1000]).ok()).count();
        (sent - held) as u64
    }

    #[test]
    fn datagrams_that_find_no_room_are_counted_for_that_reason_and_each_of_them() {
        let Some(_alone) = kernel() else { return };
        let drops = match Drops::open() {
            Ok(drops) => drops,
            Err(error) => return eprintln!("SKIPPED: {}", error.sentence()),
        };
        for sent in [50, 20_000] {
            let before = drops.read().unwrap();
            let missed = flood(sent);
            let after = drops.read().unwrap();
            let full = drops
                .between(&before, &after)
                .find(|(reason, _)| *reason == "SOCKET_RCVBUFF");
            let (_, packets) = full.expect("some were dropped");
            // Others on the machine may drop some meanwhile.
            let others = packets.checked_sub(missed);
            assert!(others < Some(20), "{packets} for {missed}");
        }
    }
}
