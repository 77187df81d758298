//! What tells curves apart: colour, dashes and marker.
//!
//! The invariant: two series of one figure never look the same as long as there are at most 28, and no difference rests on
//! colour alone.

use crate::analysis::Series;

/// Okabe and Ito's palette, which people with any kind of colour vision can tell apart; its yellow is left out, as it
/// cannot be read on white.
const COLOURS: [&str; 7] = [
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000",
];

/// `stroke-dasharray` of curves that share a colour.
const DASHES: [&str; 4] = ["none", "7 4", "2 3", "9 3 2 3"];

/// The shape of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    Circle,
    Square,
    Diamond,
    Triangle,
}

const MARKERS: [Marker; 4] = [
    Marker::Circle,
    Marker::Square,
    Marker::Diamond,
    Marker::Triangle,
];

/// How one series looks in every figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) colour: &'static str,
    pub(super) dash: &'static str,
    pub(super) marker: Marker,
}

impl Look {
    /// How strongly a bar is filled: what dashes tell apart among curves, strength does among bars.
    pub(super) fn opacity(self) -> f64 {
        if self.dash == DASHES[0] { 0.9 } else { 0.55 }
    }
}

/// The looks of all series: where the topology varies it has the colour, and what else varies the dashes, so that a
/// topology is recognised across families.
pub(super) fn looks(series: &[Series]) -> Vec<Look> {
    let mut groups: Vec<(&str, usize)> = Vec::new();
    series
        .iter()
        .enumerate()
        .map(|(nth, series)| {
            let Some(topology) = series.factors.get("topology") else {
                return look(nth, nth / COLOURS.len());
            };
            let group = groups
                .iter()
                .position(|(name, _)| name == topology)
                .unwrap_or_else(|| {
                    groups.push((topology, 0));
                    groups.len() - 1
                });
            let within = groups[group].1;
            groups[group].1 += 1;
            look(group, within)
        })
        .collect()
}

fn look(colour: usize, dash: usize) -> Look {
    Look {
        colour: COLOURS[colour % COLOURS.len()],
        dash: DASHES[dash % DASHES.len()],
        marker: MARKERS[(colour + dash) % MARKERS.len()],
    }
}
