//! Falls: where a curve is best, and what is left of that at its largest count.
//!
//! Must not know words. The invariant: the best count and the last were measured; the interval holds for a best count that was chosen by
//! the same trials, as each block is held against the count that the *other half* of the blocks finds best.
//!
//! What a pair gets falls as one over the pairs, and what it waits in a closed loop rises as they do, by arithmetic: the first is taken
//! times the pairs and held against the best of all pairs together, the second by the pair. What is lost then is lost beyond equal shares.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde::Serialize;

use super::answers::Asked;
use super::curve::{Curve, along};
use super::metric::row::Falls;
use super::metric::{About, Direction, METRICS, Metric, own_figure};
use crate::stats::{self, Gap, Judged};
use crate::store::record::Record;

/// What a curve loses from its best count to its largest, or what its unit comes to cost more.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Fall {
    /// Index into [`Analysis::series`](super::Analysis::series).
    pub series: usize,
    /// The metric.
    pub metric: Metric,
    /// What its figures are taken as here.
    pub taken: Taken,
    /// The count at which it is best; never the last, where nothing falls.
    pub best: u32,
    /// The figure there: the median of its trials.
    pub top: f64,
    /// The largest count at which it was measured.
    pub last: u32,
    /// The figure there: the median of its trials.
    pub end: f64,
    /// The geometric mean of the blocks' ratios, last to the best that the other half of them chooses: above 1 where less is better.
    pub left: f64,
    /// Its 95 % interval, for this one fall; absent below two blocks.
    pub interval: Option<(f64, f64)>,
    /// Blocks that have both, at least 1.
    pub blocks: usize,
    /// Whether it may be said: the interval leaves 1 out on the worse side, and of all falls of a run that are called certain none is
    /// by chance, with a probability of 95 %.
    pub is_certain: bool,
}

/// What figures of a fall are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Taken {
    /// The metric as it is, of a container where curves of it are by the container.
    Itself,
    /// What all pairs together move at the best count, and what they would at the last if each got what the median pair gets.
    EqualShares,
    /// What a pair waits, over the number of pairs, as each waits for the others' turns.
    Turns,
}

/// Two logarithms of each block: what is held against, and what is held against it.
struct Curves {
    reference: Curve,
    own: Curve,
}

/// What two curves say, before it is judged beside others.
struct Found {
    fall: Fall,
    gap: Option<Gap>,
}

/// The falls of all curves; none is asked for over rules, of which slopes tell.
pub(super) fn falls(asked: &Asked<'_>) -> Vec<Fall> {
    if asked.count.about().is_of_rules {
        return Vec::new();
    }
    let series: Vec<_> = (0..asked.series.len()).collect();
    let found = series
        .par_iter()
        .flat_map_iter(|nth| of_series(asked, *nth));
    judged(found.collect())
}

fn of_series(asked: &Asked<'_>, series: usize) -> Vec<Found> {
    let cells = asked.cells(series);
    let many_pairs = cells.iter().any(|cell| cell.pairs > 1);
    let of_requests = cells.iter().all(|cell| cell.is_of_requests());
    let is_asked = |about: &&About| {
        (many_pairs || !about.traits.of_many_pairs) && (!of_requests || !about.traits.of_bytes)
    };
    METRICS
        .iter()
        .filter(is_asked)
        .filter_map(|about| of_metric(asked, series, about.metric, about.traits.falls?))
        .collect()
}

fn of_metric(asked: &Asked<'_>, series: usize, metric: Metric, falls: Falls) -> Option<Found> {
    let mut figures: BTreeMap<u32, Vec<(u32, [f64; 2])>> = BTreeMap::new();
    for cell in asked.cells(series) {
        for record in asked.trials.get(cell).into_iter().flatten() {
            if let Some(both) = falls.of(metric, record) {
                let place = figures.entry(asked.count.of(cell)).or_default();
                place.push((record.repeat, both));
            }
        }
    }
    let curves = Curves::through(&figures);
    let better = metric.about().better;
    let (best, differences) = curves.lost(better)?;
    let counts = curves.own.counts();
    let (best, last) = (counts[best], *counts.last()?);
    let median = |count: u32, which: usize| {
        let all: Vec<_> = figures[&count]
            .iter()
            .map(|(_, both)| both[which])
            .collect();
        stats::median(&all)
    };
    let fall = Fall {
        series,
        metric,
        taken: falls.taken(
            asked
                .cells(series)
                .iter()
                .any(|cell| cell.load.is_offered()),
        ),
        best,
        top: median(best, 0)?,
        last,
        end: median(last, 1)?,
        left: stats::mean(&differences)?.exp(),
        interval: None,
        blocks: differences.len(),
        is_certain: false,
    };
    Some(Found {
        fall,
        gap: Gap::paired(&differences),
    })
}

