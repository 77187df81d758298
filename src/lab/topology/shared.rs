//! Containers that share a namespace, as Docker's `--net=container:` does: they talk over its lo.

use std::num::NonZeroU32;

use super::{Layout, SeatPlan, Wiring, lo_address, pairs};
use crate::scenario::Cell;

pub(super) fn lay_out(cell: &Cell) -> Layout {
    let sharing = cell.per_namespace.map_or(2, NonZeroU32::get);
    let seats = (0..cell.containers)
        .map(|container| SeatPlan {
            namespace: container / sharing,
            address: lo_address(cell.family),
        })
        .collect();
    Layout {
        namespaces: cell.containers.div_ceil(sharing),
        seats,
        wiring: Wiring::Lo,
        pairs: pairs(cell),
    }
}
