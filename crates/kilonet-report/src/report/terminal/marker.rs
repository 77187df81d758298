//! What curves look like in characters: a marker and a hue for each.
//!
//! The invariant: no two of the first eight curves have the same marker.

use owo_colors::{AnsiColors, Style};

use super::view::{Glyphs, View};
use crate::printable::Printable;

const MARKERS: [char; 8] = ['●', '■', '◆', '▲', '○', '□', '◇', '△'];

/// The hues of curves, in their order.
pub(in crate::report) const COLOURS: [AnsiColors; 6] = [
    AnsiColors::Blue,
    AnsiColors::Yellow,
    AnsiColors::Green,
    AnsiColors::Magenta,
    AnsiColors::Cyan,
    AnsiColors::Red,
];

/// A series' name behind its marker.
pub(super) fn marked(nth: usize, label: &str, view: View) -> Printable {
    view.paint(
        style(nth),
        &format!("{} {}", marker(nth, view), view.plain(label)),
    )
}

pub(super) fn style(nth: usize) -> Style {
    Style::new().color(COLOURS[nth % COLOURS.len()])
}

/// What the nth curve's points look like.
pub(in crate::report) fn marker(nth: usize, view: View) -> char {
    let letters = || ('A'..='Z').chain('a'..='z').cycle();
    match view.glyphs {
        Glyphs::Unicode => MARKERS.into_iter().chain(letters()).nth(nth).unwrap_or('?'),
        Glyphs::Ascii => letters().nth(nth).unwrap_or('?'),
    }
}
