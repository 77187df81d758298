//! What the parts of the live view have in common: frames, hues, and how often they are drawn.

use std::time::Duration;

use owo_colors::AnsiColors;
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;
use ratatui::text::Line;
use ratatui::widgets::{Block, Borders};

use crate::report::terminal::{Colours, View};

/// Between two frames: as often as an eye needs to see something grow, and too seldom for the machine to notice.
pub const TICK: Duration = Duration::from_millis(250);

/// A part of the screen, with what it shows above it.
pub(super) fn panel(title: String, view: View) -> Block<'static> {
    let plain = border::Set {
        horizontal_top: view.glyph("─", "-"),
        ..border::PLAIN
    };
    Block::new()
        .borders(Borders::TOP)
        .border_set(plain)
        .title(Line::styled(title + " ", bold()))
}

/// One of the terminal's colours, where there are any.
pub(super) fn hue(colour: AnsiColors, view: View) -> Style {
    match view.colours {
        Colours::Plain => Style::new(),
        Colours::Ansi => Style::new().fg(colour_of(colour)),
    }
}

pub(super) fn bold() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

/// The terminal's own sixteen, so that they suit its background.
fn colour_of(colour: AnsiColors) -> Color {
    match colour {
        AnsiColors::Red => Color::Red,
        AnsiColors::Green => Color::Green,
        AnsiColors::Yellow => Color::Yellow,
        AnsiColors::Blue => Color::Blue,
        AnsiColors::Magenta => Color::Magenta,
        AnsiColors::Cyan => Color::Cyan,
        _ => Color::Reset,
    }
}
