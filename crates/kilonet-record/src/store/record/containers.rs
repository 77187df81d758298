//! What the processes of the containers used, where each container has one of its own in control groups of its own.
//!
//! Must not know who reads it. The invariant: the record has the distribution over containers, `containers.csv` a row of each.

use serde::{Deserialize, Serialize};

/// What the processes used, container by container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PerContainer {
    /// Containers with a process.
    pub processes: u32,
    /// CPU time, user and kernel, from the reading just before the window to the one just after it.
    pub cpu_ns: Spread,
    /// The most memory that was charged to a container at once since its process began: the process's, and the kernel's for
    /// it. Absent where the kernel does not say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub memory_peak_bytes: Option<Spread>,
}

/// A distribution over containers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    /// The least.
    pub min: u64,
    /// Median.
    pub p50: u64,
    /// 95th percentile.
    pub p95: u64,
    /// The most.
    pub max: u64,
}
