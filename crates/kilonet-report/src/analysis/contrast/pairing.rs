//! Which curves are held against each other: those that differ in the level of one factor, and in what follows from it.
//!
//! Must not know what was measured. The invariant: of the levels that are alike in all else, one is what the others are held against;
//! it is none of the others.
//!
//! That one is the registry's usual level where the run has it, as people ask what another costs them; else the first in the factor's
//! order. Loopback, the node's ceiling, is held against the others, whatever its place, for what networks cost is asked of networks.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::answers::Asked;
use crate::analysis::factors::Varying;
use crate::analysis::series::Series;
use crate::scenario::settle::settle;
use crate::scenario::{Cell, Field, Kind, Topology, registry};

/// Numbers with more levels are an axis: a line through them says more than each level does beside the first.
const MOST_NUMBERS: usize = 4;

/// Two curves that differ in one factor.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pairing {
    /// The factor's field.
    pub(super) factor: &'static str,
    /// The base, and what is held against it.
    pub(super) series: [usize; 2],
    /// Their levels.
    pub(super) levels: [String; 2],
}

/// Every two curves that are held against each other, factor by factor.
pub(super) fn pairings(asked: &Asked<'_>, varying: &Varying) -> Vec<Pairing> {
    let fields = varying
        .fields()
        .filter(|field| is_told_by_level(field, asked.series));
    fields
        .flat_map(|field| Levels::of(field, asked).pairings())
        .collect()
}

/// Whether each level is told by itself.
fn is_told_by_level(field: &Field, series: &[Series]) -> bool {
    let levels: BTreeSet<_> = series
        .iter()
        .filter_map(|it| it.factors.get(field.name))
        .collect();
    match field.kind {
        Kind::Text | Kind::Truth => true,
        Kind::Integer | Kind::Number => levels.len() <= MOST_NUMBERS,
    }
}

/// What makes a level the base: the smallest is.
type Rank = (bool, bool, usize);

/// The curves that have a level of a factor.
struct Levels<'a> {
    field: &'static Field,
    series: &'a [Series],
    /// Of each series; absent where it has no level.
    ranks: Vec<Option<Rank>>,
}

impl<'a> Levels<'a> {
    fn of(field: &'static Field, asked: &Asked<'a>) -> Self {
        let mut firsts = BTreeMap::new();
        let mut rank = |nth: usize| {
            let level = asked.series[nth].factors.get(field.name)?;
            let first = *firsts.entry(level).or_insert(nth);
            let cell = *asked.cells(nth).first()?;
            Some((
                cell.topology == Topology::CEILING,
                !is_usual(field, cell),
                first,
            ))
        };
        let ranks = (0..asked.series.len()).map(&mut rank).collect();
        let series = asked.series;
        Self {
            field,
            series,
            ranks,
        }
    }

    fn pairings(&self) -> Vec<Pairing> {
        let alike = self.alike();
        let each = alike
            .values()
            .flat_map(|alike| alike.iter().map(move |other| (alike, *other)));
        let mut pairings: Vec<_> = each
            .flat_map(|(alike, other)| self.against(alike, other))
            .collect();
        pairings.sort_by_key(|pairing| pairing.series);
        pairings
    }

    /// The curves by their levels of all factors that every curve has: none is held against one of another group.
    fn alike(&self) -> BTreeMap<Vec<&'a str>, Vec<usize>> {
        let named = |key: &&String| *key != self.field.name;
        let keys = self
            .series
            .first()
            .into_iter()
            .flat_map(|first| first.factors.keys());
        let has_all = |key: &&String| self.series.iter().all(|it| it.factors.contains_key(*key));
        let keys: Vec<_> = keys.filter(named).filter(has_all).collect();
        let mut alike: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for nth in (0..self.series.len()).filter(|nth| self.ranks[*nth].is_some()) {
            let levels = keys
                .iter()
                .map(|key| self.series[nth].factors[*key].as_str());
            alike.entry(levels.collect()).or_default().push(nth);
        }
        alike
    }

    /// A curve against those that have the base's level; nothing where that is its own.
    fn against(&self, alike: &[usize], other: usize) -> Vec<Pairing> {
        let beside = || {
            let alike = alike.iter().copied();
            alike.filter(|nth| self.differ_in_it_alone(*nth, other))
        };
        let base = beside().filter_map(|nth| self.ranks[nth]).min();
        let base = base.filter(|base| self.ranks[other].is_some_and(|own| *base < own));
        let has_level = |nth: &usize| self.ranks[*nth].map(|it| it.2) == base.map(|it| it.2);
        let level = |nth: usize| self.series[nth].factors[self.field.name].clone();
        let pairing = |nth| Pairing {
            factor: self.field.name,
            series: [nth, other],
            levels: [level(nth), level(other)],
        };
        let against = beside().filter(|_| base.is_some()).filter(has_level);
        against.map(pairing).collect()
    }

    /// Whether two curves differ in the factor, and else only in what one of them has no place for.
    fn differ_in_it_alone(&self, left: usize, right: usize) -> bool {
        let [left, right] = [left, right].map(|nth| &self.series[nth].factors);
        left.iter().all(|(key, level)| match right.get(key) {
            Some(other) => (level == other) != (key == self.field.name),
            None => key != self.field.name,
        })
    }
}

/// Whether a cell has the level that it would have if nobody had written one.
fn is_usual(field: &Field, cell: &Cell) -> bool {
    registry::key_of(field.name).is_some_and(|key| {
        let mut usual = cell.clone();
        field.take(&mut usual, &Cell::blank());
        key.put(&mut usual, key.usual().as_ref());
        settle(&mut usual);
        field.level_of(&usual) == field.level_of(cell)
    })
}
