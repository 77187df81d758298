//! The figure of what rules cost: trials as dots and the straight lines through them, on linear axes.
//!
//! The invariant: a line is drawn solid where its slope may be told, and dashed where it may be none, or is not straight.

use super::canvas::{Anchor, Canvas, Px};
use super::curves::apart;
use super::frame::{Frame, shortened};
use super::panel::{HEADER, MARGIN, Paper, count_name};
use crate::analysis::quantity::Quantity;
use crate::analysis::{Analysis, Control, Count, Fit, LineVerdict, Slope};
use crate::report::look;
use crate::report::scale::Range;
use crate::report::title::machine;

/// The file.
const FILE: &str = "rules.svg";
const QUESTION: &str = "What does one more rule cost?";

/// One line, and how it looks.
struct Drawn<'a> {
    label: &'a str,
    over: Count,
    fit: &'a Fit,
    colour: &'static str,
}

/// The figure, where there is a line to draw.
pub(super) fn figure(analysis: &Analysis) -> Option<(&'static str, String)> {
    let mut canvas = Canvas::new(Paper::SHEET);
    let mut bottom = HEADER;
    let all = lines(&analysis.slopes);
    for lines in all.chunk_by(is_beside) {
        bottom = panel(&mut canvas, analysis, lines, bottom);
    }
    (bottom > HEADER).then(|| {
        canvas.text("title", (MARGIN, 36.0), Anchor::Start, QUESTION);
        canvas.text("sub", (MARGIN, 58.0), Anchor::Start, &machine(analysis));
        let basis = "each dot is a trial; lines by least squares, dashed where nothing shows that the line has a slope and is straight";
        canvas.text("sub", (MARGIN, bottom + 14.0), Anchor::Start, basis);
        (FILE, canvas.finish(bottom + 30.0, QUESTION))
    })
}

/// What is drawn: the lines that have points, those of one panel one after another.
fn lines(slopes: &[Slope]) -> Vec<Drawn<'_>> {
    let drawn = slopes.iter().flat_map(|slope| {
        let fits = slope.fits.iter().filter(|fit| !fit.points.is_empty());
        fits.filter_map(move |fit| Some((slope, slope.over.count()?, fit)))
    });
    let mut lines: Vec<Drawn> = Vec::new();
    for (slope, over, fit) in drawn {
        let line = Drawn {
            label: &slope.label,
            over,
            fit,
            colour: look::nth_colour(0),
        };
        let beside = lines.iter().rposition(|other| is_beside(other, &line));
        lines.insert(beside.map_or(lines.len(), |last| last + 1), line);
    }
    for panel in lines.chunk_by_mut(is_beside) {
        for (nth, line) in panel.iter_mut().enumerate() {
            line.colour = look::nth_colour(nth);
        }
    }
    lines
}

fn is_beside(left: &Drawn, right: &Drawn) -> bool {
    let of = |line: &Drawn| (line.over, line.fit.metric, line.fit.control);
    of(left) == of(right)
}

fn frame(lines: &[Drawn], top: f64) -> Frame {
    let points = || lines.iter().flat_map(|line| &line.fit.points);
    let counts: Vec<_> = points().map(|(count, _)| f64::from(*count)).collect();
    let values: Vec<_> = points().map(|(_, value)| *value).collect();
    let counts = Range::spanning(&counts);
    let labels = lines.iter().map(|line| line.label);
    let frame = Frame::beside(
        labels,
        (Paper::SHEET, top),
        counts,
        Range::spanning(&values),
    );
    Frame {
        // Air for the last dots.
        x: counts.along((frame.left, frame.right - 10.0)),
        ..frame
    }
}

