//! The table: a row for each cell, under the name of its series.
//!
//! The invariant: a cell is a row of estimates, or a line that says why it has none; a figure that a cell lacks is a dash.

use std::collections::BTreeSet;

use comfy_table::{CellAlignment, Table, presets};
use owo_colors::Style;

use super::View;
use crate::analysis::{Analysis, CellSummary, Count, Known, Metric, Reach};
use crate::report::findings::metric_name;
use crate::report::heading;
use crate::report::quantity::Quantity;
use crate::units::{decimal, three_digits};

/// A column, after that of the count; from what is kept to what is left out first where room is short.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Aggregate,
    Transactions,
    Latency,
    Tail,
    Datagrams,
    Loss,
    Pairs,
    Jain,
    Ratio,
    Cpu,
    CpuEach,
    Setup,
    Trials,
}

impl Column {
    const ALL: [Self; 13] = [
        Self::Aggregate,
        Self::Transactions,
        Self::Latency,
        Self::Tail,
        Self::Datagrams,
        Self::Loss,
        Self::Pairs,
        Self::Jain,
        Self::Ratio,
        Self::Cpu,
        Self::CpuEach,
        Self::Setup,
        Self::Trials,
    ];

    fn heading(self) -> &'static str {
        match self {
            Self::Aggregate => "aggregate",
            Self::Transactions => "requests",
            Self::Latency => "p50",
            Self::Tail => "p99 (p99.9)",
            Self::Datagrams => "datagrams",
            Self::Loss => "lost",
            Self::CpuEach => "CPU each",
            Self::Pairs => "pair p50 (p5-p95)",
            Self::Jain => "Jain",
            Self::Ratio => "x lo",
            Self::Cpu => "ns/B",
            Self::Setup => "set-up",
            Self::Trials => "n",
        }
    }

    /// Whether the cells have anything to tell in it.
    fn is_needed(self, analysis: &Analysis) -> bool {
        let cells = &analysis.cells;
        let any = |metric| cells.iter().any(|cell| cell.estimate(metric).is_some());
        let bytes = !analysis.of_requests;
        match self {
            Self::Aggregate => bytes,
            Self::Transactions => any(Metric::Transactions),
            Self::Latency => any(Metric::LatencyP50),
            Self::Tail => any(Metric::LatencyP99),
            Self::Datagrams => any(Metric::Datagrams),
            Self::Loss => any(Metric::Loss),
            Self::CpuEach => any(Metric::CpuPerTransaction),
            Self::Pairs => bytes && any(Metric::PairP50),
            Self::Jain => any(Metric::Jain),
            Self::Ratio => any(Metric::BaselineRatio),
            Self::Cpu => bytes && any(Metric::CpuPerByte),
            Self::Setup => any(Metric::Setup),
            Self::Trials => trials(cells).len() > 1 || is_adaptive(analysis),
        }
    }

    fn show(self, cell: &CellSummary, view: View) -> Option<String> {
        let number = |metric| {
            cell.estimate(metric)
                .map(|estimate| three_digits(estimate.median))
        };
        let time = |metric| {
            cell.estimate(metric)
                .map(|estimate| Quantity::Time.show(estimate.median))
        };
        match self {
            Self::Aggregate => aggregate(cell, Metric::Goodput, view),
            Self::Transactions => aggregate(cell, Metric::Transactions, view),
            Self::Latency => time(Metric::LatencyP50),
            Self::Tail => {
                let (tail, far) = (time(Metric::LatencyP99)?, time(Metric::LatencyP999)?);
                Some(format!("{tail} ({far})"))
            }
            Self::Datagrams => aggregate(cell, Metric::Datagrams, view),
            Self::Loss => {
                let share = cell.estimate(Metric::Loss)?;
                Some(Quantity::Percent.show(share.median))
            }
            Self::CpuEach => time(Metric::CpuPerTransaction),
            Self::Pairs => pairs(cell),
            Self::Jain => number(Metric::Jain),
            Self::Ratio => number(Metric::BaselineRatio),
            Self::Cpu => number(Metric::CpuPerByte),
            Self::Setup => time(Metric::Setup),
            Self::Trials => Some(cell.measured.to_string()),
        }
    }
}

/// The table, or that there is nothing to put into one.
pub(super) fn render(analysis: &Analysis, view: View) -> String {
    if analysis.cells.is_empty() {
        return "no trial is recorded yet".to_owned();
    }
    let mut rows = fitting(analysis, view).into_iter();
    let heading = rows.next().unwrap_or_default();
    let mut lines = vec![
        view.paragraph(Style::new().dimmed(), &basis(&analysis.cells)),
        String::new(),
    ];
    lines.push(view.paint(Style::new().bold(), &heading));
    for (nth, series) in analysis.series.iter().enumerate() {
        let name = super::plot::marked(nth, &series.label, view);
        lines.push(name);
        for cell in series.cells.iter().map(|index| &analysis.cells[*index]) {
            if cell.measured > 0 {
                lines.extend(rows.next());
            }
            lines.extend(never_known(cell, view));
            lines.extend(starved(cell, view));
            lines.extend(shortfall(cell, analysis.count, view));
        }
    }
    lines.join("\n")
}

