//! Settles a cell whose factors are all given: takes out what it has no place for, and fills in what follows from others.
//!
//! Knows no key by itself: what needs what, and what follows from it, its entry says. Invariant: what a cell does not have is as in
//! a blank one, so that cells that are built and loaded alike are equal.

use std::mem;

use super::cell::Cell;
use super::registry;

/// Settles a cell. The order is that of the registry: a key may ask for what stands in front of it as it will be. What is filled in
/// may leave no place for what there was: it is looked for again.
pub fn settle(cell: &mut Cell) {
    take_out(cell);
    for key in registry::keys() {
        if let Some(settles) = key.facts().settles {
            settles(cell);
        }
    }
    take_out(cell);
}

/// Takes out what a cell has no place for, until nothing is left that had its place by something that is out itself: until the keys
/// that have none are the same as they were.
fn take_out(cell: &mut Cell) {
    let blank = Cell::blank();
    let mut out = Vec::new();
    loop {
        let before = mem::take(&mut out);
        let keys = registry::keys();
        out.extend(keys.filter_map(|key| {
            key.facts()
                .take_out(cell, &blank)
                .then_some(key.facts().name)
        }));
        if out == before {
            return;
        }
    }
}

/// Takes out what a cell has no place for of what it keeps by its key's name. All else is as a record has it.
pub fn take_out_kept(cell: &mut Cell) {
    let blank = Cell::blank();
    for key in registry::keys().filter(|key| key.is_kept()) {
        key.facts().take_out(cell, &blank);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factors::Topology;
    use crate::factors::registry::links::SNOOPING;
    use crate::factors::{Arrivals, Search, Workload};
    use crate::store::sample;

    #[test]
    fn a_cell_without_a_place_for_it_has_the_usual_level() {
        let mut cell = sample::cell(Topology::Veth, 2);
        SNOOPING.give(&mut cell, &true);
        take_out_kept(&mut cell);
        assert!(!SNOOPING.of(&cell));
    }

    /// A search, which comes after it, is what gives this its place; a stream of bytes has none.
    #[test]
    fn what_had_its_place_by_something_that_goes_goes_with_it() {
        let mut cell = sample::cell(Topology::Veth, 2);
        cell.workload = Workload::TcpStream;
        cell.load.search = Search::Lossless;
        cell.load.arrivals = Some(Arrivals::Poisson);
        settle(&mut cell);
        assert_eq!((cell.load.search, cell.load.arrivals), (Search::None, None));
    }

    #[test]
    fn what_is_settled_stays_as_it_is() {
        let cell = sample::cell(Topology::Bridge, 64);
        let mut again = cell.clone();
        settle(&mut again);
        let mut twice = again.clone();
        settle(&mut twice);
        assert_eq!(again, twice);
    }
}
