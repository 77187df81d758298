//! What tells curves apart: colour, dashes and marker.
//!
//! The invariant: two series of one figure of up to four topologies, each in up to sixteen variants, never look the same,
//! a variant has the same dashes at every topology, and no difference rests on colour alone.

use std::collections::BTreeMap;

use crate::analysis::Series;
use crate::scenario::{Factor, Topology};

/// The report page's hues (`page.css`), in the order of its `--hue-`s: distinguishable with any kind of colour vision, after
/// Okabe and Ito's. The first, grey, is the baseline's.
const COLOURS: [&str; 7] = [
    "#5c6573", "#00865f", "#cf5a00", "#0b62a8", "#a9477f", "#2e8fbd", "#937000",
];

/// Topologies that have the same hue in every report, each that of its place.
const KNOWN: [Topology; 4] = [
    Topology::Loopback,
    Topology::Shared,
    Topology::Veth,
    Topology::Bridge,
];

/// In which order series take hues where the topology does not vary: strong ones first.
const ORDER: [usize; 7] = [3, 2, 1, 4, 6, 5, 0];

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
    Marker::Triangle,
    Marker::Diamond,
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
    let mut met: Vec<&str> = Vec::new();
    let mut variants: Vec<BTreeMap<&str, &str>> = Vec::new();
    series
        .iter()
        .enumerate()
        .map(|(nth, series)| {
            let Some(topology) = series.factors.get("topology") else {
                return look(ORDER[nth % ORDER.len()], nth / ORDER.len());
            };
            let colour = colour_of(topology, &mut met);
            look(colour, variant_of(series, &mut variants))
        })
        .collect()
}

/// The place of what tells a series from others of its topology: the same at every topology.
fn variant_of<'a>(series: &'a Series, met: &mut Vec<BTreeMap<&'a str, &'a str>>) -> usize {
    let factors = series.factors.iter();
    let others = factors.filter(|(key, _)| *key != "topology");
    let variant = others
        .map(|(key, level)| (key.as_str(), level.as_str()))
        .collect();
    let place = met.iter().position(|known| *known == variant);
    place.unwrap_or_else(|| {
        met.push(variant);
        met.len() - 1
    })
}

/// The colour of the nth of things that are no series.
pub(super) fn nth_colour(nth: usize) -> &'static str {
    COLOURS[ORDER[nth % ORDER.len()]]
}

/// A known topology's own colour, or the next free one.
fn colour_of<'a>(topology: &'a str, met: &mut Vec<&'a str>) -> usize {
    if let Some(known) = KNOWN.iter().position(|known| known.word() == topology) {
        return known;
    }
    let place = met.iter().position(|name| *name == topology);
    let place = place.unwrap_or_else(|| {
        met.push(topology);
        met.len() - 1
    });
    KNOWN.len() + place % (COLOURS.len() - KNOWN.len())
}

/// Markers go a step further each time that the dashes begin again, so that sixteen variants of one colour differ.
fn look(colour: usize, variant: usize) -> Look {
    let round = variant / DASHES.len();
    Look {
        colour: COLOURS[colour % COLOURS.len()],
        dash: DASHES[variant % DASHES.len()],
        marker: MARKERS[(colour + variant + round) % MARKERS.len()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(topology: &str, firewall: &str, family: &str) -> Series {
        let factors = [
            ("topology", topology),
            ("firewall", firewall),
            ("family", family),
        ];
        Series {
            label: format!("{topology} {firewall} {family}"),
            factors: factors
                .map(|(key, level)| (key.into(), level.into()))
                .into(),
            cells: Vec::new(),
            lost: Vec::new(),
        }
    }

    #[test]
    fn rules_and_families_look_the_same_at_every_topology_and_no_two_series_do() {
        let mut all = Vec::new();
        for topology in ["bridge", "veth", "routed"] {
            for firewall in [
                "none",
                "docker-1.12",
                "docker-20.10",
                "docker-29",
                "kubernetes",
            ] {
                all.extend(["ipv4", "ipv6"].map(|family| series(topology, firewall, family)));
            }
        }
        // What one topology lacks must not shift how the rest of it looks.
        all.remove(11);
        let looks = looks(&all);
        for (nth, one) in looks.iter().enumerate() {
            assert!(!looks[..nth].contains(one), "{}", all[nth].label);
        }
        let dash = |label: &str| {
            let nth = all.iter().position(|series| series.label == label);
            looks[nth.unwrap()].dash
        };
        for rest in ["docker-1.12 ipv4", "docker-1.12 ipv6", "none ipv4"] {
            assert_eq!(
                dash(&format!("bridge {rest}")),
                dash(&format!("veth {rest}"))
            );
        }
    }
}
