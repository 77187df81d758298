//! The part of a record that is about the search for the highest rate within a loss.

use serde::{Deserialize, Serialize};

use crate::factors::is_default;

/// How the window that the record is of was found: the one at the highest rate that passed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RateSearch {
    /// The share of datagrams that was allowed to be lost, from 0 to 1.
    pub accepted_loss: f64,
    /// The share of the lowest rate that failed which lies between it and the one that was found; absent where none failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub resolution: Option<f64>,
    /// The windows, in the order in which they were tried.
    pub steps: Vec<SearchStep>,
}

/// A window of a search.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct SearchStep {
    /// Datagrams a second that were offered to each flow; absent where they were sent as fast as they could be.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rate: Option<u32>,
    /// The share that was lost; absent where no datagram was sent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub loss_ratio: Option<f64>,
    /// The share of those that were due which were not sent.
    pub left_out_share: f64,
    /// Flows that did not take part to the end; in a record only where there were such.
    #[serde(skip_serializing_if = "is_default", default)]
    pub lost_flows: u32,
    /// Whether the rate was offered by all flows, and no more lost than was allowed.
    pub passed: bool,
}
