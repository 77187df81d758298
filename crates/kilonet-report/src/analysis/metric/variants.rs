//! Which metrics there are.
//!
//! Must not know anything of them: each has its row in the table.

use serde::Serialize;

/// A figure that every measured trial has (or lacks), and that is estimated over a cell's repeats. What is to know of each
/// stands in [`METRICS`](super::METRICS), in the same order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Goodput of all flows together, bits a second.
    Goodput,
    /// Aggregate over that of the same block's loopback baseline; 1 is as fast as lo.
    BaselineRatio,
    /// Slowest pair, bits a second.
    PairMin,
    /// 5th percentile of pairs, bits a second.
    PairP5,
    /// Median pair, bits a second.
    PairP50,
    /// 95th percentile of pairs, bits a second.
    PairP95,
    /// Fastest pair, bits a second.
    PairMax,
    /// Jain's index over pairs.
    Jain,
    /// Pairs that moved nothing.
    Starved,
    /// The share of pairs that kept the rate in bits a second that they were offered, from 0 to 1.
    KeptRate,
    /// CPU time of the machine per payload byte, nanoseconds.
    CpuPerByte,
    /// Responses a second, all flows together.
    Transactions,
    /// Median of how long requests took, nanoseconds.
    LatencyP50,
    /// 99th percentile of that.
    LatencyP99,
    /// 99.9th percentile of that.
    LatencyP999,
    /// The share of connections that took longer than 1 s, from 0 to 1.
    #[serde(rename = "above_1s")]
    Above1s,
    /// The share of connections that took longer than 3 s.
    #[serde(rename = "above_3s")]
    Above3s,
    /// CPU time of the machine per response, nanoseconds.
    CpuPerTransaction,
    /// Datagrams a second that receivers took, all flows together.
    Datagrams,
    /// The share of datagrams that was lost, from 0 to 1.
    Loss,
    /// Segments that senders sent again, a second.
    Retransmits,
    /// Set-up, nanoseconds.
    Setup,
    /// Teardown to the barrier, nanoseconds.
    Teardown,
    /// Kernel memory per container, bytes.
    KernelMemory,
}
