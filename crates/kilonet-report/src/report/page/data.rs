//! What the page's script draws from: the analysis, and beside it all that is to be drawn, ready made.
//!
//! The script places and paints. The invariant: every number that a reader sees on the page is written here, as it is in every
//! other form of the report, and every axis that the page has is here with its ticks.

use std::collections::BTreeMap;

use serde::Serialize;

use super::closer::Closer;
use crate::analysis::metric::METRICS;
use crate::analysis::quantity::{Quantity, grouped};
use crate::analysis::{Analysis, CellSummary, Metric, Reach};
use crate::report::figure::{self, Counts, Figure, SHEETS, Text};
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
    counts: Counts,
    looks: Looks,
    figures: Vec<Figure<'a>>,
    /// The columns of the table of cells that are of metrics.
    columns: Vec<Column>,
    /// What is written of each cell.
    cells: Vec<Cell>,
    /// How whole numbers are written that are not written as they are.
    numbers: BTreeMap<usize, String>,
    closer: Closer,
}

#[derive(Serialize)]
struct Column {
    metric: Metric,
    heading: &'static str,
}

#[derive(Serialize)]
struct Cell {
    texts: BTreeMap<Metric, Text>,
    /// How far its trials are apart, and how far each is within itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    scatter: Option<(String, String)>,
    /// Within what it was to be known, and never was.
    #[serde(skip_serializing_if = "Option::is_none")]
    never: Option<String>,
}

impl<'a> Data<'a> {
    pub(super) fn of(analysis: &'a Analysis) -> Self {
        let panels = SHEETS.iter().flat_map(|sheet| sheet.panels);
        let drawn = Drawn {
            counts: figure::counts(analysis),
            looks: Looks::of(&analysis.series),
            figures: panels
                .filter_map(|panel| figure::of(panel, analysis))
                .collect(),
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
    let is_there = |metric| cells.iter().any(|cell| cell.estimate(metric).is_some());
    let columns = METRICS.iter().filter(|about| is_there(about.metric));
    columns
        .filter_map(|about| {
            Some(Column {
                metric: about.metric,
                heading: about.heading?,
            })
        })
        .collect()
}

impl Cell {
    fn of(cell: &CellSummary) -> Self {
        let texts = cell.metrics.iter();
        let percent = |share| Quantity::Percent.show(share);
        Self {
            texts: texts
                .map(|(metric, estimate)| (*metric, Text::of(*metric, estimate)))
                .collect(),
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
        let rules = cell.cell.rules.filler.unwrap_or(0);
        [
            cell.cell.containers,
            cell.cell.active,
            cell.cell.pairs,
            rules,
        ]
    });
    let lost = analysis.series.iter().flat_map(|series| series.lost.iter());
    let counts = of_cells.chain(lost.copied()).map(|count| count as usize);
    counts
        .chain([analysis.cells.len()])
        .filter(|number| *number >= 1000)
        .map(|number| (number, grouped(number)))
        .collect()
}
