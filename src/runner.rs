//! The loop over trials: set up, measure, tear down, record. It survives a failed trial and does not try it again, nor does it
//! try what the testbed refuses beforehand; which
//! trial is next, also where others disturbed one, the plan says.
//!
//! Must not know topologies or sockets. The invariant: a lab that was set up is torn down, and a trial that was begun is
//! recorded, unless the user ended the run in the middle of it.

mod dropped;
mod lines;
mod phases;

use std::time::Duration;

use nix::errno::Errno;

use crate::error::{Error, Result};
use crate::host::canary::{self, Pace};
use crate::plan::{Place, Plan, Standing, Trial};
use crate::scenario::Timing;
use crate::store::folder::Writer;
use crate::store::record::{Failure, LabCost, Noise, Record, Rows, Status};
use crate::testbed::{Measurement, Testbed, TrialPlan, Watch, search};
use crate::units::nanos;
use crate::version::{self, NUMBER};

pub use crate::testbed::Phase;
use phases::Phases;

/// Told how a run goes; the words on the screen are its business.
pub trait Progress: Watch {
    /// A trial begins, with how far the run is.
    fn begins(&self, place: Place, trial: &Trial);
    /// A trial ended and is recorded.
    fn ends(&self, record: &Record);
}

/// How a run ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Trials recorded as measured in this run.
    pub ok: usize,
    /// Trials recorded as failed in this run.
    pub failed: usize,
    /// Whether the user ended it.
    pub interrupted: bool,
}

/// What there is to do.
#[derive(Clone, Copy)]
pub struct Work<'a> {
    /// The trials, in their order.
    pub plan: &'a Plan,
    /// The records of what was done in an earlier run of the folder.
    pub done: &'a [Record],
    /// What records are to say of the machine.
    pub machine: Option<&'a str>,
}

impl<'a> Work<'a> {
    /// What there is of the plan before the run goes on.
    #[must_use]
    pub fn standing(&self) -> Standing<'a> {
        let mut standing = Standing::new(self.plan);
        for record in self.done {
            standing.enter(record.turn(), record.shown());
        }
        standing
    }
}

/// Runs every trial of a plan that is wanted and not done yet, each on the testbed and then into the folder.
///
/// # Errors
/// Only when a record cannot be written; a trial that fails is a record.
pub fn run<T: Testbed>(
    testbed: &mut T,
    work: Work<'_>,
    folder: &mut Writer,
    progress: &dyn Progress,
) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let mut standing = work.standing();
    let mut watchman = Watchman::of(work.done);
    let mut watching = testbed.watching();
    while let Some(trial) = standing.next_trial() {
        progress.begins(standing.place(), &trial);
        watchman.learn(testbed);
        let (tried, times) = match testbed.refuses(&trial.cell) {
            Some(error) => (failed(&trial, &error), Times::default()),
            None => canaries(testbed, |testbed| {
                let phases = Phases::new(watching.as_mut(), progress);
                run_trial(testbed, &trial, work.plan.timing, phases)
            }),
        };
        let Some((mut record, rows)) = tried else {
            outcome.interrupted = true;
            break;
        };
        record.machine = work.machine.map(str::to_owned);
        (record.version, record.build) = (Some(NUMBER.to_owned()), Some(version::build()));
        watchman.judge(&mut record, times);
        record.judge_effects();
        folder.keep(&trial.id, &testbed.outputs())?;
        folder.append(&record, &rows)?;
        match record.status {
            Status::Ok => outcome.ok += 1,
            Status::Failed => outcome.failed += 1,
        }
        standing.enter(trial.turn(), record.shown());
        progress.ends(&record);
    }
    Ok(outcome)
}

/// What the canary took before a piece of work, and after it.
type Times = [Option<Duration>; 2];

/// Does a piece of work between two canaries.
fn canaries<T: Testbed, R>(testbed: &mut T, work: impl FnOnce(&mut T) -> R) -> (R, Times) {
    let before = testbed.canary();
    let result = work(testbed);
    (result, [before, testbed.canary()])
}

/// Who knows how long the canary takes in the run.
#[derive(Default)]
struct Watchman(Pace);

impl Watchman {
    /// Who was there for the trials of an earlier run of the folder.
    fn of(done: &[Record]) -> Self {
        let mut watchman = Self::default();
        for record in done {
            watchman.remember(record);
        }
        watchman
    }

    /// Takes note of a trial of the run.
    fn remember(&mut self, record: &Record) {
        let noise = record.noise.iter();
        let times = noise.flat_map(|noise| [noise.canary_before_ns, noise.canary_after_ns]);
        self.0.enter(times.flatten());
    }

