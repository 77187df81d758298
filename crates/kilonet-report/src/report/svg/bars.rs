//! A panel of bars, where a run has one count and so no curve.
//!
//! The invariant: bars start at zero, on a linear axis, so that their lengths compare.

use super::canvas::{Anchor, Canvas, Px, text_width};
use super::panel::{Curve, MARGIN, tooltip};
use crate::analysis::Estimate;
use crate::report::figure::{Figure, Point};
use crate::report::scale::Scale;

/// From one bar to the next, and the bar's own part of that.
const ROW: f64 = 34.0;
const BAR: f64 = 20.0;
const CAPTION: f64 = 30.0;
/// Room right of the plot, for the value beside the longest bar.
const VALUE: f64 = 96.0;

/// Draws the panel below `top`, and returns where it ends.
pub(super) fn draw(canvas: &mut Canvas, figure: &Figure, curves: &[Curve], top: f64) -> f64 {
    let widest = curves
        .iter()
        .map(|curve| text_width(curve.label()))
        .fold(0.0, f64::max);
    let pixels = (
        MARGIN + widest + 12.0,
        canvas.paper().width - MARGIN - VALUE,
    );
    let x = figure.linear_axis().range.along(pixels);
    let rows = top + CAPTION;
    let bottom = rows + ROW * curves.len() as f64;
    canvas.caption((MARGIN, top + 16.0), &figure.title, &figure.caption);
    grid(canvas, figure, &x, (rows, bottom));
    for (nth, curve) in curves.iter().enumerate() {
        let y = rows + ROW * (nth as f64 + 0.5);
        canvas.text(
            "label",
            (x.place(0.0) - 10.0, y + 4.5),
            Anchor::End,
            curve.label(),
        );
        for point in &curve.line.points {
            match point.estimate {
                Some(estimate) => bar(canvas, &x, y, (curve, point, estimate)),
                None => absent(canvas, (x.place(0.0), y), curve, point),
            }
        }
    }
    bottom + 48.0
}

fn grid(canvas: &mut Canvas, figure: &Figure, x: &Scale, (top, bottom): (f64, f64)) {
    for (tick, text) in &figure.linear_axis().ticks {
        let place = x.place(*tick);
        canvas.line("grid", (place, top), (place, bottom));
        canvas.text("tick", (place, bottom + 18.0), Anchor::Middle, text);
    }
    if let Some(word) = figure.one {
        let place = x.place(1.0);
        canvas.line("reference", (place, top - 4.0), (place, bottom));
        canvas.text("tick", (place, bottom + 33.0), Anchor::Middle, word);
    }
    canvas.line("axis", (x.place(0.0), top), (x.place(0.0), bottom));
}

/// What a bar is of.
type Bar<'a> = (&'a Curve<'a>, &'a Point<'a>, &'a Estimate);

fn bar(canvas: &mut Canvas, x: &Scale, y: f64, (curve, point, estimate): Bar) {
    let (start, end) = (x.place(0.0), x.place(estimate.median));
    let says = tooltip(curve, point, estimate);
    canvas.push(&format!(
        r#"<rect x="{}" y="{}" width="{}" height="{BAR}" fill="{}" fill-opacity="{}"><title>{}</title></rect>"#,
        Px(start),
        Px(y - BAR / 2.0),
        Px(end - start),
        curve.look.colour(),
        if curve.look.hollow { 0.55 } else { 0.9 },
        super::canvas::Escaped(&says)
    ));
    let mut beside = end;
    if let Some((low, high)) = estimate.interval {
        let (low, high, top) = (x.place(low), x.place(high), Px(y - 4.0));
        canvas.push(&format!(
            "<path class=\"whisker\" stroke=\"#222\" d=\"M{} {top}v8M{} {top}v8M{} {}H{}\"/>",
            Px(low),
            Px(high),
            Px(low),
            Px(y),
            Px(high)
        ));
        beside = beside.max(high);
    }
    let value = point.text.as_ref().map_or("", |text| &text.median);
    canvas.text("value", (beside + 8.0, y + 4.5), Anchor::Start, value);
}

fn absent(canvas: &mut Canvas, (x, y): (f64, f64), curve: &Curve, point: &Point) {
    let Some(why) = point.failure() else { return };
    canvas.cross((x + 10.0, y), curve.look.colour(), &why);
    canvas.text(
        "tick",
        (x + 22.0, y + 4.5),
        Anchor::Start,
        &format!("failed: {why}"),
    );
}
