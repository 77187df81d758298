//! What one more rule costs, or published port, or service: straight lines through trials that differ in these alone.
//!
//! Must not know which rules a profile has. The invariant: the trials of a line differ in what it runs over, and in what
//! follows from it, and in nothing else; those of containers, which bring more than their rules, are held against trials
//! without rules wherever the run has these.
//!
//! Nor is a trial a point whose traffic could not show what the line is the cost of.
//!
//! A baseline over lo is not used: what a block adds to all its trials is taken out with the block's mean, and dividing by one trial of lo would only add that trial's noise to each point of its block.

use std::collections::HashMap;

use super::factors::Varying;
use super::metric::Metric;
use super::metric::own_figure;
use super::model::{Control, Fit, Slope};
use super::series::Count;
use super::trials::Trials;
use crate::scenario::{Cell, Firewall};
use crate::stats::Line;
use crate::store::record::Record;

/// The slopes of a run, in the order of its curves; empty where nothing has rules.
pub(super) fn slopes(trials: &Trials<'_>, varying: &Varying) -> Vec<Slope> {
    let cells = varying.in_order(trials.keys().copied().collect());
    let fitting = Fitting {
        trials,
        controls: Controls::of(trials),
    };
    let lines = Count::sloped().flat_map(|over| {
        varying
            .along(over, &cells)
            .into_iter()
            .map(move |line| (over, line))
    });
    lines
        .filter_map(|(over, cells)| fitting.slope(over, &cells, varying))
        .collect()
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

/// All that a line is drawn from.
struct Fitting<'a, 'b> {
    trials: &'b Trials<'a>,
    controls: Controls<'a>,
}

impl<'a> Fitting<'a, '_> {
    fn slope(&self, over: Count, cells: &[&'a Cell], varying: &Varying) -> Option<Slope> {
        let first = *cells.first()?;
        let control = self.is_controlled(over, cells);
        if over == Count::Containers
            && !(first.firewall != Firewall::None && (control || same_active(cells)))
        {
            return None;
        }
        // The cost of a byte or a request first, as it adds up rule by rule.
        let [through, cost] = Metric::of_traffic(first);
        let fits: Vec<_> = [cost, through]
            .into_iter()
            .filter_map(|metric| self.fit(metric, over, control, cells))
            .collect();
        (!fits.is_empty()).then(|| Slope {
            label: varying.label_along(over, first),
            over,
            fits,
        })
    }

    /// Whether points are taken relative to trials without rules.
    fn is_controlled(&self, over: Count, cells: &[&'a Cell]) -> bool {
        let mut records = cells.iter().flat_map(|cell| &self.trials[*cell]);
        over == Count::Containers && records.any(|record| self.controls.of_trial(record).is_some())
    }

    fn fit(
        &self,
        metric: Metric,
        over: Count,
        controlled: bool,
        cells: &[&'a Cell],
    ) -> Option<Fit> {
        let control = match (controlled, metric.about().traits.adds_up) {
            (false, _) => Control::Absent,
            // CPU time adds up; what is left of a goodput is a share of it.
            (true, true) => Control::Subtracted,
            (true, false) => Control::Divided,
        };
        let records = cells.iter().flat_map(|cell| &self.trials[*cell]);
        let places: Vec<_> = records
            .filter(|record| record.is_shown() && record.exercises(what_costs(over)))
            .filter_map(|record| {
                let (count, point) = (over.of(&record.cell), self.point(metric, control, record)?);
                Some((record.repeat, count, point))
            })
            .collect();
        let blocks: Vec<_> = places
            .iter()
            .map(|(block, x, y)| (*block, f64::from(*x), *y))
            .collect();
        let line = Line::within(&blocks)?;
        let points = places.into_iter().map(|(_, x, y)| (x, y)).collect();
        Some(Fit {
            metric,
            control,
            points,
            line,
        })
    }

    fn point(&self, metric: Metric, control: Control, record: &'a Record) -> Option<f64> {
        let of = |record| own_figure(metric, record);
        let figure = of(record)?;
        let point = match control {
            Control::Absent => figure,
            Control::Subtracted => figure - of(self.controls.of_trial(record)?)?,
            Control::Divided => figure / of(self.controls.of_trial(record)?)?,
        };
        Some(point).filter(|point| point.is_finite())
    }
}

/// The field of what a line is the cost of: over containers it is their rules.
fn what_costs(over: Count) -> &'static str {
    let about = over.about();
    if about.is_of_rules {
        about.key
    } else {
        "firewall"
    }
}

/// Whether as many containers talk in all cells, so that more containers are more rules and no more traffic.
fn same_active(cells: &[&Cell]) -> bool {
    cells
        .windows(2)
        .all(|pair| pair[0].active == pair[1].active)
}

#[cfg(test)]
mod tests;
