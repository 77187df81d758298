//! Containers that share a namespace, as Docker's `--net=container:` does: they talk over its lo.

use std::num::NonZeroU32;

use super::Layout;
use crate::scenario::Cell;

pub(super) fn lay_out(cell: &Cell) -> Layout {
    let sharing = cell.per_namespace.map_or(2, NonZeroU32::get);
    let namespaces = cell.containers.div_ceil(sharing);
    Layout::over_lo(namespaces, |container| container / sharing, cell)
}
