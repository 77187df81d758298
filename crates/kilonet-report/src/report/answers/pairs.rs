//! Levels that differ, each two of them in a metric, with where they do: what sentences of contrasts are made from.
//!
//! Must not know sentences. The invariant: a pair's curves all differ at the same counts, so that what is said of these holds on each.

use super::answer::Of;
use super::{networks, words};
use crate::analysis::metric::row::{Role, Told};
use crate::analysis::{Analysis, Contrast, Held, Mechanism, Metric, Verdict};

/// Parts below this are not told as parts.
const SMALL_PART: f64 = 0.1;

/// Two levels of a factor in a metric, wherever the one is above the other, or wherever it is below.
pub(super) struct Pair<'a> {
    pub(super) told: Told,
    pub(super) metric: Metric,
    pub(super) factor: &'static str,
    pub(super) levels: [&'a str; 2],
    /// Where they differ: at least one.
    pub(super) places: Vec<Place<'a>>,
    /// How many curves were held against each other.
    pub(super) curves: usize,
}

/// Where two curves differ.
#[derive(Clone)]
pub(super) struct Place<'a> {
    pub(super) contrast: &'a Contrast,
    /// The counts, smallest first: all that both have where these are alike, else one; at least one.
    pub(super) counts: Vec<u32>,
    pub(super) held: &'a Held,
    pub(super) ratio: f64,
}

/// All pairs of levels that differ, in the order of the contrasts, each on the curves that differ at the same counts.
pub(super) fn pairs(analysis: &Analysis, of: Of) -> Vec<Pair<'_>> {
    let mut pairs: Vec<Pair> = Vec::new();
    for contrast in &analysis.contrasts {
        let is_asked = of == Of::Traffic || networks::have_links(analysis, &contrast.sides());
        let told = told(analysis, contrast).filter(|told| looks_at(told.role) == of);
        let Some(told) = told.filter(|_| is_asked) else {
            continue;
        };
        for is_above in [false, true] {
            let places = places(contrast).into_iter();
            let places = places.filter(|place| (place.ratio > 1.0) == is_above);
            add(&mut pairs, contrast, told, places.collect());
        }
    }
    for pair in &mut pairs {
        let alike = |contrast: &&Contrast| pair.is_of(contrast);
        pair.curves = analysis.contrasts.iter().filter(alike).count();
        pair.keep_alike();
    }
    pairs
}

/// Where the curves of a contrast differ: at all counts by the same where these are alike.
fn places(contrast: &Contrast) -> Vec<Place<'_>> {
    let place = |counts, held| {
        Some(Place {
            contrast,
            counts,
            held,
            ratio: held.ratio.filter(|_| differs(held))?,
        })
    };
    let counts = || contrast.at.iter().map(|at| at.count);
    let all = place(counts().collect(), &contrast.all).filter(|_| contrast.is_alike);
    let each = contrast
        .at
        .iter()
        .filter_map(|at| place(vec![at.count], &at.held));
    all.map_or_else(|| each.collect(), |all| vec![all])
}

fn add<'a>(pairs: &mut Vec<Pair<'a>>, contrast: &'a Contrast, told: Told, places: Vec<Place<'a>>) {
    let Some(first) = places.first() else { return };
    let is_above = first.ratio > 1.0;
    let known = |pair: &&mut Pair| pair.is_of(contrast) && pair.is_above() == is_above;
    match pairs.iter_mut().find(known) {
        Some(pair) => pair.places.extend(places),
        None => pairs.push(Pair {
            told,
            metric: contrast.metric,
            factor: contrast.factor,
            levels: [&contrast.from, &contrast.to],
            places,
            curves: 0,
        }),
    }
}

/// How it is told, where it is told of these cells: of requests never by the byte, and of no traffic beside another kind.
pub(super) fn told(analysis: &Analysis, contrast: &Contrast) -> Option<Told> {
    let told = contrast.metric.about().traits.told?;
    let cell = &analysis.cells[*analysis.series[contrast.base].cells.first()?].cell;
    let is_said = match told.role {
        Role::Through | Role::Cost => Metric::of_traffic(cell).contains(&contrast.metric),
        Role::Wait | Role::Lab => true,
    };
    let mut mechanisms = analysis.mechanisms.iter();
    let is_other = looks_at(told.role) == Of::Traffic
        && mechanisms.any(|mechanism| sets_apart(mechanism, contrast));
    (is_said && !is_other).then_some(told)
}

/// Whether a mechanism made the traffic of one side alone another than was asked for.
pub(super) fn sets_apart(mechanism: &Mechanism, contrast: &Contrast) -> bool {
    let is_bound = |series, count| mechanism.bound_in(series, count);
    let mut counts = contrast.at.iter().map(|at| at.count);
    mechanism.is_other_traffic
        && counts.any(|count| is_bound(contrast.base, count) != is_bound(contrast.other, count))
}