/// Whether trials went on until cells were known well enough.
fn is_adaptive(analysis: &Analysis) -> bool {
    analysis.cells.iter().any(|cell| cell.precision.is_some())
}

/// What the figures are.
fn basis(cells: &[CellSummary]) -> String {
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

/// The heading and a line for each measured cell, with the columns and gaps that the view has room for.
fn fitting(analysis: &Analysis, view: View) -> Vec<String> {
    let mut columns: Vec<_> = Column::ALL
        .into_iter()
        .filter(|column| column.is_needed(analysis))
        .collect();
    if is_adaptive(analysis) {
        // How often each cell was measured is then a result too: the last to be left out.
        columns.sort_by_key(|column| *column != Column::Trials);
    }
    loop {
        // How many trials there are is not worth narrow gaps: it is said above, and a row that lacks some says so.
        let gaps: &[u16] = if columns.last() == Some(&Column::Trials) {
            &[2]
        } else {
            &[2, 1]
        };
        for gap in gaps {
            let lines = lines(analysis, view, &columns, *gap);
            let widest = lines
                .iter()
                .map(|line| line.chars().count())
                .max()
                .unwrap_or(0);
            if widest <= view.columns() || columns.len() == 1 {
                return lines;
            }
        }
        columns.pop();
    }
}

fn lines(analysis: &Analysis, view: View, columns: &[Column], gap: u16) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(
        [heading(analysis.count)]
            .into_iter()
            .chain(columns.iter().map(|column| column.heading())),
    );
    let cells = analysis
        .series
        .iter()
        .flat_map(|series| &series.cells)
        .map(|index| &analysis.cells[*index]);
    for cell in cells.filter(|cell| cell.measured > 0) {
        let figures = columns
            .iter()
            .map(|column| column.show(cell, view).unwrap_or_else(|| "-".to_owned()));
        table.add_row(
            [analysis.count.of(&cell.cell).to_string()]
                .into_iter()
                .chain(figures),
        );
    }
    for (nth, column) in table.column_iter_mut().enumerate() {
        column.set_cell_alignment(CellAlignment::Right);
        column.set_padding((if nth == 0 { 2 } else { gap }, 0));
    }
    table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect()
}

/// `41.2 Gb/s ±3.1%`
fn aggregate(cell: &CellSummary, metric: Metric, view: View) -> Option<String> {
    let estimate = cell.estimate(metric)?;
    let value = Quantity::of(metric).show(estimate.median);
    let Some((low, high)) = estimate.interval.filter(|_| estimate.median > 0.0) else {
        return Some(value);
    };
    let half = (high - low) / 2.0 / estimate.median * 100.0;
    Some(format!("{value} {}{half:.1}%", view.glyph("±", "+-")))
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

/// How many pairs moved nothing, where there were any: too seldom for a column, too grave to be left out for room.
fn starved(cell: &CellSummary, view: View) -> Option<String> {
    let starved = cell
        .estimate(Metric::Starved)
        .filter(|estimate| estimate.median > 0.0)?;
    let starved = Quantity::Pairs.tick(starved.median);
    let line = format!("{:>7}  {starved} of {} pairs starved", "", cell.cell.pairs);
    Some(view.paint(Style::new().red(), &line))
}

/// How far a cell is known that had all its trials and is not known as well as was asked for.
fn never_known(cell: &CellSummary, view: View) -> Option<String> {
    let Known {
        within,
        half_width,
        metric,
        trials,
        ..
    } = cell.precision.filter(|it| it.reach == Reach::Never)?;
    let sign = view.glyph("±", "+-");
    let percent = |share| Quantity::Percent.tick(share).replace(' ', "");
    let found = half_width.map_or("no interval".to_owned(), |it| {
        format!("{sign}{}", percent(it))
    });
    let asked = percent(within);
    let line = format!(
        "{:>7}  never within {sign}{asked} in {trials} trials: {} {found}",
        "",
        metric_name(metric)
    );
    Some(view.paint(Style::new().yellow(), &line))
}

/// What became of the trials that gave no figure.
fn shortfall(cell: &CellSummary, count: Count, view: View) -> Option<String> {
    let failed = cell
        .failures
        .first()
        .map(|failure| format!("failed: {}", failure.sentence()));
    let invalid = (cell.invalid > 0).then(|| "invalid: the witnesses disagree".to_owned());
    let why = view.plain(&failed.or(invalid)?);
    let (lost, all) = (
        cell.failures.len() + cell.invalid,
        cell.failures.len() + cell.invalid + cell.measured,
    );
    let line = match cell.measured {
        0 => format!("{:>7}  {why}", count.of(&cell.cell)),
        _ => format!("{:>7}  {lost} of {all} trials {why}", ""),
    };
    let line: String = line.chars().take(view.columns()).collect();
    Some(view.paint(Style::new().red(), &line))
}
