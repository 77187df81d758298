//! Who stands between a trial and its watcher, and keeps what the machine, the lab's host sides, the kernel's log and the packets that
//! it dropped showed in each of its phases.
//!
//! Must not know testbeds. The invariant: what is counted is read as a phase begins, and so never inside a window.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::dropped::Dropped;
use super::lines::Lines;
use crate::error::Result;
use crate::host::counters::Sides;
use crate::host::limits::Limits;
use crate::host::watching::{Effort, Mark, Reading, Watching};
use crate::plan::Need;
use crate::scenario::registry::namespaces::NAMESPACE_SYSCTLS;
use crate::store::record::{
    Exceeded, HostSides, PhaseCounts, Record, TrialPhase, TrialPhases, Watched, WatchingCost,
};
use crate::testbed::{Phase, Watch};
use crate::traffic::Dials;
use crate::units::nanos;

/// See the file's head.
pub(super) struct Phases<'a> {
    watch: &'a dyn Watch,
    kept: Mutex<Kept<'a>>,
}

#[derive(Default)]
struct Kept<'a> {
    /// What is open for the run; where there is no machine, nothing is kept.
    watching: Option<&'a mut Watching>,
    /// Those of the lab, while it is there.
    sides: Option<Sides>,
    /// How many of them are read, also when the lab is gone.
    extent: Option<HostSides>,
    /// The phase that goes on, and what had been counted when it began.
    at: Option<(TrialPhase, Reading)>,
    over: TrialPhases,
    lines: Lines,
    dropped: Dropped,
    /// When the first window opened.
    opened: Option<Mark>,
    watched: Option<Watched>,
    effort: Effort,
    /// Why something was not watched.
    warnings: Vec<String>,
}

impl<'a> Phases<'a> {
    pub(super) fn new(watching: Option<&'a mut Watching>, watch: &'a dyn Watch) -> Self {
        let kept = Kept {
            watching,
            ..Kept::default()
        };
        Self {
            watch,
            kept: Mutex::new(kept),
        }
    }

    /// The lab is up: its host sides are watched from now on.
    pub(super) fn lab_is_up(&self, open: impl FnOnce() -> Result<Option<Sides>>) {
        let mut kept = self.kept();
        if kept.watching.is_none() {
            return;
        }
        let (sides, effort) = Effort::of(open);
        kept.effort += effort;
        match sides {
            Ok(sides) => kept.watch(sides),
            Err(error) => kept.warnings.push(error.sentence()),
        }
    }

    /// The lab is about to be removed: nothing may hold it any more.
    pub(super) fn lab_goes(&self) {
        self.kept().sides = None;
    }

    /// Enters into a record what was seen in each phase, the last of which ends now.
    pub(super) fn enter(self, record: &mut Record) {
        let kept = self.kept.into_inner();
        let kept = kept.unwrap_or_else(PoisonError::into_inner);
        kept.enter(record);
    }

    fn kept(&self) -> MutexGuard<'_, Kept<'a>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept<'_> {
    /// Watches host sides from now on; where they cannot be read, that is said.
    fn watch(&mut self, sides: Option<Sides>) {
        let why = sides.as_ref().and_then(Sides::unwatched);
        let why = why.map(|why| format!("the lab's host side is not watched: {}", why.sentence()));
        self.warnings.extend(why);
        self.extent = sides.as_ref().and_then(Sides::extent);
        self.sides = sides;
    }

    /// Ends the phase that goes on, and begins another.
    fn turn(&mut self, next: TrialPhase) {
        if self.watching.is_none() {
            return;
        }
        let ((), effort) = Effort::of(|| {
            let now = self.reading();
            self.read_log();
            self.read_drops();
            self.ends(&now);
            self.at = Some((next, now));
        });
        self.effort += effort;
        if next == TrialPhase::Window {
            self.opened.get_or_insert_with(Mark::now);
        }
    }

    /// Host sides that are gone count nothing more.
    fn reading(&mut self) -> Reading {
        match (self.sides.as_mut(), &self.at) {
            (None, Some((_, last))) => Reading::after(last),
            (sides, _) => Reading::take(sides),
        }
    }

    fn ends(&mut self, now: &Reading) {
        if let Some((phase, began)) = self.at.take() {
            let (duration_ns, counts) = now.since(&began);
            let counts = PhaseCounts {
                duration_ns,
                counts,
            };
            self.over.add(phase, counts);
        }
    }

    /// Takes from the kernel's log what came in the phase that goes on; before the first, nothing is the trial's.
    fn read_log(&mut self) {
        let Some(log) = self.watching.as_mut().and_then(|it| it.log()) else {
            return;
        };
        let Some((phase, _)) = &self.at else {
            return log.skip();
        };
        let sides = self.sides.as_ref();
        for line in log.read() {
            let elsewhere = line
                .namespace
                .is_some_and(|number| !sides.is_some_and(|sides| sides.own(number)));
            if !elsewhere {
                self.lines.add(*phase, line);
            }
        }
    }

    /// Takes what was dropped in the phase that goes on; before the first, nothing is the trial's.
    fn read_drops(&mut self) {
        if let Some(drops) = self.watching.as_ref().and_then(|it| it.drops()) {
            let ends = self.at.as_ref().map(|(phase, _)| *phase);
            self.dropped.turn(drops, ends);
        }
    }

