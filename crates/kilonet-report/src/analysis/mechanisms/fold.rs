//! A mechanism over the cells of a run: where it bound, and which consequences are put under it.
//!
//! Must not know which mechanisms there are. The invariant: a consequence is put under a mechanism in a cell only where each trial
//! that shows the one also shows the other, and shows it no earlier.

use super::consequence::{Consequence, Shows};
use super::intervention::interventions;
use super::model::{
    Began, BoundCell, Certainty, Drops, Explained, ExplainedCell, Mechanism, Unit, Witness,
};
use super::row::{Bound, Moved, Reading, Row, Source, refused};
use super::table;
use crate::analysis::answers::Asked;
use crate::scenario::Cell;
use crate::store::folder::Manifest;
use crate::store::record::{Record, TrialPhase};

/// A cell of a curve and its trials.
struct Place<'a> {
    nth: usize,
    count: u32,
    trials: &'a [&'a Record],
}

/// A mechanism as the trials of a run show it; absent where none does.
pub(super) fn mechanism(row: &Row, asked: &Asked<'_>, manifest: &Manifest) -> Option<Mechanism> {
    let places = places(asked);
    let bound = places.iter().map(|place| (place, bound(row, place.trials)));
    let bound: Vec<_> = bound.filter(|(_, trials)| !trials.is_empty()).collect();
    let cells: Vec<_> = bound
        .iter()
        .map(|(place, trials)| cell(place, trials, asked))
        .collect();
    let all: Vec<_> = bound.iter().flat_map(|(_, trials)| trials).collect();
    // Of what is told by other means, amounts are of other things.
    let best = all.iter().map(|trial| trial.moved.source).min()?;
    let told = all.iter().filter(|trial| trial.moved.source == best);
    let worst = told.max_by(|a, b| a.moved.amount.total_cmp(&b.moved.amount))?;
    let began = began(&cells, asked);
    let logged = all.iter().find_map(|trial| row.logged(trial.record));
    Some(Mechanism {
        id: row.id,
        title: row.title,
        certain: worst.moved.certain(),
        began_at: began.iter().min_by_key(|it| it.count)?.clone(),
        began,
        witness: witness(row, &worst.moved),
        explains: explained(row, &bound, asked),
        limit: (row.limit)(worst.record, manifest),
        filling: row.filling.map(|of| of(worst, manifest)),
        interventions: interventions(row, asked),
        drops: drops(row, worst.record),
        remedy: row.remedy,
        kernel_line: logged.map(|of| of.line.clone()),
        is_other_traffic: row.is_other_traffic,
        instead_of: row.instead_of,
        cells,
    })
}

/// What tells of it.
fn witness(row: &Row, moved: &Moved) -> Witness {
    let any = "any, as nobody could read its counter";
    let (name, unit, threshold) = match moved.source {
        Source::Witness => (row.witness.0, row.witness.1, row.threshold),
        Source::Log => ("kernel_log", Unit::Things("line"), any),
        Source::Error => ("errors", Unit::Things("flow"), any),
    };
    Witness {
        name,
        amount: moved.amount,
        unit,
        threshold,
    }
}

/// The most frequent of the reasons that go with it; absent where packets were dropped for none of them, or nobody knows.
fn drops(row: &Row, record: &Record) -> Option<Drops> {
    let until_over = record.drops.iter().flatten();
    let until_over = until_over.filter(|of| of.phase <= TrialPhase::Window);
    let of = |reason: &&str| Drops {
        reason: (*reason).to_owned(),
        packets: until_over
            .clone()
            .filter(|of| of.reason == *reason)
            .map(|of| of.packets)
            .sum(),
    };
    let each = row.drops.iter().map(of).filter(|of| of.packets > 0);
    each.max_by_key(|of| of.packets)
}

