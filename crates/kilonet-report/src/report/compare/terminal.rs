//! A comparison as text for the terminal.
//!
//! The invariant: the verdict and what differs between the machines stand before any figure.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use owo_colors::Style;

use super::{
    BASIS, Line, TWO_MACHINES, Tone, absences, blocks, headline, is_of_two_machines, lines, notes,
    tally, title,
};
use crate::analysis::Count;
use crate::analysis::compare::{Against, Comparison, Difference, Source};
use crate::printable::Printable;
use crate::report::cells::heading;
use crate::report::terminal::View;
use crate::report::title::machine_of;

/// The comparison as text, ending in a line end.
#[must_use]
pub fn render(comparison: &Comparison, view: View) -> Printable {
    let mut parts = vec![top(comparison, view)];
    for against in &comparison.news {
        parts.extend(section(against, comparison, view));
    }
    let notes = notes(comparison);
    let notes = notes
        .iter()
        .map(|note| view.paragraph(Style::new(), &format!("note: {note}")));
    parts.push(Printable::joined(notes, "\n"));
    parts.retain(|part| !part.is_empty());
    let mut text = Printable::joined(parts, "\n\n");
    text.push("\n");
    text
}

/// The verdict, and what was compared.
fn top(comparison: &Comparison, view: View) -> Printable {
    let tone = if comparison.regressions() > 0 {
        Tone::Bad
    } else {
        Tone::Good
    };
    let news = comparison.news.iter().map(|against| ("new", &against.new));
    let sources = [("base", &comparison.base)].into_iter().chain(news);
    let mut lines = vec![
        view.paint(style(tone).bold(), &headline(comparison)),
        view.paragraph(Style::new(), &tally(comparison)),
    ];
    lines.extend(sources.map(|(side, source)| source_line(side, source, view)));
    lines.push(view.paragraph(Style::new().dimmed(), BASIS));
    Printable::joined(lines, "\n")
}

/// `base: results/a - quickstart - AMD EPYC, 2 CPUs - Linux 6.12.0 - 2026-11-23`
fn source_line(side: &str, source: &Source, view: View) -> Printable {
    let machine = machine_of(&source.name, &source.manifest);
    view.paragraph(
        Style::new(),
        &format!("{side}: {} · {machine}", source.folder),
    )
}

/// A run beside the base.
fn section(against: &Against, comparison: &Comparison, view: View) -> Vec<Printable> {
    let mut parts = Vec::new();
    if comparison.news.len() > 1 {
        parts.push(view.paint(Style::new().bold(), &view.plain(&against.new.folder)));
    }
    if is_of_two_machines(against) {
        parts.push(view.paragraph(Style::new().yellow().bold(), TWO_MACHINES));
    }
    parts.push(differences(&against.differences, view));
    let absences = absences(against).into_iter();
    let absences = absences.map(|(tone, text)| view.paragraph(style(tone), &text));
    parts.push(Printable::joined(absences, "\n"));
    let lines = lines(against, comparison);
    parts.extend(blocks(&lines).map(|(_, block)| table(block, against.count, view)));
    parts
}

/// What differs, side by side; empty where nothing does.
fn differences(differences: &[Difference], view: View) -> Printable {
    if differences.is_empty() {
        return Printable::default();
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(view.columns()).unwrap_or(u16::MAX));
    table.set_header(["what differs", "base", "new"]);
    for it in differences {
        let side = |side: &Option<String>| view.plain(side.as_deref().unwrap_or("-"));
        table.add_row([view.plain(&it.what), side(&it.base), side(&it.new)]);
    }
    for column in table.column_iter_mut() {
        column.set_padding((2, 0));
    }
    let lines = table.lines().map(|line| line.trim_end().into());
    Printable::joined(lines, "\n")
}

/// One metric: a row for each cell, under the name of its curve.
fn table(block: &[Line<'_>], count: Count, view: View) -> Printable {
    let mut rows = rows(block, count).into_iter();
    let mut lines = vec![
        view.paint(Style::new().bold(), &title(block)),
        rows.next().unwrap_or_default().into(),
    ];
    let mut label = None;
    for (line, row) in block.iter().zip(rows) {
        if label != Some(&line.cell.label) {
            lines.push(view.paint(Style::new().bold(), &view.plain(&line.cell.label)));
            label = Some(&line.cell.label);
        }
        lines.push(view.paint(style(line.tone), &row));
    }
    Printable::joined(lines, "\n")
}

/// The heading and a line of text for each row, in columns.
fn rows(block: &[Line<'_>], count: Count) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([heading(count), "base", "new", "change", "verdict"]);
    for line in block {
        let count = line.cell.count.to_string();
        table.add_row([&count, &line.base, &line.new, &line.change, &line.verdict]);
    }
    for (nth, column) in table.column_iter_mut().enumerate() {
        column.set_padding((2, 0));
        if nth < 4 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect()
}

fn style(tone: Tone) -> Style {
    match tone {
        Tone::Bad => Style::new().red(),
        Tone::Good => Style::new().green(),
        Tone::Plain => Style::new(),
    }
}
