//! The record of one trial: a line of `trials.jsonl`, the contract with every reader, ours and others'.
//!
//! Names carry their units. A field that does not apply is absent, never zero; a failed trial is a record with an error.

mod bounds;
mod class;
mod containers;
mod datagrams;
mod effective;
mod gauge;
mod generator;
mod latency;
mod noise;
mod rows;
mod search;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::factors::Cell;
use crate::factors::cell::is_default;
use crate::store::version::{Build, Version};
use crate::store::{Role, TrialId, Turn};

pub(super) use bounds::Impossible;
pub use class::Class;
pub use containers::{PerContainer, Spread};
pub use datagrams::{Batched, DatagramCounts};
pub use effective::{Confinement, CountedBy, Effective, Forwarder};
pub use generator::{GeneratedDatagrams, Generator, ProgramOutput};
pub use latency::{Latency, Lateness};
pub use noise::{Noise, standing};
pub use rows::{ContainerRow, FlowRow, Rows};
pub use search::{RateSearch, SearchStep};

/// The schema this code writes, and the newest it reads.
pub const SCHEMA: u32 = 1;

/// One trial, as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Version of this layout.
    pub schema: u32,
    /// The trial's id, unique in the run: `bridge-ipv4-none-c128-r0`.
    pub trial: TrialId,
    /// Which repetition of the cell, from 0; also the number of its randomised block.
    pub repeat: u32,
    /// Whether there is anything to read below.
    pub status: Status,
    /// What the trial is for; absent for one of the sweep itself.
    #[serde(skip_serializing_if = "is_default", default)]
    pub role: Role,
    /// Whether it was run as others had disturbed the first trial of its cell in the block.
    #[serde(skip_serializing_if = "is_default", default)]
    pub again: bool,
    /// The machine and kernel it was run on, in words; absent in records of earlier versions.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub machine: Option<String>,
    /// The version of kilonet that ran it; absent in records of earlier versions.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version: Option<String>,
    /// What that was made of; absent likewise.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub build: Option<Build>,
    /// The factors.
    pub cell: Cell,
    /// The common window.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub window: Option<Window>,
    /// All flows together.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub aggregate: Option<Aggregate>,
    /// The distribution over the pairs that do the cell's workload.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub per_pair: Option<PerPair>,
    /// How long requests took; absent for workloads without.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub latency: Option<Latency>,
    /// How late requests were sent; absent where they have no times of their own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lateness: Option<Lateness>,
    /// The pairs by what they do; only where they do not all do the same.
    #[serde(skip_serializing_if = "is_default", default)]
    pub classes: Vec<Class>,
    /// The machine's CPU over the window.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cpu: Option<Cpu>,
    /// What the processes of the containers used; absent where containers have none of their own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub per_container: Option<PerContainer>,
    /// What raising and removing the lab took.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lab: Option<LabCost>,
    /// The second witnesses.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub checks: Option<Checks>,
    /// Kernel counters over the window.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub counters: Option<Counters>,
    /// What became of the flows.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub flows: Option<FlowCounts>,
    /// The aggregate over the window in equal intervals.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub samples: Option<Samples>,
    /// What took effect, where it may differ from what the cell asks for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub effective: Option<Effective>,
    /// What somebody else's generators say of themselves; absent where the flows were ours.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub generator: Option<Generator>,
    /// Who else was at work; absent where nothing is known of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub noise: Option<Noise>,
    /// How the rate was found; only where it was looked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub search: Option<RateSearch>,
    /// Why the trial failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<Failure>,
    /// Sentences a reader should see beside the figures.
    #[serde(default)]
    pub warnings: Vec<String>,
}

impl Record {
    /// Which trial of its plan it is of.
    #[must_use]
    pub fn turn(&self) -> Turn<'_> {
        Turn {
            cell: &self.cell,
            repeat: self.repeat,
            again: self.again,
        }
    }

    /// The kilonet that ran it; absent where it does not say.
    #[must_use]
    pub fn made_by(&self) -> Option<Version> {
        Some(Version {
            number: self.version.clone()?,
            build: self.build.clone(),
        })
    }

    /// A trial of the sweep with its name and factors, and nothing measured yet.
    #[must_use]
    pub fn blank(trial: TrialId, repeat: u32, cell: Cell) -> Self {
        Self {
            schema: SCHEMA,
            trial,
            repeat,
            status: Status::Ok,
            role: Role::Cell,
            again: false,
            machine: None,
            version: None,
            build: None,
            cell,
            window: None,
            aggregate: None,
            per_pair: None,
            latency: None,
            lateness: None,
            classes: Vec::new(),
            cpu: None,
            per_container: None,
            lab: None,
            checks: None,
            counters: None,
            flows: None,
            samples: None,
            effective: None,
            generator: None,
            noise: None,
            search: None,
            error: None,
            warnings: Vec::new(),
        }
    }
}

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
    /// From the first act to the lab being ready.
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
    /// Segments sent again by the senders over the flows' life.
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

/// What became of the trial's flows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "datagrams::Read")]
pub struct FlowCounts {
    /// Flows the cell asks for.
    pub expected: u32,
    /// Flows that connected.
    pub connected: u32,
    /// Flows that ended with an error before the window did.
    pub died: u32,
    /// Flows that moved no byte in the window though they were connected and alive.
    pub stalled: u32,
    /// Requests that were given up in the window, because no response came.
    #[serde(skip_serializing_if = "is_default", default)]
    pub lost_requests: u64,
    /// Their datagrams; absent for other workloads.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub datagrams: Option<DatagramCounts>,
}

/// The aggregate over the window in equal intervals.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Samples {
    /// The length asked for; each sample's rate is over its own measured length.
    pub interval_ns: u64,
    /// Goodput of each interval, first to last.
    pub goodput_bps: Vec<f64>,
}

/// Why a trial failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What was being done.
    pub act: String,
    /// To what.
    pub object: String,
    /// The kernel's error by name (`EXFULL`), where the kernel is who refused.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub errno: Option<String>,
    /// Why, where kilonet is who refused.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// What the user can do about it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hint: Option<String>,
}

impl Failure {
    /// The act, the object, and who refused it why: `add port v01024 to bridge br0: EXFULL`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let why = self.reason.as_deref().or(self.errno.as_deref());
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        format!("{} {}{why}", self.act, self.object)
    }
}

impl Failure {
    /// What an error comes to, whose number the caller has a name for.
    #[must_use]
    pub fn of(error: &Error, name: impl FnOnce(i32) -> String) -> Self {
        let (act, object, reason) = match error {
            Error::Kernel { act, object, .. } => (act.to_string(), object.clone(), None),
            Error::Refused {
                act,
                object,
                reason,
                ..
            } => (act.clone(), object.clone(), Some(reason.clone())),
            other => (
                "run".to_owned(),
                "the trial".to_owned(),
                Some(other.to_string()),
            ),
        };
        let errno = error.errno().map(name);
        Self {
            act,
            object,
            errno,
            reason,
            hint: error.hint(),
        }
    }
}
