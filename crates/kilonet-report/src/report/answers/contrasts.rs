//! Levels that differ, in sentences: one for two levels, with what gets through and what it costs together, and one for several levels
//! that are held against the same.
//!
//! The invariant: only counts at which the interval holds no sameness are said; a sentence of several counts gives the range of its ratios.

use super::answer::{Answer, Candidate, Class, LONGEST, Of, Subject};
use super::networks;
use super::words::{self, Compared};
use crate::analysis::metric::row::{Role, Told};
use crate::analysis::quantity::grouped;
use crate::analysis::{Analysis, Contrast, Held, Mechanism, Metric, Verdict, tell};
use crate::report::findings::Shown;
use crate::units::counted;

pub(super) const RULE: &str = "contrast";

/// Parts below this are not told as parts.
const SMALL_PART: f64 = 0.1;

/// What is said first is that which people ask for, unless another differs this much more.
const MUCH_MORE: f64 = 1.5;

/// Two levels of a factor in a metric, wherever the one is above the other, or wherever it is below.
struct Pair<'a> {
    told: Told,
    metric: Metric,
    factor: &'static str,
    levels: [&'a str; 2],
    /// Where they differ: at least one.
    places: Vec<Place<'a>>,
    /// How many curves were held against each other.
    curves: usize,
}

/// Where two curves differ.
#[derive(Clone)]
struct Place<'a> {
    contrast: &'a Contrast,
    /// The counts, smallest first: all that both have where these are alike, else one; at least one.
    counts: Vec<u32>,
    held: &'a Held,
    ratio: f64,
}

/// A sentence for two levels each, and one for all that are held against the same.
pub(super) fn candidates(analysis: &Analysis) -> Vec<Candidate> {
    [Of::Traffic, Of::Lab]
        .into_iter()
        .flat_map(|of| {
            let pairs = pairs(analysis, of);
            let firsts = firsts(&pairs);
            let merged = merged(analysis, &firsts, of);
            let single = firsts.iter().map(|first| single(analysis, first, of));
            merged.into_iter().chain(single).collect::<Vec<_>>()
        })
        .collect()
}

/// All pairs of levels that differ, in the order of the contrasts, each on the curves that differ at the same counts.
fn pairs(analysis: &Analysis, of: Of) -> Vec<Pair<'_>> {
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
    fn last(&self) -> u32 {
        self.counts.last().copied().unwrap_or(0)
    }
}

impl Pair<'_> {
    fn is_of(&self, contrast: &Contrast) -> bool {
        let levels = [contrast.from.as_str(), contrast.to.as_str()];
        (self.factor, self.metric, self.levels) == (contrast.factor, contrast.metric, levels)
    }

    fn is_above(&self) -> bool {
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
    fn most(&self) -> &Place<'_> {
        let most = self.places.iter().max_by(|a, b| {
            let order = a.least().total_cmp(&b.least());
            order.then(a.last().cmp(&b.last()))
        });
        most.unwrap_or(&self.places[0])
    }

    fn size(&self) -> f64 {
        self.most().least()
    }

    /// The counts at which they differ, smallest first: on each curve the same.
    fn counts(&self) -> Vec<u32> {
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
    fn differing_curves(&self) -> Vec<[usize; 2]> {
        let places = self.places.iter();
        let mut curves: Vec<_> = places.map(|place| place.contrast.sides()).collect();
        curves.sort_unstable();
        curves.dedup();
        curves
    }

    /// The counts at which they were held against each other.
    fn all_counts(&self, analysis: &Analysis) -> Vec<u32> {
        let alike = analysis.contrasts.iter().filter(|it| self.is_of(it));
        let mut counts: Vec<_> = alike.flat_map(|it| &it.at).map(|at| at.count).collect();
        counts.sort_unstable();
        counts.dedup();
        counts
    }

    /// The least and the most of their ratios, at some counts.
    fn ends(&self, at: &[u32]) -> (f64, f64) {
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
    fn told_way(&self, at: &[u32]) -> ((f64, f64), [&str; 2]) {
        let (low, high) = self.ends(at);
        let [base, other] = self.levels;
        if self.is_turned(at) {
            ((high.recip(), low.recip()), [other, base])
        } else {
            ((low, high), [base, other])
        }
    }

    fn is_turned(&self, at: &[u32]) -> bool {
        let (low, high) = self.ends(at);
        let is_part = self.told.role == Role::Through && low >= SMALL_PART;
        high < 1.0 && !is_part && !words::is_by_share(self.told, (low, high))
    }

    /// How much that is worth telling.
    fn weight(&self, analysis: &Analysis) -> f64 {
        self.size() * networks::weight(analysis, &self.places[0].contrast.sides())
    }
}

/// The cells of some levels at some counts, in the order of the analysis.
fn cells(analysis: &Analysis, pairs: &[&Pair], counts: &[u32]) -> Vec<usize> {
    let sides = pairs.iter().flat_map(|pair| pair.differing_curves());
    let cells = sides.flatten().flat_map(|series| {
        let cell = move |count: &u32| words::cell_at(analysis, series, *count);
        counts.iter().filter_map(cell)
    });
    let mut cells: Vec<_> = cells.collect();
    cells.sort_unstable();
    cells.dedup();
    cells
}

/// Of two levels what is said first, and what is said with it.
struct First<'a, 'b> {
    pair: &'b Pair<'a>,
    beside: Option<&'b Pair<'a>>,
}

/// Of each two levels the metric in which they are told of.
fn firsts<'a, 'b>(pairs: &'b [Pair<'a>]) -> Vec<First<'a, 'b>> {
    let mut firsts: Vec<First> = Vec::new();
    for (nth, pair) in pairs.iter().enumerate() {
        let same = |other: &&Pair| (other.factor, other.levels) == (pair.factor, pair.levels);
        if pairs[..nth].iter().any(|other| same(&other)) {
            continue;
        }
        let mut all: Vec<_> = pairs.iter().filter(same).collect();
        let largest = all.iter().map(|pair| pair.size()).fold(0.0, f64::max);
        all.sort_by_key(|pair| order(pair));
        let first = all.iter().find(|pair| pair.size() * MUCH_MORE >= largest);
        let Some(first) = first.copied() else {
            continue;
        };
        let beside = all.into_iter().find(|pair| is_beside(first, pair));
        firsts.push(First {
            pair: first,
            beside,
        });
    }
    firsts
}

