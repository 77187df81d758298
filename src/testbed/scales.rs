//! What containers weigh: the growth of the kernel's memory while they are set up.

use crate::error::Result;
use crate::host::counters::KernelMemory;
use crate::scenario::Cell;

/// Containers below which their share of the kernel's memory is noise: slabs and per-CPU areas come in pages and more, and
/// whatever else the machine does meanwhile is divided by few.
const FEWEST_WEIGHED: u32 = 32;

/// The kernel's memory before a lab is set up.
pub(super) struct Scales {
    before: u64,
    containers: u32,
}

impl Scales {
    /// Before the lab of a cell.
    pub(super) fn before(cell: &Cell) -> Result<Self> {
        Ok(Self {
            before: KernelMemory::take()?.total(),
            containers: cell.containers,
        })
    }

    /// After it: bytes per container; absent where they are few, or nothing grew.
    pub(super) fn weigh(&self) -> Result<Option<u64>> {
        let grown = KernelMemory::take()?.total().checked_sub(self.before);
        Ok(grown
            .filter(|_| self.containers >= FEWEST_WEIGHED)
            .map(|bytes| bytes / u64::from(self.containers))
            .filter(|bytes| *bytes > 0))
    }
}
