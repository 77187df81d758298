//! The part of a record that tells pairs apart by what they do.

use serde::{Deserialize, Serialize};

use super::latency::Latency;
use super::parts::PerPair;
use crate::factors::Workload;

/// The pairs of a trial that did the same, where others did something else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Class {
    /// What they did.
    pub workload: Workload,
    /// Requests or datagrams a second offered to each of their flows; absent for a closed loop, and for workloads without.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rate: Option<u32>,
    /// How many pairs they were.
    pub pairs: u32,
    /// Payload delivered to their receivers in the window, in bits a second; responses included.
    pub goodput_bps: f64,
    /// The distribution over them; absent for pairs that were to say nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub per_pair: Option<PerPair>,
    /// Requests a second whose response came in the window; absent for workloads without.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub transactions_per_s: Option<f64>,
    /// How long requests took; absent likewise.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub latency: Option<Latency>,
    /// Datagrams a second that receivers took; absent for other workloads.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub datagrams_per_s: Option<f64>,
    /// The share of them that was lost; absent likewise, and where there were none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub loss_ratio: Option<f64>,
}
