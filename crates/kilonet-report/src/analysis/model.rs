//! What analysis hands to every report: plain values, serialized as they are into the report page.

use std::collections::BTreeMap;

use serde::Serialize;

use super::answers::Answer;
use super::detail::Detail;
use super::fit::{Capacity, Usl};
use super::limit::Limit;
use super::precision::Known;
use super::signs::Sign;
use crate::scenario::cell::is_default;
use crate::scenario::{Cell, Topology};
use crate::stats::{Line, Scatter};
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
    /// Responses a second, all flows together.
    Transactions,
    /// Median of how long requests took, nanoseconds.
    LatencyP50,
    /// 99th percentile of that.
    LatencyP99,
    /// 99.9th percentile of that.
    LatencyP999,
    /// CPU time of the machine per response, nanoseconds.
    CpuPerTransaction,
    /// Datagrams a second that receivers took, all flows together.
    Datagrams,
    /// The share of datagrams that was lost, from 0 to 1.
    Loss,
    /// Set-up, nanoseconds.
    Setup,
    /// Teardown to the barrier, nanoseconds.
    Teardown,
    /// Kernel memory per container, bytes.
    KernelMemory,
}

impl Metric {
    /// Every metric.
    pub const ALL: [Self; 20] = [
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
        Self::Transactions,
        Self::LatencyP50,
        Self::LatencyP99,
        Self::LatencyP999,
        Self::CpuPerTransaction,
        Self::Datagrams,
        Self::Loss,
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
    /// The 95 % Student t interval of their mean; of a ratio to the baseline, that of the geometric mean by resampling
    /// blocks. Absent below two trials.
    pub interval: Option<(f64, f64)>,
}

/// One cell and what its trials say.
#[derive(Debug, Clone, Serialize)]
pub struct CellSummary {
    /// The factors.
    pub cell: Cell,
    /// How well it is known; absent where the run had a number of trials, and where nothing tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precision: Option<Known>,
    /// How far its trials are apart in goodput, and how much of that is within each; absent where they cannot tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scatter: Option<Scatter>,
    /// Estimates over the trials that were measured and whose witnesses agree.
    pub metrics: BTreeMap<Metric, Estimate>,
    /// Trials that were measured and are valid.
    pub measured: usize,
    /// Trials whose witnesses disagree; kept, not shown as values.
    pub invalid: usize,
    /// Of the measured and valid ones, those that others disturbed and that stand all the same.
    #[serde(skip_serializing_if = "is_default")]
    pub disturbed: usize,
    /// Why trials failed.
    pub failures: Vec<Failure>,
    /// The distinct warnings of all its trials. Those of the run that differ in their figures alone are one sentence, with
    /// the range of each figure.
    pub warnings: Vec<String>,
    /// What there is to see beside the estimates.
    pub detail: Detail,
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
    /// Counts between those of its cells that were planned, and of which no trial is recorded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<u32>,
}

impl Series {
    /// Whether something that was planned between two of its counts is not there, so that nothing may join these.
    #[must_use]
    pub fn is_broken_between(&self, from: u32, to: u32) -> bool {
        self.lost.iter().any(|lost| (from..to).contains(lost))
    }
}

/// Which count the curves run over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// Existing containers.
    Containers,
    /// Active containers, where these vary and the existing do not.
    Active,
    /// Rules that match nothing, where these vary and the containers do not.
    Rules,
}

/// What one more rule costs, or one more container with its rules.
#[derive(Debug, Clone, Serialize)]
pub struct Slope {
    /// The levels of the factors that vary in this run, but for what the lines run over.
    pub label: String,
    /// What the lines run over.
    pub over: Count,
    /// A line for each metric that determines one; at least one.
    pub fits: Vec<Fit>,
}

/// The straight line through the trials of a slope, in one metric.
#[derive(Debug, Clone, Serialize)]
pub struct Fit {
    /// What the trials' points are of.
    pub metric: Metric,
    /// What the points are relative to.
    pub control: Control,
    /// The trials, cell by cell: count, and the metric's figure relative to the control's.
    pub points: Vec<(u32, f64)>,
    /// The line through them.
    pub line: Line,
}

/// What a trial's figure is relative to: the trial of the same block that differs in having no rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// Nothing: the figure is its own.
    Absent,
    /// Its figure was subtracted.
    Subtracted,
    /// The figure is a share of its figure.
    Divided,
}

/// A real engine's cell over the modelled one of the same shape and traffic.
#[derive(Debug, Clone, Serialize)]
pub struct Reality {
    /// The modelled cell's levels of the factors that vary among these.
    pub label: String,
    /// Its place on the curves.
    pub count: u32,
    /// Real over modelled; at least one.
    pub ratios: Vec<Ratio>,
    /// What the records show to be different, in sentences.
    pub differences: Vec<String>,
}

/// Real over modelled in one metric.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ratio {
    /// What it is a ratio of.
    pub metric: Metric,
    /// Blocks that have both, at least 1.
    pub blocks: usize,
    /// The geometric mean of the blocks' ratios.
    pub ratio: f64,
    /// Its 95 % interval: Student's t over the logarithms; absent below two blocks.
    pub interval: Option<(f64, f64)>,
}

/// The 2017 post's table beside this run's, as ratios to lo.
#[derive(Debug, Clone, Serialize)]
pub struct Post {
    /// Its rows but that of lo.
    pub rows: Vec<PostRow>,
}

/// A shape, then and now.
#[derive(Debug, Clone, Serialize)]
pub struct PostRow {
    /// The shape.
    pub topology: Topology,
    /// What the post calls it.
    pub name: &'static str,
    /// The columns for which the post has a figure.
    pub cells: Vec<PostCell>,
}

/// A figure of the post and what has come of it.
#[derive(Debug, Clone, Serialize)]
pub struct PostCell {
    /// Its column.
    pub column: Column,
    /// The post's ratio, as printed.
    pub then: f64,
    /// Today's, of modelled containers.
    pub modelled: Option<Estimate>,
    /// Today's, of a real engine's containers with the rules it loads by itself.
    pub real: Option<Estimate>,
}

/// A column of the post's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// IPv4, with Docker's rules.
    Ipv4,
    /// IPv6, for which Docker had no rules.
    Ipv6,
    /// IPv4, with iptables switched off.
    NoRules,
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
    /// Whether all that was measured is of requests, so that bytes say little.
    pub of_requests: bool,
    /// The curves.
    pub series: Vec<Series>,
    /// What the curves say: knees and halving points.
    pub answers: Vec<Answer>,
    /// The Universal Scalability Law through them.
    pub usl: Vec<Usl>,
    /// The capacity model beside them.
    pub capacities: Vec<Capacity>,
    /// Where something refuses.
    pub limits: Vec<Limit>,
    /// What counters show.
    pub signs: Vec<Sign>,
    /// What rules cost, where the run has any.
    pub slopes: Vec<Slope>,
    /// Model against reality, where the run has both.
    pub realities: Vec<Reality>,
    /// The 2017 post's table, where the run has its rows.
    pub post: Option<Post>,
    /// Trials planned, more than there are records of when the run was cut off; where trials go on until cells are known,
    /// those that there are in any case, or are recorded.
    pub planned: usize,
    /// Trials recorded.
    pub recorded: usize,
    /// Sentences about the folder itself: cut off, a line that could not be read, machines mixed.
    pub notes: Vec<String>,
}
