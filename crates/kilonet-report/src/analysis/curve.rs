//! A metric along one curve, block by block: what knees, peaks, falls and fits are found in.
//!
//! Must not know what is looked for. The invariant: a place has a figure of at least one block, and the places are in the
//! order of their counts, each count once.

use std::collections::{BTreeMap, BTreeSet};

use super::metric::row::{Along, Scale};
use super::metric::{Direction, Metric, own_figure};
use super::trials::Trials;
use crate::scenario::Cell;
use crate::stats::{self, Corner};
use crate::store::record::Record;

/// What is asked of a trial along a curve.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question {
    pub(super) metric: Metric,
    pub(super) scale: Scale,
}

/// What a curve runs over.
pub(super) type Over<'a> = &'a dyn Fn(&Cell) -> u32;

/// A metric over the count.
pub(super) struct Curve {
    places: Vec<Place>,
    blocks: usize,
}

/// One count.
struct Place {
    count: u32,
    /// The figure of each block; absent where its trial has none that may be shown.
    figures: Vec<Option<f64>>,
}

impl Curve {
    /// Gathers the figures of the cells of one curve over their count.
    pub(super) fn of(question: Question, over: Over<'_>, cells: &[&Cell], trials: &Trials) -> Self {
        let mut found: BTreeMap<u32, BTreeMap<u32, f64>> = BTreeMap::new();
        for cell in cells {
            for record in trials.get(cell).into_iter().flatten() {
                if let Some(figure) = question.ask(record) {
                    let place = found.entry(over(cell)).or_default();
                    place.insert(record.repeat, figure);
                }
            }
        }
        Self::through(&found)
    }

    /// A curve through figures by count and block.
    pub(super) fn through(found: &BTreeMap<u32, BTreeMap<u32, f64>>) -> Self {
        let blocks: BTreeSet<_> = found.values().flat_map(BTreeMap::keys).collect();
        let place = |(count, figures): (&u32, &BTreeMap<u32, f64>)| Place {
            count: *count,
            figures: blocks
                .iter()
                .map(|block| figures.get(block).copied())
                .collect(),
        };
        Self {
            places: found.iter().map(place).collect(),
            blocks: blocks.len(),
        }
    }

    /// How many blocks it rests on.
    pub(super) fn blocks(&self) -> usize {
        self.blocks
    }

    /// The counts at which it has figures.
    pub(super) fn counts(&self) -> Vec<u32> {
        self.places.iter().map(|place| place.count).collect()
    }

    /// The binary logarithm of each count, and the mean of its blocks there.
    pub(super) fn points(&self) -> Vec<(f64, f64)> {
        let all: Vec<_> = (0..self.blocks).collect();
        self.drawn(&all).unwrap_or_default()
    }

    /// The same of blocks drawn; absent when there is a count at which none of these has a figure.
    pub(super) fn drawn(&self, blocks: &[usize]) -> Option<Vec<(f64, f64)>> {
        let points = self.places.iter().map(|place| {
            let (mut sum, mut number) = (0.0, 0.0);
            for figure in blocks.iter().filter_map(|block| place.figures[*block]) {
                sum += figure;
                number += 1.0;
            }
            (number > 0.0).then(|| (place.x(), sum / number))
        });
        points.collect()
    }

    /// The place that is best by the mean over its blocks; the first of several.
    pub(super) fn best(&self, better: Direction) -> Option<usize> {
        self.best_of(better, |_| true)
    }

    /// Each block's figure at the place that is best by the other half of the blocks, or by itself where there is no other; absent where
    /// it has none there.
    ///
    /// The best of many places is best by chance too, and the trials that chose it lie above what it comes to. A block that had no
    /// part in the choice does not. It is the other half, every second block, and not all others: these would choose nearly the same
    /// place for every block, and figures of many blocks would hang together by more than an interval knows.
    pub(super) fn chosen_by_others(&self, better: Direction) -> Vec<Option<f64>> {
        let chosen = [0, 1].map(|half| {
            let is_other = |block: usize| self.blocks < 2 || block % 2 != half;
            self.best_of(better, is_other)
        });
        let blocks = 0..self.blocks;
        blocks
            .map(|block| self.places[chosen[block % 2]?].figures[block])
            .collect()
    }

