//! Records into curves.
//!
//! Reads records only: must not know kernel or sockets. The invariant: a point exists only where a record carries it.
//! A cell whose trials all failed is a gap with a reason, never a zero.
//!
//! `factors` finds what varies and so what a curve is; `baseline` pairs each trial with the loopback trial of its block;
//! `metric` is the table of all there is to each metric, and reads a trial; `estimate` estimates one; `summary` does so for a cell over its repeats, `precision` says how well it is known, and `detail` what lies beside that;
//! `answers` asks each curve for its peak or knee (`knee`), and lays models through it (`fit`); `fall` says what it loses from its best
//! count to the largest; `mechanisms` names what binds or breaks, with what follows from it; `limit` finds where something refuses, and `signs` what
//! counters show besides;
//! `generated` says what others' generators add up to; `contrast` holds levels of a factor against each other; `slope` says what one more of
//! a number costs (`axis`), and `reality` how a real engine
//! compares with its model; `post` sets a table of 2017 beside the run's; `model` is what all of it is handed on as.
//! `unexercised` says which factors a run has trials of that could not show them. `fail_if` holds its cells against what the run was to
//! fail for. `growing` has the curves of a run that goes on; `planned` says what a run lacks beside its scenario, and `machines` whether
//! it is of several, or of several versions. `compare` holds runs against each other.

mod answers;
mod axis;
mod baseline;
pub mod compare;
mod containers;
pub mod contrast;
mod curve;
mod detail;
mod disturbed;
mod estimate;
mod factors;
pub mod fail_if;
mod fall;
mod fit;
mod generated;
mod growing;
mod knee;
mod limit;
mod machines;
pub mod mechanisms;
mod merge;
pub mod metric;
pub mod model;
mod planned;
mod post;
mod precision;
mod reality;
mod series;
mod signs;
mod slope;
mod summary;
mod trials;
mod unexercised;

use std::collections::BTreeSet;

use rayon::prelude::*;

pub(crate) use crate::scenario::quantity;

use crate::scenario::Cell;
use crate::store::folder::Run;
use crate::store::record::standing;
use crate::store::{Purpose, VERIFIES_IN};
use crate::units::show_duration;
use answers::{Answers, Asked};
use baseline::Baselines;
use factors::Varying;
use trials::by_cell;

pub use answers::Bending;
pub use axis::Axis;
pub use contrast::{At, Contrast, Held, Verdict};
pub use detail::{CpuParts, Detail, Timeline};
pub use estimate::Estimate;
pub(crate) use factors::tell;
pub use fall::{Fall, Taken};
pub use fit::{Capacity, Residual, Term, Usl};
pub use growing::{Growing, GrowingCurve};
pub use knee::{Basis, Bend, Corner, Knee};
pub use limit::Limit;
pub use mechanisms::Mechanism;
pub use metric::Metric;
pub use model::{
    Analysis, Column, Control, Fit, LineVerdict, Post, PostCell, PostRow, Ratio, Reality, Slope,
};
pub use precision::{Known, Reach};
pub use series::{Count, Series};
pub use signs::{Place, Sign, Symptom};
pub use summary::CellSummary;

impl Analysis {
    /// Computes everything a report shows from a run.
    #[must_use]
    pub fn of(run: &Run) -> Self {
        let trials = by_cell(&run.records);
        let baselines = Baselines::of(&run.records);
        let cells: Vec<_> = trials.keys().copied().collect();
        let varying = Varying::among(&cells);
        let ordered = varying.in_order(cells);
        let goal = precision::goal(&run.manifest);
        let known = |cell| Known::of(goal.as_ref()?, cell, &trials[cell]);
        // Where cells decide how often they are measured, what is planned is the least.
        let recorded = standing(&run.records).count();
        let more = goal.as_ref().map_or(0, |_| recorded);
        let mut cells: Vec<_> = ordered
            .par_iter()
            .map(|cell| CellSummary {
                precision: known(cell),
                ..CellSummary::of(cell, &trials[cell], &baselines)
            })
            .collect();
        merge_warnings(&mut cells);
        let series = series(&varying, &cells, &planned::lost(run));
        let asked = Asked {
            count: varying.count(),
            series: &series,
            cells: &cells,
            trials: &trials,
        };
        let Answers {
            bends,
            usl,
            capacities,
        } = answers::answers(&asked);
        let mechanisms = mechanisms::mechanisms(&asked, &run.manifest);
        let told = |symptom, series, count| {
            let mut all = mechanisms.iter();
            all.any(|it| it.accounts_for(symptom, series, count))
        };
        Self {
            name: run.manifest.name.clone(),
            // A manifest is plain data, which always has a JSON form.
            manifest: serde_json::to_value(&run.manifest).unwrap_or_default(),
            count: varying.count(),
            bends,
            usl,
            capacities,
            limits: limit::limits(&asked, &mechanisms),
            signs: signs::signs(&asked, &told),
            mechanisms,
            slopes: slope::slopes(&trials, &varying),
            realities: reality::realities(&trials, &varying),
            contrasts: contrast::contrasts(&asked, &varying),
            falls: fall::falls(&asked),
            fail_if: fail_if::judged(run, &cells, &varying),
            post: post::post(&cells),
            of_requests: are_of_requests(&cells),
            notes: notes(run),
            series,
            cells,
            planned: (run.manifest.planned as usize).max(more),
            recorded,
        }
    }
}

