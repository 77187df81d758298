//! The pairs of the trial at hand as a map: a cell for each, or for a few neighbours, by what it moves of the mean.
//!
//! The invariant: every pair is in one cell, and the figures under the map are of pairs, not of cells.

use owo_colors::AnsiColors;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget};

use super::Picture;
use super::panel::{hue, panel};
use crate::analysis::quantity::grouped;
use crate::report::terminal::View;
use crate::stats;
use crate::units::{BitsPerSecond, three_digits};

/// A step of the map: below this share of the mean a cell looks so.
struct Step {
    below: f64,
    unicode: &'static str,
    ascii: &'static str,
    colour: AnsiColors,
    words: &'static str,
}

/// A few thousandths of a fair share are still nothing: a connection that is stuck may get its last bytes through.
const NOTHING: f64 = 0.005;

const STEPS: [Step; 5] = [
    Step {
        below: NOTHING,
        unicode: "×",
        ascii: "x",
        colour: AnsiColors::Red,
        words: "none",
    },
    Step {
        below: 0.5,
        unicode: "░",
        ascii: ".",
        colour: AnsiColors::Magenta,
        words: "<0.5",
    },
    Step {
        below: 0.8,
        unicode: "▒",
        ascii: ":",
        colour: AnsiColors::Yellow,
        words: "<0.8",
    },
    Step {
        below: 1.25,
        unicode: "▓",
        ascii: "+",
        colour: AnsiColors::Green,
        words: "~1",
    },
    Step {
        below: f64::INFINITY,
        unicode: "█",
        ascii: "#",
        colour: AnsiColors::Blue,
        words: ">1.25",
    },
];

pub(super) fn draw(sheet: &mut Buffer, area: Rect, picture: &Picture, view: View) {
    let rates = picture.pairs_bps.as_deref().unwrap_or_default();
    let title = match rates.len() {
        0 => "pairs".to_owned(),
        1 => "1 pair".to_owned(),
        pairs => format!("{} pairs", grouped(pairs)),
    };
    let frame = panel(title, view);
    let inner = frame.inner(area);
    frame.render(area, sheet);
    let rows = [Constraint::Fill(1), Constraint::Length(3)];
    let [map, below] = Layout::vertical(rows).areas(inner);
    match stats::mean(rates) {
        None => Line::raw("nothing moves yet").render(map, sheet),
        Some(mean) => {
            let per_cell = fill(sheet, map, (rates, mean), view);
            under(rates, mean, per_cell, view).render(below, sheet);
        }
    }
}

/// Fills the map, and gives the number of pairs in a cell.
fn fill(sheet: &mut Buffer, map: Rect, (rates, mean): (&[f64], f64), view: View) -> usize {
    let room = usize::from(map.width) * usize::from(map.height);
    // Cells of two columns are nearly square.
    let wide = if rates.len() * 2 <= room { 2 } else { 1 };
    let per_line = (usize::from(map.width) / wide).max(1);
    let per_cell = rates.len().div_ceil((room / wide).max(1)).max(1);
    for (nth, bucket) in rates.chunks(per_cell).enumerate() {
        let (x, y) = (nth % per_line * wide, nth / per_line);
        let share = stats::mean(bucket).unwrap_or(0.0) / mean;
        let step = step(share);
        let glyph = view.glyph(step.unicode, step.ascii).repeat(wide);
        let place = u16::try_from(x).ok().zip(u16::try_from(y).ok());
        if let Some((x, y)) = place.filter(|(_, y)| *y < map.height) {
            sheet.set_string(map.x + x, map.y + y, glyph, hue(step.colour, view));
        }
    }
    per_cell
}

/// Where nothing moves at all, the share of the mean is no number, and nobody has one.
fn step(share: f64) -> &'static Step {
    let found = STEPS.iter().find(|step| share < step.below);
    found.unwrap_or(&STEPS[0])
}

/// What the cells mean, and the pairs in figures.
fn under(rates: &[f64], mean: f64, per_cell: usize, view: View) -> Paragraph<'static> {
    let key = STEPS.iter().flat_map(|step| {
        let glyph = view.glyph(step.unicode, step.ascii);
        [
            Span::styled(glyph, hue(step.colour, view)),
            Span::raw(format!("{} ", step.words)),
        ]
    });
    let silent = rates.iter().filter(|rate| **rate < mean * NOTHING).count();
    let jain = stats::jain(rates).map(|it| format!("Jain {}, ", three_digits(it)));
    let cells = match per_cell {
        1 => String::new(),
        _ => format!(", {per_cell} in a cell"),
    };
    Paragraph::new(vec![
        key.collect::<Line>(),
        Line::raw(format!("of mean {}{cells}", BitsPerSecond(mean))),
        Line::raw(format!(
            "{}{} silent",
            jain.unwrap_or_default(),
            grouped(silent)
        )),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_has_the_step_it_lies_in() {
        for (share, words) in [
            (0.0, "none"),
            (0.1, "<0.5"),
            (0.5, "<0.8"),
            (1.0, "~1"),
            (3.0, ">1.25"),
            (f64::NAN, "none"),
        ] {
            assert_eq!(step(share).words, words, "{share}");
        }
    }
}
