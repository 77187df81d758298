//! The parts of a record that say what the kernel counted in each phase of its trial, and by which errors flows were lost in it.
//!
//! Since schema 2. The invariant: a phase that was not entered is absent, and so is a figure that nobody could read.

use serde::{Deserialize, Serialize};

use crate::factors::is_default;

/// What a trial was at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TrialPhase {
    /// The lab is raised.
    Setup,
    /// Flows are brought up; those of somebody else's generators until their window opens.
    Connect,
    /// They run and do not count yet.
    Warmup,
    /// They count.
    Window,
    /// They are ended, and the lab is removed.
    Teardown,
}

/// What the whole machine counted in each phase of a trial. Where several windows were measured, as a rate was looked for, the
/// phases of all of them are in each figure.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialPhases {
    /// While the lab was raised.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub setup: Option<PhaseCounts>,
    /// While flows were brought up; with somebody else's generators until their window opened.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub connect: Option<PhaseCounts>,
    /// Until the window opened.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub warmup: Option<PhaseCounts>,
    /// While it was open, and its edges were read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub window: Option<PhaseCounts>,
    /// From the window's end until the lab was gone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub teardown: Option<PhaseCounts>,
}

/// What the whole machine counted in a phase; absent where its kernel does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseCounts {
    /// How long the phase was, in nanoseconds.
    pub duration_ns: u64,
    /// Packets dropped because a CPU's backlog was full.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub backlog_drops: Option<u64>,
    /// Times the softirq budget ran out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub softirq_squeezes: Option<u64>,
    /// Times the neighbour table of either family was full.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub neighbour_overflows: Option<u64>,
}

impl TrialPhases {
    /// Adds what was counted in a phase to what was counted in it before.
    pub fn add(&mut self, phase: TrialPhase, counts: PhaseCounts) {
        let slot = match phase {
            TrialPhase::Setup => &mut self.setup,
            TrialPhase::Connect => &mut self.connect,
            TrialPhase::Warmup => &mut self.warmup,
            TrialPhase::Window => &mut self.window,
            TrialPhase::Teardown => &mut self.teardown,
        };
        *slot = Some(slot.map_or(counts, |earlier| earlier.plus(counts)));
    }

    /// Those that were entered, in their order.
    pub fn entered(&self) -> impl Iterator<Item = &PhaseCounts> {
        let all = [
            &self.setup,
            &self.connect,
            &self.warmup,
            &self.window,
            &self.teardown,
        ];
        all.into_iter().flatten()
    }
}

impl PhaseCounts {
    fn plus(self, other: Self) -> Self {
        let sum = |one: Option<u64>, two: Option<u64>| Some(one? + two?);
        Self {
            duration_ns: self.duration_ns + other.duration_ns,
            backlog_drops: sum(self.backlog_drops, other.backlog_drops),
            softirq_squeezes: sum(self.softirq_squeezes, other.softirq_squeezes),
            neighbour_overflows: sum(self.neighbour_overflows, other.neighbour_overflows),
        }
    }
}

/// Flows that were lost by the same error in the same phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowErrors {
    /// When.
    pub phase: TrialPhase,
    /// What was being done.
    pub act: String,
    /// The kernel's error by name (`ECONNRESET`), where the kernel is who refused.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub errno: Option<String>,
    /// How many flows.
    pub flows: u32,
    /// What was said of the first of them, by the plan's order.
    #[serde(skip_serializing_if = "is_default", default)]
    pub first: String,
}
