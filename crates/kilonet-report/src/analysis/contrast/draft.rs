//! What there is of two curves in a metric: the figures of trials of one block, count by count.
//!
//! Must not know what will be said of them. The invariant: each figure is of a trial that may be shown and that exercised the factor,
//! and stands beside one of the same block and count.

use std::collections::BTreeMap;

use super::pairing::Pairing;
use crate::analysis::answers::Asked;
use crate::analysis::metric::row::{About, Extent, Scale};
use crate::analysis::metric::{METRICS, Metric, own_figure};
use crate::scenario::Cell;
use crate::stats::{self, Gap};
use crate::store::record::Record;

/// Blocks below which nothing shows how much they scatter: with two, equal levels were called different in more than 5 % of runs.
const LEAST_BLOCKS: usize = 3;

/// Two curves in one metric, before anything is said of them.
pub(super) struct Draft<'a> {
    pub(super) pairing: &'a Pairing,
    pub(super) metric: Metric,
    pub(super) scale: Scale,
    /// Count by count, smallest first; at least one.
    pub(super) at: Vec<(u32, Paired)>,
}

/// Figures of the first and of the second curve, block by block; at least one block.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Paired(Vec<[f64; 2]>);

/// What two curves come to in each metric that both have.
pub(super) fn drafts<'a>(asked: &Asked<'_>, pairing: &'a Pairing) -> Vec<Draft<'a>> {
    let counts = counts(asked, pairing);
    let draft = |about: &About| {
        let scale = scale(about);
        let at = counts.iter().filter_map(|(count, both)| {
            let says = both.cells.iter().all(|cell| says_something(about, cell));
            let figures = says.then(|| both.figures(about.metric))?;
            Some((*count, Paired::of(figures, scale)?))
        });
        let at: Vec<_> = at.collect();
        let metric = about.metric;
        // What is the same in every trial is no figure that anything could be seen in.
        let moves = scale == Scale::Log || at.iter().any(|(_, paired)| paired.moves());
        (!at.is_empty() && moves).then_some(Draft {
            pairing,
            metric,
            scale,
            at,
        })
    };
    METRICS.iter().filter_map(draft).collect()
}

/// How levels compare in a metric: by their ratio, unless nothing is a figure as any other, or all are the most there can be.
fn scale(about: &About) -> Scale {
    match about.traits.extent {
        Extent::Values | Extent::One(_) => Scale::Log,
        Extent::Zero | Extent::Share => Scale::Linear,
    }
}

fn says_something(about: &About, cell: &Cell) -> bool {
    let of_bytes = about.traits.of_bytes && cell.is_of_requests();
    let of_many_pairs = about.traits.of_many_pairs && cell.pairs < 2;
    !of_bytes && !of_many_pairs
}

/// Two cells that differ in the factor, and their trials.
struct Both<'a> {
    cells: [&'a Cell; 2],
    /// Block by block.
    trials: Vec<[&'a Record; 2]>,
}

/// What both curves have trials of in the same blocks.
fn counts<'a>(asked: &'a Asked<'_>, pairing: &Pairing) -> BTreeMap<u32, Both<'a>> {
    let [bases, others] = pairing.series.map(|series| {
        let cells = asked.cells(series).into_iter();
        cells
            .map(|cell| (asked.count.of(cell), cell))
            .collect::<BTreeMap<_, _>>()
    });
    let both = bases.into_iter().filter_map(|(count, base)| {
        let cells = [base, *others.get(&count)?];
        let [first, second] = cells.map(|cell| by_block(asked, pairing.factor, cell));
        let trials = first
            .into_iter()
            .filter_map(|(block, record)| Some([record, *second.get(&block)?]));
        let trials: Vec<_> = trials.collect();
        (!trials.is_empty()).then_some((count, Both { cells, trials }))
    });
    both.collect()
}

fn by_block<'a>(asked: &'a Asked<'_>, factor: &str, cell: &Cell) -> BTreeMap<u32, &'a Record> {
    let records = asked.trials.get(cell).into_iter().flatten().copied();
    let shown = records.filter(|record| record.is_shown() && record.exercises(factor));
    shown.map(|record| (record.repeat, record)).collect()
}

impl Both<'_> {
    fn figures(&self, metric: Metric) -> Vec<[f64; 2]> {
        let figures = self.trials.iter().filter_map(|[base, other]| {
            let figures = [own_figure(metric, base)?, own_figure(metric, other)?];
            figures
                .iter()
                .all(|figure| figure.is_finite())
                .then_some(figures)
        });
        figures.collect()
    }
}

