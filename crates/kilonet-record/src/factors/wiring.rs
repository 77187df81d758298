//! How links and bridges are set: the factors beside the shape of a lab, each at its default unless a scenario says
//! otherwise.
//!
//! Knows no text and no machine. Invariant: a factor that a topology does not have is at its default, so that cells that
//! are built alike are equal.

use serde::{Deserialize, Serialize};

use super::factor::is_default;
use super::receive::{Napi, Rps};

super::factor::factor! {
    /// What joins the bridges of a lab.
    #[derive(Default)]
    Join, "join" {
        /// Nothing.
        #[default]
        None = "none",
        /// A veth from each to one more bridge: all are one segment.
        Trunk = "trunk",
        /// A veth from each to a router: each is a subnet of its own.
        Routed = "routed",
    }
}

super::factor::factor! {
    /// How links and bridges know who is where.
    #[derive(Default)]
    Entries, "entries" {
        /// They are set up, and permanent.
        #[default]
        Static = "static",
        /// They are resolved by ARP and neighbour discovery, and learned from traffic.
        Learned = "learned",
    }
}

super::factor::factor! {
    /// The protocols a lab's interfaces are given addresses of.
    Stack, "stack" {
        /// IPv4 and IPv6.
        Dual = "dual",
        /// Only the family of the traffic.
        Single = "single",
    }
}

super::factor::factor! {
    /// Where a container's MAC address comes from.
    Macs, "macs" {
        /// `02:42:` and the IPv4 address, as Docker did up to version 27.
        Derived = "derived",
        /// Random, chosen by the kernel, as Docker does from version 28.
        Random = "random",
    }
}

/// The factors of links and bridges. In a record only those that are not at their default.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Wiring {
    /// What joins the bridges.
    #[serde(skip_serializing_if = "is_default")]
    pub join: Join,
    /// Whether the two of a pair are behind different bridges.
    #[serde(skip_serializing_if = "is_default")]
    pub crossing: bool,
    /// How links and bridges know who is where.
    #[serde(skip_serializing_if = "is_default")]
    pub entries: Entries,
    /// Seconds after which a bridge forgets what it learned; absent where the kernel's 300 hold.
    #[serde(skip_serializing_if = "is_default")]
    pub ageing_s: Option<u32>,
    /// Whether links have segmentation and coalescing switched off, so that each packet is one of its own.
    #[serde(skip_serializing_if = "is_default")]
    pub offload_off: bool,
    /// Bytes of the largest unit that links take whole; absent where the kernel's 65,536 hold.
    #[serde(skip_serializing_if = "is_default")]
    pub gso_max_bytes: Option<u32>,
    /// The same of IPv4 alone; absent where it is that of all.
    #[serde(skip_serializing_if = "is_default")]
    pub gso_ipv4_max_bytes: Option<u32>,
    /// Who takes in what a veth receives.
    #[serde(skip_serializing_if = "is_default")]
    pub napi: Napi,
    /// The CPUs that what veths receive is spread over.
    #[serde(skip_serializing_if = "is_default")]
    pub rps: Rps,
}

impl Wiring {
    /// Whether bridges of several subnets are one segment, on which everybody hears everybody.
    #[must_use]
    pub fn is_one_segment(&self) -> bool {
        match self.join {
            Join::Trunk => true,
            Join::None | Join::Routed => false,
        }
    }

    /// Bytes of the largest unit that links take whole, of IPv6 and of IPv4.
    #[must_use]
    pub fn gso_bytes(&self) -> [u32; 2] {
        let of_all = self.gso_max_bytes.unwrap_or(USUAL_GSO_BYTES);
        [of_all, self.gso_ipv4_max_bytes.unwrap_or(of_all)]
    }
}

/// The kernel's own time after which a bridge forgets.
pub(super) const USUAL_AGEING_S: u32 = 300;
/// The kernel's own largest unit.
pub(super) const USUAL_GSO_BYTES: u32 = 65_536;
