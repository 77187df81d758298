//! One cell over its repeats.
//!
//! The invariant: an estimate rests on at least one trial that was measured and is valid; a metric that none of these
//! carries is absent.

use std::collections::BTreeMap;

use super::baseline::Baselines;
use super::detail::Detail;
use super::estimate::Estimate;
use super::metric::row::Reader;
use super::metric::{Metric, own_figure};
use super::precision::Known;
use crate::scenario::Cell;
use crate::scenario::is_default;
use crate::stats::{self, Scatter};
use crate::store::record::{Failure, Record, Status};
use serde::Serialize;

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

/// What became of the trials of a cell.
pub(super) struct Fates<'a> {
    /// Those whose figures may be shown as values.
    pub(super) shown: Vec<&'a Record>,
    /// How many were measured, and have witnesses that disagree.
    pub(super) invalid: usize,
    /// Why the others failed.
    pub(super) failures: Vec<Failure>,
}

impl<'a> Fates<'a> {
    pub(super) fn of(trials: &[&'a Record]) -> Self {
        let measured = trials.iter().filter(|record| record.status == Status::Ok);
        let shown: Vec<_> = trials
            .iter()
            .copied()
            .filter(|record| record.is_shown())
            .collect();
        let failures = trials.iter().filter_map(|record| record.error.clone());
        Self {
            invalid: measured.count() - shown.len(),
            shown,
            failures: failures.collect(),
        }
    }
}

impl CellSummary {
    /// Summarises the trials of a cell.
    pub(super) fn of(cell: &Cell, trials: &[&Record], baselines: &Baselines) -> Self {
        let Fates {
            shown,
            invalid,
            failures,
        } = Fates::of(trials);
        let metrics = metrics(&shown, baselines);
        Self {
            cell: cell.clone(),
            detail: Detail::of(&shown, metrics.get(&Metric::Goodput)),
            metrics,
            precision: None,
            scatter: scatter(&shown),
            measured: shown.len(),
            invalid,
            disturbed: shown.iter().filter(|record| record.is_disturbed()).count(),
            failures,
            warnings: warnings(trials),
        }
    }

    /// Its estimate of a metric; absent when no trial that may be shown carries it.
    #[must_use]
    pub fn estimate(&self, metric: Metric) -> Option<&Estimate> {
        self.metrics.get(&metric)
    }
}

fn metrics(trials: &[&Record], baselines: &Baselines) -> BTreeMap<Metric, Estimate> {
    Metric::all()
        .filter_map(|metric| {
            let figures: Vec<f64> = trials
                .iter()
                .filter_map(|record| figure(metric, record, baselines))
                .filter(|figure| figure.is_finite())
                .collect();
            Some((metric, Estimate::of(metric, &figures)?))
        })
        .collect()
}

/// What one trial says of a metric, beside its baseline.
pub(super) fn figure(metric: Metric, record: &Record, baselines: &Baselines) -> Option<f64> {
    match metric.about().read {
        Reader::Baseline => baselines.ratio(record),
        Reader::Record(_) => own_figure(metric, record),
    }
}

/// How far trials are apart, by their samples.
fn scatter(trials: &[&Record]) -> Option<Scatter> {
    let samples = trials.iter().filter_map(|record| record.samples.as_ref());
    let parts = samples.filter_map(|samples| stats::parts(&samples.goodput_bps));
    Scatter::of(&parts.collect::<Vec<_>>())
}

/// Each warning once, in the order of the trials.
fn warnings(trials: &[&Record]) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::new();
    for warning in trials.iter().flat_map(|record| &record.warnings) {
        if !distinct.contains(warning) {
            distinct.push(warning.clone());
        }
    }
    distinct
}
