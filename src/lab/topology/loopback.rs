//! Every container in one fresh namespace, talking over its lo: the node's ceiling.

use super::{Layout, SeatPlan, Wiring, lo_address, pairs};
use crate::scenario::Cell;

pub(super) fn lay_out(cell: &Cell) -> Layout {
    let seat = SeatPlan {
        namespace: 0,
        address: lo_address(cell.family),
    };
    Layout {
        namespaces: 1,
        seats: vec![seat; cell.containers as usize],
        wiring: Wiring::Lo,
        pairs: pairs(cell),
    }
}
