//! Levels that differ, in sentences: one for two levels, with what gets through and what it costs together, and one for several levels
//! that are held against the same.
//!
//! The invariant: only counts at which the interval holds no sameness are said; a sentence of several counts gives the range of its ratios.

use super::answer::{Answer, Candidate, Class, LONGEST, Of, Subject};
use super::pairs::{Pair, Place, pairs};
use super::words::{self, Compared};
use crate::analysis::metric::row::Role;
use crate::analysis::quantity::grouped;
use crate::analysis::{Analysis, Metric, tell};
use crate::report::findings::Shown;
use crate::units::counted;

pub(super) const RULE: &str = "contrast";

/// What is said first is that which people ask for, unless another differs this much more.
const MUCH_MORE: f64 = 1.5;

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
            about: words::about_levels(pair.metric, pair.factor, &pair.levels),
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

/// A sentence for levels that are held against the same one, where all differ at some counts.
fn of_several(analysis: &Analysis, pairs: &[&Pair], of: Of) -> Option<Candidate> {
    let (first, rest) = pairs.split_first().filter(|(_, rest)| !rest.is_empty())?;
    let shared = |count: &u32| rest.iter().all(|pair| pair.counts().contains(count));
    let counts: Vec<_> = first.counts().into_iter().filter(shared).collect();
    if pairs.iter().any(|pair| pair.is_turned(&counts)) {
        return None;
    }
    let text = text_of_several(analysis, pairs, &counts)?;
    let most = pairs.iter().max_by(|a, b| a.size().total_cmp(&b.size()))?;
    let found = Found::of(most, false);
    let others = pairs.iter().map(|pair| pair.levels[1]);
    let levels: Vec<_> = [first.levels[0]].into_iter().chain(others).collect();
    let weights = pairs.iter().map(|pair| pair.weight(analysis));
    (words::words_of(&text) <= LONGEST).then(|| Candidate {
        answer: Answer {
            rule: RULE,
            about: words::about_levels(first.metric, first.factor, &levels),
            cells: cells(analysis, pairs, &counts),
            estimate: Some(found.ratio),
            interval: found.interval,
            evidence: found.evidence(analysis),
            words: words::sentence(&text),
            shown: Shown::In(first.metric),
        },
        class: class(of),
        size: weights.fold(0.0, f64::max),
        says: all_of(first.factor, &levels, of),
    })
}

/// `at 512 containers pairs together move 0.92 as much in a shared namespace and 0.70 over a bridge as over loopback (56.5 Gb/s)`
fn text_of_several(analysis: &Analysis, pairs: &[&Pair], counts: &[u32]) -> Option<String> {
    let first = pairs.first()?;
    let by_share = |pair: &&Pair| words::is_by_share(pair.told, pair.ends(counts));
    let by_share = pairs.iter().all(by_share);
    let said = pairs.iter().enumerate().map(|(nth, pair)| {
        let compared = compared(analysis, pair, pair.ends(counts), by_share);
        let text = if nth == 0 {
            compared.text
        } else {
            compared.again
        };
        let text = format!("{text} {}", tell(pair.factor, pair.levels[1]));
        (text, compared.link)
    });
    let (said, links): (Vec<_>, Vec<_>) = said.unzip();
    let base = words::cell_at(analysis, first.places[0].contrast.base, *counts.last()?)?;
    let median = analysis.cells[base].estimate(first.metric)?.median;
    Some(format!(
        "at {} {} {} {} {} ({}{})",
        words::counts(analysis.count, counts, &first.all_counts(analysis)),
        words::called(analysis).fill(first.told.who),
        words::listed(said),
        links.first()?,
        tell(first.factor, first.levels[0]),
        first.metric.about().quantity.show(median),
        words::at_last(counts),
    ))
}

/// Each two of some levels.
fn all_of(factor: &'static str, levels: &[&str], of: Of) -> Vec<Subject> {
    let each = levels.iter().enumerate().flat_map(|(nth, one)| {
        let others = levels[nth + 1..].iter();
        others.map(move |other| Subject::levels(factor, one, other, of))
    });
    each.collect()
}
