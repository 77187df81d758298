//! How links and bridges are set: the factors beside the shape of a lab, each at its default unless a scenario says
//! otherwise.
//!
//! Knows no text and no machine. Invariant: a factor that a topology does not have is at its default, so that cells that
//! are built alike are equal.

use serde::{Deserialize, Serialize};

use super::cell::{Cell, Path, is_default};
use super::receive::{Napi, Rps};
use super::topology::{Joined, Testbed};

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
        /// They are told, for good.
        #[default]
        Static = "static",
        /// They ask by ARP and neighbour discovery, and learn from what they see.
        Learned = "learned",
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
    /// Bytes of the largest unit that links take whole, of IPv6 and of IPv4.
    #[must_use]
    pub fn gso_bytes(&self) -> [u32; 2] {
        let of_all = self.gso_max_bytes.unwrap_or(USUAL_GSO_BYTES);
        [of_all, self.gso_ipv4_max_bytes.unwrap_or(of_all)]
    }
}

/// The kernel's own time after which a bridge forgets.
const USUAL_AGEING_S: u32 = 300;
/// The kernel's own largest unit.
const USUAL_GSO_BYTES: u32 = 65_536;

/// Takes out of a cell what its shape does not have, and what is the kernel's own way.
pub fn settle(cell: &mut Cell) {
    let (topology, path) = (cell.topology, cell.path);
    let wiring = &mut cell.wiring;
    wiring.ageing_s = wiring.ageing_s.filter(|age| *age != USUAL_AGEING_S);
    wiring.gso_max_bytes = wiring
        .gso_max_bytes
        .filter(|bytes| *bytes != USUAL_GSO_BYTES);
    let [of_all, of_ipv4] = wiring.gso_bytes();
    wiring.gso_ipv4_max_bytes = Some(of_ipv4).filter(|bytes| *bytes != of_all);
    if topology.joined() != Joined::Bridges || path != Path::Direct {
        wiring.join = Join::None;
    }
    wiring.crossing &= wiring.join != Join::None;
    if !topology.has_bridges_of_ours() {
        *wiring = Wiring {
            entries: wiring.entries,
            offload_off: wiring.offload_off,
            gso_max_bytes: wiring.gso_max_bytes,
            gso_ipv4_max_bytes: wiring.gso_ipv4_max_bytes,
            napi: wiring.napi,
            rps: wiring.rps.clone(),
            ..Wiring::default()
        };
    }
    if !topology.has_veths() {
        *wiring = Wiring {
            offload_off: false,
            gso_max_bytes: None,
            gso_ipv4_max_bytes: None,
            napi: Napi::None,
            rps: Rps::Off,
            ..wiring.clone()
        };
    }
    if !topology.has_links() {
        wiring.entries = Entries::Static;
    }
    if cell.testbed != Testbed::Kernel {
        *wiring = Wiring::default();
    }
}
