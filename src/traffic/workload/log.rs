//! What a client writes down beside its counters: how long requests took, how late they were sent, how many were given up.
//!
//! Must not know what a request is. The invariant: only what ended within the window is written down.

use serde::{Deserialize, Serialize};

use crate::stats::Latencies;
use crate::store::record::UnderWay;

/// What an endpoint has written down; nothing where its workload has nothing of the kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::traffic) struct Log {
    /// From the moment a request was meant to be sent to its whole response, of those that ended within the window.
    pub(in crate::traffic) latency: Option<Latencies>,
    /// From the moment a request was meant to be sent to when it was, where there is a schedule.
    pub(in crate::traffic) lateness: Option<Latencies>,
    /// Requests given up within the window.
    pub(in crate::traffic) lost: u64,
    /// What became of sends without a copy, over the flow's life; of clients that send so.
    pub(in crate::traffic) completions: Option<Completions>,
    /// Bytes received by having them mapped, likewise; of servers that receive so.
    pub(in crate::traffic) mapped_bytes: Option<u64>,
    /// Messages of a schedule that were not sent within the window, as it was too late for them.
    pub(in crate::traffic) left_out: u64,
    /// Messages of a stream that were due within the window, be they sent or not; absent where they have no times.
    pub(in crate::traffic) due: Option<u64>,
    /// Requests with a connection of their own that were meant to be sent before the window closed, and had not ended by then.
    pub(in crate::traffic) under_way: UnderWay,
}

/// What became of sends without a copy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::traffic) struct Completions {
    /// Sends that something is known of.
    pub(in crate::traffic) known: u64,
    /// Those of them whose payload the kernel copied all the same, or refused to take without.
    pub(in crate::traffic) copied: u64,
}