/// What a role is a look at.
pub(super) fn looks_at(role: Role) -> Of {
    match role {
        Role::Through | Role::Cost | Role::Wait => Of::Traffic,
        Role::Lab => Of::Lab,
    }
}

fn differs(held: &Held) -> bool {
    match held.verdict {
        Verdict::Different => true,
        Verdict::Same(_) | Verdict::Unknown => false,
    }
}

impl Place<'_> {
    /// The least that they differ by, as a logarithm.
    fn least(&self) -> f64 {
        let (low, high) = self.held.interval.unwrap_or((self.ratio, self.ratio));
        let near = if self.ratio > 1.0 { low } else { high };
        near.max(f64::MIN_POSITIVE).ln().abs()
    }

    /// The count at which its values are shown.
    pub(super) fn last(&self) -> u32 {
        self.counts.last().copied().unwrap_or(0)
    }
}

impl Pair<'_> {
    fn is_of(&self, contrast: &Contrast) -> bool {
        let levels = [contrast.from.as_str(), contrast.to.as_str()];
        (self.factor, self.metric, self.levels) == (contrast.factor, contrast.metric, levels)
    }

    pub(super) fn is_above(&self) -> bool {
        self.places[0].ratio > 1.0
    }

    /// Keeps the curves that differ at the same counts as that which differs most: what is said holds at each count on each curve.
    fn keep_alike(&mut self) {
        let sides = self.most().contrast.sides();
        let counts = self.counts_of(sides);
        let curves = self.differing_curves().into_iter();
        let alike: Vec<_> = curves.filter(|it| self.counts_of(*it) == counts).collect();
        self.places
            .retain(|place| alike.contains(&place.contrast.sides()));
    }

    /// Where they differ most, for all that is known.
    pub(super) fn most(&self) -> &Place<'_> {
        let most = self.places.iter().max_by(|a, b| {
            let order = a.least().total_cmp(&b.least());
            order.then(a.last().cmp(&b.last()))
        });
        most.unwrap_or(&self.places[0])
    }

    pub(super) fn size(&self) -> f64 {
        self.most().least()
    }

    /// The counts at which they differ, smallest first: on each curve the same.
    pub(super) fn counts(&self) -> Vec<u32> {
        self.counts_of(self.places[0].contrast.sides())
    }

    /// The counts at which they differ on a curve, smallest first.
    fn counts_of(&self, sides: [usize; 2]) -> Vec<u32> {
        let places = self.places.iter();
        let places = places.filter(|place| place.contrast.sides() == sides);
        let mut counts: Vec<_> = places.flat_map(|place| &place.counts).copied().collect();
        counts.sort_unstable();
        counts
    }

    /// The curves on which they differ.
    pub(super) fn differing_curves(&self) -> Vec<[usize; 2]> {
        let places = self.places.iter();
        let mut curves: Vec<_> = places.map(|place| place.contrast.sides()).collect();
        curves.sort_unstable();
        curves.dedup();
        curves
    }

    /// The counts at which they were held against each other.
    pub(super) fn all_counts(&self, analysis: &Analysis) -> Vec<u32> {
        let alike = analysis.contrasts.iter().filter(|it| self.is_of(it));
        let mut counts: Vec<_> = alike.flat_map(|it| &it.at).map(|at| at.count).collect();
        counts.sort_unstable();
        counts.dedup();
        counts
    }

    /// The least and the most of their ratios, at some counts.
    pub(super) fn ends(&self, at: &[u32]) -> (f64, f64) {
        let places = self.places.iter();
        let ratios = || {
            let is_there = |place: &&Place| place.counts.iter().any(|it| at.contains(it));
            places.clone().filter(is_there).map(|place| place.ratio)
        };
        (
            ratios().fold(f64::INFINITY, f64::min),
            ratios().fold(0.0, f64::max),
        )
    }

    /// The ratios at some counts, and the levels: turned round where they would be small parts, which read better as many times.
    pub(super) fn told_way(&self, at: &[u32]) -> ((f64, f64), [&str; 2]) {
        let (low, high) = self.ends(at);
        let [base, other] = self.levels;
        if self.is_turned(at) {
            ((high.recip(), low.recip()), [other, base])
        } else {
            ((low, high), [base, other])
        }
    }

    pub(super) fn is_turned(&self, at: &[u32]) -> bool {
        let (low, high) = self.ends(at);
        let is_part = self.told.role == Role::Through && low >= SMALL_PART;
        high < 1.0 && !is_part && !words::is_by_share(self.told, (low, high))
    }

    /// How much that is worth telling.
    pub(super) fn weight(&self, analysis: &Analysis) -> f64 {
        self.size() * networks::weight(analysis, &self.places[0].contrast.sides())
    }
}
