//! What the characters of plots mean: whose a marker is, and which signs stand for findings, as they do on the page.
//!
//! The invariant: a sign that is drawn is in the legend, and no other.

use super::marker::marked;
use super::view::View;
use crate::analysis::Analysis;
use crate::printable::Printable;

/// A part of a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// The left of the roof over a peak.
    Up,
    /// The right of it.
    Down,
    /// The left of the ring around a knee.
    Left,
    /// The right of it.
    Right,
    /// Of the line from the axis to the top beyond which something refuses.
    Wall,
}

impl Sign {
    pub(super) fn glyph(self, view: View) -> &'static str {
        match self {
            Self::Up => "/",
            Self::Down => "\\",
            Self::Left => "(",
            Self::Right => ")",
            Self::Wall => view.glyph("┃", "|"),
        }
    }

    /// Whether it stands beside a marker, and not up from the axis.
    pub(super) fn is_beside(self) -> bool {
        match self {
            Self::Up | Self::Down | Self::Left | Self::Right => true,
            Self::Wall => false,
        }
    }
}

/// The legend of plots in which these signs are drawn.
pub(super) fn lines(
    analysis: &Analysis,
    drawn: impl Iterator<Item = Sign>,
    view: View,
) -> Vec<Printable> {
    let names = analysis.series.iter().enumerate().map(|(nth, series)| {
        let width = series.label.chars().count() + 2;
        (width, marked(nth, &series.label, view))
    });
    let several = (analysis.series.len() > 1).then(|| (9, "* several".into()));
    let mut lines = filled(names.chain(several), view);
    let meanings = meanings(&drawn.collect::<Vec<_>>(), view).into_iter();
    lines.extend(filled(
        meanings.map(|words| (words.chars().count(), words.into())),
        view,
    ));
    lines
}

/// Entries, each with its width, over as many lines as it takes.
fn filled(entries: impl Iterator<Item = (usize, Printable)>, view: View) -> Vec<Printable> {
    let mut lines: Vec<(usize, Printable)> = Vec::new();
    for (width, entry) in entries {
        match lines.last_mut() {
            Some((used, line)) if *used + 3 + width <= view.columns() => {
                *used += 3 + width;
                line.push("   ");
                line.push(entry);
            }
            _ => {
                let mut line = Printable::from(format!("{:>LEFT$}  ", ""));
                line.push(entry);
                lines.push((LEFT + 2 + width, line));
            }
        }
    }
    lines.into_iter().map(|(_, line)| line).collect()
}

/// What the signs mean that are drawn.
fn meanings(drawn: &[Sign], view: View) -> Vec<String> {
    let rows = [
        ("/ \\", "peak", &[Sign::Up, Sign::Down][..]),
        ("( )", "knee", &[Sign::Left, Sign::Right]),
        (Sign::Wall.glyph(view), "refused beyond", &[Sign::Wall]),
    ];
    let is_drawn = |signs: &[Sign]| drawn.iter().any(|sign| signs.contains(sign));
    rows.into_iter()
        .filter(|(.., signs)| is_drawn(signs))
        .map(|(glyph, meaning, _)| format!("{glyph} {meaning}"))
        .collect()
}

/// Columns left of a plot, for the values.
pub(super) const LEFT: usize = 11;
