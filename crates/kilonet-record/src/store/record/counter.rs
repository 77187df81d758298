//! What kernels count of what goes wrong, by name: the one list of counters that phases and containers are watched by.
//!
//! Must not know where a kernel says them (`src/host/counters` of the tool does), nor what they mean for a trial. The invariant: a
//! counter that nobody could read is absent, which is not 0; one that a newer kilonet knows is passed over.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::factors::Factor;
use crate::factors::factor::factor;

factor!(
    /// A counter.
    Counter, "counter" {
        /// Packets dropped because a CPU's backlog was full (`softnet_stat`, second column).
        BacklogDrops = "backlog_drops",
        /// Times the softirq budget ran out (`softnet_stat`, third column).
        SoftirqSqueezes = "softirq_squeezes",
        /// Times the neighbour table of either family was full (`table_fulls` of `/proc/net/stat/arp_cache` and `ndisc_cache`).
        NeighbourOverflows = "neighbour_overflows",
        /// Connections that could not be entered into the connection table (`insert_failed`).
        ConntrackInsertFailed = "conntrack_insert_failed",
        /// Packets dropped as there was no room for their connection (`drop`).
        ConntrackDrops = "conntrack_drops",
        /// Connections taken out of the table to make room (`early_drop`).
        ConntrackEarlyDrops = "conntrack_early_drops",
        /// Connections that found a listener's queue of accepted ones full (`ListenOverflows`).
        ListenOverflows = "listen_overflows",
        /// First packets of connections that a listener dropped, for whatever reason (`ListenDrops`).
        ListenDrops = "listen_drops",
        /// First packets of connections that were sent again (`TCPSynRetrans`).
        SynRetransmits = "syn_retransmits",
        /// Segments sent again (`RetransSegs`).
        Retransmits = "retransmits",
        /// Times the timer for sending again ran out (`TCPTimeouts`).
        TcpTimeouts = "tcp_timeouts",
        /// Times TCP's memory came under pressure (`TCPMemoryPressures`).
        TcpMemoryPressures = "tcp_memory_pressures",
        /// Times a receive queue was pruned for lack of memory (`PruneCalled`).
        TcpPruned = "tcp_pruned",
        /// Segments dropped as pruning had not been enough (`RcvPruned`).
        TcpReceivePruned = "tcp_receive_pruned",
        /// Connections ended as there was no memory for them (`TCPAbortOnMemory`).
        TcpAbortsOnMemory = "tcp_aborts_on_memory",
        /// Datagrams dropped as a receiver's buffer was full (`RcvbufErrors` of either family).
        UdpReceiveBufferErrors = "udp_receive_buffer_errors",
        /// Datagrams that found no room in a sender's buffer (`SndbufErrors` of either family).
        UdpSendBufferErrors = "udp_send_buffer_errors",
        /// Datagrams dropped as UDP's memory had run out (`MemErrors` of either family).
        UdpMemoryErrors = "udp_memory_errors",
        /// Periods in which a container, or in phases kilonet itself, was held back as its CPU quota was used up (`nr_throttled` of its
        /// control group).
        ThrottledPeriods = "throttled_periods",
        /// Processes of containers that the kernel killed for lack of memory (`oom_kill` of their control groups).
        OomKills = "oom_kills",
    }
);

/// Counters and what they counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Counts(BTreeMap<Counter, u64>);

impl Counts {
    /// What a counter counted; absent where nobody could read it.
    #[must_use]
    pub fn of(&self, counter: Counter) -> Option<u64> {
        self.0.get(&counter).copied()
    }

    /// Says what a counter counted.
    pub fn put(&mut self, counter: Counter, number: u64) {
        self.0.insert(counter, number);
    }

    /// Each with its number, in the order of the list.
    pub fn iter(&self) -> impl Iterator<Item = (Counter, u64)> + '_ {
        self.0.iter().map(|(counter, number)| (*counter, *number))
    }

    /// Both together, of the counters that both have: of two phases of which one was not read, the sum is not known.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let both = self
            .iter()
            .filter_map(|(counter, number)| Some((counter, number + other.of(counter)?)));
        both.collect()
    }

    /// Both together, of the counters that either has: of two places that have counters of their own.
    #[must_use]
    pub fn beside(&self, other: &Self) -> Self {
        let mut sum = self.clone();
        for (counter, number) in other.iter() {
            *sum.0.entry(counter).or_default() += number;
        }
        sum
    }

    /// What each grew by; of the counters that both readings have, and never less than 0.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let grown = self
            .iter()
            .filter_map(|(counter, now)| Some((counter, now.saturating_sub(earlier.of(counter)?))));
        grown.collect()
    }
}

impl FromIterator<(Counter, u64)> for Counts {
    fn from_iter<I: IntoIterator<Item = (Counter, u64)>>(counts: I) -> Self {
        Self(counts.into_iter().collect())
    }
}

impl<'de> Deserialize<'de> for Counts {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Known)
    }
}

/// Takes the counters that are known here from among a record's fields.
struct Known;

impl<'de> Visitor<'de> for Known {
    type Value = Counts;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("counters and their numbers")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Counts, A::Error> {
        let mut counts = Counts::default();
        while let Some(name) = map.next_key::<String>()? {
            match Counter::ALL.iter().find(|it| it.word() == name) {
                Some(counter) => counts.put(*counter, map.next_value()?),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(numbers: &[(Counter, u64)]) -> Counts {
        numbers.iter().copied().collect()
    }

    #[test]
    fn each_counter_is_written_by_its_word_and_one_of_a_newer_kilonet_is_passed_over() {
        let all: Counts = Counter::ALL.iter().map(|counter| (*counter, 7)).collect();
        let mut text = serde_json::to_value(&all).unwrap();
        for counter in Counter::ALL {
            assert_eq!(text[counter.word()], 7, "{counter}");
        }
        text["invented_drops"] = serde_json::json!({"more": 1});
        assert_eq!(serde_json::from_value::<Counts>(text).unwrap(), all);
    }

    #[test]
    fn what_one_of_two_lacks_is_not_known_of_their_sum_and_is_the_others_where_they_are_two_places()
    {
        use Counter::{BacklogDrops, ListenDrops};
        let (one, two) = (
            counts(&[(BacklogDrops, 5), (ListenDrops, 1)]),
            counts(&[(BacklogDrops, 2)]),
        );
        assert_eq!(one.plus(&two), counts(&[(BacklogDrops, 7)]));
        assert_eq!(one.since(&two), counts(&[(BacklogDrops, 3)]));
        assert_eq!(two.since(&one), counts(&[(BacklogDrops, 0)]));
        assert_eq!(
            one.beside(&two),
            counts(&[(BacklogDrops, 7), (ListenDrops, 1)])
        );
    }
}