    /// The figures of a place, block by block.
    pub(super) fn figures_at(&self, place: usize) -> &[Option<f64>] {
        &self.places[place].figures
    }

    fn best_of(&self, better: Direction, counts: impl Fn(usize) -> bool) -> Option<usize> {
        let mut best: Option<(usize, f64)> = None;
        for (nth, place) in self.places.iter().enumerate() {
            let Some(mean) = place.mean_of(&counts) else {
                continue;
            };
            let is_better = |than: f64| match better {
                Direction::Up => mean > than,
                Direction::Down => mean < than,
            };
            if best.is_none_or(|(_, than)| is_better(than)) {
                best = Some((nth, mean));
            }
        }
        best.map(|(nth, _)| nth)
    }

    /// How likely means would be so far from a straight line if they lay on one; absent where repeats do not say how much
    /// they scatter.
    pub(super) fn straightness(&self) -> Option<f64> {
        stats::straightness(&self.groups())
    }

    /// The same of two straight lines that were fitted to them.
    pub(super) fn likeness_to(&self, corner: &Corner) -> Option<f64> {
        // Two slopes, and where the lines meet.
        stats::lack_of_fit(&self.groups(), 4, |x| corner.value(x))
    }

    /// The figures of each place.
    fn groups(&self) -> Vec<(f64, Vec<f64>)> {
        let group = |place: &Place| (place.x(), place.figures.iter().flatten().copied().collect());
        self.places.iter().map(group).collect()
    }
}

impl Place {
    /// The mean over some of its blocks.
    fn mean_of(&self, counts: impl Fn(usize) -> bool) -> Option<f64> {
        let (mut sum, mut number) = (0.0, 0.0);
        for (block, figure) in self.figures.iter().enumerate() {
            if let Some(figure) = figure.filter(|_| counts(block)) {
                sum += figure;
                number += 1.0;
            }
        }
        (number > 0.0).then(|| sum / number)
    }

    fn x(&self) -> f64 {
        f64::from(self.count).log2()
    }
}

/// What a trial that may be shown says of a metric along a curve.
pub(super) fn along(metric: Metric, record: &Record) -> Option<f64> {
    let figure = own_figure(metric, record).filter(|_| record.is_shown())?;
    match metric.about().traits.along {
        Along::PerContainer(_) => Some(figure / f64::from(record.cell.containers)),
        Along::ManyPairs if record.cell.pairs < 2 => None,
        Along::Itself | Along::ManyPairs => Some(figure),
    }
}

impl Question {
    /// What a trial says along a curve, on the metric's scale.
    fn ask(self, record: &Record) -> Option<f64> {
        let figure = along(self.metric, record)?;
        let figure = match self.scale {
            Scale::Linear => figure,
            Scale::Log => figure.ln(),
        };
        Some(figure).filter(|figure| figure.is_finite())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A curve of figures that are on their scale already: a row for each count, a column for each block.
    pub(in super::super) fn curve(rows: &[(u32, &[f64])]) -> Curve {
        let found = rows.iter().map(|(count, figures)| {
            let figures = (0..).zip(figures.iter().copied());
            (
                *count,
                figures.filter(|(_, figure)| figure.is_finite()).collect(),
            )
        });
        Curve::through(&found.collect())
    }

    #[test]
    fn a_resample_takes_all_counts_of_a_block_together() {
        let curve = curve(&[(2, &[1.0, 3.0]), (4, &[10.0, f64::NAN])]);
        assert_eq!(curve.points(), [(1.0, 2.0), (2.0, 10.0)]);
        assert_eq!(curve.drawn(&[0, 0]).unwrap(), [(1.0, 1.0), (2.0, 10.0)]);
        assert_eq!(curve.drawn(&[1, 1]), None);
    }

    #[test]
    fn a_block_is_held_against_what_the_other_half_finds_best() {
        // The first block's outlier would choose the second place, in which the others are worst.
        let curve = curve(&[
            (2, &[2.0, 2.0, 2.0]),
            (4, &[9.0, 1.0, 1.5]),
            (8, &[1.0, 1.8, 1.9]),
        ]);
        assert_eq!(curve.best(Direction::Up), Some(1));
        assert_eq!(
            curve.chosen_by_others(Direction::Up),
            [Some(2.0), Some(1.0), Some(2.0)]
        );
        assert_eq!(curve.best(Direction::Down), Some(2));
    }
}
