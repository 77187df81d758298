//! The report of a run as Markdown, to be pasted into an issue: answers, findings with their evidence, cells as a table, what to be
//! careful about, and the machine.
//!
//! The invariant: it says what the terminal's report says, but for the plots; what is long is folded away; no text of a
//! record or a manifest is taken for markup.

pub(in crate::report) mod syntax;

use super::answers;
use super::cells::{Column, basis, heading, remarks};
use super::findings::{self, Finding, Section};
use super::head::{self, Fact};
use super::notice::{self, Notice, Place};
use super::title::machine;
use crate::analysis::{Analysis, CellSummary, Series};
use crate::units::counted;
use syntax::{escaped, folded, list, table, verbatim};

/// The file, where it is one.
pub(super) const FILE: &str = "report.md";
/// So many cells stand in the open.
const FEW: usize = 24;

/// The report as Markdown, ending in a line end.
#[must_use]
pub fn render(analysis: &Analysis) -> String {
    let mut parts = title(analysis);
    parts.push(answers(analysis));
    parts.extend(titled(
        "What was found",
        &findings(&findings::findings(analysis)),
    ));
    parts.push(cells(analysis));
    parts.extend(findings::sections(analysis).iter().map(section));
    parts.extend(titled("Before reading the figures", &notices(analysis)));
    parts.extend(titled(
        findings::HOW_SURE,
        &findings(&findings::sure(analysis)),
    ));
    parts.push(facts(&head::facts(&analysis.manifest)));
    parts.push(scenario(analysis));
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n") + "\n"
}

fn title(analysis: &Analysis) -> Vec<String> {
    let question = head::question(&analysis.manifest).map(escaped);
    vec![
        format!("### {}", escaped(&machine(analysis))),
        question.unwrap_or_default(),
        escaped(&head::summary(analysis)),
    ]
}

/// A part under its title; neither where there is nothing to say.
fn titled(title: &str, part: &str) -> Option<String> {
    (!part.is_empty()).then(|| format!("**{title}**\n\n{part}"))
}

/// What it begins with, in bold.
fn answers(analysis: &Analysis) -> String {
    let answers = answers::answers(analysis).into_iter();
    let points: Vec<_> = answers
        .map(|answer| format!("- **{}**", escaped(&answer.words)))
        .collect();
    points.join("\n")
}

fn findings(findings: &[Finding]) -> String {
    let points: Vec<_> = findings.iter().map(finding).collect();
    points.join("\n")
}

fn finding(finding: &Finding) -> String {
    let shown = finding.shown.words().map(|words| format!("; {words}"));
    let evidence = format!("{}{}", finding.evidence, shown.unwrap_or_default());
    let under = finding.under.iter();
    let under = under.map(|text| format!("\n  - {}", escaped(text)));
    format!(
        "- {}<br><sub>{}</sub>{}",
        escaped(&finding.text),
        escaped(&evidence),
        under.collect::<String>()
    )
}

/// A row for each cell, folded where there are many.
fn cells(analysis: &Analysis) -> String {
    let columns = Column::needed(analysis);
    let names: Vec<_> = columns
        .iter()
        .map(|column| column.heading(analysis))
        .collect();
    let names: Vec<_> = names.iter().map(|name| &**name).collect();
    let headings = [&["", heading(analysis.count)], &names[..], &[""]].concat();
    let rule = format!("|---|--:|{}---|", "--:|".repeat(columns.len()));
    let rows = analysis.series.iter().flat_map(|series| {
        let cells = series.cells.iter().map(|index| &analysis.cells[*index]);
        cells.map(|cell| row((series, cell), analysis, &columns))
    });
    let table = table(&headings, &rule, rows);
    let basis = basis(&analysis.cells);
    if analysis.cells.len() <= FEW {
        return format!("{basis}\n\n{table}");
    }
    let title = counted(analysis.cells.len(), "cell");
    folded(&format!("{title}: {basis}"), &table)
}

/// The series, the count, a figure in each column, and what is said beside them.
fn row(
    (series, cell): (&Series, &CellSummary),
    analysis: &Analysis,
    columns: &[Column],
) -> Vec<String> {
    let figures = columns
        .iter()
        .map(|column| (column.show)(cell).unwrap_or_else(|| "-".to_owned()));
    let said: Vec<_> = remarks(cell).into_iter().map(|(_, text)| text).collect();
    let count = analysis.count.of(&cell.cell).to_string();
    [escaped(&series.label), count]
        .into_iter()
        .chain(figures)
        .chain([escaped(&said.join("; "))])
        .collect()
}

fn section(section: &Section) -> String {
    let rule = format!("|---|{}", "--:|".repeat(section.headings.len().max(1) - 1));
    let rows = section.rows.iter();
    let rows = rows.map(|row| row.iter().map(|text| escaped(text)).collect::<Vec<_>>());
    let parts = [
        format!("**{}**", escaped(section.title)),
        escaped(section.basis),
        table(section.headings, &rule, rows),
        list(section.sentences.iter().map(String::as_str)),
    ];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n\n")
}

/// What a reader must know beside the figures.
fn notices(analysis: &Analysis) -> String {
    let notices: Vec<_> = notice::notices(analysis).iter().map(sentence).collect();
    notices.join("\n")
}

/// `- **failed** (3 trials): add port to bridge: EXFULL; hint: ...<br><sub>bridge at 1,024</sub>`
fn sentence(notice: &Notice) -> String {
    let trials = match notice.trials {
        0 => String::new(),
        trials => format!(" ({})", counted(trials, "trial")),
    };
    let hint = notice.hint.as_ref().map(|hint| format!("; hint: {hint}"));
    let text = format!("{}{}", notice.text, hint.unwrap_or_default());
    let mut places: Vec<_> = notice.first_places().iter().map(Place::to_string).collect();
    places.extend(match notice.more_places().len() {
        0 => None,
        more => Some(format!("and {more} more")),
    });
    let places = match places.join("; ") {
        none if none.is_empty() => none,
        places => format!("<br><sub>{}</sub>", escaped(&places)),
    };
    format!("- **{}**{trials}: {}{places}", notice.kind, escaped(&text))
}

/// The machine and the run, folded.
fn facts(facts: &[Fact]) -> String {
    let rows = facts
        .iter()
        .map(|fact| [escaped(&fact.name), escaped(&fact.value)]);
    folded("machine and run", &table(&["", ""], "|---|---|", rows))
}

/// The scenario as it was written, folded.
fn scenario(analysis: &Analysis) -> String {
    let text = head::scenario_text(&analysis.manifest).map(verbatim);
    folded("scenario", &text.unwrap_or_default())
}

#[cfg(test)]
mod tests;
