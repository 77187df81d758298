//! The table: a row for each cell, under the name of its series.
//!
//! The invariant: a cell is a row of estimates, or a line that says why it has none; a figure that a cell lacks is a dash.

use comfy_table::{CellAlignment, Table, presets};
use owo_colors::Style;

use super::view::View;
use crate::analysis::{Analysis, CellSummary, Count};
use crate::printable::Printable;
use crate::report::cells::{Column, Tone, basis, heading, remarks};

/// The table, or that there is nothing to put into one.
pub(super) fn render(analysis: &Analysis, view: View) -> Printable {
    if analysis.cells.is_empty() {
        return "no trial is recorded yet".into();
    }
    let mut rows = fitting(analysis, view).into_iter();
    let heading = rows.next().unwrap_or_default();
    let mut lines = vec![
        view.paragraph(Style::new().dimmed(), &basis(&analysis.cells)),
        Printable::default(),
    ];
    lines.push(view.paint(Style::new().bold(), &heading));
    for (nth, series) in analysis.series.iter().enumerate() {
        let name = super::marker::marked(nth, &series.label, view);
        lines.push(name);
        for cell in series.cells.iter().map(|index| &analysis.cells[*index]) {
            if cell.measured > 0 {
                lines.extend(rows.next().map(Printable::from));
            }
            lines.extend(remark_lines(cell, analysis.count, view));
        }
    }
    Printable::joined(lines, "\n")
}

/// The heading and a line for each measured cell, with the columns and gaps that the view has room for.
fn fitting(analysis: &Analysis, view: View) -> Vec<String> {
    let mut columns = Column::needed(analysis);
    loop {
        // How many trials there are is not worth narrow gaps: it is said above, and a row that lacks some says so.
        let gaps: &[u16] = if columns.last().is_some_and(|column| column.is_of_trials()) {
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
    let headings = columns.iter().map(|column| column.heading(analysis));
    table.set_header([heading(analysis.count).into()].into_iter().chain(headings));
    let cells = analysis
        .series
        .iter()
        .flat_map(|series| &series.cells)
        .map(|index| &analysis.cells[*index]);
    for cell in cells.filter(|cell| cell.measured > 0) {
        let figures = columns
            .iter()
            .map(|column| view.plain((column.show)(cell).as_deref().unwrap_or("-")));
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

/// What is said below a cell's row, or in its place.
fn remark_lines(cell: &CellSummary, count: Count, view: View) -> Vec<Printable> {
    let at = match cell.measured {
        0 => count.of(&cell.cell).to_string(),
        _ => String::new(),
    };
    let line = |(tone, text): (Tone, String)| {
        let line = format!("{at:>7}  {}", view.plain(&text));
        let line: String = line.chars().take(view.columns()).collect();
        let style = match tone {
            Tone::Doubt => Style::new().yellow(),
            Tone::Loss => Style::new().red(),
        };
        view.paint(style, &line)
    };
    remarks(cell).into_iter().map(line).collect()
}
