//! Every container in one fresh namespace, talking over its lo: the node's ceiling.

use super::Layout;
use crate::scenario::Cell;

pub(super) fn lay_out(cell: &Cell) -> Layout {
    Layout::over_lo(1, |_| 0, cell)
}
