//! The part of a record that says what became of its flows, and of their datagrams.

use serde::{Deserialize, Serialize};

use crate::factors::is_default;

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

/// What became of the trial's flows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Read")]
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

/// The counts of flows as they are read. (Flattened into their struct, datagrams that cannot be read would be absent without a
/// word.)
#[derive(Deserialize)]
struct Read {
    expected: u32,
    connected: u32,
    died: u32,
    stalled: u32,
    #[serde(default)]
    lost_requests: u64,
    datagrams_sent: Option<u64>,
    datagrams_received: Option<u64>,
    lost_datagrams: Option<u64>,
    reordered: Option<u64>,
    duplicates: Option<u64>,
    left_out_datagrams: Option<u64>,
}

impl TryFrom<Read> for FlowCounts {
    type Error = &'static str;

    fn try_from(read: Read) -> Result<Self, &'static str> {
        Ok(Self {
            expected: read.expected,
            connected: read.connected,
            died: read.died,
            stalled: read.stalled,
            lost_requests: read.lost_requests,
            datagrams: read.datagrams()?,
        })
    }
}

impl Read {
    /// All of them or none; those that were left out are not written where there are none.
    fn datagrams(&self) -> Result<Option<DatagramCounts>, &'static str> {
        let counts = [
            self.datagrams_sent,
            self.datagrams_received,
            self.lost_datagrams,
            self.reordered,
            self.duplicates,
        ];
        if let [
            Some(sent),
            Some(received),
            Some(lost),
            Some(reordered),
            Some(duplicates),
        ] = counts
        {
            return Ok(Some(DatagramCounts {
                datagrams_sent: sent,
                datagrams_received: received,
                lost_datagrams: lost,
                reordered,
                duplicates,
                left_out_datagrams: self.left_out_datagrams.unwrap_or_default(),
            }));
        }
        let any = counts
            .iter()
            .chain([&self.left_out_datagrams])
            .any(Option::is_some);
        (!any)
            .then_some(None)
            .ok_or("some counts of datagrams are missing")
    }
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
