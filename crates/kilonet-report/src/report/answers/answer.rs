//! A sentence that a report may begin with, and what it is chosen by.
//!
//! Must not know the rules by which sentences come about.

use crate::analysis::Analysis;
use crate::plan::cell_id;
use crate::report::findings::Shown;

/// Words of a sentence at most: what is read at one go.
pub(super) const LONGEST: usize = 30;

/// A sentence, and what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct Answer {
    /// The rule that made it.
    pub(in crate::report) rule: &'static str,
    /// What it is about, in words for programs.
    pub(in crate::report) about: String,
    /// The cells that it is about, by their places in the analysis.
    pub(in crate::report) cells: Vec<usize>,
    /// The figure that it says: a ratio, or a value in the metric's unit; absent where it says none of these.
    pub(in crate::report) estimate: Option<f64>,
    /// The interval of that.
    pub(in crate::report) interval: Option<(f64, f64)>,
    /// What it rests on.
    pub(in crate::report) evidence: String,
    /// The sentence.
    pub(in crate::report) words: String,
    /// Where it is seen.
    pub(in crate::report) shown: Shown,
}

impl Answer {
    /// What programs know it by.
    pub(in crate::report) fn id(&self) -> String {
        format!("{}:{}", self.rule, self.about)
    }

    /// The ids of its cells.
    pub(in crate::report) fn cell_ids(&self, analysis: &Analysis) -> Vec<String> {
        let cells = self.cells.iter().filter_map(|nth| analysis.cells.get(*nth));
        cells.map(|cell| cell_id(&cell.cell)).collect()
    }
}

/// An answer before it is chosen.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Candidate {
    pub(super) answer: Answer,
    /// What comes before what.
    pub(super) class: Class,
    /// Within its class, how much it says: of an effect the least that it is, as a logarithm.
    pub(super) size: f64,
    /// What has been said once it was.
    pub(super) says: Vec<Subject>,
}

/// What comes before what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// A threshold of the scenario was not kept.
    Failed,
    /// Something broke what was to be measured.
    Broke,
    /// Something refuses from a count on.
    Refused,
    /// Levels differ, or a curve falls.
    Effect,
    /// Levels do not differ by more than so much.
    Same,
    /// Whether levels differ cannot be told.
    Unknown,
    /// Labs differ in what they take.
    Lab,
    /// Something bound, and nothing shows what that came to.
    Bound,
    /// Nothing but what was measured.
    Measured,
}

/// What a sentence is about, so that nothing is said twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    /// A condition of the scenario, by its place.
    Threshold(usize),
    /// A mechanism.
    Mechanism(&'static str),
    /// Two levels of a factor, in traffic or in what the lab takes.
    Levels {
        factor: &'static str,
        two: [String; 2],
        of: Of,
    },
    /// What becomes of a curve as it goes on.
    Curve { label: String, of: Of },
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// What crosses the lab, what that costs and how long it takes.
    Traffic,
    /// What having the lab takes.
    Lab,
}

impl Subject {
    /// Two levels, whichever is held against the other.
    pub(super) fn levels(factor: &'static str, one: &str, other: &str, of: Of) -> Self {
        let mut two = [one.to_owned(), other.to_owned()];
        two.sort();
        Self::Levels { factor, two, of }
    }
}
