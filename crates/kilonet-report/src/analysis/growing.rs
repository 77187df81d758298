//! Curves while their run goes on: those that a plan will draw, and of each the points that there are so far.
//!
//! Must not know what is drawn of them. The invariant: a point is the median that the report would show if the run ended
//! now; the curves, their labels and their counts are the report's too.

use std::collections::BTreeMap;

use super::factors::Varying;
use super::metric::{METRICS, Metric, own_figure};
use super::series::Count;
use crate::plan::Role;
use crate::scenario::Cell;
use crate::scenario::called::Called;
use crate::stats;
use crate::store::record::Record;

/// The curves of a run that goes on.
#[derive(Debug, Clone)]
pub struct Growing {
    /// What the curves run over.
    pub count: Count,
    /// Whether every cell is of requests, so that bytes say little.
    pub of_requests: bool,
    /// What requests are called.
    pub requests: Called,
    /// The curves, in the report's order.
    pub curves: Vec<GrowingCurve>,
}

/// One of them.
#[derive(Debug, Clone)]
pub struct GrowingCurve {
    /// What the report calls it.
    pub label: String,
    /// Its cells, from the smallest count up.
    cells: Vec<GrowingCell>,
}

/// A point to be.
#[derive(Debug, Clone)]
struct GrowingCell {
    cell: Cell,
    count: u32,
    /// By metric and block.
    figures: BTreeMap<Metric, BTreeMap<u32, f64>>,
}

impl Growing {
    /// The curves through these cells, without a point yet.
    #[must_use]
    pub fn through(cells: &[&Cell]) -> Self {
        let mut distinct = cells.to_vec();
        distinct.sort();
        distinct.dedup();
        let varying = Varying::among(&distinct);
        let ordered = varying.in_order(distinct);
        let curves = ordered.chunk_by(|left, right| varying.same_curve(left, right));
        let count = varying.count();
        let asked = cells.iter().filter(|cell| cell.has_requests());
        Self {
            count,
            of_requests: cells.iter().all(|cell| cell.is_of_requests()),
            requests: Called::shared(asked.map(|cell| cell.requests())),
            curves: curves
                .map(|cells| GrowingCurve {
                    label: varying.label(cells[0]),
                    cells: cells.iter().map(|cell| blank(count, cell)).collect(),
                })
                .collect(),
        }
    }

    /// Takes a trial in. A baseline is no point of a curve, and a trial that failed or whose witnesses disagree has none.
    pub fn add(&mut self, record: &Record) {
        if record.role != Role::Cell || !record.is_shown() {
            return;
        }
        let mut cells = self.curves.iter_mut().flat_map(|curve| &mut curve.cells);
        let Some(cell) = cells.find(|it| it.cell == record.cell) else {
            return;
        };
        // A report has more: these are what is watched.
        let watched = METRICS.iter().filter(|about| about.traits.glance.is_some());
        for metric in watched.map(|about| about.metric) {
            if let Some(figure) = own_figure(metric, record).filter(|it| it.is_finite()) {
                let blocks = cell.figures.entry(metric).or_default();
                if record.again && record.is_disturbed() {
                    // Disturbed as the first was, it stands for it only where that has no figure.
                    blocks.entry(record.repeat).or_insert(figure);
                } else {
                    blocks.insert(record.repeat, figure);
                }
            }
        }
    }

    /// The first and the last count at which there is to be a point; absent without cells.
    #[must_use]
    pub fn ends(&self) -> Option<(u32, u32)> {
        let cells = || self.curves.iter().flat_map(|curve| &curve.cells);
        let counts = || cells().map(|cell| cell.count);
        counts().min().zip(counts().max())
    }
}

impl GrowingCurve {
    /// Of each of its cells the count, and what its trials so far say of a metric; absent where they say nothing.
    pub fn points(&self, metric: Metric) -> impl Iterator<Item = (u32, Option<f64>)> {
        self.cells.iter().map(move |cell| {
            let blocks = cell.figures.get(&metric).into_iter().flatten();
            let figures: Vec<_> = blocks.map(|(_, figure)| *figure).collect();
            (cell.count, stats::median(&figures))
        })
    }
}

fn blank(count: Count, cell: &Cell) -> GrowingCell {
    GrowingCell {
        cell: cell.clone(),
        count: count.of(cell),
        figures: BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Analysis;
    use crate::store::record::Noise;
    use crate::store::sample;

    /// A curve's label and points.
    type Drawn = (String, Vec<(u32, Option<f64>)>);

    fn drawn(growing: &Growing) -> Vec<Drawn> {
        let curves = growing.curves.iter();
        curves
            .map(|curve| (curve.label.clone(), curve.points(Metric::Goodput).collect()))
            .collect()
    }

    #[test]
    fn once_all_trials_are_in_the_curves_are_those_of_the_report() {
        let mut run = sample::sweep(128);
        // One that was disturbed, with the one that stands for it.
        let mut again = run.records[0].clone();
        let disturbed = Noise {
            disturbed: vec!["steal took 7 %".to_owned()],
            ..Noise::default()
        };
        run.records[0].noise = Some(disturbed);
        run.records[0].aggregate.as_mut().unwrap().goodput_bps /= 2.0;
        again.trial = again.trial.once_more();
        again.again = true;
        run.records.push(again);
        let cells: Vec<_> = run.records.iter().map(|record| &record.cell).collect();
        let mut growing = Growing::through(&cells);
        assert_eq!(growing.ends(), Some((2, 128)));
        for record in &run.records {
            growing.add(record);
        }
        let analysis = Analysis::of(&run);
        let reported = analysis.series.iter().map(|series| {
            let cells = series.cells.iter().map(|index| &analysis.cells[*index]);
            let median = cells.map(|cell| {
                let estimate = cell.estimate(Metric::Goodput);
                (analysis.count.of(&cell.cell), estimate.map(|it| it.median))
            });
            (series.label.clone(), median.collect())
        });
        assert_eq!(drawn(&growing), reported.collect::<Vec<_>>());
    }

    #[test]
    fn a_point_is_absent_until_a_trial_that_may_be_shown_is_in() {
        let cell = |count| sample::cell(crate::scenario::Topology::Veth, count);
        let mut growing = Growing::through(&[&cell(2), &cell(4), &cell(2)]);
        growing.add(&sample::failed(cell(2), 0));
        growing.add(&sample::invalid(cell(2), 0));
        growing.add(&sample::measured(cell(8), 0));
        assert_eq!(
            drawn(&growing),
            [("veth".to_owned(), vec![(2, None), (4, None)])]
        );
        growing.add(&sample::measured(cell(4), 0));
        assert!(matches!(
            drawn(&growing)[0].1[..],
            [(2, None), (4, Some(_))]
        ));
    }
}
