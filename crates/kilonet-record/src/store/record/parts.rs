//! The parts of a record that every measured trial has: its window, what crossed in it, what that took, and its witnesses.

use serde::{Deserialize, Serialize};

use crate::factors::is_default;

/// How a trial ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It was measured. (Whether the figures may be shown is [`Checks::valid`].)
    Ok,
    /// It was not; see [`Record::error`].
    Failed,
}

/// The one interval, the same for every flow, in which bytes count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Start, in nanoseconds since 1970 UTC by the system's clock.
    pub start_unix_ns: u64,
    /// Length, by the monotonic clock.
    pub duration_ns: u64,
    /// The longer of the times the two edge snapshots took: by how much two flows' windows can differ.
    pub skew_ns: u64,
}

/// All flows together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Aggregate {
    /// Payload delivered to receivers in the window, in bits a second; responses included.
    pub goodput_bps: f64,
    /// Requests a second whose response came in the window; absent for workloads without.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub transactions_per_s: Option<f64>,
    /// Datagrams a second that receivers took; absent for other workloads.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub datagrams_per_s: Option<f64>,
    /// The share of datagrams that was lost, from 0 to 1; absent for other workloads, and where there were none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub loss_ratio: Option<f64>,
}

/// The distribution of goodput over pairs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PerPair {
    /// The slowest pair.
    pub min_bps: f64,
    /// 5th percentile.
    pub p5_bps: f64,
    /// Median.
    pub p50_bps: f64,
    /// 95th percentile.
    pub p95_bps: f64,
    /// The fastest pair.
    pub max_bps: f64,
    /// Jain's fairness index, 1/n (one pair has all) to 1 (all equal).
    pub jain: f64,
    /// Pairs that moved no byte in the window.
    pub starved: u32,
}

/// CPU time of the whole machine over the window, in nanoseconds summed over CPUs, from `/proc/stat`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cpu {
    /// User mode, niced included.
    pub user_ns: u64,
    /// Kernel mode, interrupts excluded.
    pub system_ns: u64,
    /// Hard and soft interrupts, where most of the network's receive path runs.
    pub softirq_ns: u64,
    /// Taken by the hypervisor for others.
    pub steal_ns: u64,
    /// Idle, waiting for I/O included.
    pub idle_ns: u64,
    /// (user + system + softirq) / payload bytes; absent when no byte moved.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ns_per_byte: Option<f64>,
    /// The same over the transactions; absent for workloads without, beside pairs that do something else than ask, and when
    /// there was none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ns_per_transaction: Option<f64>,
    /// User-mode time of kilonet itself over the window, and of the processes that it has in containers.
    pub own_user_ns: u64,
    /// User and kernel time of other user processes over the window.
    pub foreign_ns: u64,
}

/// What raising and removing the lab took.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LabCost {
    /// From the first act until the lab is ready.
    pub setup_ns: u64,
    /// From the first close to the barrier, when the kernel has destroyed everything; absent when it was not reached.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub teardown_ns: Option<u64>,
    /// Set-up by phase; phases that run side by side overlap, so they may add up to more than the whole. Absent where
    /// they are not known: an engine does not tell.
    #[serde(skip_serializing_if = "is_default", default)]
    pub phases_ns: Phases,
    /// Growth of the kernel's memory (slab, per-CPU, page tables, stacks, vmalloc) over the containers; absent
    /// when it did not grow.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kernel_bytes_per_container: Option<u64>,
}

/// Time spent in each phase of set-up, in nanoseconds of wall time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phases {
    /// Creating namespaces.
    pub netns: u64,
    /// Creating and raising links.
    pub links: u64,
    /// Addresses and routes.
    pub addresses: u64,
    /// Permanent neighbour entries.
    pub neighbours: u64,
    /// Rules.
    pub firewall: u64,
    /// Control groups, and processes in them; only where containers have their own.
    #[serde(skip_serializing_if = "is_default", default)]
    pub processes: u64,
}

/// The second witnesses of a trial's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Checks {
    /// Payload counted by the receiving interfaces (their bytes less the headers of their packets) over bytes counted at the
    /// sockets meanwhile, for the flows whose interfaces were read: those received, or of streams of datagrams those sent. Absent
    /// when none could be.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub interface_bytes_ratio: Option<f64>,
    /// Bytes that lay unread in the same receivers' queues at the end, over the bytes they read in the window: the interfaces
    /// have counted them and the sockets not yet, so the two may differ by as much.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unread_ratio: Option<f64>,
    /// Bytes `TCP_INFO` says were received and bytes left unread, against bytes counted, over the flows' whole life.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tcp_info_bytes_ratio: Option<f64>,
    /// Responses counted as they came over latencies recorded; absent for workloads without.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub transactions_ratio: Option<f64>,
    /// Datagrams received or found missing over those sent in the window; absent for other workloads.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub datagrams_ratio: Option<f64>,
    /// Whether the witnesses agree, so that the figures may be shown as values.
    pub valid: bool,
}

/// Kernel counters over the window; absent where the kernel does not have them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Segments retransmitted by the senders over the flows' life.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub retransmits: Option<u64>,
    /// Packets dropped because a CPU's backlog was full (`softnet_stat`, second column).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub backlog_drops: Option<u64>,
    /// Datagrams, or trains of them, that were dropped at receivers' sockets over the flows' life, as there was no room
    /// (`SO_MEMINFO`); absent for TCP.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub socket_drops: Option<u64>,
    /// Times the softirq budget ran out (`softnet_stat`, third column).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub softirq_squeezes: Option<u64>,
    /// Neighbour table overflows of the lab's namespaces.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub neighbour_overflows: Option<u64>,
    /// Containers in which the four that follow were read, a sample, where rules are in these; on the host sides where
    /// absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub conntrack_containers: Option<u32>,
    /// Connections tracked there at the end of the window.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub conntrack_entries: Option<u64>,
    /// Connections that could not be entered there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub conntrack_insert_failed: Option<u64>,
    /// Packets dropped for it there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub conntrack_drops: Option<u64>,
    /// Connections taken out there to make room.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub conntrack_early_drops: Option<u64>,
    /// Pages of TCP's memory pool in use at the end of the window.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tcp_memory_pages: Option<u64>,
    /// Pages at which TCP's pool comes under pressure (`tcp_mem`, second figure).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tcp_memory_pressure_pages: Option<u64>,
}

/// The aggregate over the window in equal intervals.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Samples {
    /// The length asked for; each sample's rate is over its own measured length.
    pub interval_ns: u64,
    /// Goodput of each interval, first to last.
    pub goodput_bps: Vec<f64>,
}
