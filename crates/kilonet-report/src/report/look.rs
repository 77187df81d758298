//! What tells series apart, in every figure on paper and on the page: hue and marker by the factor that colours, dash and
//! filling by the others.
//!
//! The invariant: two series of one figure of up to four topologies, each in up to twelve variants, never look the same, a
//! variant has the same dashes at every topology, and no difference rests on colour alone.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, Serializer};

use crate::analysis::Series;
use crate::scenario::{Factor, Topology};

/// The hues on white paper and on dark: distinguishable with any kind of colour vision, after Okabe and Ito's. The first, grey,
/// is the baseline's.
const HUES: [(&str, &str); 8] = [
    ("#5c6573", "#aeb6c2"),
    ("#00865f", "#35cfa0"),
    ("#cf5a00", "#f5924c"),
    ("#0b62a8", "#5fb0f0"),
    ("#a9477f", "#e294c4"),
    ("#2e8fbd", "#8ed3f5"),
    ("#937000", "#e0b73f"),
    ("#6a4fb3", "#b5a1f0"),
];

/// Topologies that have the same hue in every report, each that of its place.
const KNOWN: [Topology; 4] = [
    Topology::Loopback,
    Topology::Shared,
    Topology::Veth,
    Topology::Bridge,
];

/// In which order levels take hues where the topology does not vary: strong ones first.
const ORDER: [usize; HUES.len()] = [3, 2, 1, 4, 6, 5, 7, 0];

/// Lengths of strokes and gaps of curves that share a hue; none is a whole line.
const DASHES: [&[u8]; 6] = [
    &[],
    &[7, 4],
    &[2, 3],
    &[9, 3, 2, 3],
    &[14, 4],
    &[5, 2, 1, 2],
];

/// The shape of a point: the corners of its outline around (0, 0), where a circle, which has none, has the radius 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Marker(pub(super) &'static [(f64, f64)]);

const MARKERS: [Marker; 8] = [
    Marker(&[]),
    // A square.
    Marker(&[(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)]),
    // A triangle.
    Marker(&[(0.0, -1.18), (1.18, 0.94), (-1.18, 0.94)]),
    // A diamond.
    Marker(&[(0.0, -1.22), (1.22, 0.0), (0.0, 1.22), (-1.22, 0.0)]),
    // A wedge.
    Marker(&[(0.0, 1.18), (1.18, -0.94), (-1.18, -0.94)]),
    // A cross.
    Marker(&[
        (-1.1, -0.37),
        (-0.37, -0.37),
        (-0.37, -1.1),
        (0.37, -1.1),
        (0.37, -0.37),
        (1.1, -0.37),
        (1.1, 0.37),
        (0.37, 0.37),
        (0.37, 1.1),
        (-0.37, 1.1),
        (-0.37, 0.37),
        (-1.1, 0.37),
    ]),
    // A bar.
    Marker(&[(-1.1, -0.5), (1.1, -0.5), (1.1, 0.5), (-1.1, 0.5)]),
    // A hexagon.
    Marker(&[
        (1.05, 0.0),
        (0.53, 0.91),
        (-0.53, 0.91),
        (-1.05, 0.0),
        (-0.53, -0.91),
        (0.53, -0.91),
    ]),
];

impl Serialize for Marker {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

/// How one series looks in every figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Look {
    /// The place of its hue.
    pub(super) hue: usize,
    /// The shape of its points.
    pub(super) marker: Marker,
    /// Its dashes.
    pub(super) dash: &'static [u8],
    /// Whether its points are outlines, and its bars pale.
    pub(super) hollow: bool,
}

/// The looks of all series.
#[derive(Debug, Serialize)]
pub(super) struct Looks {
    /// The factor that colours: the topology where it varies, else the one with most levels; absent where none varies.
    pub(super) by: Option<String>,
    /// How each series looks.
    pub(super) series: Vec<Look>,
}

impl Look {
    /// Its colour on white paper.
    pub(super) fn colour(self) -> &'static str {
        HUES[self.hue].0
    }
}

impl Looks {
    /// Those of some series.
    pub(super) fn of(series: &[Series]) -> Self {
        let by = main_factor(series);
        let levels = by.map_or_else(Vec::new, |factor| levels(series, factor));
        let mut variants: Vec<BTreeMap<&str, &str>> = Vec::new();
        let looks = series.iter().map(|series| {
            let level = by.and_then(|factor| series.factors.get(factor));
            let hue = match (by, level) {
                (Some(factor), Some(level)) => hue_of(factor, level, &levels),
                _ => ORDER[0],
            };
            look(hue, variant_of(series, by, &mut variants))
        });
        Self {
            series: looks.collect(),
            by: by.map(str::to_owned),
        }
    }
}