/// What people ask for first: what gets through, but of requests what one costs.
fn order(pair: &Pair) -> (Role, Metric) {
    let role = match (pair.told.role, pair.metric) {
        (Role::Cost, Metric::CpuPerTransaction) => Role::Through,
        (Role::Through, Metric::Transactions) => Role::Cost,
        (role, _) => role,
    };
    (role, pair.metric)
}

/// Whether it says the other half of the same: what gets through, and what it costs.
fn is_beside(first: &Pair, other: &Pair) -> bool {
    let halves = [first.told.role, other.told.role];
    let is_half = halves == [Role::Through, Role::Cost] || halves == [Role::Cost, Role::Through];
    let counts = other.counts();
    let curves = other.differing_curves();
    let is_there = first.counts().iter().all(|it| counts.contains(it))
        && first
            .differing_curves()
            .iter()
            .all(|it| curves.contains(it));
    // Less that gets through is more that it costs.
    is_half && is_there && first.is_above() != other.is_above()
}

fn single(analysis: &Analysis, first: &First, of: Of) -> Candidate {
    let pair = first.pair;
    let counts = pair.counts();
    let (ends, [base, other]) = pair.told_way(&counts);
    let called = words::called(analysis);
    let compared = compared(analysis, pair, ends, words::is_by_share(pair.told, ends));
    let start = format!(
        "at {} {} {} {} {} {}",
        words::counts(analysis.count, &counts, &pair.all_counts(analysis)),
        called.fill(pair.told.who),
        compared.text,
        tell(pair.factor, other),
        compared.link,
        tell(pair.factor, base),
    );
    let is_turned = pair.is_turned(&counts);
    let other = first.beside.filter(|_| !is_turned);
    let beside = other.map(|other| beside(analysis, other, &counts));
    let text = as_much_as_fits(
        start,
        curves(analysis, pair),
        values(analysis, pair),
        beside,
    );
    let found = Found::of(pair, is_turned);
    Candidate {
        answer: Answer {
            rule: RULE,
            about: about(pair, &pair.levels),
            cells: cells(analysis, &[pair], &counts),
            estimate: Some(found.ratio),
            interval: found.interval,
            evidence: found.evidence(analysis),
            words: words::sentence(&text),
            shown: Shown::In(pair.metric),
        },
        class: class(of),
        size: pair.weight(analysis),
        says: vec![Subject::levels(
            pair.factor,
            pair.levels[0],
            pair.levels[1],
            of,
        )],
    }
}

fn compared(analysis: &Analysis, pair: &Pair, ends: (f64, f64), by_share: bool) -> Compared {
    words::compared(pair.told, words::called(analysis), ends, by_share)
}

