//! What is handed on of mechanisms: plain values, serialized as they are.
//!
//! Must not know how any is found.

use serde::{Serialize, Serializer};

use super::consequence::Consequence;
use crate::analysis::signs::Symptom;
use crate::scenario::registry::namespaces::NAMESPACE_SYSCTLS;
use crate::store::folder::Manifest;
use crate::store::record::{Exceeded, Record, TrialPhase};

/// A mechanism that bound, and what follows from it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mechanism {
    /// What programs know it by: `neighbour_table`.
    pub id: &'static str,
    /// What happened, in words.
    pub title: &'static str,
    /// How sure that is.
    pub certain: Certainty,
    /// Where and when it began: at the smallest count of all.
    pub began_at: Began,
    /// The same for each curve that it bound on.
    pub began: Vec<Began>,
    /// What shows it.
    pub witness: Witness,
    /// The cells in which it bound, in the order of the curves; at least one.
    pub cells: Vec<BoundCell>,
    /// What follows from it, where; empty where nothing does.
    pub explains: Vec<Explained>,
    /// The setting that it is a limit of, and to what that was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Setting>,
    /// How a connection table was filled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filling: Option<Filling>,
    /// What else became of the same traffic where the mechanism was kept away.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub interventions: Vec<Intervention>,
    /// What the kernel says of packets that it dropped for it, in the trial that shows most of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drops: Option<Drops>,
    /// What helps.
    pub remedy: &'static str,
    /// The first line that the kernel logged of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel_line: Option<String>,
    /// Whether traffic with it is of another kind than was asked for, so that it compares with none that is not.
    #[serde(skip)]
    pub(crate) is_other_traffic: bool,
    /// The sign of a milder form of it, which need not be told beside it.
    #[serde(skip)]
    pub(in crate::analysis) instead_of: Option<Symptom>,
}

/// How sure it is that a mechanism bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// Its own witness moved.
    Witnessed,
    /// Nobody could read its witness, and there was an error that it makes.
    ByError,
}

impl Serialize for Certainty {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Witnessed => to.serialize_bool(true),
            Self::ByError => to.serialize_str("probably"),
        }
    }
}

/// Where and when a mechanism began to bind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Began {
    /// The curve's label.
    pub series: String,
    /// The smallest count at which it bound.
    pub count: u32,
    /// Whether it bound at every larger one that was tried.
    pub onwards: bool,
    /// The phase of the trial in which its witness first moved; absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<TrialPhase>,
    /// Seconds from the opening of the window, negative before it; absent where neither the kernel's log nor samples tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second: Option<f64>,
}

/// What shows a mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Witness {
    /// Its counter or figure, as records have it.
    pub name: &'static str,
    /// The most of it in a trial.
    pub amount: f64,
    /// What it is counted in.
    pub unit: Unit,
    /// From how much on it is told, in words.
    pub threshold: &'static str,
}

/// What a witness is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Unit {
    /// Things: the word for one of them.
    Things(&'static str),
    /// A share of something: of what.
    Share(&'static str),
}

/// A cell in which a mechanism bound.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BoundCell {
    /// Index into [`Analysis::series`](super::Analysis::series).
    #[serde(skip)]
    pub nth: usize,
    /// The curve's label.
    pub series: String,
    /// Its count.
    pub count: u32,
    /// The trials that show it.
    pub trials: Vec<String>,
    /// The most of the witness in one of them.
    pub amount: f64,
    /// How sure it is there.
    pub certain: Certainty,
    /// The phase in which the witness first moved, the earliest of its trials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<TrialPhase>,
    /// Seconds from the opening of the window, of the trial in which it was earliest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second: Option<f64>,
}

/// A consequence of a mechanism, and where.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explained {
    /// What follows.
    pub consequence: Consequence,
    /// The cells, in the order of the curves; at least one.
    pub cells: Vec<ExplainedCell>,
}

/// A cell in which a consequence follows from a mechanism.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExplainedCell {
    /// Index into [`Analysis::series`](super::Analysis::series).
    #[serde(skip)]
    pub nth: usize,
    /// The curve's label.
    pub series: String,
    /// Its count.
    pub count: u32,
    /// The trials that show it.
    pub trials: Vec<String>,
    /// How much of it there was, at the worst: see [`Consequence`].
    pub amount: f64,
    /// Of how many; absent where it is not counted in parts of a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<f64>,
}

/// Packets that the kernel dropped for one reason until the window was over, on the whole machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drops {
    /// The kernel's name of the reason.
    pub reason: String,
    /// How many.
    pub packets: u64,
}