    fn enter(mut self, record: &mut Record) {
        let ((), effort) = Effort::of(|| {
            let now = self.reading();
            self.read_log();
            self.read_drops();
            self.ends(&now);
        });
        self.effort += effort;
        record.warnings.append(&mut self.warnings);
        let Some(watching) = self.watching else {
            return;
        };
        if let Some(log) = watching.log() {
            record.kernel_log =
                self.lines
                    .told(log, self.opened, (&self.over, self.watched.as_ref()));
        }
        record.drops = self.dropped.told();
        record.exceeded = exceeded(record);
        record.phases = Some(self.over);
        record.host_sides = self.extent;
        record.watched = self.watched;
        record.watching = Some(WatchingCost {
            cpu_ns: nanos(self.effort.cpu),
            wall_ns: nanos(self.effort.wall),
        });
    }
}

/// The limits that leave less than a trial needs, where the kernel refused it something; nothing where none could be read.
fn exceeded(record: &Record) -> Vec<Exceeded> {
    let mut lost = record.errors.iter().map(|of| of.errno.is_some());
    let failed = record.error.as_ref().is_some_and(|of| of.errno.is_some());
    if !failed && !lost.any(|by_kernel| by_kernel) {
        return Vec::new();
    }
    let own = NAMESPACE_SYSCTLS.of(&record.cell);
    let own = own
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let limits = Limits::in_force(&own.collect());
    limits.map_or_else(|_| Vec::new(), |it| it.exceeded(&Need::of(&record.cell)))
}

impl Watch for Phases<'_> {
    fn phase(&self, phase: Phase) {
        self.kept().turn(recorded(phase));
        self.watch.phase(phase);
    }

    fn flowing(&self, dials: Dials) {
        self.watch.flowing(dials);
    }

    fn watched(&self, watched: Watched, effort: Effort) {
        let mut kept = self.kept();
        kept.watched = Some(watched);
        kept.effort += effort;
    }

    fn sample(&self, goodput_bps: f64) {
        self.watch.sample(goodput_bps);
    }

    fn interrupted(&self) -> bool {
        self.watch.interrupted()
    }
}

fn recorded(phase: Phase) -> TrialPhase {
    match phase {
        Phase::Setup => TrialPhase::Setup,
        Phase::Connect => TrialPhase::Connect,
        Phase::WarmUp => TrialPhase::Warmup,
        Phase::Measure => TrialPhase::Window,
        Phase::Drain | Phase::Teardown => TrialPhase::Teardown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Topology;
    use crate::store::record::Counter;
    use crate::store::sample;

    struct Nobody;

    impl Watch for Nobody {
        fn sample(&self, _: f64) {}
        fn interrupted(&self) -> bool {
            false
        }
    }

    fn record() -> Record {
        sample::failed(sample::cell(Topology::Bridge, 8), 0)
    }

    #[test]
    fn a_phase_that_comes_again_is_added_and_one_that_never_came_is_absent() {
        let mut watching = Watching::default();
        let phases = Phases::new(Some(&mut watching), &Nobody);
        for phase in [Phase::Setup, Phase::Connect, Phase::Measure, Phase::Drain] {
            phases.phase(phase);
        }
        let once = phases.kept().over.window.as_ref().unwrap().duration_ns;
        for phase in [Phase::Connect, Phase::Measure, Phase::Teardown] {
            phases.phase(phase);
        }

        let mut record = record();
        phases.enter(&mut record);

        let kept = record.phases.unwrap();
        assert_eq!(kept.warmup, None);
        assert!(kept.window.as_ref().unwrap().duration_ns > once);
        assert_eq!(kept.entered().count(), 4);
        let setup = kept.setup.as_ref().unwrap();
        assert!(setup.counts.of(Counter::BacklogDrops).is_some());
        assert!(record.watching.unwrap().wall_ns > 0);
    }

    #[test]
    fn without_a_machine_nothing_is_kept() {
        let phases = Phases::new(None, &Nobody);
        phases.phase(Phase::Setup);
        phases.lab_is_up(|| unreachable!("there is nothing to open"));
        let mut entered = record();
        phases.enter(&mut entered);
        assert_eq!(entered, record());
    }

    #[test]
    fn host_sides_that_cannot_be_opened_are_a_warning_and_no_failure() {
        let mut watching = Watching::default();
        let phases = Phases::new(Some(&mut watching), &Nobody);
        phases.phase(Phase::Setup);
        phases.lab_is_up(|| Err(crate::Error::refused("open", "a namespace", "it is gone")));
        let mut entered = record();
        phases.enter(&mut entered);
        assert_eq!(entered.warnings, ["open a namespace: it is gone"]);
        assert!(entered.phases.is_some());
    }

    #[test]
    fn a_host_side_of_somebody_elses_that_may_not_be_read_is_said_with_the_reason() {
        let mut watching = Watching::default();
        let phases = Phases::new(Some(&mut watching), &Nobody);
        phases.phase(Phase::Setup);
        let why = crate::Error::refused("enter", "the engine's namespace", "it is another's");
        phases.lab_is_up(|| Sides::found(Some(Err(why)), &[]).map(Some));
        phases.lab_goes();
        let mut entered = record();
        phases.enter(&mut entered);
        let said =
            "the lab's host side is not watched: enter the engine's namespace: it is another's";
        assert_eq!(entered.warnings, [said]);
        assert_eq!(entered.host_sides, Some(HostSides { read: 0, of: 1 }));
    }
}
