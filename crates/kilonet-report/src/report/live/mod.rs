//! A run while it goes on, as one screen: how far it is, the curves so far, the pairs of the trial at hand, the machine.
//!
//! Must not know where the figures come from, nor what terminal they go to: a picture in, a frame of characters out. The
//! invariant: the same picture is the same frame, and no difference rests on colour alone, since there may be none.

mod curve;
mod figures;
mod machine;
mod pairs;
mod panel;

use std::time::Duration;

use owo_colors::AnsiColors;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget};

pub use crate::analysis::metric::Focus;
pub use figures::{Drops, Note, Picture, Progress, Severity, Shares, Trial};
pub use panel::TICK;

use super::terminal::View;
use crate::units::BitsPerSecond;
use panel::{bold, hue};

/// Columns and lines below which there is no room for everything.
const LEAST: (u16, u16) = (80, 24);

/// Draws a picture over the whole of a frame.
pub fn draw(frame: &mut Frame<'_>, picture: &Picture, view: View) {
    let area = frame.area();
    let sheet = frame.buffer_mut();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        return cramped(picture, view).render(area, sheet);
    }
    let low = (area.height / 3).clamp(8, 12);
    let rows = [
        Constraint::Length(3),
        Constraint::Fill(1),
        Constraint::Length(low),
        Constraint::Length(1),
    ];
    let [head, middle, low, foot] = Layout::vertical(rows).areas(area);
    let [left, right] = beside((3, 2), middle);
    let [cpu, notes] = beside((1, 1), low);
    self::head(picture, view, head.width).render(head, sheet);
    curve::draw(sheet, left, picture, view);
    pairs::draw(sheet, right, picture, view);
    machine::cpu(sheet, cpu, &picture.cpu, view);
    machine::notes(sheet, notes, picture, view);
    self::foot(picture, view).render(foot, sheet);
}

/// Two columns of these widths to each other, and a gap.
fn beside((left, right): (u16, u16), area: Rect) -> [Rect; 2] {
    let columns = [
        Constraint::Fill(left),
        Constraint::Length(2),
        Constraint::Fill(right),
    ];
    let [left, _, right] = Layout::horizontal(columns).areas(area);
    [left, right]
}

/// What is said where there is no room for a picture.
fn cramped(picture: &Picture, view: View) -> Paragraph<'_> {
    let (columns, lines) = LEAST;
    let progress = picture.progress;
    Paragraph::new(vec![
        Line::raw(trial(progress)),
        doing(picture, view),
        Line::raw(format!("({columns}x{lines} would show more)")),
    ])
}

/// Which run, how far it is, and what the trial at hand does.
fn head(picture: &Picture, view: View, width: u16) -> Paragraph<'_> {
    let progress = picture.progress;
    let dot = view.glyph("·", "-");
    let far = format!(
        "{} {dot} {} {dot} about {} left",
        trial(progress),
        clock(progress.elapsed),
        clock(progress.left)
    );
    let name = view.plain(&picture.name);
    let gap = usize::from(width).saturating_sub(name.chars().count() + far.chars().count());
    Paragraph::new(vec![
        Line::from(vec![
            Span::styled(name, bold()),
            Span::raw(" ".repeat(gap.max(1))),
            Span::raw(far),
        ]),
        bar(picture.progress, view, width),
        doing(picture, view),
    ])
}

/// Which trial it is of how many; of a range where that depends on what they show.
fn trial(progress: Progress) -> String {
    match progress.place {
        None => "no trial yet".to_owned(),
        Some(place) if place.least == place.most => {
            format!("trial {} of {}", place.number, place.most)
        }
        Some(place) => format!("trial {} of {}-{}", place.number, place.least, place.most),
    }
}

/// How much of what is to be done is done.
fn bar(progress: Progress, view: View, width: u16) -> Line<'static> {
    let width = usize::from(width);
    let done = width * progress.ended.min(progress.to_do) / progress.to_do.max(1);
    Line::from(vec![
        Span::styled(
            view.glyph("█", "#").repeat(done),
            hue(AnsiColors::Green, view),
        ),
        Span::raw(view.glyph("░", ".").repeat(width - done)),
    ])
}

fn doing(picture: &Picture, view: View) -> Line<'_> {
    let Some(trial) = &picture.trial else {
        return Line::raw("starting");
    };
    let goodput = trial.goodput_bps.map(|it| BitsPerSecond(it).to_string());
    Line::from(vec![
        Span::raw(view.plain(&trial.id)),
        Span::raw("  "),
        Span::styled(trial.phase, hue(AnsiColors::Cyan, view)),
        Span::raw("  "),
        Span::styled(goodput.unwrap_or_default(), bold()),
    ])
}

fn foot(picture: &Picture, view: View) -> Line<'static> {
    if picture.interrupted {
        let words = "interrupted: removing the lab; the records are kept";
        return Line::styled(words, hue(AnsiColors::Yellow, view));
    }
    let other = match picture.focus {
        Focus::All => "show each",
        Focus::Each => "show all together",
    };
    Line::raw(format!("q  interrupt, keep the records    p  {other}"))
}

/// Minutes and seconds.
fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests;
