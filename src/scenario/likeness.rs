//! When two cells are alike but for what they may differ in.
//!
//! Knows no figure. Invariant: every factor is compared that is not excepted by name, so that one that comes later is compared
//! from its first day.

use super::cell::Cell;
use super::topology::{Testbed, Topology};
use super::{Factor, Scenario};

/// A factor that two cells may differ in: what gives the first one the second one's level of it.
pub(crate) type Excepted = fn(&mut Cell, &Cell);

impl Cell {
    /// Whether this cell is the other one in every factor but those that are excepted.
    #[must_use]
    pub(crate) fn same_but(&self, other: &Self, excepted: &[Excepted]) -> bool {
        let mut like = self.clone();
        for take in excepted {
            take(&mut like, other);
        }
        like == *other
    }

    /// One pair in a lab of this shape, all else at its default; absent where that testbed does not have the shape.
    #[must_use]
    pub(crate) fn usual(topology: Topology, testbed: Testbed) -> Option<Self> {
        let (topology, testbed) = (topology.word(), testbed.word());
        let text =
            format!("[axes]\ntopology = \"{topology}\"\ntestbed = \"{testbed}\"\ncontainers = 2\n");
        let scenario = Scenario::parse(&text, "usual").ok()?;
        scenario.cells.into_iter().next()
    }
}

#[cfg(test)]
mod tests;
