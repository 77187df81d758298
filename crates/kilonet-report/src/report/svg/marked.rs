//! What a curve was found to do, drawn on it: a ring around a knee, a gate where it has halved, a wall where something
//! refuses.
//!
//! Must not know how any was found. The invariant: a mark stands at the count of its finding, and says it when pointed at.

use super::canvas::{Canvas, Escaped, Px};
use super::frame::Frame;
use super::panel::Curve;
use crate::report::figure::Point;
use crate::report::marks::Mark;

/// Draws what was found of a curve.
pub(super) fn draw(canvas: &mut Canvas, curve: &Curve, frame: &Frame) {
    for mark in &curve.line.marks {
        match mark {
            Mark::Knee { count, says } => {
                let at = |point: &&Point| point.count == *count;
                let point = curve.line.points.iter().find(at);
                if let Some(estimate) = point.and_then(|point| point.estimate) {
                    ring(canvas, curve, frame.place(*count, estimate.median), says);
                }
            }
            Mark::Half { count, says } => gate(canvas, curve, (frame.x.place(*count), frame), says),
            Mark::Wall { count, says } => wall(canvas, curve, (frame.x.place(*count), frame), says),
        }
    }
}

fn ring(canvas: &mut Canvas, curve: &Curve, (x, y): (f64, f64), says: &str) {
    let (x, y, colour, says) = (Px(x), Px(y), curve.look.colour(), title(curve, says));
    canvas.push(&format!(
        r#"<circle class="knee" stroke="{colour}" cx="{x}" cy="{y}" r="9"><title>{says}</title></circle>"#,
        says = Escaped(&says)
    ));
}

/// A short dashed line up from the axis.
fn gate(canvas: &mut Canvas, curve: &Curve, (x, frame): (f64, &Frame), says: &str) {
    let (x, bottom, colour, says) = (
        Px(x),
        Px(frame.bottom),
        curve.look.colour(),
        title(curve, says),
    );
    canvas.push(&format!(
        r#"<path class="half" stroke="{colour}" d="M{x} {bottom}v-46"><title>{says}</title></path>"#,
        says = Escaped(&says)
    ));
}

/// A solid line from the axis to the top.
fn wall(canvas: &mut Canvas, curve: &Curve, (x, frame): (f64, &Frame), says: &str) {
    let (x, top, bottom) = (Px(x), Px(frame.top), Px(frame.bottom));
    let (colour, says) = (curve.look.colour(), title(curve, says));
    canvas.push(&format!(
        r#"<path class="wall" stroke="{colour}" d="M{x} {bottom}V{top}"><title>{says}</title></path>"#,
        says = Escaped(&says)
    ));
}

fn title(curve: &Curve, says: &str) -> String {
    format!("{}, {}: {says}", curve.label(), curve.over)
}
