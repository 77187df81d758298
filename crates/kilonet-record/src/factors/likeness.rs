//! When two cells are alike but for what they may differ in.
//!
//! Knows no figure. Invariant: every factor is compared that is not excepted by name, so that one that comes later is compared
//! from its first day.

use super::cell::Cell;

/// A factor that two cells may differ in: what gives the first one the second one's level of it.
pub type Excepted = fn(&mut Cell, &Cell);

impl Cell {
    /// Whether this cell is the other one in every factor but those that are excepted.
    #[must_use]
    pub fn same_but(&self, other: &Self, excepted: &[Excepted]) -> bool {
        let mut like = self.clone();
        for take in excepted {
            take(&mut like, other);
        }
        like == *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factors::Topology;
    use crate::store::sample;

    #[test]
    fn cells_are_alike_only_if_all_factors_are_that_are_not_excepted() {
        let cell = sample::cell(Topology::Bridge, 2);
        assert!(cell.same_but(&cell, &[]));
        assert!(cell.free_in(|other| cell.same_but(other, &[])).is_empty());
        let excepted: &[Excepted] = &[
            |cell, other| cell.macs = other.macs,
            |cell, other| cell.wiring.entries = other.wiring.entries,
        ];
        assert_eq!(
            cell.free_in(|other| cell.same_but(other, excepted)),
            ["entries", "macs"]
        );
    }
}
