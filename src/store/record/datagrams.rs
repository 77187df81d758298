//! The part of a record that is about datagrams: how many there were, and what became of them.

use serde::{Deserialize, Serialize};

use crate::scenario::cell::is_default;

/// The datagrams of a stream in the window, all flows together. Each end counts by itself: what was sent and has been neither
/// received nor found missing was under way at an edge of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatagramCounts {
    /// Handed to the senders' kernels.
    pub datagrams_sent: u64,
    /// Taken by receivers, each once.
    pub datagrams_received: u64,
    /// Found missing by receivers, as later ones came; of a flow of which nothing came, all that were sent.
    pub lost_datagrams: u64,
    /// Came after one that was sent later.
    pub reordered: u64,
    /// Came again.
    pub duplicates: u64,
    /// Due by a rate and not sent, as it was too late for them.
    #[serde(skip_serializing_if = "is_default", default)]
    pub left_out_datagrams: u64,
}

impl DatagramCounts {
    /// The share that was lost of those that were received or lost; absent where there were none.
    #[must_use]
    pub fn loss_ratio(&self) -> Option<f64> {
        let all = self.datagrams_received + self.lost_datagrams;
        (all > 0).then(|| self.lost_datagrams as f64 / all as f64)
    }
}

/// How many datagrams calls really moved at once in the window, all flows together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Batched {
    /// Datagrams sent by a call, on average.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub per_send: Option<f64>,
    /// Datagrams received by a call, on average.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub per_receive: Option<f64>,
}