/// A limit, and what it was set to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// The name an administrator knows it by: that of a sysctl, or `RLIMIT_NOFILE`.
    pub name: String,
    /// Its value, as the scenario set it or else as the machine had it.
    pub value: String,
}

impl From<&Exceeded> for Setting {
    fn from(limit: &Exceeded) -> Self {
        Self {
            name: limit.limit.clone(),
            value: limit.resource.show(limit.have),
        }
    }
}

impl Setting {
    /// What a sysctl was set to in a trial; absent where that is not recorded.
    pub(super) fn of(sysctl: &str, record: &Record, manifest: &Manifest) -> Option<Self> {
        let own = NAMESPACE_SYSCTLS.of(&record.cell);
        let own = own.value(sysctl).map(str::to_owned);
        let value = own.or_else(|| setting(sysctl, manifest))?;
        Some(Self {
            name: sysctl.to_owned(),
            value,
        })
    }
}

/// What a sysctl was in a run: as its scenario set it, or else as the machine had it.
fn setting(sysctl: &str, manifest: &Manifest) -> Option<String> {
    let places = [
        &manifest.settings["sysctls"],
        &manifest.fingerprint["sysctls"],
    ];
    let mut values = places.into_iter().filter_map(|all| all[sysctl].as_str());
    values.next().map(str::to_owned)
}

impl Mechanism {
    /// Whether a sign in a cell is a consequence of it there, or its own milder form.
    pub(in crate::analysis) fn accounts_for(
        &self,
        symptom: Symptom,
        series: usize,
        count: u32,
    ) -> bool {
        let is_itself = self.instead_of == Some(symptom) && self.bound_in(series, count);
        let explained = self.explains.iter();
        let mut explained = explained.filter(|it| it.consequence.symptom() == Some(symptom));
        is_itself || explained.any(|it| it.is_in(series, count))
    }

    /// Whether trials of a cell failed by it.
    pub(in crate::analysis) fn failed_trials_of(&self, series: usize, count: u32) -> bool {
        let explained = self.explains.iter();
        let mut failures = explained.filter(|it| it.consequence.is_of_whole_trials());
        failures.any(|it| it.is_in(series, count))
    }

    /// Whether it bound in a cell.
    pub(crate) fn bound_in(&self, series: usize, count: u32) -> bool {
        let mut cells = self.cells.iter();
        cells.any(|cell| (cell.nth, cell.count) == (series, count))
    }
}

impl Explained {
    fn is_in(&self, series: usize, count: u32) -> bool {
        let mut cells = self.cells.iter();
        cells.any(|cell| (cell.nth, cell.count) == (series, count))
    }
}

/// How a connection table was filled, in the trial that shows most of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Filling {
    /// How many connections it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries: Option<u64>,
    /// Seconds until it was full: from the opening of the window where it was filled in that, and from when flows began to run where
    /// it was before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_after_s: Option<f64>,
    /// Whether it was filled in the window.
    pub in_window: bool,
    /// Whether that is only the latest that it can have been, so that the rate is the least and what follows from it the latest too.
    pub at_the_latest: bool,
    /// Connections that were made until then, from those that were in it as flows began to run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<u64>,
    /// Connections a second until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections_per_s: Option<f64>,
    /// How long a closed connection stays in it, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_stay_s: Option<u64>,
    /// Connections that could not be entered (`insert_failed`).
    pub insert_failed: u64,
    /// Packets dropped as there was no room for their connection (`drop`).
    pub drops: u64,
    /// Connections taken out to make room (`early_drop`).
    pub early_drops: u64,
    /// How many connections a table of the usual size holds.
    pub usual_entries: u64,
    /// Whose usual size that is.
    pub usual: Usual,
    /// Seconds after which that would be full at this rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usual_full_after_s: Option<f64>,
}

/// Whose usual size of a table it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Usual {
    /// This machine's, where the scenario sets another.
    OfTheMachine,
    /// The kernel's, on machines of more than 4 GiB.
    OfTheKernel,
}

/// Two cells that differ in one factor: with the mechanism and without.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Intervention {
    /// The label of the curve on which it bound.
    pub series: String,
    /// The count of both.
    pub count: u32,
    /// The factor, by its name in cells.
    pub factor: &'static str,
    /// Its levels with the mechanism, and without.
    pub levels: (String, String),
    /// Goodput with it, and without, in bits a second.
    pub goodput_bps: (f64, f64),
    /// How long requests took at most but for one of a hundred, likewise, in nanoseconds; absent where there were none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99_ns: Option<(f64, f64)>,
}
