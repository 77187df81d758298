//! What to build, before anything is built: pure, one file per topology.
//!
//! Must not know the kernel. The invariant: every container of the cell has exactly one seat.

mod bridge;
mod contacts;
mod ipvlan;
mod layout;
mod loopback;
mod macvlan;
mod outside;
mod parts;
mod routed;
mod shared;
mod switch;
mod tc_redirect;
mod veth;
mod veths;
mod vxlan;

pub use layout::{Layout, SeatPlan};
pub use parts::{
    BridgeOptions, Direction, End, Entry, Host, Link, Meter, Pairing, Part, Place, Port,
    PortOptions, Redirect, Role, Route, Stacked, Stacking, Step, Tunnel,
};

pub use veths::Veths;

pub(super) use outside::FORWARDING;

use crate::scenario::{Cell, Path, Topology};
use contacts::Contacts;
use layout::{address_of, seat_inside};

impl Layout {
    /// Draws the lab of a cell.
    #[must_use]
    pub fn of(cell: &Cell) -> Self {
        let mut layout = Self::usual(cell);
        layout.set_links(&cell.wiring);
        layout
    }

    /// With links and bridges that are told who is where, and otherwise as the kernel makes them.
    fn usual(cell: &Cell) -> Self {
        let direct = match cell.topology {
            Topology::Loopback => loopback::lay_out(cell),
            // The engine's shapes are laid out as what they come to.
            Topology::Shared | Topology::Host | Topology::Attached => shared::lay_out(cell),
            Topology::Veth => veth::lay_out(cell),
            Topology::TcRedirect => tc_redirect::lay_out(cell),
            Topology::Bridge | Topology::UserBridge => bridge::lay_out(cell),
            Topology::Routed => routed::lay_out(cell, Pairing::Veth),
            Topology::Netkit => routed::lay_out(cell, Pairing::Netkit),
            Topology::Vxlan => vxlan::lay_out(cell),
            Topology::Macvlan => macvlan::lay_out(cell),
            Topology::IpvlanL2 => ipvlan::lay_out(cell, Stacking::IpvlanL2),
            Topology::IpvlanL3 => ipvlan::lay_out(cell, Stacking::IpvlanL3),
        };
        match cell.path {
            Path::Direct => direct,
            Path::Published | Path::Outside => outside::join(direct, cell),
            Path::Hairpin => Self {
                entrances: bridge::gateways(cell),
                ..direct
            },
        }
    }
}

#[cfg(test)]
mod tests;
