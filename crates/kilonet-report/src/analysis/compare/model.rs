//! What a comparison hands to every form of it: plain values, serialized as they are for `--format json`.

use serde::Serialize;

use super::fingerprint::Difference;
use super::verdict::{Change, Doubt, Terms, Verdict};
use crate::analysis::{Count, Estimate, Metric};
use crate::scenario::called::Called;
use crate::store::folder::Run;
use crate::store::record::Failure;

/// A run and where it is.
#[derive(Debug, Clone)]
pub struct Folder {
    /// Its folder, as the user wrote it.
    pub name: String,
    /// What is in it.
    pub run: Run,
}

/// A base run and others held against it.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// What was asked.
    pub terms: Terms,
    /// The run that the others are held against.
    pub base: Source,
    /// The others.
    pub news: Vec<Against>,
}

/// A run as a comparison names it.
#[derive(Debug, Clone, Serialize)]
pub struct Source {
    /// Its folder.
    pub folder: String,
    /// The scenario's name.
    pub name: String,
    /// Its manifest, which says what machine it is of.
    #[serde(skip)]
    pub manifest: serde_json::Value,
    /// Sentences about the folder itself: cut off, lines that could not be read.
    pub notes: Vec<String>,
}

/// A run held against the base.
#[derive(Debug, Clone, Serialize)]
pub struct Against {
    /// The run.
    pub new: Source,
    /// What differs beside the figures.
    pub differences: Vec<Difference>,
    /// What the curves of both together run over.
    pub count: Count,
    /// Every cell of either, curve by curve.
    pub cells: Vec<CellPair>,
}

/// A cell in both runs.
#[derive(Debug, Clone, Serialize)]
pub struct CellPair {
    /// The cell's id, in the base's terms.
    pub cell: String,
    /// What its curve is called.
    pub label: String,
    /// Its place on the curve.
    pub count: u32,
    /// What its requests are called.
    #[serde(skip)]
    pub requests: Called,
    /// What became of its trials in the base; absent where that has none.
    pub base: Option<Standing>,
    /// What became of them in the new run, likewise.
    pub new: Option<Standing>,
    /// Whether there is anything to compare.
    pub presence: Presence,
    /// The figures; none unless both sides have some.
    pub figures: Vec<Figure>,
    /// Metrics that were asked for and that the base's trials alone have, where both sides have trials to show.
    pub only_in_base: Vec<Metric>,
    /// The same of the new run's.
    pub only_in_new: Vec<Metric>,
}

/// Which sides of a cell have figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// The base has; in the new run every trial failed or is invalid. It is a regression.
    FailsNow,
    /// The new run has; in the base every trial failed or is invalid.
    WorksNow,
    /// Both have.
    Both,
    /// Neither has: every trial of both failed or is invalid.
    FailsStill,
    /// The new run has no trial of it.
    OnlyInBase,
    /// The base has no trial of it.
    OnlyInNew,
}

/// What became of a cell's trials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Trials whose figures are shown.
    pub measured: usize,
    /// Trials whose witnesses disagree.
    pub invalid: usize,
    /// Trials that failed.
    pub failed: usize,
    /// Why the first of these did.
    pub failure: Option<Failure>,
}

/// A metric in both runs.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    /// Of what.
    pub metric: Metric,
    /// In the base, as its own report has it.
    pub base: Estimate,
    /// In the new run, likewise.
    pub new: Estimate,
    /// The new over the base; absent where a zero is among them.
    pub change: Option<Change>,
    /// What may be said.
    pub verdict: Verdict,
    /// Why nothing can be said, where that is so.
    pub doubt: Option<Doubt>,
    /// Whether it is worse by the threshold or more.
    pub regression: bool,
}