    /// Reads the canary until it is known what is usual, which it is after the first call; where it cannot be read, never.
    fn learn<T: Testbed>(&mut self, testbed: &mut T) {
        for _ in 0..self.0.missing() {
            self.0.enter(testbed.canary().map(nanos));
        }
    }

    /// Enters into a record what the canary took around its trial, and whether that is too long for it to be undisturbed.
    fn judge(&mut self, record: &mut Record, times: Times) {
        let usual = self.0.usual();
        if let Some(noise) = &mut record.noise {
            let [before, after] = times.map(|time| time.map(nanos));
            (noise.canary_before_ns, noise.canary_after_ns) = (before, after);
            noise.canary_usual_ns = usual;
            match before.zip(after).zip(usual) {
                Some(((before, after), usual)) => {
                    let complaint = canary::complaint(before.max(after), usual);
                    noise.disturbed.extend(complaint.clone());
                    record.warnings.extend(complaint);
                }
                None => noise.unjudged.push(NOT_TIMED.to_owned()),
            }
        }
        self.remember(record);
    }
}

/// What is said of a trial beside which no canary could be read.
const NOT_TIMED: &str = "it is unknown whether the machine was as fast as usual: the fixed piece of work could not be timed";

/// One trial from set-up to record, with what was seen in its phases; `None` when the user ended it.
fn run_trial<T: Testbed>(
    testbed: &mut T,
    trial: &Trial,
    timing: Timing,
    phases: Phases<'_>,
) -> Option<(Record, Rows)> {
    if phases.interrupted() {
        return None;
    }
    let (mut record, rows) = try_trial(testbed, trial, timing, &phases)?;
    phases.enter(&mut record);
    Some((record, rows))
}

fn try_trial<T: Testbed>(
    testbed: &mut T,
    trial: &Trial,
    timing: Timing,
    watch: &Phases<'_>,
) -> Option<(Record, Rows)> {
    watch.phase(Phase::Setup);
    let mut lab = match testbed.setup(&trial.cell, watch) {
        Ok(lab) => lab,
        Err(error) => return failed(trial, &error),
    };
    watch.lab_is_up(|| testbed.sides(&mut lab));
    watch.phase(Phase::Connect);
    let plan = TrialPlan {
        id: &trial.id,
        cell: &trial.cell,
        timing,
    };
    let measured = search::measure(testbed, &lab, plan, watch);
    watch.phase(Phase::Teardown);
    watch.lab_goes();
    let cost = testbed.teardown(lab);
    match measured {
        Ok(measurement) => Some(recorded(trial, measurement, cost)),
        Err(error) => failed(trial, &error),
    }
}

/// A record of what was measured. A teardown that could not be waited for costs the record its lab's figures, not the rest.
fn recorded(trial: &Trial, measured: Measurement, cost: Result<Option<LabCost>>) -> (Record, Rows) {
    let mut warnings = measured.warnings;
    let lab = cost.map_err(|error| warnings.push(error.sentence()));
    let lab = lab.ok().flatten();
    let record = Record {
        window: Some(measured.window),
        aggregate: Some(measured.aggregate),
        per_pair: measured.per_pair,
        latency: measured.latency,
        under_way: measured.under_way,
        lateness: measured.lateness,
        pacing: measured.pacing,
        classes: measured.classes,
        cpu: measured.cpu,
        cpus: measured.cpus,
        connections: measured.connections,
        per_container: measured.per_container,
        lab,
        checks: Some(measured.checks),
        counters: Some(measured.counters),
        flows: Some(measured.flows),
        errors: measured.errors,
        samples: Some(measured.samples),
        effective: Some(measured.effective),
        generator: measured.generator,
        noise: Some(Noise {
            disturbed: measured.noise.disturbed,
            unjudged: measured.noise.unjudged,
            ..Noise::default()
        }),
        seen: measured.seen,
        search: measured.search,
        warnings,
        ..blank(trial, Status::Ok)
    };
    (record, measured.rows)
}

/// A record of what went wrong; none when it was the user who ended the trial.
fn failed(trial: &Trial, error: &Error) -> Option<(Record, Rows)> {
    match error {
        Error::Interrupted => None,
        error => {
            let failure = Some(Failure::of(error, |number| {
                format!("{:?}", Errno::from_raw(number))
            }));
            Some((
                Record {
                    error: failure,
                    ..blank(trial, Status::Failed)
                },
                Rows::default(),
            ))
        }
    }
}

/// A record with the trial's name and factors, and nothing else yet.
fn blank(trial: &Trial, status: Status) -> Record {
    Record {
        status,
        role: trial.role,
        again: trial.again,
        ..Record::blank(trial.id.clone(), trial.repeat, trial.cell.clone())
    }
}
