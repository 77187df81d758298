//! What a reader must know beside the figures: what failed and what helps, what is not shown, warnings, notes.
//!
//! The invariant: each sentence once, with how often it holds.

use owo_colors::Style;

use super::view::View;
use crate::analysis::Analysis;
use crate::printable::Printable;
use crate::units::counted;

/// Sentences in the order of their first time, each with its number of times.
#[derive(Default)]
struct Tally(Vec<(String, usize)>);

impl Tally {
    fn add(&mut self, sentence: String) {
        match self.0.iter_mut().find(|(known, _)| *known == sentence) {
            Some((_, times)) => *times += 1,
            None => self.0.push((sentence, 1)),
        }
    }
}

/// The notes; empty when there is nothing to say.
pub(super) fn render(analysis: &Analysis, view: View) -> Printable {
    let mut lines = failures(analysis, view);
    lines.extend(invalid(analysis, view));
    lines.extend(warnings(analysis, view));
    lines.extend(
        analysis
            .notes
            .iter()
            .map(|note| view.paragraph(Style::new(), &format!("note: {note}"))),
    );
    Printable::joined(lines, "\n")
}

fn failures(analysis: &Analysis, view: View) -> Vec<Printable> {
    let mut tally = Tally::default();
    for failure in analysis.cells.iter().flat_map(|cell| &cell.failures) {
        let hint = failure
            .hint
            .as_ref()
            .map(|hint| format!("\nhint: {hint}"))
            .unwrap_or_default();
        tally.add(format!("{}{hint}", failure.sentence()));
    }
    let say = |(sentence, times): (String, usize)| {
        let (what, hint) = sentence.split_once('\n').unwrap_or((&sentence, ""));
        let mut lines = vec![view.paragraph(
            Style::new().red(),
            &format!("{} failed: {what}", counted(times, "trial")),
        )];
        if !hint.is_empty() {
            lines.push(view.paragraph(Style::new(), hint));
        }
        lines
    };
    tally.0.into_iter().flat_map(say).collect()
}

fn invalid(analysis: &Analysis, view: View) -> Option<Printable> {
    let invalid: usize = analysis.cells.iter().map(|cell| cell.invalid).sum();
    let sentence = format!(
        "{} invalid, as the witnesses disagree: kept, not shown as values",
        counted(invalid, "trial")
    );
    (invalid > 0).then(|| view.paragraph(Style::new().red(), &sentence))
}

fn warnings(analysis: &Analysis, view: View) -> Vec<Printable> {
    let mut tally = Tally::default();
    for warning in analysis.cells.iter().flat_map(|cell| &cell.warnings) {
        tally.add(warning.clone());
    }
    let say = |(sentence, times): (String, usize)| {
        let times = if times == 1 {
            String::new()
        } else {
            format!(" ({})", counted(times, "cell"))
        };
        view.paragraph(
            Style::new().yellow(),
            &format!("warning: {sentence}{times}"),
        )
    };
    tally.0.into_iter().map(say).collect()
}
