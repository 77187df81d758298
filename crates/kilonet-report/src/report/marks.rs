//! What a curve was found to do, at its place: where it peaks or bends, where something refuses.
//!
//! Must not know how any was found, nor what it is drawn on. The invariant: a mark stands at the count of its finding, and
//! has words.

use serde::Serialize;

use crate::analysis::quantity::grouped;
use crate::analysis::{Analysis, Bend, Bending, Knee, Metric};
use crate::units::three_digits;

/// Something that was found of a curve.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Mark {
    /// It turns from rising to falling.
    Peak {
        /// Where.
        count: u32,
        /// In words.
        says: String,
    },
    /// It bends.
    Knee {
        /// Where.
        count: u32,
        /// In words.
        says: String,
    },
    /// Nothing can be measured beyond.
    Wall {
        /// In the middle, as curves have their counts, between the last that could and the first that could not.
        count: f64,
        /// In words.
        says: String,
    },
}

/// What was found of a series in a metric.
pub(super) fn of(analysis: &Analysis, series: usize, metric: Metric) -> Vec<Mark> {
    let answers = analysis.bends.iter();
    // What bends by the container has its knee elsewhere than the figure, which is of the whole.
    let is_whole = metric.about().traits.along.name().is_none();
    let said =
        answers.filter(|answer| is_whole && answer.series == series && answer.metric == metric);
    let limits = analysis
        .limits
        .iter()
        .filter(|limit| limit.series == series);
    let walls = limits.map(|limit| Mark::Wall {
        count: (f64::from(limit.good) * f64::from(limit.bad)).sqrt(),
        says: format!(
            "{} are refused: {}",
            grouped(limit.bad as usize),
            limit.failure.sentence()
        ),
    });
    said.filter_map(of_answer).chain(walls).collect()
}

fn of_answer(answer: &Bending) -> Option<Mark> {
    match answer.bend {
        Bend::Peak(peak) => Some(Mark::Peak {
            count: peak.count,
            says: placed("peaks", &peak),
        }),
        Bend::Knee(knee) => Some(Mark::Knee {
            count: knee.count,
            says: placed("bends", &knee),
        }),
        Bend::Gradual | Bend::Straight { .. } => None,
    }
}

/// The mark is at a count that was measured; where lines meet beside it is said.
fn placed(verb: &str, knee: &Knee) -> String {
    let [count, low, high] =
        [knee.count, knee.between.0, knee.between.1].map(|count| grouped(count as usize));
    let place = format!("{verb} at {count}, between {low} and {high}");
    let Some(corner) = knee.corner else {
        return place;
    };
    let [at, low, high] = [corner.count, corner.interval.0, corner.interval.1].map(three_digits);
    format!("{place}; lines meet at {at} (95 %: {low} to {high})")
}
