//! The rows of a trial in the tables beside its record: what there is too much of for one line.
//!
//! Must not know who reads them. The invariant: a row names its trial, so that tables of several trials can be one file.

use serde::{Deserialize, Serialize};

/// The rows of one trial, for the tables beside the records.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    /// For `flows.csv`.
    pub flows: Vec<FlowRow>,
    /// For `containers.csv`; none where containers have no process of their own.
    pub containers: Vec<ContainerRow>,
}

impl From<Vec<FlowRow>> for Rows {
    fn from(flows: Vec<FlowRow>) -> Self {
        Self {
            flows,
            containers: Vec::new(),
        }
    }
}

/// A row of `flows.csv`: one flow of one trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowRow {
    /// The trial's id.
    pub trial: String,
    /// Pair, from 0.
    pub pair: u32,
    /// Stream of the pair, from 0.
    pub stream: u32,
    /// Container that sends.
    pub client: u32,
    /// Container that receives.
    pub server: u32,
    /// `ok`, `unconnected`, `died` or `stalled`.
    pub status: String,
    /// Payload delivered in the window.
    pub bytes: u64,
    /// The same as a rate.
    pub goodput_bps: f64,
    /// Segments retransmitted over the flow's life; empty when not known.
    pub retransmits: Option<u64>,
    /// Requests whose response came in the window; empty, as are the next three, for workloads without.
    pub transactions: Option<u64>,
    /// Median of how long these took.
    pub p50_ns: Option<u64>,
    /// 99th percentile.
    pub p99_ns: Option<u64>,
    /// The longest.
    pub max_ns: Option<u64>,
    /// Datagrams sent in the window; empty, as are the next four, for other workloads.
    pub datagrams_sent: Option<u64>,
    /// Datagrams received, each once.
    pub datagrams_received: Option<u64>,
    /// Datagrams found missing, as later ones came.
    pub lost_datagrams: Option<u64>,
    /// Datagrams that came after one that was sent later.
    pub reordered: Option<u64>,
    /// Datagrams that came again.
    pub duplicates: Option<u64>,
    /// The error of a flow that is not `ok`; empty otherwise.
    pub error: Option<String>,
    /// Goodput that somebody else's generator says the pair has had, in bits a second; empty where flows were ours.
    pub generator_bps: Option<f64>,
    /// Requests a second that it says were answered; empty likewise.
    pub generator_transactions_per_s: Option<f64>,
}

/// A row of `containers.csv`: one container of one trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerRow {
    /// The trial's id.
    pub trial: String,
    /// Number of the container, from 0.
    pub container: u32,
    /// CPU time in user mode from the reading just before the window to the one just after it; empty, as are the next two,
    /// where the kernel does not say.
    pub cpu_user_ns: Option<u64>,
    /// The same in the kernel.
    pub cpu_system_ns: Option<u64>,
    /// The most memory that was charged to it at once.
    pub memory_peak_bytes: Option<u64>,
}
