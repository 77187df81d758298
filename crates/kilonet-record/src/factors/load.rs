//! Load: what is asked of flows beside the size of their messages.
//!
//! Knows no text and no machine. Invariant: what a workload does not have is absent, so that cells that load alike are
//! equal.

use serde::{Deserialize, Serialize};

use super::copying::{Receiving, Sending};
use super::factor::is_default;

/// Bytes of the smallest datagram: more than its number of eight, and than the call that a flow of datagrams begins with.
pub const SMALLEST_DATAGRAM: u32 = 16;

/// Connections that a flow with a rate has under way at most, where each request has its own. So many are only waited for where
/// the node does not keep up, and what is due then waits with its time running; without a bound, descriptors would run out instead.
pub const CONNECTIONS_AT_ONCE: u32 = 8;

/// Connections that may wait to be accepted at a port of any kind: `net.core.somaxconn` of a new namespace (`SOMAXCONN`).
pub const MOST_WAITING: u32 = 4096;

/// Bytes of the largest datagram that UDP carries over IPv4: 65,535 less both headers (RFC 768, RFC 791).
pub const LARGEST_DATAGRAM: u32 = 65_507;

/// Messages a second of one flow at most: beyond a million the clock's own reading would be the greater part of each.
pub const MOST_RATE: u32 = 1_000_000;

/// Windows of a search at most: one as fast as it goes, one at the rate that this suggests, and seven halvings, which tell a
/// rate in the upper half of that to 2 %.
pub const MOST_WINDOWS: u32 = 9;

super::factor::factor! {
    /// How the times at which requests are meant to be sent lie, where they have a rate.
    #[derive(Default)]
    Arrivals, "arrivals" {
        /// Evenly spaced.
        #[default]
        Constant = "constant",
        /// As from independent users: exponentially distributed gaps.
        Poisson = "poisson",
    }
}

super::factor::factor! {
    /// How many datagrams of a stream one system call moves.
    #[derive(Default)]
    Batch, "batch" {
        /// One, as most programs do.
        #[default]
        None = "none",
        /// Up to 64, each its own packet from there on (`sendmmsg`, `recvmmsg`).
        Mmsg = "mmsg",
        /// Up to 64 in one unit, which is cut as late and joined as early as possible (`UDP_SEGMENT`, `UDP_GRO`).
        Gso = "gso",
    }
}

super::factor::factor! {
    /// What may be lost where the highest rate is looked for at which no more is (RFC 2544, section 26.1).
    #[derive(Default)]
    Search, "search" {
        /// No search: one window, at the given rate.
        #[default]
        None = "none",
        /// Nothing.
        Lossless = "0%",
        /// One datagram of two hundred.
        HalfPercent = "0.5%",
    }
}

super::factor::factor! {
    /// Which port the clients of a server container call.
    #[derive(Default)]
    Listening, "listen" {
        /// Each flow has a port of its own.
        #[default]
        Own = "own",
        /// All flows to a container call one port, at which one event loop takes their calls.
        Shared = "shared",
    }
}

super::factor::factor! {
    /// Which end of a connection closes it first, and so keeps its `TIME_WAIT`.
    #[derive(Default)]
    Closing, "closes" {
        /// The server, as one does that says no length of its responses: clients' ports are free again at once.
        #[default]
        Server = "server",
        /// The client: each of its ports is taken for a minute.
        Client = "client",
    }
}

super::factor::factor! {
    /// The CPUs that a flow's client and server run on.
    #[derive(Default)]
    Pinning, "pinning" {
        /// The driver's default: `threads` leaves it to the scheduler, `workers` puts the two ends on neighbouring CPUs.
        #[default]
        None = "none",
        /// Both on one CPU; each flow on the next one.
        Same = "same",
        /// On two different CPUs; each flow on the next two.
        Apart = "apart",
    }
}

impl Search {
    /// The share of datagrams that may be lost, from 0 to 1; absent without a search.
    #[must_use]
    pub fn accepted_loss(self) -> Option<f64> {
        match self {
            Self::None => None,
            Self::Lossless => Some(0.0),
            Self::HalfPercent => Some(0.005),
        }
    }

    /// Windows that a trial has at most.
    #[must_use]
    pub fn most_windows(self) -> u32 {
        self.accepted_loss().map_or(1, |_| MOST_WINDOWS)
    }
}

