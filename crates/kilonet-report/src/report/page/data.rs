//! What the page's script draws from: the analysis, and beside it all that is to be drawn, ready made.
//!
//! The script places and paints. The invariant: every number that a reader sees on the page is written here, as it is in every
//! other form of the report, and every axis that the page has is here with its ticks.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::closer::Closer;
use crate::analysis::metric::METRICS;
use crate::analysis::quantity::{Quantity, grouped};
use crate::analysis::{Analysis, CellSummary, Count, Metric, Reach};
use crate::report::answers::Answer;
use crate::report::figure::{Counts, Figure, Text};
use crate::report::figures::Figures;
use crate::report::look::Looks;

/// See the file's head.
#[derive(Serialize)]
pub(super) struct Data<'a> {
    #[serde(flatten)]
    analysis: &'a Analysis,
    drawn: Drawn<'a>,
}

#[derive(Serialize)]
struct Drawn<'a> {
    counts: &'a Counts,
    /// What requests are called: one, and some.
    requests: (&'static str, &'static str),
    looks: &'a Looks,
    figures: Vec<&'a Figure<'a>>,
    /// The figure that shows the first answer; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    lead: Option<Metric>,
    /// The columns of the table of cells that are of metrics.
    columns: Vec<Column>,
    /// How values are written: by metric, cell by cell.
    texts: BTreeMap<Metric, Texts<'a>>,
    /// What else is written of each cell.
    cells: Vec<Cell>,
    /// How whole numbers are written that are not written as they are.
    numbers: BTreeMap<usize, String>,
    closer: Closer,
}

/// Of each cell, absent where it has no value.
type Texts<'a> = Vec<Option<Cow<'a, Text>>>;

#[derive(Serialize)]
struct Column {
    metric: Metric,
    heading: Cow<'static, str>,
}

#[derive(Serialize)]
struct Cell {
    /// How far its trials are apart, and how far each is within itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    scatter: Option<(String, String)>,
    /// Within what it was to be known, and never was.
    #[serde(skip_serializing_if = "Option::is_none")]
    never: Option<String>,
}

impl<'a> Data<'a> {
    pub(super) fn of(figures: &'a Figures, first: Option<&Answer>) -> Self {
        let analysis = figures.analysis;
        let called = analysis.requests();
        let drawn = Drawn {
            counts: &figures.counts,
            requests: (called.one, called.many),
            looks: &figures.looks,
            figures: figures.all().collect(),
            lead: figures.showing(first).map(|figure| figure.metric),
            texts: texts(figures),
            columns: columns(analysis),
            cells: analysis.cells.iter().map(Cell::of).collect(),
            numbers: numbers(analysis),
            closer: Closer::of(analysis),
        };
        Self { analysis, drawn }
    }
}

fn columns(analysis: &Analysis) -> Vec<Column> {
    let cells = &analysis.cells;
    let called = analysis.requests();
    let is_there = |metric| cells.iter().any(|cell| cell.estimate(metric).is_some());
    let columns = METRICS.iter().filter(|about| is_there(about.metric));
    columns
        .filter_map(|about| {
            Some(Column {
                metric: about.metric,
                heading: called.fill(about.heading?),
            })
        })
        .collect()
}

/// The texts of all that cells have: those of a metric's figure, and written here where it has none.
fn texts<'a>(figures: &'a Figures) -> BTreeMap<Metric, Texts<'a>> {
    let cells = &figures.analysis.cells;
    let drawn = figures.all().map(|figure| {
        let mut texts: Texts = vec![None; cells.len()];
        for line in &figure.series {
            for (index, point) in line.series.cells.iter().zip(&line.points) {
                texts[*index] = point.text.as_ref().map(Cow::Borrowed);
            }
        }
        (figure.metric, texts)
    });
    let mut texts: BTreeMap<_, _> = drawn.collect();
    let metrics: BTreeSet<_> = cells.iter().flat_map(|cell| cell.metrics.keys()).collect();
    for metric in metrics {
        let text = |cell: &CellSummary| {
            let estimate = cell.estimate(*metric)?;
            Some(Cow::Owned(Text::of(*metric, estimate)))
        };
        let written = || cells.iter().map(text).collect();
        texts.entry(*metric).or_insert_with(written);
    }
    texts
}

impl Cell {
    fn of(cell: &CellSummary) -> Self {
        let percent = |share| Quantity::Percent.show(share);
        Self {
            scatter: cell
                .scatter
                .map(|scatter| (percent(scatter.between), percent(scatter.within))),
            never: cell
                .precision
                .filter(|known| known.reach == Reach::Never)
                .map(|known| percent(known.within)),
        }
    }
}

/// Every whole number of cells that has thousands.
fn numbers(analysis: &Analysis) -> BTreeMap<usize, String> {
    let of_cells = analysis.cells.iter().flat_map(|cell| {
        let counts = Count::ALL.map(|count| count.of(&cell.cell));
        counts.into_iter().chain([cell.cell.pairs])
    });
    let lost = analysis.series.iter().flat_map(|series| series.lost.iter());
    let counts = of_cells.chain(lost.copied()).map(|count| count as usize);
    counts
        .chain([analysis.cells.len()])
        .filter(|number| *number >= 1000)
        .map(|number| (number, grouped(number)))
        .collect()
}
