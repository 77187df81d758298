//! How well each cell is known, where a run went on until it was known well enough.
//!
//! Must not know how trials are ordered. The invariant: judged is by the very rule that the run stopped by, on the same
//! figures; a cell without any of these is not judged.

use std::collections::BTreeSet;

use serde::Serialize;

use super::metric::Metric;
use super::trials::by_cell;
use crate::plan::Precision;
use crate::scenario::{Cell, Gauge, Goal, Repeats};
use crate::store::folder::{Manifest, Run};
use crate::store::record::Record;

/// How well the metric of a cell is known that is known least well.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Known {
    /// The metric.
    pub metric: Metric,
    /// What half its interval was to come to, as a share of the median.
    pub within: f64,
    /// What it comes to; absent where there is no interval.
    pub half_width: Option<f64>,
    /// Trials that have the metric.
    pub trials: usize,
    /// Whether that is enough.
    pub reach: Reach,
}

/// Whether a cell came to be known well enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// It did.
    Reached,
    /// It has had all the trials that it may have, and did not.
    Never,
    /// It is to have more of them: the run was cut off, or is still going.
    NotYet,
}

/// What a run went on until; absent where it had a number of trials.
pub(super) fn goal(manifest: &Manifest) -> Option<Goal> {
    let settings = manifest.settings.get("repeats")?;
    let repeats: Repeats = serde_json::from_value(settings.clone()).ok()?;
    repeats.goal().cloned()
}

impl Known {
    /// Judges the trials of a cell; absent where they have nothing to be judged by.
    pub(super) fn of(goal: &Goal, cell: &Cell, trials: &[&Record]) -> Option<Self> {
        let figures = |gauge| {
            let figures = trials.iter().filter_map(|record| record.figure(gauge));
            figures.collect()
        };
        let precision = Precision::of(goal, cell, figures)?;
        let blocks: BTreeSet<_> = trials.iter().map(|record| record.repeat).collect();
        let had_all = blocks.len() >= goal.max as usize;
        let reach = match (had_all, precision.is_within(goal)) {
            (true, false) => Reach::Never,
            (true, true) => Reach::Reached,
            (false, _) if precision.is_settled => Reach::Reached,
            (false, _) => Reach::NotYet,
        };
        Some(Self {
            metric: Metric::from(precision.gauge),
            within: goal.within.share(),
            half_width: precision.half_width,
            trials: precision.n,
            reach,
        })
    }
}

impl From<Gauge> for Metric {
    fn from(gauge: Gauge) -> Self {
        match gauge {
            Gauge::Goodput => Self::Goodput,
            Gauge::PairP50 => Self::PairP50,
            Gauge::Transactions => Self::Transactions,
            Gauge::Datagrams => Self::Datagrams,
            Gauge::LatencyP50 => Self::LatencyP50,
            Gauge::LatencyP99 => Self::LatencyP99,
            Gauge::CpuPerByte => Self::CpuPerByte,
        }
    }
}

/// Says how many cells are to have more trials than they have.
pub(super) fn notes(run: &Run) -> Option<String> {
    let goal = goal(&run.manifest)?;
    let trials = by_cell(&run.records);
    let known = trials
        .iter()
        .filter_map(|(cell, trials)| Known::of(&goal, cell, trials));
    let open = known.filter(|known| known.reach == Reach::NotYet).count();
    let cells = match open {
        0 => return None,
        1 => "1 cell is".to_owned(),
        many => format!("{many} cells are"),
    };
    let why = "the run was cut off or is still in progress";
    Some(format!(
        "{cells} not yet as precise as asked for, and would get more trials: {why}"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Analysis;
    use super::super::metric::own_figure;
    use super::*;
    use crate::scenario::{Factor, Topology};
    use crate::stats::Recorder;
    use crate::store::record::{Latency, Status};
    use crate::store::sample::{cell, measured, run};

    /// A run of one cell that was to be known within 5 % by 2 to 6 trials, whose trials moved these shares of its goodput.
    fn told(shares: &[f64]) -> Run {
        let each = (0..).zip(shares);
        let records = each.map(|(repeat, share)| {
            let mut record = measured(cell(Topology::Veth, 2), repeat);
            record.aggregate.as_mut().unwrap().goodput_bps = 10e9 * share;
            record
        });
        let mut run = run(records.collect());
        run.manifest.planned = 2;
        run.manifest.settings = json!({
            "repeats": { "min": 2, "max": 6, "within": "5%", "metrics": ["goodput"] }
        });
        run
    }

    fn known(run: &Run) -> Option<Known> {
        Analysis::of(run).cells[0].precision
    }

    #[test]
    fn a_cell_is_known_or_never_or_not_yet() {
        let steady = known(&told(&[1.0; 5])).unwrap();
        assert_eq!(
            (steady.reach, steady.half_width),
            (Reach::Reached, Some(0.0))
        );
        assert_eq!(known(&told(&[1.0; 4])).unwrap().reach, Reach::NotYet);
        let late = known(&told(&[0.9, 1.0, 1.0, 1.0, 1.0, 1.0])).unwrap();
        assert_eq!(late.reach, Reach::Reached, "it had all and came to it");
        let wild = known(&told(&[1.0, 0.5, 1.0, 0.5, 1.0, 0.5])).unwrap();
        assert_eq!((wild.reach, wild.trials), (Reach::Never, 6));
        // scipy.stats.t.interval(0.95, 5, 0.75, scipy.stats.sem([1, .5] * 3)) over the median 0.75.
        assert!(
            (wild.half_width.unwrap() - 0.383_200).abs() < 1e-5,
            "{wild:?}"
        );
        let cut_off = told(&[1.0, 0.5, 1.0]);
        assert_eq!(known(&cut_off).unwrap().reach, Reach::NotYet);
        let notes = Analysis::of(&cut_off).notes;
        assert!(notes[0].starts_with("1 cell is not yet"), "{notes:?}");
    }

    #[test]
    fn what_has_no_goal_or_no_figure_is_not_judged() {
        let mut fixed = told(&[1.0, 0.5]);
        fixed.manifest.settings = json!({ "repeats": 2 });
        assert_eq!(known(&fixed), None);
        let mut failed = told(&[1.0, 0.5]);
        for record in &mut failed.records {
            record.status = Status::Failed;
        }
        assert_eq!(known(&failed), None);
    }

    #[test]
    fn the_run_and_the_report_read_the_same_figures() {
        let mut record = measured(cell(Topology::Veth, 8), 0);
        let aggregate = record.aggregate.as_mut().unwrap();
        (aggregate.transactions_per_s, aggregate.datagrams_per_s) = (Some(3.0), Some(4.0));
        let mut recorder = Recorder::new().unwrap();
        (0..100).for_each(|_| recorder.record(5_000));
        record.latency = Latency::of(&recorder.latencies());
        for gauge in Gauge::ALL {
            let figure = record.figure(*gauge);
            assert!(figure.is_some(), "{gauge}");
            assert_eq!(own_figure(Metric::from(*gauge), &record), figure, "{gauge}");
        }
    }
}