/// All cells, curve by curve.
fn places<'a>(asked: &'a Asked<'a>) -> Vec<Place<'a>> {
    let each = (0..asked.series.len()).flat_map(|nth| {
        let cells = asked.cells(nth).into_iter();
        cells.map(move |cell| (nth, cell))
    });
    let place = |(nth, cell): (usize, &Cell)| {
        Some(Place {
            nth,
            count: asked.count.of(cell),
            trials: asked.trials.get(cell)?,
        })
    };
    each.filter_map(place).collect()
}

/// The trials in which a mechanism bound.
fn bound<'a>(row: &Row, trials: &'a [&'a Record]) -> Vec<Bound<'a>> {
    let read = |record: &'a Record| {
        let moved = match row.reading(record) {
            Reading::Moved(moved) => moved,
            Reading::Unseen => probable(row, record)?,
            Reading::Still => return None,
        };
        let logged = row.logged(record).and_then(|of| of.window_s);
        let fell = fell_at(record, &moved).filter(|_| row.ends_all);
        Some(Bound {
            record,
            moved,
            second: earliest(logged, fell),
        })
    };
    trials.iter().copied().filter_map(read).collect()
}

/// What speaks for a mechanism whose witness nobody could read: an error that it makes, if that is not what another makes whose
/// witness moved, or which comes first among those that nobody could read.
fn probable(row: &Row, record: &Record) -> Option<Moved> {
    row.by_error.iter().find_map(|refusal| {
        let moved = refused(record, std::slice::from_ref(refusal))?;
        let makes = |other: &&Row| {
            let mut errors = other.by_error.iter();
            errors.any(|it| it.overlaps(*refusal))
        };
        let who = table::ROWS.iter().filter(makes);
        let mut readings = who.map(|other| (other.id, other.reading(record)));
        let first = readings.find(|(_, reading)| *reading != Reading::Still);
        first
            .is_some_and(|(id, reading)| id == row.id && reading == Reading::Unseen)
            .then_some(Moved {
                source: Source::Error,
                ..moved
            })
    })
}

/// The earlier of two, of which one may be absent.
fn earliest(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// A share of the best interval at which goodput is next to nothing.
const NEXT_TO_NOTHING: f64 = 0.1;

/// When in the window goodput fell to next to nothing and stayed there, in seconds; absent where it did not, and where a witness
/// had moved before it.
fn fell_at(record: &Record, moved: &Moved) -> Option<f64> {
    if moved.phase != Some(TrialPhase::Window) {
        return None;
    }
    let samples = record.samples.as_ref()?;
    let best = samples.goodput_bps.iter().copied().fold(0.0, f64::max);
    let is_low = |goodput: &f64| *goodput < NEXT_TO_NOTHING * best;
    let last = samples.goodput_bps.iter().rposition(|it| !is_low(it))?;
    let has_fallen = last + 1 < samples.goodput_bps.len();
    has_fallen.then(|| (last + 1) as f64 * samples.interval_ns as f64 / 1e9)
}

fn cell(place: &Place<'_>, trials: &[Bound<'_>], asked: &Asked<'_>) -> BoundCell {
    let amounts = trials.iter().map(|trial| trial.moved.amount);
    let is_certain = |trial: &Bound<'_>| trial.moved.certain() == Certainty::Witnessed;
    let seconds = trials.iter().filter_map(|trial| trial.second);
    BoundCell {
        nth: place.nth,
        series: asked.series[place.nth].label.clone(),
        count: place.count,
        trials: names(trials.iter().map(|trial| trial.record)),
        amount: amounts.fold(0.0, f64::max),
        certain: if trials.iter().any(is_certain) {
            Certainty::Witnessed
        } else {
            Certainty::ByError
        },
        phase: trials.iter().filter_map(|trial| trial.moved.phase).min(),
        second: seconds.min_by(f64::total_cmp),
    }
}

fn names<'a>(records: impl Iterator<Item = &'a Record>) -> Vec<String> {
    records.map(|record| record.trial.to_string()).collect()
}

