//! What is said of every cell, whatever it is shown on: the columns of the table, and sentences beside them.
//!
//! Must not know how the table is laid out. The invariant: a figure that a cell lacks is absent, and a cell that has none has
//! a sentence that says why.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::findings::metric_name;
use crate::analysis::quantity::Quantity;
use crate::analysis::{Analysis, CellSummary, Count, Known, Metric, Reach};
use crate::units::{counted, decimal, three_digits};

/// A column of the table of cells, after that of the count.
#[derive(Clone, Copy)]
pub(super) struct Column {
    /// What stands above it, with the words for requests to be filled in.
    heading: &'static str,
    /// The metric without which there is nothing in it; absent for that of trials.
    of: Option<Metric>,
    /// What stands in it beside a cell; absent where the cell has no such figure.
    pub(super) show: fn(&CellSummary) -> Option<String>,
}

/// From what is kept to what is left out first where room is short.
const COLUMNS: [Column; 15] = [
    of(Metric::Goodput, "aggregate", |cell| {
        known(cell, Metric::Goodput)
    }),
    of(Metric::Transactions, "{requests}", |cell| {
        known(cell, Metric::Transactions)
    }),
    of(Metric::LatencyP50, "p50", |cell| {
        value(cell, Metric::LatencyP50)
    }),
    of(Metric::LatencyP99, "p99 (p99.9)", tail),
    of(Metric::Datagrams, "datagrams", |cell| {
        known(cell, Metric::Datagrams)
    }),
    of(Metric::Loss, "lost", |cell| value(cell, Metric::Loss)),
    of(Metric::KeptRate, "kept rate", |cell| {
        value(cell, Metric::KeptRate)
    }),
    of(Metric::PairP50, "pair p50 (p5-p95)", pairs),
    of(Metric::Jain, "Jain", |cell| number(cell, Metric::Jain)),
    of(Metric::BaselineRatio, "x lo", |cell| {
        number(cell, Metric::BaselineRatio)
    }),
    of(Metric::CpuPerByte, "ns/B", |cell| {
        number(cell, Metric::CpuPerByte)
    }),
    of(Metric::CpuPerTransaction, "CPU each", |cell| {
        value(cell, Metric::CpuPerTransaction)
    }),
    of(Metric::Above1s, "above 1 s", |cell| {
        value(cell, Metric::Above1s)
    }),
    of(Metric::Setup, "set-up", |cell| value(cell, Metric::Setup)),
    Column {
        heading: "n",
        of: None,
        show: |cell| Some(cell.measured.to_string()),
    },
];

const fn of(
    metric: Metric,
    heading: &'static str,
    show: fn(&CellSummary) -> Option<String>,
) -> Column {
    Column {
        heading,
        of: Some(metric),
        show,
    }
}

impl Column {
    /// The columns in which the cells have anything to tell.
    pub(super) fn needed(analysis: &Analysis) -> Vec<Self> {
        let mut columns: Vec<_> = COLUMNS
            .into_iter()
            .filter(|column| column.is_needed(analysis))
            .collect();
        if is_adaptive(analysis) {
            // How often each cell was measured is then a result too: the last to be left out.
            columns.sort_by_key(|column| !column.is_of_trials());
        }
        columns
    }

    /// What stands above it.
    pub(super) fn heading(self, analysis: &Analysis) -> Cow<'static, str> {
        analysis.requests().fill(self.heading)
    }

    /// Whether it says how many trials there are.
    pub(super) fn is_of_trials(self) -> bool {
        self.of.is_none()
    }

    fn is_needed(self, analysis: &Analysis) -> bool {
        let cells = &analysis.cells;
        let Some(metric) = self.of else {
            return trials(cells).len() > 1 || is_adaptive(analysis);
        };
        // What a table begins with is there also where nothing was measured.
        let begins = self.of == COLUMNS[0].of;
        let is_there = begins || cells.iter().any(|cell| cell.estimate(metric).is_some());
        is_there && !(metric.about().traits.of_bytes && analysis.of_requests)
    }
}

/// `4.07 ms`
fn value(cell: &CellSummary, metric: Metric) -> Option<String> {
    let estimate = cell.estimate(metric)?;
    Some(metric.about().quantity.show(estimate.median))
}

/// `0.998`, where the heading says the unit.
fn number(cell: &CellSummary, metric: Metric) -> Option<String> {
    Some(three_digits(cell.estimate(metric)?.median))
}

/// `1.20 ms (4.07 ms)`
fn tail(cell: &CellSummary) -> Option<String> {
    let (tail, far) = (
        value(cell, Metric::LatencyP99)?,
        value(cell, Metric::LatencyP999)?,
    );
    Some(format!("{tail} ({far})"))
}

