//! One series in a figure: its points, with what is written of each, and what was found of it.
//!
//! Must not know axes. The invariant: a text is of the value beside it.

use serde::{Serialize, Serializer};

use crate::analysis::{CellSummary, Estimate, Metric, Series};
use crate::report::marks::Mark;

/// One series in a figure.
#[derive(Serialize)]
pub(in crate::report) struct Line<'a> {
    /// Which.
    #[serde(skip)]
    pub(in crate::report) series: &'a Series,
    /// Its cells, smallest count first; the page has their values and texts by cell, each once.
    #[serde(skip)]
    pub(in crate::report) points: Vec<Point<'a>>,
    /// How the band of each is written; empty without a band.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) bands: Vec<Option<String>>,
    /// How high the linear axis is to reach for it.
    pub(super) top: f64,
    /// What was found of it.
    pub(in crate::report) marks: Vec<Mark>,
    /// By count, what equal shares of its first point would be; empty where that is not at the figure's first count.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) guide: Vec<(u32, f64)>,
}

/// One cell in a figure.
pub(in crate::report) struct Point<'a> {
    /// Its place.
    pub(in crate::report) count: u32,
    /// All of it.
    pub(in crate::report) cell: &'a CellSummary,
    /// Its value; absent where the cell has none.
    pub(in crate::report) estimate: Option<&'a Estimate>,
    /// How it is written.
    pub(in crate::report) text: Option<Text>,
    /// The ends of its band.
    pub(in crate::report) band: Option<(f64, f64)>,
}

/// How a value is written, wherever it stands.
#[derive(Debug, Clone)]
pub(in crate::report) struct Text {
    /// The median.
    pub(in crate::report) median: String,
    /// Its interval; absent where it has none.
    pub(in crate::report) interval: Option<String>,
}

/// As a list of one or two texts: a page carries thousands of them, and their names would be half of it.
impl Serialize for Text {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq([&self.median].into_iter().chain(&self.interval))
    }
}

impl Text {
    /// That of a metric's estimate.
    pub(in crate::report) fn of(metric: Metric, estimate: &Estimate) -> Self {
        let quantity = metric.about().quantity;
        Self {
            median: quantity.show(estimate.median),
            interval: estimate.interval.map(|ends| quantity.span(ends)),
        }
    }
}

impl Point<'_> {
    /// Why there is no figure, where a trial should have given one.
    pub(in crate::report) fn failure(&self) -> Option<String> {
        if self.cell.measured > 0 {
            return None;
        }
        match self.cell.failures.first() {
            Some(failure) => Some(failure.sentence()),
            None => Some("invalid: the witnesses of its trials disagree".to_owned()),
        }
    }
}