/// What comes before what, of what is looked at.
pub(super) fn class(of: Of) -> Class {
    match of {
        Of::Traffic => Class::Effect,
        Of::Lab => Class::Lab,
    }
}

fn about(pair: &Pair, levels: &[&str]) -> String {
    format!("{}:{}:{}", pair.metric.key(), pair.factor, levels.join(":"))
}

/// A sentence's beginning with as much as there is room for: on which curves that is, what was measured, and what comes with it.
fn as_much_as_fits(
    start: String,
    curves: Option<String>,
    values: Option<String>,
    beside: Option<String>,
) -> String {
    let brackets = |curves: Option<String>, values: Option<String>| {
        let parts: Vec<_> = curves.into_iter().chain(values).collect();
        if parts.is_empty() {
            String::new()
        } else {
            format!(" ({})", parts.join("; "))
        }
    };
    let full = brackets(curves.clone(), values);
    let curves = brackets(curves, None);
    let beside = beside.unwrap_or_default();
    let room = [
        format!("{start}{full}{beside}"),
        format!("{start}{full}"),
        format!("{start}{curves}{beside}"),
        format!("{start}{curves}"),
    ];
    let fits = |text: &String| words::words_of(text) <= LONGEST;
    room.into_iter().find(fits).unwrap_or(start)
}

/// `medians 63.0 of 90.0 Gb/s at 512`, and of which curve where they differ on several.
fn values(analysis: &Analysis, pair: &Pair) -> Option<String> {
    let counts = pair.counts();
    let is_turned = pair.is_turned(&counts);
    let most = pair.most();
    let median = |series| {
        let cell = words::cell_at(analysis, series, most.last())?;
        Some(analysis.cells[cell].estimate(pair.metric)?.median)
    };
    let sides = [most.contrast.other, most.contrast.base];
    let [one, other] = if is_turned {
        [sides[1], sides[0]]
    } else {
        sides
    };
    let both = median(one)?;
    let both = (both, median(other)?);
    let is_part = pair.told.role == Role::Through && !pair.is_above();
    let link = if is_part && !is_turned { "of" } else { "and" };
    let values = words::both(pair.metric.about().quantity, both, link);
    let at = match counts.len() {
        1 => String::new(),
        _ => format!(" at {}", grouped(most.last() as usize)),
    };
    let whose = match pair.differing_curves().len() {
        1 => String::new(),
        _ => format!(" {}", rest(analysis, pair)),
    };
    Some(format!("medians {values}{at}{whose}"))
}

/// On which curves they differ, where not on all that the run has: `by IPv6 in docker`, `2 of 4 curves`.
fn curves(analysis: &Analysis, pair: &Pair) -> Option<String> {
    let some = pair.differing_curves().len();
    let only = (some == 1).then(|| rest(analysis, pair));
    let number = || format!("{some} of {}", counted(pair.curves, "curve"));
    let only = only.filter(|rest| !rest.is_empty());
    only.or_else(|| (some < pair.curves).then(number))
}

/// The levels of the other factors on the curve that differs most.
fn rest(analysis: &Analysis, pair: &Pair) -> String {
    let series = &analysis.series[pair.most().contrast.base];
    let others = series.factors.iter().filter(|(key, _)| *key != pair.factor);
    let levels: Vec<_> = others.map(|(key, level)| tell(key, level)).collect();
    levels.join(" ")
}

/// `, and a byte costs 61 % more CPU time`
fn beside(analysis: &Analysis, other: &Pair, counts: &[u32]) -> String {
    let ends = other.ends(counts);
    let compared = compared(analysis, other, ends, words::is_by_share(other.told, ends));
    let called = words::called(analysis);
    format!(", and {} {}", called.fill(other.told.who), compared.text)
}

/// What was found where two levels differ most, in the direction in which it is said.
struct Found<'a> {
    place: &'a Place<'a>,
    ratio: f64,
    interval: Option<(f64, f64)>,
}

impl<'a> Found<'a> {
    fn of(pair: &'a Pair<'_>, is_turned: bool) -> Self {
        let place = pair.most();
        let (ratio, interval) = (place.ratio, place.held.interval);
        let (ratio, interval) = if is_turned {
            let turned = interval.map(|(low, high)| (high.recip(), low.recip()));
            (ratio.recip(), turned)
        } else {
            (ratio, interval)
        };
        Self {
            place,
            ratio,
            interval,
        }
    }

