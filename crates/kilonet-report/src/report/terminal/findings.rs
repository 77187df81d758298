//! What the run says: its answers above all else, the findings below them, the sections below the plots, and last how sure it is.
//!
//! The invariant: a finding with its evidence and its figure; a section as it was made, its rows in columns and its
//! sentences broken between words.

use comfy_table::{CellAlignment, Table, presets};
use owo_colors::Style;

use super::view::View;
use crate::analysis::Analysis;
use crate::printable::Printable;
use crate::report::answers;
use crate::report::findings::{self, Finding, Section};

/// What it begins with; empty where it has nothing to say.
pub(super) fn answers(analysis: &Analysis, view: View) -> Printable {
    let answers = answers::answers(analysis);
    let lines = answers
        .iter()
        .map(|answer| view.paragraph(Style::new().bold(), &answer.words));
    Printable::joined(lines, "\n")
}

/// The findings; empty where there are none.
pub(super) fn first(analysis: &Analysis, view: View) -> Printable {
    headed("findings", &findings::findings(analysis), view)
}

/// How sure it is; empty where nothing tells.
pub(super) fn sure(analysis: &Analysis, view: View) -> Printable {
    let heading = findings::HOW_SURE.to_lowercase();
    headed(&heading, &findings::sure(analysis), view)
}

fn headed(heading: &str, findings: &[Finding], view: View) -> Printable {
    if findings.is_empty() {
        return Printable::default();
    }
    let heading = view.paint(Style::new().bold(), heading);
    let lines = findings.iter().flat_map(|finding| lines(finding, view));
    Printable::joined([heading].into_iter().chain(lines), "\n")
}

/// A finding, and what stands under it.
fn lines(finding: &Finding, view: View) -> Vec<Printable> {
    let under = finding.under.iter();
    let under = under.map(|text| view.point_under(text));
    [line(finding, view)].into_iter().chain(under).collect()
}

/// `- what was found [what it rests on; figure.svg]`
fn line(finding: &Finding, view: View) -> Printable {
    let shown = finding.shown.words().map(|words| format!("; {words}"));
    let (text, evidence) = (&finding.text, &finding.evidence);
    let line = format!("- {text} [{evidence}{}]", shown.unwrap_or_default());
    view.paragraph(Style::new(), &line)
}

/// The sections, each a text.
pub(super) fn render(analysis: &Analysis, view: View) -> Vec<Printable> {
    let sections = findings::sections(analysis);
    sections.iter().map(|section| show(section, view)).collect()
}

fn show(section: &Section, view: View) -> Printable {
    let mut lines = vec![
        view.paint(Style::new().bold(), section.title),
        view.paragraph(Style::new().dimmed(), section.basis),
    ];
    lines.extend(rows(section, view));
    let point = |sentence: &String| view.paragraph(Style::new(), &format!("- {sentence}"));
    lines.extend(section.sentences.iter().map(point));
    Printable::joined(lines, "\n")
}

/// The rows below their headings, names to the left and figures to the right.
fn rows(section: &Section, view: View) -> Vec<Printable> {
    if section.rows.is_empty() {
        return Vec::new();
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(section.headings);
    for row in &section.rows {
        table.add_row(row.iter().map(|text| view.plain(text)));
    }
    for (nth, column) in table.column_iter_mut().enumerate() {
        column.set_padding((2, 0));
        if nth > 0 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines = table.lines().map(|line| line.trim_end().into());
    lines.collect()
}
