//! By what it is judged whether a cell has been measured often enough.
//!
//! Must not know what a figure comes to. Invariant: each cell is judged by something.

use super::cell::Cell;
use super::factor::Factor;
use super::measure::Measure;
use super::repeats::{Gauge, Goal};

impl Goal {
    /// What is to be known of a cell: those that were asked for and that it has, or else those of its workload.
    #[must_use]
    pub fn gauges(&self, cell: &Cell) -> Vec<Gauge> {
        let asked = self.metrics.iter().copied();
        let there: Vec<_> = asked.filter(|gauge| gauge.is_of(cell)).collect();
        if there.is_empty() {
            Gauge::usual(cell).to_vec()
        } else {
            there
        }
    }
}

impl Gauge {
    /// What a cell is judged by where nothing is asked for: what it gets through, and what the median pair gets.
    fn usual(cell: &Cell) -> [Self; 2] {
        let through = if cell.is_of_requests() && cell.has_requests() {
            Self::Transactions
        } else {
            Self::Goodput
        };
        [through, Self::PairP50]
    }

    /// Whether trials of a cell can have it.
    #[must_use]
    pub fn is_of(self, cell: &Cell) -> bool {
        // What moves nothing at all has its goodput to be judged by, which is none.
        Measure::named(self.word()).is_some_and(|measure| (measure.is_of)(cell))
    }
}