    /// `geometric mean of 5 ratios within blocks at 512 containers: 0.70; 0.65 to 0.75, which holds for all contrasts of the run together`
    fn evidence(&self, analysis: &Analysis) -> String {
        let interval = self.interval.map_or_else(String::new, |(low, high)| {
            let (low, high) = (words::times(low), words::times(high));
            format!("; {low} to {high}, which holds for all contrasts of the run together")
        });
        let counts = &self.place.counts;
        format!(
            "geometric mean of {} within blocks at {}: {}{interval}",
            counted(self.place.held.blocks, "ratio"),
            words::counts(analysis.count, counts, counts),
            words::times(self.ratio),
        )
    }
}

/// A sentence for all levels that are held against the same in a metric.
fn merged(analysis: &Analysis, firsts: &[First], of: Of) -> Vec<Candidate> {
    let mut met: Vec<&Pair> = Vec::new();
    let mut merged = Vec::new();
    let on_all = |first: &&First| first.pair.differing_curves().len() == first.pair.curves;
    let firsts: Vec<_> = firsts.iter().filter(on_all).collect();
    for first in &firsts {
        let alike = |other: &Pair| {
            let base = (other.factor, other.metric, other.levels[0]);
            base == (first.pair.factor, first.pair.metric, first.pair.levels[0])
                && other.curves == first.pair.curves
                && other.is_above() == first.pair.is_above()
        };
        if met.iter().any(|pair| alike(pair)) {
            continue;
        }
        met.push(first.pair);
        let all: Vec<_> = firsts
            .iter()
            .map(|first| first.pair)
            .filter(|it| alike(it))
            .collect();
        merged.extend(of_several(analysis, &all, of));
    }
    merged
}

/// `at 512 containers pairs together move 0.92 as much in a shared namespace and 0.70 over a bridge as over loopback (56.5 Gb/s)`
fn of_several(analysis: &Analysis, pairs: &[&Pair], of: Of) -> Option<Candidate> {
    let (first, rest) = pairs.split_first().filter(|(_, rest)| !rest.is_empty())?;
    let shared = |count: &u32| rest.iter().all(|pair| pair.counts().contains(count));
    let counts: Vec<_> = first.counts().into_iter().filter(shared).collect();
    let last = counts.last()?;
    if pairs.iter().any(|pair| pair.is_turned(&counts)) {
        return None;
    }
    let by_share = pairs
        .iter()
        .all(|pair| words::is_by_share(pair.told, pair.ends(&counts)));
    let said = pairs.iter().enumerate().map(|(nth, pair)| {
        let compared = compared(analysis, pair, pair.ends(&counts), by_share);
        let text = if nth == 0 {
            compared.text
        } else {
            compared.again
        };
        (
            format!("{text} {}", tell(pair.factor, pair.levels[1])),
            compared.link,
        )
    });
    let (said, links): (Vec<_>, Vec<_>) = said.unzip();
    let base = first.places[0].contrast.base;
    let cell = words::cell_at(analysis, base, *last)?;
    let value = first
        .metric
        .about()
        .quantity
        .show(analysis.cells[cell].estimate(first.metric)?.median);
    let at = if counts.len() > 1 {
        format!(" at {}", grouped(*last as usize))
    } else {
        String::new()
    };
    let text = format!(
        "at {} {} {} {} {} ({value}{at})",
        words::counts(analysis.count, &counts, &first.all_counts(analysis)),
        words::called(analysis).fill(first.told.who),
        words::listed(said),
        links.first()?,
        tell(first.factor, first.levels[0]),
    );
    let most = pairs.iter().max_by(|a, b| a.size().total_cmp(&b.size()))?;
    let found = Found::of(most, false);
    let levels: Vec<_> = [first.levels[0]]
        .into_iter()
        .chain(pairs.iter().map(|pair| pair.levels[1]))
        .collect();
    (words::words_of(&text) <= LONGEST).then(|| Candidate {
        answer: Answer {
            rule: RULE,
            about: about(first, &levels),
            cells: cells(analysis, pairs, &counts),
            estimate: Some(found.ratio),
            interval: found.interval,
            evidence: found.evidence(analysis),
            words: words::sentence(&text),
            shown: Shown::In(first.metric),
        },
        class: class(of),
        size: pairs
            .iter()
            .map(|pair| pair.weight(analysis))
            .fold(0.0, f64::max),
        says: all_of(first.factor, &levels, of),
    })
}

/// Each two of some levels.
fn all_of(factor: &'static str, levels: &[&str], of: Of) -> Vec<Subject> {
    let each = levels.iter().enumerate().flat_map(|(nth, one)| {
        let others = levels[nth + 1..].iter();
        others.map(move |other| Subject::levels(factor, one, other, of))
    });
    each.collect()
}
