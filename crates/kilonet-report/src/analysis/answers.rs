//! What the curves of a run say: of each series in each metric whether it bends and where, and what models leave over.
//!
//! Must not know words. The invariant: an answer rests on trials that may be shown, and has its interval, or the counts it
//! lies between, beside it.

use rayon::prelude::*;
use serde::Serialize;

use super::curve::{Curve, Question};
use super::fit::capacity::{Capacity, Parts, capacity, cpus};
use super::fit::usl::{Usl, usl};
use super::knee::{Bend, bend};
use super::metric::row::{Bends, Scale};
use super::metric::{METRICS, Metric};
use super::series::{Count, Series};
use super::summary::CellSummary;
use super::trials::Trials;
use crate::scenario::Cell;

/// What a series says in a metric; nothing where it has too few counts or repeats.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bending {
    /// Index into [`Analysis::series`](super::Analysis::series).
    pub series: usize,
    /// The metric; set-up is by the container.
    pub metric: Metric,
    /// Whether it bends, and where.
    pub bend: Bend,
}

/// All answers of a run.
#[derive(Debug, Default)]
pub(super) struct Answers {
    pub(super) bends: Vec<Bending>,
    pub(super) usl: Vec<Usl>,
    pub(super) capacities: Vec<Capacity>,
}

/// Asks every series; none is asked over rules, of which slopes tell.
pub(super) fn answers(asked: &Asked<'_>) -> Answers {
    if asked.count.about().is_of_rules {
        return Answers::default();
    }
    let series: Vec<_> = (0..asked.series.len()).collect();
    let bends = series.par_iter().flat_map_iter(|nth| asked.bends(*nth));
    Answers {
        bends: bends.collect(),
        usl: series
            .par_iter()
            .filter_map(|nth| asked.usl(*nth))
            .collect(),
        capacities: series
            .par_iter()
            .filter_map(|nth| asked.capacity(*nth))
            .collect(),
    }
}

/// Who is asked: the series of a run, and the trials behind them.
pub(super) struct Asked<'a> {
    pub(super) count: Count,
    pub(super) series: &'a [Series],
    pub(super) cells: &'a [CellSummary],
    pub(super) trials: &'a Trials<'a>,
}

impl Asked<'_> {
    /// The cells of a series, smallest count first.
    pub(super) fn cells(&self, series: usize) -> Vec<&Cell> {
        let indexes = &self.series[series].cells;
        indexes
            .iter()
            .map(|index| &self.cells[*index].cell)
            .collect()
    }

    fn curve(&self, series: usize, question: Question) -> Curve {
        let over = |cell: &Cell| self.count.of(cell);
        Curve::of(question, &over, &self.cells(series), self.trials)
    }

    fn bends(&self, series: usize) -> Vec<Bending> {
        let cells = self.cells(series);
        let many_pairs = cells.iter().any(|cell| cell.pairs > 1);
        let of_requests = cells.iter().all(|cell| cell.is_of_requests());
        let asked = METRICS.iter().filter_map(|about| {
            let bends = about.traits.bends?;
            let applies =
                (many_pairs || !about.traits.of_many_pairs) && (!of_requests || bends.of_requests);
            applies.then_some((about.metric, bends))
        });
        asked
            .filter_map(|(metric, bends)| self.answer(series, metric, bends))
            .collect()
    }

    fn answer(&self, series: usize, metric: Metric, bends: Bends) -> Option<Bending> {
        let scale = bends.scale;
        let curve = self.curve(series, Question { metric, scale });
        Some(Bending {
            series,
            metric,
            bend: bend(&curve, metric.about().better)?,
        })
    }

    /// Gunther's law over pairs. Of what pairs are offered it says nothing: each gets that done, one or many.
    fn usl(&self, series: usize) -> Option<Usl> {
        let cells = self.cells(series);
        if cells.iter().any(|cell| cell.load.is_offered()) {
            return None;
        }
        let [metric, _] = Metric::of_traffic(cells.first()?);
        let question = Question {
            metric,
            scale: Scale::Log,
        };
        let curve = Curve::of(question, &|cell| cell.pairs, &cells, self.trials);
        usl(series, metric, &curve)
    }

    /// The capacity model, where the number of pairs varies and bytes are what they are for.
    fn capacity(&self, series: usize) -> Option<Capacity> {
        let linear = |metric| {
            let scale = Scale::Linear;
            self.curve(series, Question { metric, scale })
        };
        let cells = self.cells(series);
        let same_pairs = cells.iter().all(|cell| cell.pairs == cells[0].pairs);
        if same_pairs || cells.iter().all(|cell| cell.is_of_requests()) {
            return None;
        }
        let goodput = linear(Metric::Goodput);
        let at = |count: u32| cells.iter().find(|cell| self.count.of(cell) == count);
        let pairs = goodput.counts().into_iter().filter_map(at);
        let trials = cells.iter().filter_map(|cell| self.trials.get(cell));
        let parts = Parts {
            goodput: &goodput,
            cost: &linear(Metric::CpuPerByte),
            pairs: pairs.map(|cell| f64::from(cell.pairs)).collect(),
            cpus: cpus(trials.flatten().copied())?,
        };
        capacity(series, &parts)
    }
}
