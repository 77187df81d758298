//! The figure of what rules cost: trials as dots and the straight lines through them, on linear axes.
//!
//! The invariant: a line is drawn solid where its slope has a sign, and dashed where its interval holds zero, or where it has none.

use super::canvas::{Anchor, Canvas, Px};
use super::curves::apart;
use super::frame::{Frame, shortened};
use super::panel::{HEADER, MARGIN, WIDTH, count_name};
use crate::analysis::quantity::Quantity;
use crate::analysis::{Analysis, Control, Count, Fit, Metric, Slope};
use crate::report::look;
use crate::report::scale::Range;
use crate::report::title::machine;

/// The file.
const FILE: &str = "rules.svg";
const QUESTION: &str = "What does one more rule cost?";

/// One line, and how it looks.
struct Drawn<'a> {
    label: &'a str,
    fit: &'a Fit,
    colour: &'static str,
}

/// The figure, where there is a line to draw.
pub(super) fn figure(analysis: &Analysis) -> Option<(&'static str, String)> {
    let mut canvas = Canvas::new(WIDTH);
    let mut bottom = HEADER;
    for over in Count::sloped() {
        for control in [Control::Absent, Control::Subtracted] {
            let lines = lines(&analysis.slopes, over, control);
            if !lines.is_empty() {
                bottom = panel(&mut canvas, &lines, over, bottom);
            }
        }
    }
    (bottom > HEADER).then(|| {
        canvas.text("title", (MARGIN, 36.0), Anchor::Start, QUESTION);
        canvas.text("sub", (MARGIN, 58.0), Anchor::Start, &machine(analysis));
        let basis = "each dot is a trial; lines by least squares, dashed where the slope's 95 % interval contains zero or is \
                     unknown";
        canvas.text("sub", (MARGIN, bottom + 14.0), Anchor::Start, basis);
        (FILE, canvas.finish(bottom + 30.0, QUESTION))
    })
}

fn lines(slopes: &[Slope], over: Count, control: Control) -> Vec<Drawn<'_>> {
    let fits = slopes
        .iter()
        .filter(|slope| slope.over == over)
        .flat_map(|slope| {
            let fits = slope.fits.iter();
            fits.map(move |fit| (slope.label.as_str(), fit))
        });
    let wanted = |fit: &Fit| fit.metric == Metric::CpuPerByte && fit.control == control;
    fits.filter(|(_, fit)| wanted(fit))
        .enumerate()
        .map(|(nth, (label, fit))| Drawn {
            label,
            fit,
            colour: look::nth_colour(nth),
        })
        .collect()
}

fn frame(lines: &[Drawn], top: f64) -> Frame {
    let points = || lines.iter().flat_map(|line| &line.fit.points);
    let counts: Vec<_> = points().map(|(count, _)| f64::from(*count)).collect();
    let values: Vec<_> = points().map(|(_, value)| *value).collect();
    let counts = Range::spanning(&counts);
    let labels = lines.iter().map(|line| line.label);
    let frame = Frame::beside(labels, top, counts, Range::spanning(&values));
    Frame {
        // Air for the last dots.
        x: counts.along((frame.left, frame.right - 10.0)),
        ..frame
    }
}

fn panel(canvas: &mut Canvas, lines: &[Drawn], over: Count, top: f64) -> f64 {
    let frame = frame(lines, top);
    let relative = match lines[0].fit.control {
        Control::Absent => "",
        Control::Subtracted | Control::Divided => {
            ", less that of the same block's trial without rules"
        }
    };
    let caption = format!("CPU time of the whole machine per payload byte{relative}");
    canvas.text(
        "caption",
        (MARGIN, frame.top - 14.0),
        Anchor::Start,
        &caption,
    );
    axes(canvas, &frame);
    for line in lines {
        dots(canvas, line, over, &frame);
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

fn axes(canvas: &mut Canvas, frame: &Frame) {
    for tick in frame.y.ticks() {
        let y = frame.y.place(tick);
        canvas.line("grid", (frame.left, y), (frame.right, y));
        let text = Quantity::CpuPerByte.tick(tick);
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

fn dots(canvas: &mut Canvas, line: &Drawn, over: Count, frame: &Frame) {
    for (count, value) in &line.fit.points {
        let says = format!(
            "{}, {count} {}: {}",
            line.label,
            count_name(over),
            Quantity::CpuPerByte.show(*value)
        );
        canvas.dot(frame.place(*count, *value), line.colour, &says);
    }
}

/// The line from the smallest to the largest count.
fn stroke(canvas: &mut Canvas, line: &Drawn, frame: &Frame) {
    let [from, to] = ends(line, frame);
    let dash = if line.fit.line.is_certain() {
        "none"
    } else {
        "7 4"
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