/// Where it began on each curve.
fn began(cells: &[BoundCell], asked: &Asked<'_>) -> Vec<Began> {
    let curves = cells.chunk_by(|left, right| left.nth == right.nth);
    let of = |cells: &[BoundCell]| {
        let first = &cells[0];
        let counts = asked.cells(first.nth).into_iter();
        let larger = counts.filter(|cell| asked.count.of(cell) >= first.count);
        Began {
            series: first.series.clone(),
            count: first.count,
            onwards: larger.count() == cells.len(),
            phase: first.phase,
            second: first.second,
        }
    };
    curves.map(of).collect()
}

/// What follows from it, consequence by consequence.
fn explained(
    row: &Row,
    bound: &[(&Place<'_>, Vec<Bound<'_>>)],
    asked: &Asked<'_>,
) -> Vec<Explained> {
    let of = |consequence: Consequence| {
        let cells = bound
            .iter()
            .filter_map(|(place, trials)| explained_in(row, consequence, place, trials, asked));
        Explained {
            consequence,
            cells: cells.collect(),
        }
    };
    let each = row.explains.iter().map(|consequence| of(*consequence));
    each.filter(|it| !it.cells.is_empty()).collect()
}

fn explained_in(
    row: &Row,
    consequence: Consequence,
    place: &Place<'_>,
    bound: &[Bound<'_>],
    asked: &Asked<'_>,
) -> Option<ExplainedCell> {
    let trials = place.trials.iter();
    let showing: Vec<_> = trials
        .filter_map(|record| Some((*record, consequence.of(record)?)))
        .collect();
    let follows = |record: &Record, shows: &Shows| {
        let mut bound = bound.iter();
        bound
            .find(|trial| trial.record.trial == record.trial)
            .is_some_and(|trial| trial.explains(row, consequence, shows))
    };
    if !showing.iter().all(|(record, shows)| follows(record, shows)) {
        return None;
    }
    let (amount, of) = worst(consequence, &showing, place.trials.len())?;
    Some(ExplainedCell {
        nth: place.nth,
        series: asked.series[place.nth].label.clone(),
        count: place.count,
        trials: names(showing.iter().map(|(record, _)| *record)),
        amount,
        of,
    })
}

/// The most of it that a trial shows; of what is of whole trials, how many do.
fn worst(
    consequence: Consequence,
    showing: &[(&Record, Shows)],
    trials: usize,
) -> Option<(f64, Option<f64>)> {
    let amounts = showing.iter().map(|(_, shows)| (shows.amount, shows.of));
    let by_amount = |a: &(f64, _), b: &(f64, _)| a.0.total_cmp(&b.0);
    let worst = if consequence.is_worse_when_less() {
        amounts.min_by(by_amount)
    } else {
        amounts.max_by(by_amount)
    }?;
    Some(if consequence.is_of_whole_trials() {
        (showing.len() as f64, Some(trials as f64))
    } else {
        worst
    })
}

/// The kernel leaves out lines of its log for so long, in seconds, once there have been too many (`DEFAULT_RATELIMIT_INTERVAL`): what
/// the first of them tells may have begun so much earlier.
const LEFT_OUT_S: f64 = 5.0;

impl Bound<'_> {
    /// Whether a consequence that its trial shows can follow from it: it came no earlier, by their phases, and where samples and the
    /// kernel's log tell within the window, by these.
    fn explains(&self, row: &Row, consequence: Consequence, shows: &Shows) -> bool {
        if self.moved.certain() == Certainty::ByError && !consequence.is_of_errors() {
            return false;
        }
        let phases = shows.phase.zip(self.moved.phase);
        let is_before = phases.is_some_and(|(shown, moved)| shown < moved);
        let fell = fell_at(self.record, &self.moved);
        let logged = row.logged(self.record).and_then(|of| of.window_s);
        let interval = self.record.samples.as_ref().map_or(0, |of| of.interval_ns);
        let slack = LEFT_OUT_S + interval as f64 / 1e9;
        let in_window = fell
            .zip(logged)
            .is_some_and(|(fell, logged)| fell + slack < logged);
        !(is_before || in_window)
    }
}
