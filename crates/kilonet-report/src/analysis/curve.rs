//! A metric along one curve, block by block: what knees, halving points and fits are found in.
//!
//! Must not know what is looked for. The invariant: a place has a figure of at least one block, and the places are in the
//! order of their counts, each count once.

use std::collections::{BTreeMap, BTreeSet};

use super::metric::row::{Along, Scale};
use super::metric::{Metric, own_figure};
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
    fn through(found: &BTreeMap<u32, BTreeMap<u32, f64>>) -> Self {
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
    fn x(&self) -> f64 {
        f64::from(self.count).log2()
    }
}

impl Question {
    /// What a trial says along a curve, on the metric's scale.
    fn ask(self, record: &Record) -> Option<f64> {
        let figure = own_figure(self.metric, record).filter(|_| record.is_shown())?;
        let figure = match self.metric.about().traits.along {
            Along::PerContainer(_) => figure / f64::from(record.cell.containers),
            Along::ManyPairs if record.cell.pairs < 2 => return None,
            Along::Itself | Along::ManyPairs => figure,
        };
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
}
