//! What one more of a number costs: straight lines through trials that differ in it alone.
//!
//! Must not know which factors are numbers, nor which rules a profile has. The invariant: the trials of a line differ in what it runs
//! over, and in what follows from it, and in nothing else; what containers cost with their rules is held against trials without rules
//! wherever the run has these.
//!
//! Nor is a trial a point whose traffic could not show what the line is the cost of; and what pairs share out among them is laid over
//! nothing that changes the pairs or what they are offered, where it changes by arithmetic.
//!
//! A baseline over lo is not used: what a block adds to all its trials is taken out with the block's mean, and dividing by one trial of lo would only add that trial's noise to each point of its block.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rayon::prelude::*;

use super::axis::Axis;
use super::factors::Varying;
use super::metric::row::Slopes;
use super::metric::{METRICS, Metric, own_figure};
use super::model::{Control, Fit, LineVerdict, Slope};
use super::series::Count;
use super::trials::Trials;
use crate::scenario::{Cell, Firewall};
use crate::stats::{self, Departure, Gap, Lines};
use crate::store::record::Record;

/// A straight line is taken for bent in one of so many.
const FALSE_ALARM: f64 = 0.01;
/// What is off its line by no more than this share of what it changes by is straight, however little it scatters.
const LEAST_BEND: f64 = 0.1;

/// The slopes of a run, number by number and line by line; those of rules first.
pub(super) fn slopes(trials: &Trials<'_>, varying: &Varying) -> Vec<Slope> {
    let cells = varying.in_order(trials.keys().copied().collect());
    let fitting = Fitting {
        trials,
        controls: Controls::of(trials),
    };
    let lines = Axis::all().flat_map(|over| {
        let lines = varying.along(over, &cells).into_iter();
        lines.map(move |line| (over, line))
    });
    let lines: Vec<_> = lines.collect();
    let drafts = lines.par_iter();
    let drafts = drafts.filter_map(|(over, cells)| fitting.draft(*over, cells, varying));
    let mut slopes = judged(drafts.collect());
    slopes.sort_by_key(|slope| !slope.of_rules);
    slopes
}

/// Trials without rules, by block and by all else.
struct Controls<'a>(HashMap<(u32, Cell), &'a Record>);

impl<'a> Controls<'a> {
    fn of(trials: &Trials<'a>) -> Self {
        let shown = trials.values().flatten().filter(|record| record.is_shown());
        let without = shown.filter(|record| record.cell == record.cell.without_rules());
        Self(
            without
                .map(|record| ((record.repeat, record.cell.clone()), *record))
                .collect(),
        )
    }

    /// The trial of the same block that differs in its rules alone.
    fn of_trial(&self, record: &Record) -> Option<&'a Record> {
        let key = (record.repeat, record.cell.without_rules());
        self.0.get(&key).copied()
    }
}

/// A draft, and a fit of its slope.
type Place = (usize, usize);

/// A slope that is not judged beside others yet, with how far each fit's blocks are apart.
struct Draft {
    slope: Slope,
    gaps: Vec<Option<Gap>>,
}

/// All that a line is drawn from.
struct Fitting<'a, 'b> {
    trials: &'b Trials<'a>,
    controls: Controls<'a>,
}

/// A line that is to be laid.
struct Laid<'a, 'b> {
    over: Axis,
    cells: &'b [&'a Cell],
    /// The trials that may be points of it, each with its number.
    trials: Vec<(f64, &'a Record)>,
    /// Whether it is of rules, and so of nothing that they are not met by.
    of_rules: bool,
    /// Whether points are taken relative to trials without rules.
    controlled: bool,
}

