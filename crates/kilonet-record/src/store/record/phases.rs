//! The parts of a record that say what the kernel counted in each phase of its trial, and by which errors flows were lost in it.
//!
//! Since schema 2. The invariant: a phase that was not entered is absent, and so is a figure that nobody could read.

use serde::{Deserialize, Serialize};

use super::counter::Counts;
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

/// What the whole machine counted in a phase, and the lab's host sides together; a counter is absent where nobody could read it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseCounts {
    /// How long the phase was, in nanoseconds.
    pub duration_ns: u64,
    /// What was counted.
    #[serde(flatten)]
    pub counts: Counts,
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
        *slot = Some(match slot.take() {
            Some(earlier) => earlier.plus(&counts),
            None => counts,
        });
    }

    /// Those that were entered, in their order, with what was counted in each.
    pub fn entered(&self) -> impl Iterator<Item = (TrialPhase, &PhaseCounts)> {
        let all = [
            (TrialPhase::Setup, self.setup.as_ref()),
            (TrialPhase::Connect, self.connect.as_ref()),
            (TrialPhase::Warmup, self.warmup.as_ref()),
            (TrialPhase::Window, self.window.as_ref()),
            (TrialPhase::Teardown, self.teardown.as_ref()),
        ];
        all.into_iter()
            .filter_map(|(phase, counts)| Some((phase, counts?)))
    }
}

impl PhaseCounts {
    fn plus(&self, other: &Self) -> Self {
        Self {
            duration_ns: self.duration_ns + other.duration_ns,
            counts: self.counts.plus(&other.counts),
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
