//! Each container an ipvlan of its own on one parent, told apart by address: all have the parent's MAC.

use super::macvlan::{parent_mac, stack};
use super::{Layout, Stacking};
use crate::scenario::Cell;

/// Containers that share the parent's broadcast domain, or (`l3`) are routed to.
pub(super) fn lay_out(cell: &Cell, kind: Stacking) -> Layout {
    stack(cell, kind, |_| (None, parent_mac(cell)))
}