impl<'a> Fitting<'a, '_> {
    fn draft(&self, over: Axis, cells: &[&'a Cell], varying: &Varying) -> Option<Draft> {
        let first = *cells.first()?;
        let controlled = self.is_controlled(over, cells);
        let ruled = over == Count::Containers && first.firewall != Firewall::None;
        let of_rules = over.is_of_rules() || (ruled && (controlled || same_pairs(cells)));
        let laid = Laid {
            over,
            cells,
            trials: self.exercised(over, cells, of_rules),
            of_rules,
            controlled,
        };
        let fits = laid.figures().filter_map(|figure| self.fit(figure, &laid));
        let (fits, gaps): (Vec<_>, Vec<_>) = fits.unzip();
        let numbers = || cells.iter().filter_map(|cell| over.of(cell));
        let (from, to) = (
            numbers().fold(f64::INFINITY, f64::min),
            numbers().fold(0.0, f64::max),
        );
        // No more than was measured: from 1,400 to 1,500 it is a hundred.
        let reach = if 2.0 * from <= to { to } else { to - from };
        let slope = Slope {
            label: varying.label_along(over, first),
            over,
            range: (from, to),
            step: over.step(reach),
            of_rules: laid.of_rules,
            fits,
        };
        (!slope.fits.is_empty()).then_some(Draft { slope, gaps })
    }

    fn is_controlled(&self, over: Axis, cells: &[&'a Cell]) -> bool {
        let mut records = cells.iter().flat_map(|cell| &self.trials[*cell]);
        over == Count::Containers
            && cells.iter().any(|cell| cell.firewall != Firewall::None)
            && records.any(|record| self.controls.of_trial(record).is_some())
    }

    /// The trials that may be shown and could show what the line is the cost of: over containers with rules it is these.
    fn exercised(&self, over: Axis, cells: &[&'a Cell], of_rules: bool) -> Vec<(f64, &'a Record)> {
        let of_their_rules = of_rules && !over.is_of_rules();
        let witness = if of_their_rules {
            "firewall"
        } else {
            over.key()
        };
        let records = cells.iter().flat_map(|cell| &self.trials[*cell]);
        let shown = records.filter(|record| record.is_shown() && record.exercises(witness));
        shown
            .filter_map(|record| Some((over.of(&record.cell)?, *record)))
            .collect()
    }

    fn fit(&self, of: Figure, laid: &Laid<'a, '_>) -> Option<(Fit, Option<Gap>)> {
        let Figure { metric, part } = of;
        let control = laid.control(metric);
        let points = laid
            .trials
            .iter()
            .filter_map(|(x, record)| Some((record.repeat, *x, self.point(of, control, record)?)));
        let points: Vec<_> = points.collect();
        let lines = Lines::of(&points);
        let line = lines.line()?;
        let spread = Spread::of(&points)?;
        let departure = lines.departure();
        let relative: Vec<_> = lines
            .slopes()
            .iter()
            .map(|slope| slope * spread.scale())
            .collect();
        let is_drawn = laid.of_rules && metric.about().traits.slopes == Some(Slopes::Unit);
        let count = laid.over.count().filter(|_| is_drawn);
        let drawn = laid.trials.iter().filter_map(|(_, record)| {
            Some((count?.of(&record.cell), self.point(of, control, record)?))
        });
        let fit = Fit {
            metric,
            part,
            control,
            points: drawn.collect(),
            line,
            change: line.slope * spread.scale(),
            straight: departure.map(|departure| departure.probability),
            verdict: verdict(&spread, line.slope, departure),
        };
        Some((fit, Gap::paired(&relative)))
    }

    fn point(&self, figure: Figure, control: Control, record: &'a Record) -> Option<f64> {
        let of = |record| figure.of(record);
        let figure = of(record)?;
        let point = match control {
            Control::Absent => figure,
            Control::Subtracted => figure - of(self.controls.of_trial(record)?)?,
            Control::Divided => figure / of(self.controls.of_trial(record)?)?,
        };
        Some(point).filter(|point| point.is_finite())
    }
}

/// What a line is of: a metric, or one of its parts.
#[derive(Debug, Clone, Copy)]
struct Figure {
    metric: Metric,
    part: Option<&'static str>,
}

impl Figure {
    /// A trial's; absent where its record lacks it.
    fn of(self, record: &Record) -> Option<f64> {
        let Some(part) = self.part else {
            return own_figure(self.metric, record);
        };
        let parts = (self.metric.about().traits.parts?)(record);
        let found = parts.into_iter().find(|(name, _)| *name == part);
        found.map(|(_, figure)| figure)
    }
}

impl Laid<'_, '_> {
    /// What lines are laid of, each metric before its parts.
    fn figures(&self) -> impl Iterator<Item = Figure> {
        self.metrics().flat_map(|metric| {
            let parts = metric.about().traits.parts;
            let some = self.trials.first().zip(parts);
            let parts = some.map_or_else(Vec::new, |((_, record), parts)| parts(record));
            let whole = Figure { metric, part: None };
            let parts = parts.into_iter().map(move |(name, _)| Figure {
                metric,
                part: Some(name),
            });
            [whole].into_iter().chain(parts)
        })
    }

    /// Of which metrics lines are laid: the cost of a byte or a request first, as it adds up rule by rule.
    fn metrics(&self) -> impl Iterator<Item = Metric> {
        let of_requests = self.cells.iter().all(|cell| cell.is_of_requests());
        let shared = self.controlled || (same_pairs(self.cells) && same_load(self.cells));
        let of_the_lab = self.over.is_of_the_lab();
        let asked = METRICS.iter().filter(move |about| {
            let means_something = match about.traits.slopes {
                None => false,
                Some(Slopes::Lab) => of_the_lab,
                Some(Slopes::Unit) => true,
                Some(Slopes::Pairs) => shared,
            };
            means_something && !(of_requests && about.traits.of_bytes)
        });
        let mut asked: Vec<_> = asked.map(|about| about.metric).collect();
        asked.sort_by_key(|metric| metric.about().traits.slopes != Some(Slopes::Unit));
        asked.into_iter()
    }

    fn control(&self, metric: Metric) -> Control {
        match (self.controlled, metric.about().traits.slopes) {
            (false, _) | (true, None | Some(Slopes::Lab)) => Control::Absent,
            // CPU time adds up; what is left of a goodput is a share of it.
            (true, Some(Slopes::Unit)) => Control::Subtracted,
            (true, Some(Slopes::Pairs)) => Control::Divided,
        }
    }
}

/// How far points reach, and how high they lie.
struct Spread {
    reach: f64,
    level: f64,
    places: usize,
}

impl Spread {
    /// Absent where nothing is there at any point.
    fn of(points: &[(u32, f64, f64)]) -> Option<Self> {
        let xs = || points.iter().map(|(_, x, _)| *x);
        let sizes: Vec<_> = points.iter().map(|(.., y)| y.abs()).collect();
        let places: BTreeSet<_> = xs().map(f64::to_bits).collect();
        Some(Self {
            reach: xs().fold(0.0, f64::max) - xs().fold(f64::INFINITY, f64::min),
            level: stats::mean(&sizes).filter(|level| *level > 0.0)?,
            places: places.len(),
        })
    }

    /// What turns a slope into a relative change over the whole reach.
    fn scale(&self) -> f64 {
        self.reach / self.level
    }
}

/// What a line is, before it is known whether it is more than chance.
fn verdict(spread: &Spread, slope: f64, departure: Option<Departure>) -> LineVerdict {
    let change = (slope * spread.reach).abs();
    let is_bent = |it: &Departure| it.probability < FALSE_ALARM && it.most > LEAST_BEND * change;
    match departure.filter(is_bent) {
        Some(_) => LineVerdict::Bent,
        None if spread.places < 3 => LineVerdict::TwoPlaces,
        None => LineVerdict::Straight,
    }
}

/// Judges the fits of one metric together, as to how far blocks are apart, and all of a run as to which are more than chance; those that
/// may have no slope are said to have none. Other metrics say nothing of that: they are of the same trials, and scatter with them.
///
/// What rules cost a byte or request is what a run over them is made for, and is a family of its own, beside which all else is one: each
/// may be wrong in half of the 5 % that all of it may.
fn judged(drafts: Vec<Draft>) -> Vec<Slope> {
    let mut alike: BTreeMap<_, Vec<(Place, Gap)>> = BTreeMap::new();
    for (nth, draft) in drafts.iter().enumerate() {
        for (place, (fit, gap)) in draft.slope.fits.iter().zip(&draft.gaps).enumerate() {
            let of = alike.entry((fit.metric, fit.part)).or_default();
            of.extend(gap.map(|gap| ((nth, place), gap)));
        }
    }
    let mut families = [Vec::new(), Vec::new()];
    for of_metric in alike.into_values() {
        let (places, gaps): (Vec<Place>, Vec<Gap>) = of_metric.into_iter().unzip();
        for ((nth, place), judged) in places.into_iter().zip(stats::judge(&gaps)) {
            let leads = drafts[nth].slope.of_rules && place == 0;
            // A family may be wrong in half of what one alone may.
            let probability = judged.probability().map_or(1.0, |it| 2.0 * it);
            families[usize::from(leads)].push(((nth, place), probability));
        }
    }
    let real: BTreeSet<Place> = families.iter().flat_map(|family| real_of(family)).collect();
    let slope = |(nth, draft): (usize, Draft)| {
        let mut slope = draft.slope;
        for (place, fit) in slope.fits.iter_mut().enumerate() {
            let is_certain = real.contains(&(nth, place)) && fit.line.is_certain();
            if fit.verdict != LineVerdict::Bent && !is_certain {
                fit.verdict = LineVerdict::Uncertain;
            }
        }
        slope
    };
    drafts.into_iter().enumerate().map(slope).collect()
}

/// The members of a family that are more than chance, by how probable each is by chance.
fn real_of(family: &[(Place, f64)]) -> impl Iterator<Item = Place> {
    let probabilities: Vec<_> = family.iter().map(|(_, probability)| *probability).collect();
    let real = family.iter().zip(stats::real_95(&probabilities));
    real.filter(|(_, real)| *real)
        .map(|((member, _), _)| *member)
}

/// Whether the same pairs talk in all cells, so that more of something else is no more traffic.
fn same_pairs(cells: &[&Cell]) -> bool {
    let of = |cell: &Cell| (cell.active, cell.pairs, cell.streams);
    cells.windows(2).all(|pair| of(pair[0]) == of(pair[1]))
}

/// Whether they are offered the same.
fn same_load(cells: &[&Cell]) -> bool {
    let mut loads = cells.windows(2).map(|pair| [pair[0].load, pair[1].load]);
    loads.all(|[one, next]| one.offers_as_much_as(&next))
}

#[cfg(test)]
mod tests;
