//! One cell over its repeats.
//!
//! The invariant: an estimate rests on at least one trial that was measured and is valid; a metric that none of these
//! carries is absent.

use std::collections::BTreeMap;

use super::baseline::Baselines;
use super::detail::Detail;
use super::model::{CellSummary, Estimate, Metric};
use crate::scenario::Cell;
use crate::stats::{self, Scatter};
use crate::store::record::{Failure, LabCost, Latency, PerPair, Record, Status};

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

impl Estimate {
    /// Estimates from the figures of one metric; absent without any.
    ///
    /// No metric can be below nothing, so an interval that reaches there ends at nothing.
    pub(super) fn of(metric: Metric, figures: &[f64]) -> Option<Self> {
        let interval = match metric {
            Metric::BaselineRatio => stats::interval_of_ratios(figures),
            _ => stats::interval_95(figures).map(|(low, high)| (low.max(0.0), high)),
        };
        Some(Self {
            n: figures.len(),
            median: stats::median(figures)?,
            interval,
        })
    }
}

fn metrics(trials: &[&Record], baselines: &Baselines) -> BTreeMap<Metric, Estimate> {
    Metric::ALL
        .into_iter()
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
    match metric {
        Metric::BaselineRatio => baselines.ratio(record),
        _ => own_figure(metric, record),
    }
}

/// What one trial says of a metric by itself; it says nothing of ratios to others.
pub(super) fn own_figure(metric: Metric, record: &Record) -> Option<f64> {
    let pairs = |read: fn(&PerPair) -> f64| record.per_pair.as_ref().map(read);
    let lab = |read: fn(&LabCost) -> Option<u64>| {
        record.lab.as_ref().and_then(read).map(|value| value as f64)
    };
    let latency = |read: fn(&Latency) -> Option<u64>| {
        record
            .latency
            .as_ref()
            .and_then(read)
            .map(|value| value as f64)
    };
    match metric {
        Metric::Goodput => record.aggregate.map(|aggregate| aggregate.goodput_bps),
        Metric::BaselineRatio => None,
        Metric::PairMin => pairs(|pairs| pairs.min_bps),
        Metric::PairP5 => pairs(|pairs| pairs.p5_bps),
        Metric::PairP50 => pairs(|pairs| pairs.p50_bps),
        Metric::PairP95 => pairs(|pairs| pairs.p95_bps),
        Metric::PairMax => pairs(|pairs| pairs.max_bps),
        Metric::Jain => pairs(|pairs| pairs.jain),
        Metric::Starved => pairs(|pairs| f64::from(pairs.starved)),
        Metric::CpuPerByte => record.cpu?.ns_per_byte,
        Metric::Transactions => record.aggregate?.transactions_per_s,
        Metric::LatencyP50 => latency(|latency| Some(latency.p50_ns)),
        Metric::LatencyP99 => latency(|latency| latency.p99_ns),
        Metric::LatencyP999 => latency(|latency| latency.p999_ns),
        Metric::CpuPerTransaction => record.cpu?.ns_per_transaction,
        Metric::Datagrams => record.aggregate?.datagrams_per_s,
        Metric::Loss => record.aggregate?.loss_ratio,
        Metric::Setup => lab(|lab| Some(lab.setup_ns)),
        Metric::Teardown => lab(|lab| lab.teardown_ns),
        Metric::KernelMemory => lab(|lab| lab.kernel_bytes_per_container),
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
