//! The card: one sentence and the figure that shows it, as wide and as high as previews of links are.
//!
//! The invariant: whatever the sentence and the figure are, the card has its size, and nothing lies beyond it.

use super::bars;
use super::canvas::{Anchor, Canvas};
use super::curves;
use super::panel::{Curve, MARGIN, Paper, count_name, curves_of, one_count};
use crate::report::answers::{self, Answer};
use crate::report::figure::Figure;
use crate::report::figures::Figures;
use crate::report::head;
use crate::report::title::machine;

/// It is drawn at this size, and shown larger: so its letters are read where it is shown small.
const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 420.0;
const LARGER: f64 = 1.5;
/// The width of a letter of the sentence, and the height of a line.
const LETTER: f64 = 11.4;
const LINE: f64 = 27.0;
/// Where the first line stands, and the foot.
const FIRST: f64 = 44.0;
const FOOT: f64 = HEIGHT - 14.0;
/// What a panel of curves has above and below its plot, and for each curve with failed cells.
const AROUND: f64 = 30.0 + 24.0 + 34.0;
const ROW: f64 = 17.0;
/// So many curves are told apart at a glance: of more, those that the sentence is about.
const FEW: usize = 6;

/// The card of a run.
pub(in crate::report) fn card(figures: &Figures) -> String {
    let answers = answers::answers(figures.analysis);
    let first = answers.first();
    let summary = head::summary(figures.analysis);
    let sentence = first.map_or(&summary, |answer| &answer.words);
    let lines = broken(sentence);
    let top = FIRST + LINE * lines.len() as f64 - 12.0;
    let figure = figures.showing(first);
    let shown = figure.map(|figure| shown(figures, figure, first));
    let shown = shown.unwrap_or_default();
    let mut canvas = Canvas::new(paper(&shown, top));
    for (nth, line) in lines.iter().enumerate() {
        let y = FIRST + LINE * nth as f64;
        canvas.text("title", (MARGIN, y), Anchor::Start, line);
    }
    if let Some(figure) = figure {
        if one_count(figures.analysis) {
            bars::draw(&mut canvas, figure, &shown, top);
        } else {
            curves::draw(&mut canvas, (figure, &figures.counts), &shown, top);
        }
    }
    let machine = machine(figures.analysis);
    canvas.text("sub", (MARGIN, FOOT), Anchor::Start, &machine);
    canvas.text("sub", (WIDTH - MARGIN, FOOT), Anchor::End, "kilonet");
    canvas.finish(HEIGHT, sentence)
}

/// What the plot has room for.
fn paper(shown: &[Curve], top: f64) -> Paper {
    let has_failed = |curve: &&Curve| {
        let mut points = curve.line.points.iter();
        points.any(|point| point.failure().is_some())
    };
    let rows = shown.iter().filter(has_failed).count() as f64;
    Paper {
        width: WIDTH,
        plot: (FOOT - 18.0 - top - AROUND - ROW * rows).max(80.0),
        scale: LARGER,
    }
}

/// The curves that it shows.
fn shown<'a>(figures: &Figures, figure: &'a Figure<'a>, first: Option<&Answer>) -> Vec<Curve<'a>> {
    let analysis = figures.analysis;
    let all = curves_of(figure, count_name(analysis.count), &figures.looks);
    if all.len() <= FEW {
        return all;
    }
    let cells = first.map_or(&[][..], |answer| &answer.cells);
    let is_told = |curve: &Curve| {
        curve
            .line
            .series
            .cells
            .iter()
            .any(|nth| cells.contains(nth))
    };
    let (told, others): (Vec<_>, Vec<_>) = all.into_iter().partition(is_told);
    told.into_iter().chain(others).take(FEW).collect()
}

/// The sentence in lines, between words.
fn broken(sentence: &str) -> Vec<String> {
    let room = (WIDTH - 2.0 * MARGIN) / LETTER;
    let mut lines: Vec<String> = Vec::new();
    for word in sentence.split_whitespace() {
        match lines.last_mut() {
            Some(line) if ((line.chars().count() + 1 + word.chars().count()) as f64) < room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
