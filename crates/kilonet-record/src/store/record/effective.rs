//! What took effect in a trial, beside what was asked for.
//!
//! Must not know who finds it out. The invariant: what could not be found out is absent, so records from before a field was
//! thought of still read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Batched;
use crate::factors::is_default;

/// What took effect.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Effective {
    /// Version of the engine that made the containers; absent where there was none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub engine: Option<String>,
    /// What carried flows to published ports; absent where none went by one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub forwarder: Option<Forwarder>,
    /// What counted the bytes of the record; absent where it was the flows' own sockets.
    #[serde(skip_serializing_if = "is_default", default)]
    pub counted_by: CountedBy,
    /// What held back the processes whose sockets the flows were.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub confinement: Option<Confinement>,
    /// Congestion control read back from the sockets.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub congestion: Option<String>,
    /// Send buffer in bytes, as the kernel reports it at the end of the first flow.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub send_buffer_bytes: Option<u64>,
    /// Receive buffer in bytes, likewise.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub receive_buffer_bytes: Option<u64>,
    /// Sends that were to go without a copy and that the kernel copied all the same (`SO_EE_CODE_ZEROCOPY_COPIED`), over those
    /// it has said something of, over the flows' whole life; absent where none was to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub zerocopy_copied_ratio: Option<f64>,
    /// Bytes that receivers had mapped over all they received, likewise; absent where none were to be.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mapped_ratio: Option<f64>,
    /// Connections that may wait to be accepted at the port of the first flow, as the kernel has it; absent where connections last,
    /// and where it does not say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub backlog: Option<u32>,
    /// How many datagrams of a stream calls moved at once; absent for other workloads.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub batch: Option<Batched>,
    /// Sysctls of containers' namespaces, read back before flows connected; absent where none were set.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub namespace_sysctls: Option<SysctlsRead>,
}

/// Sysctls that were read back, and had the values that were asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SysctlsRead {
    /// Containers in whose namespaces they were read: an even sample.
    pub namespaces: u32,
    /// Name, with dots, to value.
    pub values: BTreeMap<String, String>,
}

/// What counts the bytes of a record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CountedBy {
    /// The flows' own sockets.
    #[default]
    Sockets,
    /// The receivers' interfaces, less the headers of their packets.
    Interfaces,
}

/// What held back the processes whose sockets the flows were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// Whether memory was charged to a control group below the root; absent where that could not be seen.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub memory_cgroup: Option<bool>,
    /// Whether system calls passed a filter (seccomp); absent where the kernel has none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seccomp: Option<bool>,
    /// Whether they had `CAP_NET_ADMIN`.
    pub net_admin: bool,
}

/// What carries flows from a published port to a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Forwarder {
    /// The host side's rules: servers see their clients' own ports.
    Rules,
    /// A process on the host side, with connections of its own: servers see other ports.
    Proxy,
    /// Some flows the one, some the other.
    Both,
}

impl Forwarder {
    /// As sentences name it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Rules => "the rules",
            Self::Proxy => "a process",
            Self::Both => "the rules and a process",
        }
    }
}
