//! The machine over the last moments: CPU time by kind, what was dropped, and what trials complained of.

use owo_colors::AnsiColors;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget, Wrap};

use super::panel::{TICK, hue, panel};
use super::{Drops, Note, Picture, Severity, Shares};
use crate::report::scale::whole;
use crate::report::terminal::{Glyphs, View};
use crate::units::three_digits;

/// Columns of a kind's name, and of its share.
const NAME: u16 = 8;
const SHARE: u16 = 6;

const RISING: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const RISING_ASCII: [&str; 9] = [" ", ".", ":", "-", "=", "+", "*", "%", "#"];

/// A kind of CPU time.
struct Kind {
    name: &'static str,
    colour: AnsiColors,
    share: fn(&Shares) -> f64,
}

const KINDS: [Kind; 5] = [
    Kind {
        name: "user",
        colour: AnsiColors::Green,
        share: |shares| shares.user,
    },
    Kind {
        name: "system",
        colour: AnsiColors::Blue,
        share: |shares| shares.system,
    },
    Kind {
        name: "softirq",
        colour: AnsiColors::Magenta,
        share: |shares| shares.softirq,
    },
    Kind {
        name: "steal",
        colour: AnsiColors::Red,
        share: |shares| shares.steal,
    },
    Kind {
        name: "idle",
        colour: AnsiColors::Default,
        share: |shares| shares.idle,
    },
];

/// A line for each kind: how its share went, and what it is.
pub(super) fn cpu(sheet: &mut Buffer, area: Rect, history: &[Shares], view: View) {
    let room = usize::from(area.width.saturating_sub(NAME + SHARE));
    let shown = &history[history.len().saturating_sub(room)..];
    let seconds = (TICK * u32::try_from(shown.len()).unwrap_or(u32::MAX)).as_secs();
    let frame = panel(format!("CPU of the whole machine, last {seconds} s"), view);
    let inner = frame.inner(area);
    frame.render(area, sheet);
    let lines = KINDS.map(|kind| line(&kind, shown, room, view));
    Paragraph::new(lines.to_vec()).render(inner, sheet);
}

fn line(kind: &Kind, shown: &[Shares], room: usize, view: View) -> Line<'static> {
    let rising = match view.glyphs {
        Glyphs::Unicode => RISING,
        Glyphs::Ascii => RISING_ASCII,
    };
    let steps = rising.len() - 1;
    let bars = shown.iter().map(|shares| {
        let share = (kind.share)(shares).clamp(0.0, 1.0);
        // What there is at all can be seen.
        let least = usize::from(share >= 0.005);
        rising[whole(share * steps as f64).max(least)]
    });
    let bars: String = bars.collect();
    let now = shown
        .last()
        .map(|shares| format!("{:>3.0} %", (kind.share)(shares) * 100.0));
    Line::from(vec![
        Span::raw(format!("{:<1$}", kind.name, usize::from(NAME))),
        Span::styled(format!("{bars:>room$}"), hue(kind.colour, view)),
        Span::raw(format!(" {}", now.unwrap_or_default())),
    ])
}

/// What is dropped, and below it what trials complained of.
pub(super) fn notes(sheet: &mut Buffer, area: Rect, picture: &Picture, view: View) {
    let frame = panel("drops and notes".to_owned(), view);
    let inner = frame.inner(area);
    frame.render(area, sheet);
    let rows = [Constraint::Length(3), Constraint::Fill(1)];
    let [above, below] = Layout::vertical(rows).areas(inner);
    Paragraph::new(dropped(&picture.drops)).render(above, sheet);
    let lines: Vec<_> = picture.notes.iter().map(|note| said(note, view)).collect();
    Paragraph::new(lines)
        .wrap(Wrap { trim: true })
        .render(below, sheet);
}

fn dropped(drops: &Drops) -> Vec<Line<'static>> {
    let unknown = || "-".to_owned();
    let rate =
        |rate: Option<f64>| rate.map_or_else(unknown, |rate| format!("{} /s", three_digits(rate)));
    let memory = drops
        .tcp_memory
        .map(|share| format!("TCP memory {:.0} %", share * 100.0));
    let retransmits = drops.retransmits.map(|it| it.to_string());
    vec![
        Line::raw(format!(
            "backlog {}   squeezed {}",
            rate(drops.backlog),
            rate(drops.squeezed)
        )),
        Line::raw(format!(
            "neighbours full {}   {}",
            rate(drops.neighbours),
            memory.unwrap_or_default()
        )),
        Line::raw(format!(
            "retransmits of the last trial {}",
            retransmits.unwrap_or_else(unknown)
        )),
    ]
}

fn said(note: &Note, view: View) -> Line<'static> {
    let (sign, colour) = match note.severity {
        Severity::Warning => ("warning", AnsiColors::Yellow),
        Severity::Failure => ("failed", AnsiColors::Red),
    };
    Line::from(vec![
        Span::styled(format!("{sign} "), hue(colour, view)),
        Span::raw(view.plain(&note.text)),
    ])
}
