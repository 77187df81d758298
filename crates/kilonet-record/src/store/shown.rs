//! What a trial came to, as far as it decides on others.

use super::Record;
use crate::factors::{Factor, Gauge};

/// The figures of a trial that are judged.
pub type Figures = Vec<(Gauge, f64)>;

/// What a trial came to, as far as it decides on others.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shown {
    /// Its figures; none where it failed or is invalid.
    pub figures: Figures,
    /// Whether others disturbed it.
    pub disturbed: bool,
}

impl Shown {
    /// Whether it stands for a trial that others disturbed, of which it is the second: undisturbed, or the only one of the two
    /// with figures.
    #[must_use]
    pub fn stands_for(&self, first: &Self) -> bool {
        !self.figures.is_empty() && (!self.disturbed || first.figures.is_empty())
    }
}

impl Record {
    /// What it says, as far as it decides on other trials.
    #[must_use]
    pub fn shown(&self) -> Shown {
        let gauges = Gauge::ALL.iter();
        let figures = gauges.filter_map(|gauge| Some((*gauge, self.figure(*gauge)?)));
        Shown {
            figures: figures.collect(),
            disturbed: self.is_disturbed(),
        }
    }
}
