//! A panel of curves over the count, on a binary logarithmic axis.
//!
//! The invariant: a curve is broken where a cell has no estimate or is missing, and what failed is a cross in a row of its own below
//! the axis, so that it covers no data.

use std::collections::BTreeSet;

use super::canvas::{Anchor, Canvas, Px, text_width};
use super::frame::{Frame, shortened};
use super::marked;
use super::panel::{Curve, Extent, MARGIN, Panel, Point, tooltip};
use crate::report::quantity::Quantity;
use crate::report::scale::Scale;

/// Between two rows of crosses, and between two labels.
const ROW: f64 = 17.0;

/// Draws the panel below `top`, and returns where it ends.
pub(super) fn draw(canvas: &mut Canvas, panel: &Panel, curves: &[Curve], top: f64) -> f64 {
    let frame = Frame::beside(
        curves.iter().map(|curve| curve.label),
        top,
        // Half a marker of air, so that the first and last points do not sit on the frame.
        |(left, right)| Scale::of_counts(ends(curves), (left + 10.0, right - 10.0)),
        |sides| vertical(panel, curves, sides),
    );
    axes(canvas, panel, &frame);
    counts(canvas, curves, &frame);
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
        points(canvas, panel, curve, &frame);
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

/// The smallest and the largest count.
fn ends(curves: &[Curve]) -> (f64, f64) {
    let counts = || {
        curves
            .iter()
            .flat_map(|curve| &curve.points)
            .map(|point| f64::from(point.count))
    };
    (
        counts().fold(f64::INFINITY, f64::min),
        counts().fold(0.0, f64::max),
    )
}

fn vertical(panel: &Panel, curves: &[Curve], pixels: (f64, f64)) -> Scale {
    let mut values = Vec::new();
    for point in curves.iter().flat_map(|curve| &curve.points) {
        let Some(estimate) = point.estimate else {
            continue;
        };
        values.push(estimate.median);
        values.extend(estimate.interval.map(|(_, high)| high));
        values.extend(point.band.into_iter().flat_map(|(low, high)| [low, high]));
    }
    match panel.extent {
        Extent::Values => Scale::fitting(&values, pixels),
        Extent::ValuesAndOne(_) => {
            values.push(1.0);
            Scale::fitting(&values, pixels)
        }
        Extent::Share => Scale::linear((0.0, 1.0), pixels),
    }
}

fn axes(canvas: &mut Canvas, panel: &Panel, frame: &Frame) {
    let caption = match &panel.band {
        Some(band) => format!("{}; {}", panel.caption, band.caption),
        None => panel.caption.to_owned(),
    };
    canvas.text(
        "caption",
        (MARGIN, frame.top - 14.0),
        Anchor::Start,
        &caption,
    );
    let quantity = Quantity::of(panel.metric);
    for tick in frame.y.ticks() {
        let y = frame.y.place(tick);
        canvas.line("grid", (frame.left, y), (frame.right, y));
        canvas.text(
            "tick",
            (frame.left - 8.0, y + 4.0),
            Anchor::End,
            &quantity.tick(tick),
        );
    }
    if let Extent::ValuesAndOne(words) = panel.extent {
        let y = frame.y.place(1.0);
        canvas.line("reference", (frame.left, y), (frame.right, y));
        canvas.text("tick", (frame.right - 4.0, y - 5.0), Anchor::End, words);
    }
    canvas.line(
        "axis",
        (frame.left, frame.bottom),
        (frame.right, frame.bottom),
    );
}

/// Marks every count, and writes those that have room; the first and the last always have.
fn counts(canvas: &mut Canvas, curves: &[Curve], frame: &Frame) {
    let counts: BTreeSet<u32> = curves
        .iter()
        .flat_map(|curve| &curve.points)
        .map(|point| point.count)
        .collect();
    let Some(last) = counts.last().copied() else {
        return;
    };
    let sides = |count: u32| {
        let (x, half) = (
            frame.x.place(f64::from(count)),
            text_width(&count.to_string()) / 2.0 + 3.0,
        );
        (x - half, x + half)
    };
    let mut taken = f64::NEG_INFINITY;
    for count in counts {
        let x = frame.x.place(f64::from(count));
        canvas.line("axis", (x, frame.bottom), (x, frame.bottom + 5.0));
        let (left, right) = sides(count);
        if count == last || (left > taken && right < sides(last).0) {
            canvas.text(
                "tick",
                (x, frame.bottom + 20.0),
                Anchor::Middle,
                &count.to_string(),
            );
            taken = right;
        }
    }
}

/// Stretches of neighbouring points that all have an estimate, with nothing missing between them.
fn stretches<'a>(curve: &'a Curve<'a>) -> impl Iterator<Item = &'a [Point<'a>]> {
    let alike = |left: &Point, right: &Point| {
        left.estimate.is_some() == right.estimate.is_some()
            && !curve.series.is_broken_between(left.count, right.count)
    };
    curve
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
            let colour = curve.look.colour;
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
        let (colour, dash, line) = (curve.look.colour, curve.look.dash, path(places));
        canvas.push(&format!(
            r#"<path class="curve" stroke="{colour}" stroke-dasharray="{dash}" d="{line}"/>"#
        ));
    }
}

fn path(places: impl Iterator<Item = (f64, f64)>) -> String {
    let steps = places.enumerate().map(|(nth, (x, y))| {
        let step = if nth == 0 { 'M' } else { 'L' };
        format!("{step}{} {}", Px(x), Px(y))
    });
    steps.collect()
}

fn points(canvas: &mut Canvas, panel: &Panel, curve: &Curve, frame: &Frame) {
    for point in &curve.points {
        let Some(estimate) = point.estimate else {
            continue;
        };
        let (x, y) = frame.place(point.count, estimate.median);
        if let Some((low, high)) = estimate.interval {
            whisker(
                canvas,
                x,
                (frame.y.place(low), frame.y.place(high)),
                curve.look.colour,
            );
        }
        canvas.marker(
            curve.look.marker,
            (x, y),
            curve.look.colour,
            &tooltip(panel, curve, point, estimate),
        );
    }
}

fn whisker(canvas: &mut Canvas, x: f64, (low, high): (f64, f64), colour: &str) {
    let (x, left, low, high) = (Px(x), Px(x - 4.0), Px(low), Px(high));
    canvas.push(&format!(
        r#"<path class="whisker" stroke="{colour}" d="M{left} {low}h8M{left} {high}h8M{x} {low}V{high}"/>"#
    ));
}

/// Names each curve beside its last point, moved apart where they would overlap.
fn labels(canvas: &mut Canvas, curves: &[Curve], frame: &Frame) {
    let mut ends: Vec<_> = curves
        .iter()
        .filter_map(|curve| {
            let last = curve
                .points
                .iter()
                .rfind(|point| point.estimate.is_some())?;
            Some((curve, frame.place(last.count, last.estimate?.median)))
        })
        .collect();
    ends.sort_by(|(_, left), (_, right)| left.1.total_cmp(&right.1));
    let wanted: Vec<_> = ends.iter().map(|(_, place)| place.1).collect();
    for ((curve, place), y) in ends.iter().zip(apart(&wanted, (frame.top, frame.bottom))) {
        let colour = curve.look.colour;
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
            &shortened(curve.label),
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
            curve.look.colour,
            &shortened(curve.label),
        );
        for (count, why) in failed {
            let says = format!("{}, {count} {}: {why}", curve.label, curve.over);
            canvas.cross(
                (frame.x.place(f64::from(count)), y - 4.0),
                curve.look.colour,
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