/// The contrasts of a run, for whoever asks nothing else of it.
#[must_use]
pub fn contrasts(run: &Run) -> Vec<Contrast> {
    let trials = by_cell(&run.records);
    let baselines = Baselines::of(&run.records);
    let cells: Vec<_> = trials.keys().copied().collect();
    let varying = Varying::among(&cells);
    let ordered = varying.in_order(cells).into_iter();
    let cells = ordered.map(|cell| CellSummary::of(cell, &trials[cell], &baselines));
    let cells: Vec<_> = cells.collect();
    let asked = Asked {
        count: varying.count(),
        series: &series(&varying, &cells, &[]),
        cells: &cells,
        trials: &trials,
    };
    contrast::contrasts(&asked, &varying)
}

fn are_of_requests(cells: &[CellSummary]) -> bool {
    let mut measured = cells.iter().filter(|cell| cell.measured > 0).peekable();
    measured.peek().is_some() && measured.all(|cell| cell.cell.is_of_requests())
}

/// Says warnings that differ in their figures alone in the same words everywhere, so that reports say them once.
fn merge_warnings(cells: &mut [CellSummary]) {
    let mut all: Vec<_> = cells
        .iter_mut()
        .flat_map(|cell| &mut cell.warnings)
        .collect();
    merge::merge_figures(&mut all);
    for cell in cells {
        let mut met = BTreeSet::new();
        cell.warnings.retain(|warning| met.insert(warning.clone()));
    }
}

/// Neighbouring cells of one curve, gathered, and the planned counts that are lost between them.
fn series(varying: &Varying, cells: &[CellSummary], lost: &[Cell]) -> Vec<Series> {
    let indexes: Vec<usize> = (0..cells.len()).collect();
    let recorded: Vec<_> = cells.iter().map(|cell| &cell.cell).collect();
    let planned = varying.with(&recorded, lost);
    indexes
        .chunk_by(|left, right| varying.same_curve(&cells[*left].cell, &cells[*right].cell))
        .map(|chunk| {
            let curve: Vec<_> = chunk.iter().map(|index| &cells[*index].cell).collect();
            Series {
                label: varying.label(curve[0]),
                factors: varying.levels(curve[0]),
                lost: planned.inside(&curve, lost),
                cells: chunk.to_vec(),
            }
        })
        .collect()
}

fn notes(run: &Run) -> Vec<String> {
    let mut notes = run.notes.clone();
    if run.manifest.purpose() == Purpose::Verify {
        let window = show_duration(VERIFIES_IN);
        notes.push(format!(
            "the run only verifies that every cell works, with one window of {window} each: do not rely on its figures"
        ));
    }
    let recorded = standing(&run.records).count();
    let planned = run.manifest.planned as usize;
    if recorded < planned {
        notes.push(format!(
            "{recorded} of {planned} planned trials are recorded: the run was cut off or is still in progress"
        ));
    } else {
        notes.extend(precision::notes(run));
    }
    notes.extend(planned::notes(run));
    notes.extend(machines::notes(run));
    notes.extend(disturbed::notes(&run.records));
    notes.extend(baseline::notes(&run.records));
    notes.extend(unexercised::notes(&run.records));
    notes.extend(generated::notes(&run.records));
    notes.extend(containers::notes(&run.records));
    notes
}

#[cfg(test)]
pub(crate) use post::tests::records as records_of_the_post;

#[cfg(test)]
mod tests;
