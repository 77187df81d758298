//! Who stands between a trial and its watcher, and keeps what the machine counted in each of its phases.
//!
//! Must not know testbeds. The invariant: what is counted is read as a phase begins, and so never inside a window.

use std::sync::{Mutex, PoisonError};

use crate::host::counters::{Counted, Totals};
use crate::store::record::{Counter, PhaseCounts, TrialPhase, TrialPhases};
use crate::testbed::{Phase, Watch};
use crate::traffic::Dials;
use crate::units::nanos;

/// See the file's head.
pub(super) struct Phases<'a> {
    watch: &'a dyn Watch,
    /// What reads the machine; where there is none, nothing is kept.
    read: Option<fn() -> Totals>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// The phase that goes on, and what had been counted when it began.
    at: Option<(TrialPhase, Totals)>,
    over: TrialPhases,
}

impl Kept {
    fn ends(&mut self, now: &Totals) {
        if let Some((phase, began)) = self.at.take() {
            self.over.add(phase, counts(now.since(&began)));
        }
    }
}

impl<'a> Phases<'a> {
    pub(super) fn new(read: Option<fn() -> Totals>, watch: &'a dyn Watch) -> Self {
        Self {
            watch,
            read,
            kept: Mutex::default(),
        }
    }

    /// What was counted in each phase, the last of which ends now; absent where nothing was read.
    pub(super) fn ended(self) -> Option<TrialPhases> {
        let now = self.read?();
        let mut kept = self
            .kept
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        kept.ends(&now);
        Some(kept.over)
    }
}

impl Watch for Phases<'_> {
    fn phase(&self, phase: Phase) {
        if let Some(read) = self.read {
            let now = read();
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.ends(&now);
            kept.at = Some((recorded(phase), now));
        }
        self.watch.phase(phase);
    }

    fn flowing(&self, dials: Dials) {
        self.watch.flowing(dials);
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

fn counts(counted: Counted) -> PhaseCounts {
    let softnet = counted.softnet;
    let counts = [
        (
            Counter::BacklogDrops,
            softnet.map(|packets| packets.dropped),
        ),
        (
            Counter::SoftirqSqueezes,
            softnet.map(|packets| packets.squeezed),
        ),
        (Counter::NeighbourOverflows, counted.neighbour_overflows),
    ];
    PhaseCounts {
        duration_ns: nanos(counted.elapsed),
        counts: counts
            .into_iter()
            .filter_map(|(counter, number)| Some((counter, number?)))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nobody;

    impl Watch for Nobody {
        fn sample(&self, _: f64) {}
        fn interrupted(&self) -> bool {
            false
        }
    }

    #[test]
    fn a_phase_that_comes_again_is_added_and_one_that_never_came_is_absent() {
        let phases = Phases::new(Some(Totals::take), &Nobody);
        for phase in [Phase::Setup, Phase::Connect, Phase::Measure, Phase::Drain] {
            phases.phase(phase);
        }
        let once = phases
            .kept
            .lock()
            .unwrap()
            .over
            .window
            .as_ref()
            .unwrap()
            .duration_ns;
        for phase in [Phase::Connect, Phase::Measure, Phase::Teardown] {
            phases.phase(phase);
        }

        let kept = phases.ended().unwrap();

        assert_eq!(kept.warmup, None);
        assert!(kept.window.as_ref().unwrap().duration_ns > once);
        assert_eq!(kept.entered().count(), 4);
        assert!(
            kept.setup
                .as_ref()
                .unwrap()
                .counts
                .of(Counter::BacklogDrops)
                .is_some()
        );
    }

    #[test]
    fn without_a_machine_nothing_is_kept() {
        let phases = Phases::new(None, &Nobody);
        phases.phase(Phase::Setup);
        assert_eq!(phases.ended(), None);
    }
}