fn panel(canvas: &mut Canvas, analysis: &Analysis, lines: &[Drawn], top: f64) -> f64 {
    let frame = frame(lines, top);
    let (over, fit) = (lines[0].over, lines[0].fit);
    let about = fit.metric.about();
    let relative = match fit.control {
        Control::Absent => "",
        Control::Subtracted | Control::Divided => {
            ", less that of the same block's trial without rules"
        }
    };
    let name = analysis.requests().fill(about.name);
    let caption = format!("{name}, of the whole machine{relative}");
    canvas.text(
        "caption",
        (MARGIN, frame.top - 14.0),
        Anchor::Start,
        &caption,
    );
    axes(canvas, &frame, about.quantity);
    for line in lines {
        dots(canvas, line, &frame);
        stroke(canvas, line, &frame);
    }
    labels(canvas, lines, &frame);
    let middle = f64::midpoint(frame.left, frame.right);
    canvas.text(
        "sub",
        (middle, frame.bottom + 42.0),
        Anchor::Middle,
        count_name(over),
    );
    frame.bottom + 64.0
}

fn axes(canvas: &mut Canvas, frame: &Frame, quantity: Quantity) {
    for tick in frame.y.ticks() {
        let y = frame.y.place(tick);
        canvas.line("grid", (frame.left, y), (frame.right, y));
        let text = quantity.tick(tick);
        canvas.text("tick", (frame.left - 8.0, y + 4.0), Anchor::End, &text);
    }
    for tick in frame.x.ticks() {
        let x = frame.x.place(tick);
        canvas.line("axis", (x, frame.bottom), (x, frame.bottom + 5.0));
        let text = Quantity::Number.tick(tick);
        canvas.text("tick", (x, frame.bottom + 20.0), Anchor::Middle, &text);
    }
    canvas.line(
        "axis",
        (frame.left, frame.bottom),
        (frame.right, frame.bottom),
    );
    if frame.y.is_inside(0.0) {
        let zero = frame.y.place(0.0);
        canvas.line("reference", (frame.left, zero), (frame.right, zero));
    }
}

fn dots(canvas: &mut Canvas, line: &Drawn, frame: &Frame) {
    for (count, value) in &line.fit.points {
        let says = format!(
            "{}, {count} {}: {}",
            line.label,
            count_name(line.over),
            line.fit.metric.about().quantity.show(*value)
        );
        canvas.dot(frame.place(*count, *value), line.colour, &says);
    }
}

/// The line from the smallest to the largest count.
fn stroke(canvas: &mut Canvas, line: &Drawn, frame: &Frame) {
    let [from, to] = ends(line, frame);
    let dash = match line.fit.verdict {
        LineVerdict::Straight | LineVerdict::TwoPlaces => "none",
        LineVerdict::Bent | LineVerdict::Uncertain => "7 4",
    };
    canvas.push(&format!(
        r#"<path class="curve" stroke="{}" stroke-dasharray="{dash}" d="M{} {}L{} {}"/>"#,
        line.colour,
        Px(from.0),
        Px(from.1),
        Px(to.0),
        Px(to.1)
    ));
}

fn ends(line: &Drawn, frame: &Frame) -> [(f64, f64); 2] {
    let counts = || line.fit.points.iter().map(|(count, _)| f64::from(*count));
    let ends = [
        counts().fold(f64::INFINITY, f64::min),
        counts().fold(0.0, f64::max),
    ];
    ends.map(|count| (frame.x.place(count), frame.y.place(line.fit.line.at(count))))
}

fn labels(canvas: &mut Canvas, lines: &[Drawn], frame: &Frame) {
    let mut named: Vec<_> = lines
        .iter()
        .map(|line| (line, ends(line, frame)[1].1))
        .collect();
    named.sort_by(|(_, left), (_, right)| left.total_cmp(right));
    let wanted: Vec<_> = named.iter().map(|(_, y)| *y).collect();
    for ((line, _), y) in named.iter().zip(apart(&wanted, (frame.top, frame.bottom))) {
        canvas.label(
            (frame.right + 16.0, y + 4.5),
            line.colour,
            &shortened(line.label),
        );
    }
}
