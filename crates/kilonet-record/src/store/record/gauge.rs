//! What a record says of the metrics by which it is judged whether a cell has been measured often enough.
//!
//! Must not know how it is judged. The invariant: a trial that failed, or whose witnesses disagree, says nothing.

use super::{Record, Status};
use crate::factors::Gauge;

impl Record {
    /// Whether its figures may be shown as values: it was measured, and the witnesses agree.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.status == Status::Ok && self.checks.is_none_or(|checks| checks.valid)
    }

    /// Its figure of a metric; absent where it has none that may be shown.
    #[must_use]
    pub fn figure(&self, gauge: Gauge) -> Option<f64> {
        let figure = match gauge {
            Gauge::Goodput => self.aggregate?.goodput_bps,
            Gauge::PairP50 => self.per_pair?.p50_bps,
            Gauge::Transactions => self.aggregate?.transactions_per_s?,
            Gauge::Datagrams => self.aggregate?.datagrams_per_s?,
            Gauge::LatencyP50 => self.latency.as_ref()?.p50_ns as f64,
            Gauge::LatencyP99 => self.latency.as_ref()?.p99_ns? as f64,
            Gauge::CpuPerByte => self.cpu?.ns_per_byte?,
        };
        (self.is_shown() && figure.is_finite()).then_some(figure)
    }
}
