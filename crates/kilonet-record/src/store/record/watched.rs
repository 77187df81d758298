//! The parts of a record that say what was seen outside of the figures: in containers, in the connection table, in the kernel's log,
//! and on each CPU.
//!
//! Must not know who reads it. The invariant: what was not read is absent, and a part of many says how many of how many.

use serde::{Deserialize, Serialize};

use super::counter::Counts;
use super::phases::TrialPhase;

/// What containers' own namespaces and control groups counted until their flows had ended, from their beginning, or where they were
/// there before from that of the trial: read once then, after the window, in those whose flows failed and in an even sample of 64 of the others. What several containers share is counted once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// Containers that were read in.
    pub containers: u32,
    /// Of so many that talk.
    pub of: u32,
    /// Containers among them whose flows failed, all of which are read.
    #[serde(default)]
    pub failing: u32,
    /// Closed connections that still keep their ports in the namespace that has most of them (`TIME_WAIT`); absent where nobody could
    /// read it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub time_wait: Option<u64>,
    /// Their sums.
    #[serde(flatten)]
    pub counts: Counts,
}

/// Namespaces of the host side that were read at the edges of phases: all of them, or an even sample of up to 16. What `phases` counts of
/// host sides is of these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostSides {
    /// That were read; none where they are somebody else's and may not be.
    pub read: u32,
    /// Of so many that there are.
    pub of: u32,
}

/// The connection table of a namespace that rules are in: each namespace has a table of its own, and this is the one that held the
/// most as the window ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackedConnections {
    /// Connections in it as the window began.
    pub before: u64,
    /// As it ended.
    pub after: u64,
    /// How many it holds at most (`nf_conntrack_max`). The kernel has one figure for all namespaces, and counts in each apart.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub max: Option<u64>,
    /// How long a closed connection stays in it (`nf_conntrack_tcp_timeout_time_wait`), in seconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub closed_stay_s: Option<u64>,
}

/// What watching took of the machine: reading counters at the edges of phases, those of the containers after the window, and the
/// kernel's log. What is read of the machine for the figures of the window itself is not in it, and neither is that the kernel counts
/// the packets that it drops (`drops`), in the window too: some tens of nanoseconds each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchingCost {
    /// CPU time in the whole trial, in nanoseconds. None of it is in the window.
    pub cpu_ns: u64,
    /// Time by which it made the trial longer, in nanoseconds.
    pub wall_ns: u64,
}

/// A line that the kernel logged while a trial went on, and lines like it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    /// When the first of them came.
    pub phase: TrialPhase,
    /// Seconds from the opening of the window until the first; negative before it, absent where no window was opened.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub window_s: Option<f64>,
    /// The first line, as the kernel wrote it.
    pub line: String,
    /// How many lines are like it, numbers aside. The kernel leaves out some of those that come too often.
    pub lines: u32,
}

/// What one CPU did in the window, in nanoseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CpuShare {
    /// Its number.
    pub cpu: u32,
    /// User mode, niced included.
    pub user_ns: u64,
    /// Kernel mode, interrupts excluded.
    pub system_ns: u64,
    /// Hard and soft interrupts.
    pub softirq_ns: u64,
    /// Idle, waiting for I/O included.
    pub idle_ns: u64,
}

/// Packets that the kernel dropped for the same reason in the same phase, on the whole machine: labs' and everybody else's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DroppedPackets {
    /// When.
    pub phase: TrialPhase,
    /// The kernel's name of the reason, without `SKB_DROP_REASON_`: `CPU_BACKLOG`. `NOT_SPECIFIED` is what the kernel has no reason for;
    /// `other` what is of a list that a part of the kernel has of its own.
    pub reason: String,
    /// How many: all were counted.
    pub packets: u64,
}
