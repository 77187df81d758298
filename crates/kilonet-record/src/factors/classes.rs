//! The classes of a cell's pairs: what each pair does.
//!
//! Knows no text of a scenario and no machine. Invariant: every pair belongs to one class, each class has a pair at least,
//! and who belongs to which follows from the cell alone.

use std::iter;

use super::beside::{Class, Orders};
use super::called::Called;
use super::cell::Cell;
use super::workload::Workload;

impl Cell {
    /// What the cell's own workload has its flows do.
    #[must_use]
    pub fn orders(&self) -> Orders {
        Orders {
            workload: self.workload,
            message_bytes: self.message_bytes,
            load: self.load,
        }
    }

    /// The classes of its pairs: those of its own workload first.
    #[must_use]
    pub fn classes(&self) -> Vec<Class> {
        let guests = self.beside.classes(&self.load, self.pairs);
        let taken: u32 = guests.iter().map(|class| class.pairs).sum();
        let own = Class {
            orders: self.orders(),
            pairs: self.pairs.saturating_sub(taken),
        };
        [vec![own], guests].concat()
    }

    /// What its flows do, its own workload first.
    pub fn workloads(&self) -> impl Iterator<Item = Workload> {
        iter::once(self.workload).chain(self.beside.workloads())
    }

    /// Whether goodput says anything of it: where it has requests and sends no message, no byte is ever moved.
    #[must_use]
    pub fn has_goodput(&self) -> bool {
        !self.has_requests() || self.workloads().any(Workload::has_messages)
    }

    /// Whether some of its flows have requests.
    #[must_use]
    pub fn has_requests(&self) -> bool {
        self.workloads().any(Workload::has_requests)
    }

    /// What the requests of its flows are called.
    #[must_use]
    pub fn requests(&self) -> Called {
        let some = self.workloads().filter(|workload| workload.has_requests());
        Called::shared(some.map(|workload| workload.facts().called))
    }

    /// Whether all that its flows move is requests and their responses, if anything.
    #[must_use]
    pub fn is_of_requests(&self) -> bool {
        let quiet = |workload: Workload| workload.has_requests() || workload.is_silent();
        self.workloads().all(quiet)
    }

    /// What each pair does.
    #[must_use]
    pub fn orders_of_pairs(&self) -> Vec<Orders> {
        let classes = self.classes();
        let pairs = self.class_of_pairs().into_iter();
        pairs.map(|class| classes[class].orders).collect()
    }

    /// The class of each pair, as its number in [`Cell::classes`]: spread evenly, so that wherever pairs that are numbered
    /// next to each other meet, as on one bridge, each class is there by its share.
    #[must_use]
    pub fn class_of_pairs(&self) -> Vec<usize> {
        let classes = self.classes();
        let mut given = vec![0; classes.len()];
        let deal = |pair: u32| {
            let behind = |class: &usize| {
                let due = u64::from(classes[*class].pairs) * u64::from(pair + 1);
                i64::try_from(due).unwrap_or(i64::MAX) - given[*class] * i64::from(self.pairs)
            };
            // Of those equally far behind the first, which is the cell's own.
            let class = (0..classes.len()).rev().max_by_key(behind).unwrap_or(0);
            given[class] += 1;
            class
        };
        (0..self.pairs).map(deal).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factors::Topology;
    use crate::store::sample;

    fn cell(pairs: u32, beside: &str) -> Cell {
        Cell {
            beside: beside.parse().unwrap(),
            ..sample::cell(Topology::Bridge, 2 * pairs)
        }
    }

    fn shares(cell: &Cell) -> Vec<(String, u32)> {
        let classes = cell.classes().into_iter();
        classes
            .map(|class| (class.orders.workload.to_string(), class.pairs))
            .collect()
    }

    #[test]
    fn pairs_are_shared_out_and_none_is_left_over() {
        let of = |text: &str, count| (text.to_owned(), count);
        assert_eq!(
            shares(&cell(100, "idle:90% tcp-rr:9%")),
            [of("tcp-stream", 1), of("idle", 90), of("tcp-rr", 9)]
        );
        assert_eq!(
            shares(&cell(2, "tcp-rr:1%")),
            [of("tcp-stream", 1), of("tcp-rr", 1)]
        );
        for pairs in [3, 7, 100, 1_001] {
            let cell = cell(pairs, "idle:50% tcp-rr:1");
            let mut counted = vec![0; 3];
            for class in cell.class_of_pairs() {
                counted[class] += 1;
            }
            let classes: Vec<_> = cell.classes().iter().map(|class| class.pairs).collect();
            assert_eq!(counted, classes, "{pairs}");
        }
    }

    #[test]
    fn classes_are_spread_over_the_pairs() {
        assert_eq!(cell(4, "tcp-rr:50%").class_of_pairs(), [0, 1, 0, 1]);
        let classes = cell(1_000, "tcp-rr:10%").class_of_pairs();
        assert!(
            classes
                .chunks(100)
                .all(|some| some.iter().sum::<usize>() == 10)
        );
    }
}
