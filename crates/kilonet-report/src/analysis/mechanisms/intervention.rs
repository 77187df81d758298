//! What became of the same traffic where another level of one factor kept a mechanism away: an experiment that a run has made where
//! it has both.
//!
//! Must not know words, nor which mechanisms there are. The invariant: the two cells differ in that factor and in nothing else, and
//! the witness moved in one of them alone.

use super::model::Intervention;
use super::row::{Reading, Row};
use crate::analysis::answers::Asked;
use crate::analysis::{CellSummary, Metric};
use crate::scenario::{Cell, Field, registry};
use crate::stats;
use crate::store::record::Record;

/// Each cell in which a mechanism bound beside a cell in which another level kept it away.
pub(super) fn interventions(row: &Row, asked: &Asked<'_>) -> Vec<Intervention> {
    let keys = registry::keys().filter(|key| key.facts().keeps_away.contains(&row.id));
    let fields: Vec<_> = keys.flat_map(|key| key.facts().fields).collect();
    let cells = (0..asked.series.len()).flat_map(|nth| {
        let cells = asked.series[nth].cells.iter();
        cells.map(move |index| (nth, &asked.cells[*index]))
    });
    let found = cells.filter(|(_, it)| moved(row, asked, &it.cell) == Some(true));
    let found = found.flat_map(|place| fields.iter().map(move |field| (place, *field)));
    found
        .filter_map(|(place, field)| intervention(row, asked, place, field))
        .collect()
}

fn intervention(
    row: &Row,
    asked: &Asked<'_>,
    (nth, under): (usize, &CellSummary),
    field: &Field,
) -> Option<Intervention> {
    let differs_in_it_alone = |it: &&CellSummary| {
        let mut like = it.cell.clone();
        field.take(&mut like, &under.cell);
        it.cell != under.cell && like == under.cell
    };
    let mut others = asked.cells.iter().filter(differs_in_it_alone);
    let without = others.find(|it| moved(row, asked, &it.cell) == Some(false))?;
    let both = |read: &dyn Fn(&CellSummary) -> Option<f64>| Some((read(under)?, read(without)?));
    Some(Intervention {
        series: asked.series[nth].label.clone(),
        count: asked.count.of(&under.cell),
        factor: field.name,
        levels: (field.level_of(&under.cell)?, field.level_of(&without.cell)?),
        goodput_bps: both(&|it| Some(it.estimate(Metric::Goodput)?.median))?,
        p99_ns: both(&|it| p99(asked.trials.get(&it.cell)?)),
    })
}

/// Whether the witness moved in a cell; absent where no trial of it was measured, or where it could not be read.
fn moved(row: &Row, asked: &Asked<'_>, cell: &Cell) -> Option<bool> {
    let trials = asked.trials.get(cell)?.iter();
    let readings = trials
        .filter(|record| record.is_shown())
        .map(|record| row.reading(record));
    let readings: Vec<_> = readings.collect();
    let moves = |it: &Reading| match it {
        Reading::Moved(_) => true,
        Reading::Still | Reading::Unseen => false,
    };
    let known = !readings.is_empty() && !readings.contains(&Reading::Unseen);
    known.then(|| readings.iter().any(moves))
}

/// The median over trials of what those that ask had to wait: all of them, or the class of them beside streams.
fn p99(trials: &[&Record]) -> Option<f64> {
    let of = |record: &&Record| {
        let classes = record.classes.iter().filter_map(|of| of.latency.as_ref());
        let all = record.latency.iter().chain(classes);
        all.filter_map(|it| it.p99_ns).max().map(|ns| ns as f64)
    };
    stats::median(&trials.iter().filter_map(of).collect::<Vec<_>>())
}
