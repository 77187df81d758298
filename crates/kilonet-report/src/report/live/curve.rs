//! The curves so far, in characters: as the terminal's report will plot them, over the counts that are still to come too.
//!
//! The invariant: nothing joins two points across one that is not there yet.

use std::collections::BTreeSet;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget};

use super::Picture;
use super::panel::{hue, panel};
use crate::analysis::{Growing, Metric};
use crate::report::figure::Axis;
use crate::report::scale::{Range, Scale, whole};
use crate::report::terminal::{COLOURS, View, marker};

/// Columns left of a plot, for the values and the axis.
const LEFT: u16 = 10;

pub(super) fn draw(sheet: &mut Buffer, area: Rect, picture: &Picture, view: View) {
    let curves = &picture.curves;
    let Some(metric) = Metric::at_a_glance(curves.of_requests, picture.focus) else {
        return;
    };
    let title = curves.requests.fill(metric.about().title);
    let over = curves.count.noun();
    let frame = panel(format!("{title} over {over}"), view);
    let inner = frame.inner(area);
    frame.render(area, sheet);
    let figures: Vec<_> = points(curves, metric).map(|point| point.2).collect();
    match curves.ends() {
        _ if figures.is_empty() => {
            Line::raw("no trial has a figure yet").render(inner, sheet);
        }
        Some((first, last)) if first < last => {
            let names = legend(curves, inner.width, view);
            // A third of the lines at most is for names.
            let lines = names.len().min(usize::from(inner.height / 3));
            let rows = [
                Constraint::Fill(1),
                Constraint::Length(u16::try_from(lines).unwrap_or(u16::MAX)),
            ];
            let [above, below] = Layout::vertical(rows).areas(inner);
            let axis = Axis::over(Range::fitting(&figures), metric.about().quantity);
            let plot = Plot::new((first, last), axis, above);
            plot.draw(sheet, curves, metric, view);
            Paragraph::new(names).render(below, sheet);
        }
        _ => bars(sheet, inner, (curves, metric), view),
    }
}

/// Every point there is: the number of its curve, its count and its figure.
fn points(curves: &Growing, metric: Metric) -> impl Iterator<Item = (usize, u32, f64)> {
    let numbered = curves.curves.iter().enumerate();
    numbered.flat_map(move |(nth, curve)| {
        let points = curve.points(metric);
        points.filter_map(move |(count, figure)| Some((nth, count, figure?)))
    })
}

/// How the nth curve is told from others.
fn style(nth: usize, view: View) -> Style {
    hue(COLOURS[nth % COLOURS.len()], view)
}

/// Axes and where they lie.
struct Plot {
    /// Where points are drawn.
    field: Rect,
    x: Scale,
    y: Scale,
    axis: Axis,
}

impl Plot {
    fn new((first, last): (u32, u32), axis: Axis, area: Rect) -> Self {
        let rows = [Constraint::Fill(1), Constraint::Length(2)];
        let [rest, _] = Layout::vertical(rows).areas(area);
        let columns = [Constraint::Length(LEFT), Constraint::Fill(1)];
        let [_, field] = Layout::horizontal(columns).areas(rest);
        let width = f64::from(field.width);
        Self {
            field,
            x: Range::of_counts((f64::from(first), f64::from(last))).along((1.0, width - 3.0)),
            y: axis.range.along((f64::from(field.height) - 1.0, 0.0)),
            axis,
        }
    }

    fn draw(&self, sheet: &mut Buffer, curves: &Growing, metric: Metric, view: View) {
        self.axes(sheet, curves, view);
        for (nth, curve) in curves.curves.iter().enumerate() {
            let places = curve.points(metric).map(|(count, figure)| {
                figure.map(|figure| (self.x.place(f64::from(count)), self.y.place(figure)))
            });
            let places: Vec<_> = places.collect();
            for pair in places.windows(2) {
                if let [Some(from), Some(to)] = pair {
                    self.join(sheet, *from, *to, (nth, view));
                }
            }
        }
        for (nth, count, figure) in points(curves, metric) {
            let place = (self.x.place(f64::from(count)), self.y.place(figure));
            let glyph = marker(nth, view).to_string();
            self.put(sheet, place, &glyph, style(nth, view));
        }
    }

