//! What a testbed is asked, what it shows while it measures, and what it hands back.
//!
//! Must not know any testbed. The invariant: a measurement is of one window.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::host::counters::Sides;
use crate::host::noise::Verdict;
use crate::host::watching::{Effort, Watching};
use crate::scenario::{Cell, Timing};
use crate::store::record::{
    Aggregate, Checks, Class, Counters, Cpu, CpuShare, Effective, FlowCounts, FlowErrors,
    Generator, LabCost, Latency, Lateness, Pacing, PerContainer, PerPair, ProgramOutput,
    RateSearch, Rows, Samples, Seen, TrackedConnections, UnderWay, Watched, Window,
};
use crate::traffic::Dials;

/// What can raise, measure and remove labs.
pub trait Testbed {
    /// A raised lab.
    type Lab;

    /// Raises the lab of a cell.
    ///
    /// # Errors
    /// What was refused, with nothing left of the lab; `Interrupted` when `watch` says so.
    fn setup(&mut self, cell: &Cell, watch: &dyn Watch) -> Result<Self::Lab>;

    /// Drives the cell's traffic through the lab and measures one window of it.
    ///
    /// # Errors
    /// When nothing could be measured; `Interrupted` when `watch` says so. The lab is still there.
    fn measure(
        &mut self,
        lab: &Self::Lab,
        trial: TrialPlan<'_>,
        watch: &dyn Watch,
    ) -> Result<Measurement>;

    /// Why a cell cannot be measured here, where that is known beforehand: no lab of it is to be set up.
    fn refuses(&self, _cell: &Cell) -> Option<Error> {
        None
    }

    /// What watches its trials, for as long as a run goes on; absent where there is no machine.
    fn watching(&mut self) -> Option<Watching> {
        None
    }

    /// The host sides of a lab, to be watched until it is removed; absent where there is no machine. Asked once.
    ///
    /// # Errors
    /// When they cannot be opened.
    fn sides(&self, _lab: &mut Self::Lab) -> Result<Option<Sides>> {
        Ok(None)
    }

    /// How long a fixed piece of work takes now; absent where that is not timed.
    fn canary(&mut self) -> Option<Duration> {
        None
    }

    /// What somebody else's programs printed in the measurement that was tried last, also where it failed. Taken away by asking.
    fn outputs(&mut self) -> Vec<ProgramOutput> {
        Vec::new()
    }

    /// Removes a lab, and says what raising and removing it cost; absent where nothing was raised.
    ///
    /// # Errors
    /// When its end could not be waited for; it has been removed all the same.
    fn teardown(&mut self, lab: Self::Lab) -> Result<Option<LabCost>>;
}

/// What a trial is fixed by.
#[derive(Debug, Clone, Copy)]
pub struct TrialPlan<'a> {
    /// The trial's id, for the rows of its flows.
    pub id: &'a str,
    /// Its factors.
    pub cell: &'a Cell,
    /// Its phases.
    pub timing: Timing,
}

/// What a trial is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Raising the lab.
    Setup,
    /// Bringing the flows up.
    Connect,
    /// Letting them run before the window opens.
    WarmUp,
    /// The window is open.
    Measure,
    /// Ending the flows, and hearing what they have to say.
    Drain,
    /// Removing the lab.
    Teardown,
}

/// Who watches a trial: shown what goes on, asked whether to go on. Shared between threads.
///
/// It is told by the thread that controls the window, so it must not wait for anything.
pub trait Watch: Sync {
    /// A phase of the trial begins. What drives its own flows tells of every phase; somebody else's generators warm up unseen.
    fn phase(&self, _phase: Phase) {}
    /// The flows are up: what they move may be read from any thread, until the trial ends.
    fn flowing(&self, _dials: Dials) {}
    /// The flows have ended: what the containers' own namespaces had counted by then, and what reading it took.
    fn watched(&self, _watched: Watched, _effort: Effort) {}
    /// A sample of the window ended with this goodput of all flows, in bits a second.
    fn sample(&self, goodput_bps: f64);
    /// Whether the trial should end.
    fn interrupted(&self) -> bool;
}

/// What one window showed: the measured parts of a record, and the rows of its flows.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    /// The common window.
    pub window: Window,
    /// All flows together.
    pub aggregate: Aggregate,
    /// The distribution over the pairs that do the cell's workload; absent where that is to say nothing.
    pub per_pair: Option<PerPair>,
    /// How long requests took.
    pub latency: Option<Latency>,
    /// Those with a connection of their own that had not ended when the window closed.
    pub under_way: Option<UnderWay>,
    /// How late they were sent.
    pub lateness: Option<Lateness>,
    /// Which pairs kept the rate in bits a second that they were offered.
    pub pacing: Option<Pacing>,
    /// The pairs by what they do, where they do not all do the same.
    pub classes: Vec<Class>,
    /// The machine's CPU.
    pub cpu: Option<Cpu>,
    /// The same of each CPU.
    pub cpus: Vec<CpuShare>,
    /// The connection table, where rules track connections.
    pub connections: Option<TrackedConnections>,
    /// The second witnesses.
    pub checks: Checks,
    /// Kernel counters.
    pub counters: Counters,
    /// What became of the flows.
    pub flows: FlowCounts,
    /// By which errors flows were lost.
    pub errors: Vec<FlowErrors>,
    /// The aggregate over the window.
    pub samples: Samples,
    /// What took effect.
    pub effective: Effective,
    /// What somebody else's generators say of themselves.
    pub generator: Option<Generator>,
    /// What shows whether levels took hold, where somebody looked.
    pub seen: Option<Seen>,
    /// How its rate was found, where it was looked for.
    pub search: Option<RateSearch>,
    /// Sentences to be shown beside the figures.
    pub warnings: Vec<String>,
    /// What can be said of others in the window. Of what disturbed it, the warnings are to have the sentences too.
    pub noise: Verdict,
    /// What the processes of the containers used; absent where containers have none of their own.
    pub per_container: Option<PerContainer>,
    /// One row per flow, and one per container where it has a process of its own.
    pub rows: Rows,
}
