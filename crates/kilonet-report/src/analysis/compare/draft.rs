//! What there is to compare: cells side by side, and the figures that both have.
//!
//! Must not know what will be said of them. The invariant: each figure is of one trial that may be shown.

use super::fingerprint::{Difference, differences};
use super::matching::{Matching, apart};
use super::model::{Against, CellPair, Figure, Folder, Presence, Source, Standing};
use super::verdict::{Finding, Samples, Terms};
use crate::analysis::baseline::Baselines;
use crate::analysis::factors::Varying;
use crate::analysis::summary::{Fates, figure};
use crate::analysis::trials::{Trials, in_role};
use crate::analysis::{Estimate, Metric, notes};
use crate::error::{Error, Remedy, Result};
use crate::plan::{Role, cell_id};
use crate::scenario::Cell;

/// A run, its trials by cell.
pub(super) struct Side<'a> {
    folder: &'a Folder,
    trials: Trials<'a>,
    baselines: Baselines,
}

impl<'a> Side<'a> {
    /// Gathers the cells of the sweep; baselines are there for ratios alone.
    pub(super) fn of(folder: &'a Folder) -> Self {
        let records = &folder.run.records;
        Self {
            folder,
            trials: in_role(Role::Cell, records),
            baselines: Baselines::of(records),
        }
    }

    fn cells(&self) -> Vec<&'a Cell> {
        self.trials.keys().copied().collect()
    }

    fn standing(&self, cell: &Cell) -> Standing {
        let fates = Fates::of(&self.trials[cell]);
        Standing {
            measured: fates.shown.len(),
            invalid: fates.invalid,
            failed: fates.failures.len(),
            failure: fates.failures.into_iter().next(),
        }
    }

    /// The figures of the trials that show something of all that was changed.
    fn figures(&self, metric: Metric, cell: &Cell, changed: &[&str]) -> Vec<f64> {
        let shown = self.trials[cell].iter().filter(|record| record.is_shown());
        let shown = shown.filter(|record| changed.iter().all(|field| record.exercises(field)));
        let figures = shown.filter_map(|record| figure(metric, record, &self.baselines));
        figures.filter(|figure| figure.is_finite()).collect()
    }
}

impl Source {
    /// What a comparison says of a run's folder.
    pub(super) fn of(folder: &Folder) -> Self {
        Self {
            folder: folder.name.clone(),
            name: folder.run.manifest.name.clone(),
            // A manifest is plain data, which always has a JSON form.
            manifest: serde_json::to_value(&folder.run.manifest).unwrap_or_default(),
            notes: notes(&folder.run),
        }
    }
}

/// A run beside the base, before anything is said of its figures.
pub(super) struct Draft {
    /// All but the cells.
    against: Against,
    /// These, without their figures, and what the figures will be of.
    cells: Vec<(CellPair, Vec<Samples>)>,
}

