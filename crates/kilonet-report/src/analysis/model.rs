//! What analysis hands to every report: plain values, serialized as they are into the report page.

use serde::Serialize;

use super::answers::Bending;
use super::axis::Axis;
use super::contrast::Contrast;
use super::estimate::Estimate;
use super::fail_if::Judged;
use super::fall::Fall;
use super::fit::{Capacity, Usl};
use super::limit::Limit;
use super::mechanisms::Mechanism;
use super::metric::Metric;
use super::series::Series;
use super::signs::Sign;
use super::summary::CellSummary;
use crate::scenario::called::Called;
use crate::scenario::{Cell, Topology};
use crate::stats::Line;

pub use super::series::Count;

/// What one more of a number costs: of a factor that is one, or of the containers.
#[derive(Debug, Clone, Serialize)]
pub struct Slope {
    /// The levels of the factors that vary in this run, but for what the lines run over.
    pub label: String,
    /// What the lines run over.
    pub over: Axis,
    /// The least and the most of it.
    pub range: (f64, f64),
    /// How much more of it a slope is said for, by the range: 1, 10, 100, ...; of bytes a power of two.
    pub step: f64,
    /// Whether it is rules that are more, by themselves or with containers, and nothing else is left in the figures of a byte or request.
    pub of_rules: bool,
    /// A line for each metric that determines one; at least one.
    pub fits: Vec<Fit>,
}

/// The straight line through the trials of a slope, in one metric.
#[derive(Debug, Clone, Serialize)]
pub struct Fit {
    /// What the trials' points are of.
    pub metric: Metric,
    /// The part of it that they are of, such as a phase of set-up; absent for the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<&'static str>,
    /// What the points are relative to.
    pub control: Control,
    /// The trials, cell by cell, where the line is drawn: count, and the metric's figure relative to the control's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<(u32, f64)>,
    /// The line through them.
    pub line: Line,
    /// What it changes by over the whole range, as a share of the points' mean size.
    pub change: f64,
    /// How likely trials would be as far off their blocks' lines if these were straight; absent below three numbers or two blocks.
    pub straight: Option<f64>,
    /// What may be told of it.
    pub verdict: LineVerdict,
}

/// What may be told of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LineVerdict {
    /// It has a slope, as far as three numbers or more can tell: its interval leaves zero out, and of all lines of a run of which this is
    /// told none has it by chance, with a probability of 95 %.
    Straight,
    /// The same of two numbers: nothing shows what lies between.
    TwoPlaces,
    /// Trials are off it by more than they scatter, so that one slope says nothing.
    Bent,
    /// It may have no slope.
    Uncertain,
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
    /// What the curves say: peaks and knees.
    pub bends: Vec<Bending>,
    /// The Universal Scalability Law through them.
    pub usl: Vec<Usl>,
    /// The capacity model beside them.
    pub capacities: Vec<Capacity>,
    /// What the run was to fail for, and for which cells it does; nothing where its scenario says nothing of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fail_if: Vec<Judged>,
    /// What bound or broke, by name: what explains most first.
    pub mechanisms: Vec<Mechanism>,
    /// Levels of each factor held against each other. The page draws none, and of a run of many counts they are as long as all else.
    #[serde(skip)]
    pub contrasts: Vec<Contrast>,
    /// What each curve loses from its best point to its largest count.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub falls: Vec<Fall>,
    /// Where something refuses.
    pub limits: Vec<Limit>,
    /// What counters show that no mechanism accounts for.
    pub signs: Vec<Sign>,
    /// What one more of each number costs.
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

impl Analysis {
    /// What the requests of its cells are called.
    #[must_use]
    pub fn requests(&self) -> Called {
        let cells = self.cells.iter().map(|cell| &cell.cell);
        let some = cells.filter(|cell| cell.has_requests());
        Called::shared(some.map(Cell::requests))
    }
}