impl Falls {
    /// What is held against, and what is held against it, of a trial that may be shown; positive, as their ratios are formed.
    fn of(self, metric: Metric, record: &Record) -> Option<[f64; 2]> {
        let pairs = f64::from(record.cell.pairs);
        let own = along(metric, record)?;
        let both = match self {
            Self::Itself => [own, own],
            Self::EqualShares(of_all) => [own_figure(of_all, record)?, own * pairs],
            Self::Turns if record.cell.load.is_offered() => [own, own],
            Self::Turns => [own / pairs; 2],
        };
        let is_positive = |figure: &f64| figure.is_finite() && *figure > 0.0;
        both.iter().all(is_positive).then_some(both)
    }

    fn taken(self, is_offered: bool) -> Taken {
        match self {
            Self::EqualShares(_) => Taken::EqualShares,
            Self::Turns if !is_offered => Taken::Turns,
            Self::Itself | Self::Turns => Taken::Itself,
        }
    }
}

impl Curves {
    fn through(figures: &BTreeMap<u32, Vec<(u32, [f64; 2])>>) -> Self {
        let of = |which: usize| {
            let places = figures.iter().map(|(count, trials)| {
                let logs = trials
                    .iter()
                    .map(|(block, both)| (*block, both[which].ln()));
                (*count, logs.collect())
            });
            Curve::through(&places.collect())
        };
        Self {
            reference: of(0),
            own: of(1),
        }
    }

    /// The best place, and block by block the last figure less that of the place that the other half finds best. Absent where the last
    /// is the best.
    fn lost(&self, better: Direction) -> Option<(usize, Vec<f64>)> {
        let last = self.own.counts().len().checked_sub(1)?;
        let best = self.reference.best(better).filter(|best| *best < last)?;
        let chosen = self.reference.chosen_by_others(better);
        let ends = self.own.figures_at(last).iter();
        let differences = ends
            .zip(chosen)
            .filter_map(|(end, best)| Some((*end)? - best?));
        let differences: Vec<_> = differences.collect();
        (!differences.is_empty()).then_some((best, differences))
    }
}

/// Judges falls of one metric together, as to how far blocks are apart, and all of a run as to which are certain.
fn judged(mut found: Vec<Found>) -> Vec<Fall> {
    let metrics: BTreeSet<_> = found.iter().map(|one| one.fall.metric).collect();
    let mut known: Vec<(usize, f64)> = Vec::new();
    for metric in metrics {
        let alike = found.iter().enumerate();
        let alike = alike.filter(|(_, one)| one.fall.metric == metric);
        let gaps = alike.filter_map(|(nth, one)| Some((nth, one.gap?)));
        let (places, gaps): (Vec<_>, Vec<_>) = gaps.unzip();
        for (nth, judged) in places.into_iter().zip(stats::judge(&gaps)) {
            let interval = judged.interval_95();
            found[nth].fall.interval = interval.map(|(low, high)| (low.exp(), high.exp()));
            let worse = judged.probability().filter(|_| is_worse(metric, &judged));
            known.extend(worse.map(|probability| (nth, probability)));
        }
    }
    let probabilities: Vec<_> = known.iter().map(|(_, probability)| *probability).collect();
    for ((nth, _), is_real) in known.iter().zip(stats::real_95(&probabilities)) {
        found[*nth].fall.is_certain = is_real;
    }
    found.into_iter().map(|one| one.fall).collect()
}

/// Whether the last is worse than the best, as by chance it may not be.
fn is_worse(metric: Metric, judged: &Judged) -> bool {
    match metric.about().better {
        Direction::Up => judged.between < 0.0,
        Direction::Down => judged.between > 0.0,
    }
}

#[cfg(test)]
mod tests;