impl Paired {
    /// Absent without figures, and where one has no logarithm and is to have one.
    fn of(figures: Vec<[f64; 2]>, scale: Scale) -> Option<Self> {
        let fits = match scale {
            Scale::Linear => true,
            Scale::Log => figures.iter().flatten().all(|figure| *figure > 0.0),
        };
        (fits && !figures.is_empty()).then_some(Self(figures))
    }

    fn moves(&self) -> bool {
        self.0.iter().any(|[base, other]| other - base != 0.0)
    }

    fn differences(&self, scale: Scale) -> Vec<f64> {
        let of = |[base, other]: &[f64; 2]| match scale {
            Scale::Linear => other - base,
            Scale::Log => (other / base).ln(),
        };
        self.0.iter().map(of).collect()
    }

    /// What is between the two on the scale, and how that scatters; absent where too few blocks show it.
    pub(super) fn gap(&self, scale: Scale) -> Option<Gap> {
        let differences = self.differences(scale);
        Gap::paired(&differences).filter(|_| differences.len() >= LEAST_BLOCKS)
    }

    /// The same without how it scatters.
    pub(super) fn found(&self, scale: Scale) -> Found {
        let bases = self.0.iter().map(|[base, _]| *base);
        Found {
            blocks: self.0.len(),
            base: match scale {
                Scale::Linear => mean(bases),
                Scale::Log => mean(bases.map(f64::ln)).exp(),
            },
            between: mean(self.differences(scale).into_iter()),
        }
    }
}

/// What two curves come to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    /// Pairs of trials that it rests on.
    pub(super) blocks: usize,
    /// Where the first's figures lie.
    pub(super) base: f64,
    /// What is between them and the second's on the scale.
    pub(super) between: f64,
}

impl Draft<'_> {
    /// What they come to over all counts that have blocks enough, or over all where none has, each for as much as any other.
    pub(super) fn over_all(&self) -> Found {
        let is_enough = |(_, paired): &&(u32, Paired)| paired.0.len() >= LEAST_BLOCKS;
        let any = self.at.iter().any(|it| is_enough(&it));
        let at = self.at.iter().filter(|it| !any || is_enough(it));
        let each: Vec<_> = at.map(|(_, paired)| paired.found(self.scale)).collect();
        let bases = each.iter().map(|it| it.base);
        Found {
            blocks: each.iter().map(|it| it.blocks).sum(),
            base: match self.scale {
                Scale::Linear => mean(bases),
                Scale::Log => mean(bases.map(f64::ln)).exp(),
            },
            between: mean(each.iter().map(|it| it.between)),
        }
    }

    /// Whether counts are apart by no more than chance would have them in one of twenty such pairs that are not.
    pub(super) fn is_by_chance(&self) -> bool {
        let groups = self
            .at
            .iter()
            .map(|(count, paired)| (f64::from(*count), paired.differences(self.scale)));
        let groups: Vec<_> = groups.collect();
        let all: Vec<_> = groups
            .iter()
            .flat_map(|(_, differences)| differences)
            .copied()
            .collect();
        let centre = mean(all.into_iter());
        let chance = stats::lack_of_fit(&groups, 1, |_| centre);
        chance.is_none_or(|chance| chance > 0.05)
    }
}

/// Of figures of which there are some.
fn mean(figures: impl ExactSizeIterator<Item = f64>) -> f64 {
    let number = figures.len() as f64;
    figures.sum::<f64>() / number
}
