//! What there is to a metric: a row of one table, from which everything that reads, names, draws or compares it follows.
//!
//! Must not know estimates. The invariant: every metric has its row, at its own place in the table.

pub(crate) mod row;
mod table;
mod variants;

use std::str::FromStr;

use crate::scenario::Cell;
use crate::store::record::Record;
use row::{Glance, Reader};

pub use crate::scenario::measure::Direction;
pub use row::{About, Focus};
pub use table::METRICS;
pub use variants::Metric;

impl Metric {
    /// Every metric, in the table's order.
    pub fn all() -> impl Iterator<Item = Self> {
        METRICS.iter().map(|about| about.metric)
    }

    /// What stands for a run where there is room for two metrics; one for each focus.
    pub(crate) fn at_a_glance(of_requests: bool, focus: Focus) -> Option<Self> {
        let glance = Some(Glance { of_requests, focus });
        let mut rows = METRICS.iter();
        let row = rows.find(|about| about.traits.glance == glance)?;
        Some(row.metric)
    }

    /// What a cell's pairs get through, and what the whole machine spends on each unit of it: requests where they move nothing
    /// else, bytes otherwise.
    pub(crate) fn of_traffic(cell: &Cell) -> [Self; 2] {
        if cell.is_of_requests() {
            [Self::Transactions, Self::CpuPerTransaction]
        } else {
            [Self::Goodput, Self::CpuPerByte]
        }
    }

    /// Its row.
    #[must_use]
    pub fn about(self) -> &'static About {
        // `METRICS` has every metric at its own place, which a test holds.
        &METRICS[self as usize]
    }

    /// Its name in data: that of its variant, in small letters.
    pub(crate) fn key(self) -> String {
        self.about().word.replace('-', "_")
    }
}

/// What one trial says of a metric by itself: it says nothing of ratios to others, and what the record lacks is absent, never
/// zero.
pub(super) fn own_figure(metric: Metric, record: &Record) -> Option<f64> {
    match metric.about().read {
        Reader::Record(read) => read(record),
        Reader::Baseline => None,
    }
}

impl FromStr for Metric {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = METRICS.iter().find(|about| about.word == text);
        found.map(|about| about.metric).ok_or_else(|| {
            let words: Vec<_> = METRICS.iter().map(|about| about.word).collect();
            format!("no such metric; there are {}", words.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Topology, measure};
    use crate::store::record::Counters;
    use crate::store::sample::{cell, measured};

    #[test]
    fn segments_sent_again_are_counted_and_absent_where_nobody_did() {
        let record = measured(cell(Topology::Veth, 2), 0);
        let shown = |retransmits| {
            let counters = Counters {
                retransmits,
                ..Counters::default()
            };
            let record = Record {
                counters: Some(counters),
                ..record.clone()
            };
            let count = own_figure(Metric::Retransmits, &record);
            count.map(|count| Metric::Retransmits.about().quantity.show(count))
        };
        let texts = [Some(301), Some(0), None].map(shown);
        assert_eq!(
            texts,
            [Some("301"), Some("0"), None].map(|it| it.map(str::to_owned))
        );
    }

    #[test]
    fn what_moves_no_byte_by_its_nature_has_no_goodput() {
        let mut record = measured(cell(Topology::Veth, 2), 0);
        assert!(own_figure(Metric::Goodput, &record).is_some());
        record.cell.workload = "tcp-cc".parse().unwrap();
        assert_eq!(own_figure(Metric::Goodput, &record), None);
    }

    #[test]
    fn every_run_has_a_metric_at_a_glance_of_all_and_of_each() {
        for of_requests in [false, true] {
            let [all, each] =
                [Focus::All, Focus::Each].map(|focus| Metric::at_a_glance(of_requests, focus));
            assert!(all.is_some() && each.is_some() && all != each);
        }
        let several = METRICS.iter().filter(|about| about.traits.glance.is_some());
        assert_eq!(several.count(), 4, "two rows say the same");
    }

    #[test]
    fn what_trials_are_judged_by_are_the_metrics_in_their_order() {
        let words: Vec<_> = METRICS.iter().map(|about| about.word).collect();
        let measures: Vec<_> = measure::ALL.iter().map(|measure| measure.word).collect();
        assert_eq!(words, measures);
    }

    #[test]
    fn every_metric_has_its_row_at_its_place() {
        for (place, about) in METRICS.iter().enumerate() {
            assert_eq!(about.metric as usize, place, "{}", about.word);
            assert_eq!(about.word.parse(), Ok(about.metric));
            // What reads the JSON looks it up by its word.
            assert_eq!(serde_json::json!(about.metric), about.metric.key());
        }
        let unknown = "speed".parse::<Metric>().unwrap_err();
        assert!(unknown.contains("cpu-per-byte"), "{unknown}");
    }
}