    fn join(&self, sheet: &mut Buffer, from: (f64, f64), to: (f64, f64), how: (usize, View)) {
        let (nth, view) = how;
        for column in whole(from.0)..whole(to.0) {
            let column = column as f64;
            let share = ((column - from.0) / (to.0 - from.0)).clamp(0.0, 1.0);
            let row = from.1 + (to.1 - from.1) * share;
            self.put(sheet, (column, row), view.glyph("·", "."), style(nth, view));
        }
    }

    /// Puts a character at the nearest place of the field.
    fn put(&self, sheet: &mut Buffer, (x, y): (f64, f64), glyph: &str, style: Style) {
        let x = self.field.x + cell(x).min(self.field.width.saturating_sub(1));
        let y = self.field.y + cell(y).min(self.field.height.saturating_sub(1));
        sheet.set_string(x, y, glyph, style);
    }

    fn axes(&self, sheet: &mut Buffer, curves: &Growing, view: View) {
        let Rect {
            x,
            y,
            width,
            height,
        } = self.field;
        let bar = view.glyph("│", "|");
        for row in y..y + height {
            sheet.set_string(x - 1, row, bar, Style::new());
        }
        for (tick, words) in &self.axis.ticks {
            let row = y + cell(self.y.place(*tick));
            let room = usize::from(LEFT) - 2;
            sheet.set_string(x - LEFT, row, format!("{words:>room$}"), Style::new());
        }
        let line = view.glyph("─", "-").repeat(usize::from(width));
        let corner = view.glyph("└", "+");
        sheet.set_string(x - 1, y + height, format!("{corner}{line}"), Style::new());
        self.counts(sheet, curves, view);
    }

    /// A tick for each count, and the counts for which there is room.
    fn counts(&self, sheet: &mut Buffer, curves: &Growing, view: View) {
        let all = curves.curves.iter();
        let counts: BTreeSet<u32> = all
            .flat_map(|curve| curve.points(Metric::Goodput).map(|point| point.0))
            .collect();
        let below = self.field.y + self.field.height;
        let mut free = self.field.x;
        for count in counts {
            let column = self.field.x + cell(self.x.place(f64::from(count)));
            sheet.set_string(column, below, view.glyph("┬", "+"), Style::new());
            let words = count.to_string();
            let length = u16::try_from(words.len()).unwrap_or(u16::MAX);
            let last = (self.field.x + self.field.width).saturating_sub(length);
            let start = (column + 1).saturating_sub(length.div_ceil(2)).min(last);
            if start >= free {
                sheet.set_string(start, below + 1, &words, Style::new());
                free = start + length + 1;
            }
        }
    }
}

/// Which marker is which, over as many lines as it takes.
fn legend(curves: &Growing, width: u16, view: View) -> Vec<Line<'static>> {
    let mut lines: Vec<Line> = Vec::new();
    for (nth, curve) in curves.curves.iter().enumerate() {
        let words = format!("{} {}   ", marker(nth, view), view.plain(&curve.label));
        let length = words.trim_end().chars().count();
        let name = Span::styled(words, style(nth, view));
        match lines.last_mut() {
            Some(line) if line.width() + length <= usize::from(width) => line.push_span(name),
            _ => lines.push(Line::from(name)),
        }
    }
    lines
}

/// The nearest column or line.
fn cell(place: f64) -> u16 {
    u16::try_from(whole(place)).unwrap_or(u16::MAX)
}

/// A bar for each curve of one count, from zero.
fn bars(sheet: &mut Buffer, area: Rect, (curves, metric): (&Growing, Metric), view: View) {
    let most = points(curves, metric).fold(0.0, |most: f64, point| most.max(point.2));
    let room = f64::from(area.width) - 12.0;
    let lines = points(curves, metric).flat_map(|(nth, _, figure)| {
        let length = if most > 0.0 {
            whole(figure / most * room)
        } else {
            0
        };
        let bar = view.glyph("█", "#").repeat(length);
        let label = view.plain(&curves.curves[nth].label);
        let value = metric.about().quantity.show(figure);
        [
            Line::raw(format!("  {label}")),
            Line::styled(format!("  {bar} {value}"), style(nth, view)),
        ]
    });
    Paragraph::new(lines.collect::<Vec<_>>()).render(area, sheet);
}