impl Draft {
    /// Sets a run beside the base.
    pub(super) fn of(sides: [&Side<'_>; 2], terms: &Terms) -> Result<Self> {
        let [base, new] = sides.map(|side| &side.folder.run.manifest);
        let matching = Matching::of(&sides[0].cells(), &sides[1].cells());
        if matching.common() == 0 {
            return Err(nothing_in_common(sides));
        }
        let mut differing = differences(base, new);
        let changed: Vec<_> = matching.changed.iter().map(|it| it.what.as_str()).collect();
        let varying = Varying::among(&matching.cells.keys().collect::<Vec<_>>());
        let ordered = varying.in_order(matching.cells.keys().collect());
        let found = ordered.into_iter().map(|cell| Found {
            cell,
            changed: &changed,
            sides: [0, 1].map(|side| Some((sides[side], matching.cells[cell][side]?))),
        });
        let cells = found.map(|found| found.drafted(&varying, &terms.metrics));
        let cells = cells.collect();
        differing.extend(matching.changed.iter().cloned());
        differing.sort();
        let against = Against {
            new: Source::of(sides[1].folder),
            differences: differing,
            count: varying.count(),
            cells: Vec::new(),
        };
        let draft = Self { against, cells };
        if draft.says_something() {
            Ok(draft)
        } else {
            Err(draft.nothing_to_compare(sides))
        }
    }

    /// Whether there is a figure, or a cell that fails on one side only.
    fn says_something(&self) -> bool {
        let said = |presence| matches!(presence, Presence::FailsNow | Presence::WorksNow);
        let mut cells = self.cells.iter();
        cells.any(|(pair, samples)| !samples.is_empty() || said(pair.presence))
    }

    fn nothing_to_compare(&self, sides: [&Side<'_>; 2]) -> Error {
        let measured = |(pair, _): &(CellPair, _)| pair.presence == Presence::Both;
        if let Some(field) = self.unexercised(sides) {
            let why =
                format!("no trial could show anything of `{field}`, in which the runs differ");
            refused(sides, &why).with_remedy(Remedy::ReadReports)
        } else if self.cells.iter().any(measured) {
            refused(
                sides,
                "no cell has a figure of the metrics asked for in both runs",
            )
            .with_remedy(Remedy::CompareUsual)
        } else {
            let why = "in the cells that both runs have, every trial failed or is invalid";
            refused(sides, why).with_remedy(Remedy::ReadReports)
        }
    }

    /// A factor that was changed and that the trials of a run show nothing of.
    fn unexercised(&self, sides: [&Side<'_>; 2]) -> Option<&str> {
        let idle = |side: &Side<'_>, field: &str| {
            let trials = side.trials.values().flatten();
            let mut shown = trials.filter(|record| record.is_shown()).peekable();
            shown.peek().is_some() && shown.all(|record| !record.exercises(field))
        };
        let changed = self.against.differences.iter();
        let mut changed = changed.map(|it| it.what.as_str());
        changed.find(|field| sides.iter().any(|side| idle(side, field)))
    }

    /// All figures, in the order in which [`Self::decided`] takes what is said of them.
    pub(super) fn samples(&self) -> impl Iterator<Item = &Samples> {
        self.cells.iter().flat_map(|(_, samples)| samples)
    }

    /// The run beside the base, with what may be said of each figure.
    pub(super) fn decided(&self, findings: &mut impl Iterator<Item = Finding>) -> Against {
        let mut cells = Vec::new();
        for (pair, samples) in &self.cells {
            let figures = samples.iter().zip(findings.by_ref());
            cells.push(CellPair {
                figures: figures
                    .filter_map(|(samples, finding)| decided(samples, finding))
                    .collect(),
                ..pair.clone()
            });
        }
        Against {
            cells,
            ..self.against.clone()
        }
    }
}

fn decided(samples: &Samples, finding: Finding) -> Option<Figure> {
    let estimate = |figures: &Vec<f64>| Estimate::of(samples.metric, figures);
    let [base, new] = samples.sides.each_ref().map(estimate);
    Some(Figure {
        metric: samples.metric,
        base: base?,
        new: new?,
        change: finding.change,
        verdict: finding.verdict,
        doubt: finding.doubt,
        regression: finding.regression,
    })
}

/// A cell, and what it is on each side that has it.
struct Found<'a, 'b> {
    /// In the base's terms.
    cell: &'b Cell,
    /// The fields of the factors that were changed.
    changed: &'b [&'b str],
    sides: [Option<(&'b Side<'a>, &'a Cell)>; 2],
}

impl Found<'_, '_> {
    fn drafted(&self, varying: &Varying, asked: &[Metric]) -> (CellPair, Vec<Samples>) {
        let usual = usual(self.cell);
        let metrics = if asked.is_empty() { &usual } else { asked };
        let mut pair = self.pair(varying);
        let mut samples = Vec::new();
        for metric in metrics {
            match self.figures(*metric) {
                [Some(base), Some(new)] => samples.push(Samples {
                    metric: *metric,
                    sides: [base, new],
                }),
                [Some(_), None] if pair.presence == Presence::Both => {
                    pair.only_in_base.push(*metric);
                }
                [None, Some(_)] if pair.presence == Presence::Both => {
                    pair.only_in_new.push(*metric);
                }
                _ => {}
            }
        }
        (pair, samples)
    }

    fn pair(&self, varying: &Varying) -> CellPair {
        let [base, new] = self
            .sides
            .map(|side| side.map(|(side, cell)| side.standing(cell)));
        CellPair {
            cell: cell_id(self.cell),
            label: varying.label(self.cell),
            count: varying.count().of(self.cell),
            requests: self.cell.requests(),
            presence: Presence::of(base.as_ref(), new.as_ref()),
            base,
            new,
            figures: Vec::new(),
            only_in_base: Vec::new(),
            only_in_new: Vec::new(),
        }
    }

    /// The figures of each side that has some.
    fn figures(&self, metric: Metric) -> [Option<Vec<f64>>; 2] {
        self.sides.map(|side| {
            let figures = side.map(|(side, cell)| side.figures(metric, cell, self.changed));
            figures.filter(|figures| !figures.is_empty())
        })
    }
}

impl Presence {
    fn of(base: Option<&Standing>, new: Option<&Standing>) -> Self {
        let (Some(base), Some(new)) = (base, new) else {
            return if base.is_some() {
                Self::OnlyInBase
            } else {
                Self::OnlyInNew
            };
        };
        match (base.measured > 0, new.measured > 0) {
            (true, true) => Self::Both,
            (true, false) => Self::FailsNow,
            (false, true) => Self::WorksNow,
            (false, false) => Self::FailsStill,
        }
    }
}

/// What is compared unless something else is asked for: what got through, what it cost, how long it took.
fn usual(cell: &Cell) -> [Metric; 3] {
    let [through, cost] = Metric::of_traffic(cell);
    [through, cost, Metric::LatencyP99]
}

fn refused(sides: [&Side<'_>; 2], why: &str) -> Error {
    let [base, new] = sides.map(|side| side.folder.name.as_str());
    Error::refused("compare", format!("{base} and {new}"), why)
}

fn nothing_in_common(sides: [&Side<'_>; 2]) -> Error {
    let empty = sides.iter().find(|side| side.trials.is_empty());
    let reason = match empty {
        Some(side) => format!("no trial is recorded in {}", side.folder.name),
        None => format!("they have no cell in common{}", apart_in_words(sides)),
    };
    refused(sides, &reason).with_remedy(Remedy::CompareAlike)
}

/// What no cell of one run has of the other's load, as the end of a sentence.
fn apart_in_words([base, new]: [&Side<'_>; 2]) -> String {
    let phrase = |factor: Difference| {
        let level = |level: Option<String>| level.unwrap_or_else(|| "absent".to_owned());
        format!(
            "`{}` is {} in {} and {} in {}",
            factor.what,
            level(factor.base),
            base.folder.name,
            level(factor.new),
            new.folder.name
        )
    };
    let first = apart(&base.cells(), &new.cells()).into_iter().next();
    first.map_or_else(String::new, |factor| format!(", as {}", phrase(factor)))
}
