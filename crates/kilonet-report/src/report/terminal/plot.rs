//! Plots in characters: curves over the count, or bars where there is one count.
//!
//! The invariant: a marker stands for an estimate; what joins two markers is a lighter glyph, and nothing joins two across a
//! cell that failed or is missing.

use owo_colors::Style;

use super::bars;
use super::legend::{self, LEFT, Sign};
use super::marker::{marker, style};
use super::view::{Glyphs, View};
use crate::analysis::metric::Focus;
use crate::analysis::{Analysis, Metric};
use crate::printable::Printable;
use crate::report::figure::{Axis, Counts, Figure, Line};
use crate::report::figures::Figures;
use crate::report::marks::Mark;
use crate::report::scale::{Range, Scale, whole};

/// Lines of a plot.
const ROWS: usize = 12;

/// Where requests are timed while others do something else.
const PLOTS_UNDER_LOAD: [Metric; 2] = [Metric::Goodput, Metric::LatencyP99];

/// Where every cell is of datagrams, which may be lost.
const PLOTS_OF_DATAGRAMS: [Metric; 2] = [Metric::Datagrams, Metric::Loss];

/// What there is to plot of a run.
fn chosen(analysis: &Analysis) -> Vec<Metric> {
    let cells = analysis.cells.iter().filter(|cell| cell.measured > 0);
    let all_have = |metric| cells.clone().all(|cell| cell.estimate(metric).is_some());
    if !analysis.of_requests && all_have(Metric::LatencyP99) {
        PLOTS_UNDER_LOAD.to_vec()
    } else if !analysis.of_requests && all_have(Metric::Datagrams) {
        PLOTS_OF_DATAGRAMS.to_vec()
    } else {
        let both = [Focus::All, Focus::Each].into_iter();
        both.filter_map(|focus| Metric::at_a_glance(analysis.of_requests, focus))
            .collect()
    }
}

/// Both plots and their legend; empty without a figure to plot.
pub(super) fn render(figures: &Figures, view: View) -> Printable {
    let (analysis, counts) = (figures.analysis, &figures.counts);
    let chosen = chosen(analysis).into_iter();
    let plotted = chosen.filter_map(|metric| figures.by_metric(metric));
    if counts.ticks.len() <= 1 {
        // With one count the second would say little that the table does not.
        return plotted
            .take(1)
            .map(|figure| bars::render(figure, view))
            .collect();
    }
    let plots: Vec<_> = plotted
        .map(|figure| Plot::of(analysis, figure, counts, view))
        .collect();
    if plots.is_empty() {
        return Printable::default();
    }
    let drawn = plots
        .iter()
        .map(|plot| Printable::joined(plot.lines(), "\n"));
    let signs = plots.iter().flat_map(Plot::signs);
    let legend = Printable::joined(legend::lines(analysis, signs, view), "\n");
    Printable::joined(drawn.chain([legend]), "\n\n")
}

/// What stands at one place of a plot.
#[derive(Clone, Copy)]
enum Spot {
    Empty,
    /// On the way from one marker of a series to the next.
    Joint(usize),
    Marker(usize),
    /// Markers of several series.
    Several,
    /// A part of what marks a finding on a series.
    Sign(usize, Sign),
}

struct Plot<'a> {
    view: View,
    figure: &'a Figure<'a>,
    analysis: &'a Analysis,
    counts: &'a Counts,
    spots: Vec<Vec<Spot>>,
    x: Scale,
    y: Scale,
    axis: Axis,
}

impl<'a> Plot<'a> {
    fn of(analysis: &'a Analysis, figure: &'a Figure<'a>, counts: &'a Counts, view: View) -> Self {
        let columns = view.columns() - LEFT - 2;
        let end = |tick: Option<&(u32, String)>| tick.map_or(1.0, |tick| f64::from(tick.0));
        let ends = (end(counts.ticks.first()), end(counts.ticks.last()));
        let axis = figure.medians_axis();
        let mut plot = Self {
            view,
            figure,
            analysis,
            counts,
            spots: vec![vec![Spot::Empty; columns]; ROWS],
            x: Range::of_counts(ends).along((1.0, columns as f64 - 3.0)),
            y: axis.range.along((ROWS as f64 - 1.0, 0.0)),
            axis,
        };
        for (nth, line) in figure.series.iter().enumerate() {
            plot.join(nth, line);
        }
        for (nth, line) in figure.series.iter().enumerate() {
            plot.mark(nth, line);
        }
        for (nth, line) in figure.series.iter().enumerate() {
            plot.sign(nth, line);
        }
        plot
    }

    /// The counts of a series' cells and their places; none where a cell has no figure.
    fn places(&self, line: &Line) -> Vec<(u32, Option<(f64, f64)>)> {
        let place = |count: u32, median| (self.x.place(f64::from(count)), self.y.place(median));
        let points = line.points.iter();
        points
            .map(|point| {
                let median = point.estimate.map(|estimate| estimate.median);
                (point.count, median.map(|median| place(point.count, median)))
            })
            .collect()
    }

    fn join(&mut self, nth: usize, line: &Line) {
        for pair in self.places(line).windows(2) {
            let [(left, Some(from)), (right, Some(to))] = pair else {
                continue;
            };
            if line.series.is_broken_between(*left, *right) {
                continue;
            }
            for column in whole(from.0)..whole(to.0) {
                // A column is as wide as a character, so its edge may lie beyond the point that is within it.
                let share = ((column as f64 - from.0) / (to.0 - from.0)).clamp(0.0, 1.0);
                let row = whole(from.1 + (to.1 - from.1) * share);
                self.spots[row][column] = Spot::Joint(nth);
            }
        }
    }

