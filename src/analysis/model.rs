//! What analysis hands to every report: plain values, serialized as they are into the report page.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::scenario::Cell;
use crate::store::record::Failure;

/// A figure that every measured trial has (or lacks), and that is estimated over a cell's repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Goodput of all flows together, bits a second.
    Goodput,
    /// Aggregate over that of the same block's loopback baseline; 1 is as fast as lo.
    BaselineRatio,
    /// Slowest pair, bits a second.
    PairMin,
    /// 5th percentile of pairs, bits a second.
    PairP5,
    /// Median pair, bits a second.
    PairP50,
    /// 95th percentile of pairs, bits a second.
    PairP95,
    /// Fastest pair, bits a second.
    PairMax,
    /// Jain's index over pairs.
    Jain,
    /// Pairs that moved nothing.
    Starved,
    /// CPU time of the machine per payload byte, nanoseconds.
    CpuPerByte,
    /// Set-up, nanoseconds.
    Setup,
    /// Teardown to the barrier, nanoseconds.
    Teardown,
    /// Kernel memory per container, bytes.
    KernelMemory,
}

impl Metric {
    /// Every metric.
    pub const ALL: [Self; 13] = [
        Self::Goodput,
        Self::BaselineRatio,
        Self::PairMin,
        Self::PairP5,
        Self::PairP50,
        Self::PairP95,
        Self::PairMax,
        Self::Jain,
        Self::Starved,
        Self::CpuPerByte,
        Self::Setup,
        Self::Teardown,
        Self::KernelMemory,
    ];
}

/// A metric over the repeats of one cell.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// Trials it rests on, at least 1.
    pub n: usize,
    /// Their median.
    pub median: f64,
    /// The 95 % Student t interval of their mean; absent below two trials.
    pub interval: Option<(f64, f64)>,
}

/// One cell and what its trials say.
#[derive(Debug, Clone, Serialize)]
pub struct CellSummary {
    /// The factors.
    pub cell: Cell,
    /// Estimates over the trials that were measured and whose witnesses agree.
    pub metrics: BTreeMap<Metric, Estimate>,
    /// Trials that were measured and are valid.
    pub measured: usize,
    /// Trials whose witnesses disagree; kept, not shown as values.
    pub invalid: usize,
    /// Why trials failed.
    pub failures: Vec<Failure>,
    /// The distinct warnings of all its trials. Those of the run that differ in their figures alone are one sentence, with
    /// the range of each figure.
    pub warnings: Vec<String>,
}

/// Cells that differ in the count alone, smallest count first.
#[derive(Debug, Clone, Serialize)]
pub struct Series {
    /// The levels of the factors that vary in this run, joined: `bridge ipv4`. Unique.
    pub label: String,
    /// The varying factors and this series' level of each, for switching on and off.
    pub factors: BTreeMap<String, String>,
    /// Indexes into [`Analysis::cells`].
    pub cells: Vec<usize>,
}

/// Which count the curves run over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// Existing containers.
    Containers,
    /// Active containers, where these vary and the existing do not.
    Active,
}

/// Everything a person sees, before it has a form.
#[derive(Debug, Clone, Serialize)]
pub struct Analysis {
    /// The scenario's name.
    pub name: String,
    /// The run folder's manifest as it is on disk.
    pub manifest: serde_json::Value,
    /// What the curves run over.
    pub count: Count,
    /// Every cell, in the order series name them.
    pub cells: Vec<CellSummary>,
    /// The curves.
    pub series: Vec<Series>,
    /// Trials planned; more than there are records of when the run was cut off.
    pub planned: usize,
    /// Trials recorded.
    pub recorded: usize,
    /// Sentences about the folder itself: cut off, a line that could not be read, machines mixed.
    pub notes: Vec<String>,
}
