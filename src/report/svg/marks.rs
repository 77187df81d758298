//! What a curve was found to do, drawn on it: a ring around a knee, a gate where it has halved, a wall where something
//! refuses.
//!
//! Must not know how any was found. The invariant: a mark stands at the count of its finding, and says it when pointed at.

use super::canvas::{Canvas, Escaped, Px};
use super::frame::Frame;
use super::{Curve, Point};
use crate::analysis::{Analysis, Answer, Bend, Metric};
use crate::report::quantity::grouped;

/// Something that was found of a curve.
pub(super) enum Mark {
    /// It bends.
    Knee {
        /// Where.
        count: u32,
        /// In words.
        says: String,
    },
    /// It has fallen to half.
    Half {
        /// Where, and between which counts the interval ends.
        count: f64,
        /// In words.
        says: String,
    },
    /// Nothing can be measured beyond.
    Wall {
        /// The last count that could, and the first that could not.
        between: (u32, u32),
        /// In words.
        says: String,
    },
}

/// What was found of a series in a metric.
pub(super) fn of(analysis: &Analysis, series: usize, metric: Metric) -> Vec<Mark> {
    let answers = analysis.answers.iter();
    // Set-up bends by the container; the figure is of the whole.
    let said = answers.filter(|answer| {
        answer.series == series && answer.metric == metric && metric != Metric::Setup
    });
    let limits = analysis
        .limits
        .iter()
        .filter(|limit| limit.series == series);
    let walls = limits.map(|limit| Mark::Wall {
        between: (limit.good, limit.bad),
        says: format!(
            "{} are refused: {}",
            grouped(limit.bad as usize),
            limit.failure.sentence()
        ),
    });
    said.flat_map(of_answer).chain(walls).collect()
}

fn of_answer(answer: &Answer) -> Vec<Mark> {
    let knee = answer.bend.and_then(|bend| match bend {
        Bend::Knee(knee) => Some(Mark::Knee {
            count: knee.count,
            says: format!(
                "bends at {}, between {} and {}",
                grouped(knee.count as usize),
                grouped(knee.between.0 as usize),
                grouped(knee.between.1 as usize)
            ),
        }),
        Bend::Gradual | Bend::Straight { .. } => None,
    });
    let half = answer.halving.map(|halving| Mark::Half {
        count: halving.count,
        says: match halving.interval {
            Some((low, high)) => {
                format!("half at {:.0} (95 %: {low:.0} to {high:.0})", halving.count)
            }
            None => format!(
                "half between {} and {}",
                halving.between.0, halving.between.1
            ),
        },
    });
    knee.into_iter().chain(half).collect()
}

/// Draws what was found of a curve.
pub(super) fn draw(canvas: &mut Canvas, curve: &Curve, frame: &Frame) {
    for mark in &curve.marks {
        match mark {
            Mark::Knee { count, says } => {
                let at = |point: &&Point| point.count == *count;
                let point = curve.points.iter().find(at);
                if let Some(estimate) = point.and_then(|point| point.estimate) {
                    ring(canvas, curve, frame.place(*count, estimate.median), says);
                }
            }
            Mark::Half { count, says } => gate(canvas, curve, (frame.x.place(*count), frame), says),
            Mark::Wall { between, says } => {
                let middle = (f64::from(between.0) * f64::from(between.1)).sqrt();
                wall(canvas, curve, (frame.x.place(middle), frame), says);
            }
        }
    }
}

fn ring(canvas: &mut Canvas, curve: &Curve, (x, y): (f64, f64), says: &str) {
    let (x, y, colour, says) = (Px(x), Px(y), curve.look.colour, title(curve, says));
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
        curve.look.colour,
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
    let (colour, says) = (curve.look.colour, title(curve, says));
    canvas.push(&format!(
        r#"<path class="wall" stroke="{colour}" d="M{x} {bottom}V{top}"><title>{says}</title></path>"#,
        says = Escaped(&says)
    ));
}

fn title(curve: &Curve, says: &str) -> String {
    format!("{}, {}: {says}", curve.label, curve.over)
}