/// What is asked of each flow beside the size of its messages. In a record only what is not as usual.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(default)]
pub struct Load {
    /// Bytes of a response; absent for workloads without.
    #[serde(skip_serializing_if = "is_default")]
    pub response_bytes: Option<u32>,
    /// Requests that a flow may have under way at once, where that is not 1.
    #[serde(skip_serializing_if = "is_default")]
    pub outstanding: Option<u32>,
    /// Messages a second that are offered to each flow, whether or not earlier ones are answered: an open loop. Absent for
    /// a closed one, where the next request waits for a response, and for datagrams as fast as they can be sent.
    #[serde(skip_serializing_if = "is_default")]
    pub rate: Option<u32>,
    /// Bits a second that are offered to each flow of a stream of bytes, whether or not there is room for them. Absent where it
    /// sends as fast as there is.
    #[serde(skip_serializing_if = "is_default")]
    pub rate_bps: Option<u64>,
    /// How they lie in time; only of an open loop.
    #[serde(skip_serializing_if = "is_default")]
    pub arrivals: Option<Arrivals>,
    /// The CPUs that a flow's ends run on.
    #[serde(skip_serializing_if = "is_default")]
    pub pinning: Pinning,
    /// How senders hand bytes to the kernel; only of streams.
    #[serde(skip_serializing_if = "is_default")]
    pub send: Sending,
    /// How receivers take bytes from it; likewise.
    #[serde(skip_serializing_if = "is_default")]
    pub receive: Receiving,
    /// How many datagrams one system call moves; only of streams of them.
    #[serde(skip_serializing_if = "is_default")]
    pub batch: Batch,
    /// What may be lost where the highest rate is looked for; only of streams of datagrams. `rate` is where it begins then.
    #[serde(skip_serializing_if = "is_default")]
    pub search: Search,
    /// Which port the clients of a container call; only of connections.
    #[serde(skip_serializing_if = "is_default")]
    pub listen: Listening,
    /// Connections that may wait to be accepted, where that is not as usual; only where connections are made all the time.
    #[serde(skip_serializing_if = "is_default")]
    pub backlog: Option<u32>,
    /// Which end closes a connection first; likewise.
    #[serde(skip_serializing_if = "is_default")]
    pub closes: Closing,
}

impl Load {
    /// What of it holds for all pairs of a cell, whatever they do.
    #[must_use]
    pub fn of_all_pairs(&self) -> Self {
        Self {
            pinning: self.pinning,
            ..Self::default()
        }
    }

    /// Whether both offer each flow as much, however it lies in time.
    #[must_use]
    pub fn offers_as_much_as(&self, other: &Self) -> bool {
        let offered = |of: &Self| (of.rate_bps, of.rate, of.outstanding);
        offered(self) == offered(other)
    }

    /// Requests that may be under way at once in a closed loop.
    #[must_use]
    pub fn outstanding(&self) -> u32 {
        self.outstanding.unwrap_or(1)
    }

    /// Whether each message has a time at which it is meant to be sent.
    #[must_use]
    pub fn has_schedule(&self) -> bool {
        self.rate.is_some() || self.rate_bps.is_some()
    }

    /// Whether what flows get done is what they are offered, as long as the node can: an open loop. A search ends at the rate
    /// that passes, whatever it begins with.
    #[must_use]
    pub fn is_offered(&self) -> bool {
        self.has_schedule() && self.sought().is_none()
    }

    /// What may be lost at the rate that is looked for; absent where none is.
    #[must_use]
    pub fn sought(&self) -> Option<Search> {
        (self.search != Search::None).then_some(self.search)
    }

    /// Whether the ends of flows are held to CPUs beyond what their driver does.
    #[must_use]
    pub fn is_pinned(&self) -> bool {
        self.pinning != Pinning::None
    }

    /// Whether all flows to a container call one port.
    #[must_use]
    pub fn shares_port(&self) -> bool {
        match self.listen {
            Listening::Own => false,
            Listening::Shared => true,
        }
    }

    /// Whether clients close their connections first.
    #[must_use]
    pub fn clients_close(&self) -> bool {
        match self.closes {
            Closing::Server => false,
            Closing::Client => true,
        }
    }

    /// Connections that are to be allowed to wait to be accepted at a port, unless a scenario says otherwise: at that of one flow, as
    /// many as it may have under way; at one of all, as many as the kernel's own bound allows, which many servers ask for.
    #[must_use]
    pub fn backlog(&self) -> u32 {
        let usual = if self.shares_port() {
            MOST_WAITING
        } else {
            CONNECTIONS_AT_ONCE
        };
        self.backlog.unwrap_or(usual)
    }

    /// Connections that may be under way at once where each request has one of its own.
    #[must_use]
    pub fn connections_at_once(&self) -> u32 {
        self.rate.map_or(1, |_| CONNECTIONS_AT_ONCE)
    }
}
