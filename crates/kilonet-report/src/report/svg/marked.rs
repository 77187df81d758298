//! What a curve was found to do, drawn on it: a roof over a peak, a ring around a knee, a wall where something refuses.
//!
//! Must not know how any was found. The invariant: a mark stands at the count of its finding, and says it when pointed at.

use super::canvas::{Canvas, Escaped, Px};
use super::frame::Frame;
use super::panel::Curve;
use crate::report::marks::Mark;

/// Draws what was found of a curve.
pub(super) fn draw(canvas: &mut Canvas, curve: &Curve, frame: &Frame) {
    let place = |count: u32| {
        let mut points = curve.line.points.iter();
        let point = points.find(|point| point.count == count)?;
        Some(frame.place(count, point.estimate?.median))
    };
    for mark in &curve.line.marks {
        match mark {
            Mark::Peak { count, says } => {
                if let Some(at) = place(*count) {
                    roof(canvas, curve, at, says);
                }
            }
            Mark::Knee { count, says } => {
                if let Some(at) = place(*count) {
                    ring(canvas, curve, at, says);
                }
            }
            Mark::Wall { count, says } => wall(canvas, curve, (frame.x.place(*count), frame), says),
        }
    }
}

fn roof(canvas: &mut Canvas, curve: &Curve, (x, y): (f64, f64), says: &str) {
    let (x, y, colour, says) = (
        Px(x - 9.0),
        Px(y - 7.0),
        curve.look.colour(),
        title(curve, says),
    );
    canvas.push(&format!(
        r#"<path class="peak" stroke="{colour}" d="M{x} {y}l9 -8l9 8"><title>{says}</title></path>"#,
        says = Escaped(&says)
    ));
}

fn ring(canvas: &mut Canvas, curve: &Curve, (x, y): (f64, f64), says: &str) {
    let (x, y, colour, says) = (Px(x), Px(y), curve.look.colour(), title(curve, says));
    canvas.push(&format!(
        r#"<circle class="knee" stroke="{colour}" cx="{x}" cy="{y}" r="9"><title>{says}</title></circle>"#,
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
