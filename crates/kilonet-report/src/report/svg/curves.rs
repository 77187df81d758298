//! A panel of curves over the count, on a binary logarithmic axis.
//!
//! The invariant: a curve is broken where a cell has no estimate or is missing, and what failed is a cross in a row of its own below
//! the axis, so that it covers no data.

use super::canvas::{Anchor, Canvas, Px, text_width};
use super::frame::{Frame, shortened};
use super::marked;
use super::panel::{Curve, MARGIN, tooltip};
use crate::report::figure::{Counts, Figure, Point};
use crate::report::scale::Scale;

/// Between two rows of crosses, and between two labels.
const ROW: f64 = 17.0;

/// Draws the panel below `top`, and returns where it ends.
pub(super) fn draw(
    canvas: &mut Canvas,
    (figure, over): (&Figure, &Counts),
    curves: &[Curve],
    top: f64,
) -> f64 {
    let frame = Frame::beside(
        curves.iter().map(Curve::label),
        (canvas.paper(), top),
        over.range,
        figure.axis().range,
    );
    axes(canvas, figure, &frame);
    counts(canvas, over, &frame);
    for curve in curves {
        bands(canvas, curve, &frame);
    }
    for curve in curves {
        lines(canvas, curve, &frame);
    }
    for curve in curves {
        marked::draw(canvas, curve, &frame);
    }
    for curve in curves {
        points(canvas, curve, &frame);
    }
    labels(canvas, curves, &frame);
    let end = crosses(canvas, curves, &frame);
    let over = curves.first().map_or("", |curve| curve.over);
    canvas.text(
        "sub",
        (f64::midpoint(frame.left, frame.right), end + 12.0),
        Anchor::Middle,
        over,
    );
    end + 34.0
}

fn axes(canvas: &mut Canvas, figure: &Figure, frame: &Frame) {
    canvas.caption((MARGIN, frame.top - 14.0), &figure.title, &figure.caption);
    for (tick, text) in &figure.axis().ticks {
        let y = frame.y.place(*tick);
        canvas.line("grid", (frame.left, y), (frame.right, y));
        canvas.text("tick", (frame.left - 8.0, y + 4.0), Anchor::End, text);
    }
    if let Some(word) = figure.one {
        let y = frame.y.place(1.0);
        canvas.line("reference", (frame.left, y), (frame.right, y));
        canvas.text("tick", (frame.right - 4.0, y - 5.0), Anchor::End, word);
    }
    canvas.line(
        "axis",
        (frame.left, frame.bottom),
        (frame.right, frame.bottom),
    );
}

/// Marks every count, and writes those that have room; the first and the last always have.
fn counts(canvas: &mut Canvas, over: &Counts, frame: &Frame) {
    let sides = |(count, text): &(u32, String)| {
        let x = frame.x.place(f64::from(*count));
        let half = text_width(text) / 2.0 + 3.0;
        (x - half, x + half)
    };
    let Some(last) = over.ticks.last() else {
        return;
    };
    let mut taken = f64::NEG_INFINITY;
    for tick in &over.ticks {
        let x = frame.x.place(f64::from(tick.0));
        canvas.line("axis", (x, frame.bottom), (x, frame.bottom + 5.0));
        let (left, right) = sides(tick);
        if tick == last || (left > taken && right < sides(last).0) {
            canvas.text("tick", (x, frame.bottom + 20.0), Anchor::Middle, &tick.1);
            taken = right;
        }
    }
}

/// Stretches of neighbouring points that all have an estimate, with nothing missing between them.
fn stretches<'a>(curve: &'a Curve<'a>) -> impl Iterator<Item = &'a [Point<'a>]> {
    let alike = |left: &Point, right: &Point| {
        left.estimate.is_some() == right.estimate.is_some()
            && !curve.line.series.is_broken_between(left.count, right.count)
    };
    curve
        .line
        .points
        .chunk_by(alike)
        .filter(|stretch| stretch[0].estimate.is_some())
}

fn bands(canvas: &mut Canvas, curve: &Curve, frame: &Frame) {
    for stretch in stretches(curve) {
        let bands = || {
            stretch
                .iter()
                .filter_map(|point| Some((point.count, point.band?)))
        };
        let above = bands().map(|(count, (_, high))| frame.place(count, high));
        let below = bands()
            .rev()
            .map(|(count, (low, _))| frame.place(count, low));
        let outline = path(above.chain(below));
        if bands().count() > 1 {
            let colour = curve.look.colour();
            canvas.push(&format!(
                r#"<path class="band" fill="{colour}" stroke="{colour}" d="{outline}z"/>"#
            ));
        }
    }
}

fn lines(canvas: &mut Canvas, curve: &Curve, frame: &Frame) {
    for stretch in stretches(curve).filter(|stretch| stretch.len() > 1) {
        let places = stretch
            .iter()
            .filter_map(|point| Some(frame.place(point.count, point.estimate?.median)));
        let (colour, dash, line) = (curve.look.colour(), dashes(curve.look.dash), path(places));
        canvas.push(&format!(
            r#"<path class="curve" stroke="{colour}" stroke-dasharray="{dash}" d="{line}"/>"#
        ));
    }
}