    fn mark(&mut self, nth: usize, line: &Line) {
        let places = self.places(line).into_iter();
        for (x, y) in places.filter_map(|(_, place)| place) {
            let spot = &mut self.spots[whole(y)][whole(x)];
            *spot = match spot {
                Spot::Marker(_) | Spot::Several => Spot::Several,
                Spot::Empty | Spot::Joint(_) | Spot::Sign(..) => Spot::Marker(nth),
            };
        }
    }

    /// Marks what was found of a series; where a marker is, that stays.
    fn sign(&mut self, nth: usize, line: &Line) {
        for mark in &line.marks {
            for (row, column, sign) in self.spots_of(mark, line) {
                let spot = &mut self.spots[row][column];
                let covers = sign.is_beside() && matches!(spot, Spot::Joint(_));
                if covers || matches!(spot, Spot::Empty) {
                    *spot = Spot::Sign(nth, sign);
                }
            }
        }
    }

    /// Where a mark is drawn, row by row.
    fn spots_of(&self, mark: &Mark, line: &Line) -> Vec<(usize, usize, Sign)> {
        match mark {
            Mark::Peak { count, .. } => self.beside(*count, line, [Sign::Up, Sign::Down]),
            Mark::Knee { count, .. } => self.beside(*count, line, [Sign::Left, Sign::Right]),
            Mark::Wall { count, .. } => {
                let column = whole(self.x.place(*count));
                (0..ROWS).map(|row| (row, column, Sign::Wall)).collect()
            }
        }
    }

    /// The spots on both sides of a series' marker at a count.
    fn beside(
        &self,
        count: u32,
        line: &Line,
        [left, right]: [Sign; 2],
    ) -> Vec<(usize, usize, Sign)> {
        let mut places = self.places(line).into_iter();
        let place = places.find_map(|(at, place)| place.filter(|_| at == count));
        place.map_or_else(Vec::new, |(x, y)| {
            let (row, column) = (whole(y), whole(x));
            vec![(row, column - 1, left), (row, column + 1, right)]
        })
    }

    /// The kinds of signs that are to be seen.
    fn signs(&self) -> impl Iterator<Item = Sign> {
        self.spots.iter().flatten().filter_map(|spot| match spot {
            Spot::Sign(_, sign) => Some(*sign),
            _ => None,
        })
    }

    fn lines(&self) -> Vec<Printable> {
        let mut lines = vec![self.view.paint(Style::new().bold(), &self.figure.title)];
        let ticks = self.axis.ticks.iter();
        let ticks: Vec<_> = ticks
            .map(|(tick, text)| (whole(self.y.place(*tick)), text))
            .collect();
        let bar = self.view.glyph("│", "|");
        for (nth, row) in self.spots.iter().enumerate() {
            let tick = ticks.iter().find(|(at, _)| *at == nth);
            let value = tick.map_or("", |(_, text)| text);
            let spots: Printable = row.iter().map(|spot| self.show(*spot)).collect();
            let mut line = Printable::from(format!("{value:>LEFT$} {bar}"));
            line.push(spots.trim_end());
            lines.push(line);
        }
        lines.push(self.axis().into());
        lines.push(self.under(&self.count_labels()).into());
        lines.extend(self.absent());
        lines
    }

    fn show(&self, spot: Spot) -> Printable {
        match spot {
            Spot::Empty => " ".into(),
            Spot::Joint(nth) => self.view.paint(style(nth), self.view.glyph("·", ".")),
            Spot::Marker(nth) => self
                .view
                .paint(style(nth), &marker(nth, self.view).to_string()),
            Spot::Several => "*".into(),
            Spot::Sign(nth, sign) => self.view.paint(style(nth), sign.glyph(self.view)),
        }
    }

    fn axis(&self) -> String {
        let (corner, line, tick) = match self.view.glyphs {
            Glyphs::Unicode => ('└', '─', '┬'),
            Glyphs::Ascii => ('+', '-', '+'),
        };
        let mut axis = vec![line; self.spots[0].len()];
        for (count, _) in &self.counts.ticks {
            axis[self.column(*count)] = tick;
        }
        format!(
            "{:>LEFT$} {corner}{}",
            "",
            axis.into_iter().collect::<String>()
        )
    }

    fn column(&self, count: u32) -> usize {
        whole(self.x.place(f64::from(count)))
    }

    /// The counts that have room, each ending or centred under its tick.
    fn count_labels(&self) -> Vec<char> {
        let mut labels = vec![' '; self.spots[0].len()];
        let mut free = 0;
        for (count, _) in &self.counts.ticks {
            let text = count.to_string();
            let start = (self.column(*count) + 1).saturating_sub(text.len().div_ceil(2));
            let start = start.min(labels.len() - text.len().min(labels.len()));
            if start < free {
                continue;
            }
            for (at, digit) in text.chars().enumerate() {
                labels[start + at] = digit;
            }
            free = start + text.len() + 1;
        }
        labels
    }

    /// A cross under each count at which a cell has no valid trial.
    fn absent(&self) -> Option<Printable> {
        let cells = || self.analysis.cells.iter().filter(|cell| cell.measured == 0);
        let mut crosses = vec![' '; self.spots[0].len()];
        for cell in cells() {
            crosses[self.column(self.analysis.count.of(&cell.cell))] = 'x';
        }
        let line: String = crosses.into_iter().collect();
        (cells().count() > 0).then(|| {
            let line = format!("{:>LEFT$}  {}", "no value", line.trim_end());
            self.view.paint(Style::new().red(), &line)
        })
    }

    fn under(&self, labels: &[char]) -> String {
        let labels: String = labels.iter().collect();
        let over = self.analysis.count.key();
        format!("{over:>LEFT$}  {}", labels.trim_end())
    }
}