/// The colour of the nth of things that are no series, on white paper.
pub(super) fn nth_colour(nth: usize) -> &'static str {
    HUES[ORDER[nth % ORDER.len()]].0
}

/// The hues as a style sheet names them: `--hue-0` and so on, for light and dark.
pub(super) fn style_sheet() -> String {
    let hues = HUES.iter().enumerate();
    let hues =
        hues.map(|(nth, (light, dark))| format!("--hue-{nth}: light-dark({light}, {dark});"));
    format!(":root {{ {} }}", hues.collect::<Vec<_>>().join(" "))
}

const TOPOLOGY: &str = "topology";

fn main_factor(series: &[Series]) -> Option<&str> {
    let factors: BTreeSet<_> = series.iter().flat_map(|one| one.factors.keys()).collect();
    if let Some(topology) = factors.iter().find(|factor| *factor == &TOPOLOGY) {
        return Some(topology);
    }
    // The first of those with most levels.
    let most = factors
        .into_iter()
        .rev()
        .max_by_key(|factor| levels(series, factor).len());
    most.map(String::as_str)
}

/// The levels of a factor, in the order in which the series bring them up.
fn levels<'a>(series: &'a [Series], factor: &str) -> Vec<&'a str> {
    let mut met = Vec::new();
    for level in series.iter().filter_map(|one| one.factors.get(factor)) {
        if !met.contains(&level.as_str()) {
            met.push(level);
        }
    }
    met
}

/// The hue of a level: known topologies keep theirs in every report, and no other takes it.
fn hue_of(factor: &str, level: &str, levels: &[&str]) -> usize {
    let known = |level: &str| KNOWN.iter().position(|known| known.word() == level);
    if factor != TOPOLOGY {
        let place = levels.iter().position(|other| *other == level);
        return ORDER[place.unwrap_or(0) % ORDER.len()];
    }
    known(level).unwrap_or_else(|| {
        let mut others = levels.iter().filter(|other| known(other).is_none());
        let place = others.position(|other| *other == level).unwrap_or(0);
        KNOWN.len() + place % (HUES.len() - KNOWN.len())
    })
}

/// The place of what tells a series from others of its level: the same at every level.
fn variant_of<'a>(
    series: &'a Series,
    by: Option<&str>,
    met: &mut Vec<BTreeMap<&'a str, &'a str>>,
) -> usize {
    let others = series
        .factors
        .iter()
        .filter(|(key, _)| Some(key.as_str()) != by);
    let variant = others
        .map(|(key, level)| (key.as_str(), level.as_str()))
        .collect();
    let place = met.iter().position(|known| *known == variant);
    place.unwrap_or_else(|| {
        met.push(variant);
        met.len() - 1
    })
}

/// Every other variant is hollow; where the dashes begin again, the other ones are.
fn look(hue: usize, variant: usize) -> Look {
    let round = variant / DASHES.len();
    Look {
        hue,
        marker: MARKERS[(hue + round / 2) % MARKERS.len()],
        dash: DASHES[variant % DASHES.len()],
        hollow: (variant + round) % 2 == 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(factors: &[(&str, &str)]) -> Series {
        let levels: Vec<_> = factors.iter().map(|(_, level)| *level).collect();
        Series {
            label: levels.join(" "),
            factors: factors
                .iter()
                .map(|(key, level)| ((*key).to_owned(), (*level).to_owned()))
                .collect(),
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
                "kubernetes-nft",
            ] {
                all.extend(["ipv4", "ipv6"].map(|family| {
                    series(&[
                        ("topology", topology),
                        ("firewall", firewall),
                        ("family", family),
                    ])
                }));
            }
        }
        // What one topology lacks must not shift how the rest of it looks.
        all.remove(13);
        let looks = Looks::of(&all).series;
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

    #[test]
    fn without_topologies_the_factor_with_most_levels_colours() {
        let all: Vec<_> = ["1", "2", "4"]
            .into_iter()
            .flat_map(|streams| {
                ["ipv4", "ipv6"].map(|family| series(&[("family", family), ("streams", streams)]))
            })
            .collect();
        let looks = Looks::of(&all);
        assert_eq!(looks.by.as_deref(), Some("streams"));
        let hues: Vec<_> = looks.series.iter().map(|look| look.hue).collect();
        assert_eq!(hues, [3, 3, 2, 2, 1, 1]);
        assert_eq!(looks.series[0].dash, looks.series[2].dash);
        assert_ne!(looks.series[0], looks.series[1]);
    }
}