/// `stroke-dasharray` of a curve.
fn dashes(lengths: &[u8]) -> String {
    if lengths.is_empty() {
        return "none".to_owned();
    }
    let lengths: Vec<_> = lengths.iter().map(u8::to_string).collect();
    lengths.join(" ")
}

fn path(places: impl Iterator<Item = (f64, f64)>) -> String {
    let steps = places.enumerate().map(|(nth, (x, y))| {
        let step = if nth == 0 { 'M' } else { 'L' };
        format!("{step}{} {}", Px(x), Px(y))
    });
    steps.collect()
}

fn points(canvas: &mut Canvas, curve: &Curve, frame: &Frame) {
    for point in &curve.line.points {
        let Some(estimate) = point.estimate else {
            continue;
        };
        let (x, y) = frame.place(point.count, estimate.median);
        if let Some(ends) = estimate.interval {
            whisker(canvas, (x, &frame.y), ends, curve.look.colour());
        }
        canvas.marker(curve.look, (x, y), &tooltip(curve, point, estimate));
    }
}

/// An interval; an end beyond the axis is left open, without its cap.
fn whisker(canvas: &mut Canvas, (x, y): (f64, &Scale), (low, high): (f64, f64), colour: &str) {
    let cap = |end: f64| {
        let (left, place) = (Px(x - 4.0), Px(y.place(end)));
        let drawn = y.holds(end).then(|| format!("M{left} {place}h8"));
        drawn.unwrap_or_default()
    };
    let (caps, x) = ([cap(low), cap(high)].concat(), Px(x));
    let (low, high) = (Px(y.place(low)), Px(y.place(high)));
    canvas.push(&format!(
        r#"<path class="whisker" stroke="{colour}" d="{caps}M{x} {low}V{high}"/>"#
    ));
}

/// Names each curve beside its last point, moved apart where they would overlap.
fn labels(canvas: &mut Canvas, curves: &[Curve], frame: &Frame) {
    let mut ends: Vec<_> = curves
        .iter()
        .filter_map(|curve| {
            let last = curve
                .line
                .points
                .iter()
                .rfind(|point| point.estimate.is_some())?;
            Some((curve, frame.place(last.count, last.estimate?.median)))
        })
        .collect();
    ends.sort_by(|(_, left), (_, right)| left.1.total_cmp(&right.1));
    let wanted: Vec<_> = ends.iter().map(|(_, place)| place.1).collect();
    for ((curve, place), y) in ends.iter().zip(apart(&wanted, (frame.top, frame.bottom))) {
        let colour = curve.look.colour();
        let line = path(
            [
                (place.0 + 6.0, place.1),
                (frame.right + 2.0, place.1),
                (frame.right + 12.0, y),
            ]
            .into_iter(),
        );
        canvas.push(&format!(
            r#"<path class="leader" stroke="{colour}" d="{line}"/>"#
        ));
        canvas.label(
            (frame.right + 16.0, y + 4.5),
            colour,
            &shortened(curve.label()),
        );
    }
}

/// Places in ascending order, moved as little as keeps them a row apart and within the ends.
pub(super) fn apart(wanted: &[f64], (top, bottom): (f64, f64)) -> Vec<f64> {
    let gap = ROW.min((bottom - top) / wanted.len().max(1) as f64);
    let mut places = wanted.to_vec();
    for nth in 1..places.len() {
        places[nth] = places[nth].max(places[nth - 1] + gap);
    }
    let mut limit = bottom;
    for place in places.iter_mut().rev() {
        *place = place.min(limit);
        limit = *place - gap;
    }
    places
}

/// Draws what failed, one row a curve, and returns where the rows end.
fn crosses(canvas: &mut Canvas, curves: &[Curve], frame: &Frame) -> f64 {
    let mut y = frame.bottom + 24.0;
    for curve in curves {
        let failed: Vec<_> = curve
            .line
            .points
            .iter()
            .filter_map(|point| Some((point.count, point.failure()?)))
            .collect();
        if failed.is_empty() {
            continue;
        }
        y += ROW;
        canvas.text("tick", (frame.left - 8.0, y), Anchor::End, "failed");
        canvas.label(
            (frame.right + 16.0, y),
            curve.look.colour(),
            &shortened(curve.label()),
        );
        for (count, why) in failed {
            let says = format!("{}, {count} {}: {why}", curve.label(), curve.over);
            canvas.cross(
                (frame.x.place(f64::from(count)), y - 4.0),
                curve.look.colour(),
                &says,
            );
        }
    }
    y + 8.0
}

#[cfg(test)]
mod tests {
    use super::super::frame::LONGEST;
    use super::*;

    #[test]
    fn labels_are_moved_apart_and_stay_inside() {
        assert_eq!(
            apart(&[10.0, 12.0, 100.0], (0.0, 200.0)),
            [10.0, 27.0, 100.0]
        );
        assert_eq!(
            apart(&[190.0, 195.0, 200.0], (0.0, 200.0)),
            [166.0, 183.0, 200.0]
        );
    }

    #[test]
    fn a_long_label_is_cut_at_a_character() {
        assert_eq!(shortened(&"ä".repeat(40)).chars().count(), LONGEST);
    }
}
