//! A comparison as Markdown, short enough for a pull request.
//!
//! The invariant: what got better or worse stands in the open, everything else folded away; no text of a record or a
//! manifest is taken for markup.

use super::{
    BASIS, Line, TWO_MACHINES, Tone, absences, headline, is_of_two_machines, lines, notes, place,
    tally,
};
use crate::analysis::compare::{Against, Comparison, Difference};
use crate::report::markdown::syntax::{code, escaped, folded, list, table};

/// The comparison as Markdown, ending in a line end.
#[must_use]
pub fn render(comparison: &Comparison) -> String {
    let mut parts = vec![format!("### {}", headline(comparison)), tally(comparison)];
    for against in &comparison.news {
        parts.extend(section(against, comparison));
    }
    let notes = notes(comparison);
    parts.push(list(notes.iter().map(String::as_str)));
    parts.push(format!("<sub>{BASIS}</sub>"));
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n") + "\n"
}

fn section(against: &Against, comparison: &Comparison) -> Vec<String> {
    let [base, new] = [&comparison.base, &against.new].map(|source| code(&source.folder));
    let lines = lines(against, comparison);
    let changed: Vec<_> = lines
        .iter()
        .filter(|line| line.tone != Tone::Plain)
        .collect();
    let machines = is_of_two_machines(against).then(|| format!("**{TWO_MACHINES}**"));
    let absences = absences(against);
    vec![
        format!("{base} → {new}"),
        machines.unwrap_or_default(),
        differences(&against.differences),
        list(absences.iter().map(|(_, text)| text.as_str())),
        figures(&changed, against),
        all_figures(&lines.iter().collect::<Vec<_>>(), against),
    ]
}

fn differences(differences: &[Difference]) -> String {
    let side = |side: &Option<String>| side.as_deref().map_or_else(String::new, escaped);
    let rows = differences.iter().map(|it| {
        let (base, new) = (side(&it.base), side(&it.new));
        [escaped(&it.what), base, new]
    });
    table(&["what differs", "base", "new"], "|---|---|---|", rows)
}

/// A table of figures; nothing without any.
fn figures(lines: &[&Line<'_>], against: &Against) -> String {
    let rows = lines.iter().map(|line| {
        [
            line.cell.requests.fill(line.about.name).into_owned(),
            escaped(&place(
                &line.cell.label,
                &line.cell.count.to_string(),
                against.count,
            )),
            line.base.clone(),
            line.new.clone(),
            line.change.clone(),
            line.verdict.clone(),
        ]
    });
    let headings = ["what", "where", "base", "new", "change", "verdict"];
    table(&headings, "|---|---|--:|--:|--:|---|", rows)
}

/// All figures, for who wants to see them.
fn all_figures(lines: &[&Line<'_>], against: &Against) -> String {
    let title = format!("all {} figures", lines.len());
    folded(&title, &figures(lines, against))
}
