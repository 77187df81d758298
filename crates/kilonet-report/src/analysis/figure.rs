//! What one trial says of each metric.
//!
//! The invariant: a figure that the record lacks is absent, never zero.

use super::metric::Metric;
use crate::store::record::{LabCost, Latency, PerPair, Record};

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