/// Whether trials went on until cells were known well enough.
fn is_adaptive(analysis: &Analysis) -> bool {
    analysis.cells.iter().any(|cell| cell.precision.is_some())
}

/// What the figures are.
pub(super) fn basis(cells: &[CellSummary]) -> String {
    let trials = trials(cells);
    let (least, most) = (
        trials.first().copied().unwrap_or(0),
        trials.last().copied().unwrap_or(0),
    );
    match (least, most) {
        (_, 0) => "no cell has a valid trial".to_owned(),
        (_, 1) => "each figure is one trial".to_owned(),
        _ if least == most => {
            format!("medians of {most} trials; ± half the 95 % interval of the mean")
        }
        _ => format!("medians of {least} to {most} trials; ± half the 95 % interval of the mean"),
    }
}

/// How many trials stand behind the cells that have any.
fn trials(cells: &[CellSummary]) -> BTreeSet<usize> {
    cells
        .iter()
        .map(|cell| cell.measured)
        .filter(|measured| *measured > 0)
        .collect()
}

/// `41.2 Gb/s ±3.1%`
fn known(cell: &CellSummary, metric: Metric) -> Option<String> {
    let estimate = cell.estimate(metric)?;
    let value = metric.about().quantity.show(estimate.median);
    let Some((low, high)) = estimate.interval.filter(|_| estimate.median > 0.0) else {
        return Some(value);
    };
    let half = (high - low) / 2.0 / estimate.median * 100.0;
    Some(format!("{value} ±{half:.1}%"))
}

/// `331 (120-345) Mb/s`, in the unit that suits the median.
fn pairs(cell: &CellSummary) -> Option<String> {
    let median = cell.estimate(Metric::PairP50)?.median;
    let (scaled, prefix) = decimal(median);
    let unit = if scaled == 0.0 { 1.0 } else { median / scaled };
    let end = |metric| Some(three_digits(cell.estimate(metric)?.median / unit));
    let (low, high) = (end(Metric::PairP5)?, end(Metric::PairP95)?);
    Some(format!(
        "{} ({low}-{high}) {prefix}b/s",
        three_digits(scaled)
    ))
}

/// How gravely a sentence is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// The figures are there, and less sure than was asked for.
    Doubt,
    /// Something is not there.
    Loss,
}

/// Sentences beside the figures of a cell.
pub(super) fn remarks(cell: &CellSummary) -> Vec<(Tone, String)> {
    let never = never_known(cell).map(|text| (Tone::Doubt, text));
    let starved = starved(cell).map(|text| (Tone::Loss, text));
    let lost = shortfall(cell).map(|text| (Tone::Loss, text));
    never.into_iter().chain(starved).chain(lost).collect()
}

/// How many pairs moved nothing, where there were any: too seldom for a column, too grave to be left out for room.
fn starved(cell: &CellSummary) -> Option<String> {
    let starved = cell
        .estimate(Metric::Starved)
        .filter(|estimate| estimate.median > 0.0)?;
    let starved = Quantity::Number.tick(starved.median);
    let pairs = counted(cell.cell.pairs, "pair");
    Some(format!("{starved} of {pairs} starved"))
}

/// How far a cell is known that had all its trials and is not known as well as was asked for.
fn never_known(cell: &CellSummary) -> Option<String> {
    let Known {
        within,
        half_width,
        metric,
        trials,
        ..
    } = cell.precision.filter(|it| it.reach == Reach::Never)?;
    let percent = |share| Quantity::Percent.tick(share).replace(' ', "");
    let found = half_width.map_or("no interval".to_owned(), |it| format!("±{}", percent(it)));
    Some(format!(
        "never within ±{} in {trials} trials: {} {found}",
        percent(within),
        metric_name(metric, cell.cell.requests())
    ))
}

/// What became of the trials that gave no figure.
fn shortfall(cell: &CellSummary) -> Option<String> {
    let failed = cell
        .failures
        .first()
        .map(|failure| format!("failed: {}", failure.sentence()));
    let invalid = (cell.invalid > 0).then(|| "invalid: the witnesses disagree".to_owned());
    let why = failed.or(invalid)?;
    let lost = cell.failures.len() + cell.invalid;
    Some(match cell.measured {
        0 => why,
        measured => format!("{lost} of {} trials {why}", lost + measured),
    })
}

/// What a column of counts is called.
pub(super) fn heading(count: Count) -> &'static str {
    count.about().heading
}
