//! One trial, as it is kept: a line of `trials.jsonl`.
//!
//! A field that does not apply is absent, never zero.

use serde::{Deserialize, Serialize};

use super::class::Class;
use super::containers::PerContainer;
use super::datagrams::FlowCounts;
use super::effective::Effective;
use super::exceeded::Exceeded;
use super::failure::Failure;
use super::generator::Generator;
use super::latency::{Latency, Lateness, UnderWay};
use super::noise::Noise;
use super::pacing::Pacing;
use super::parts::{Aggregate, Checks, Counters, Cpu, LabCost, PerPair, Samples, Status, Window};
use super::phases::{FlowErrors, TrialPhases};
use super::search::RateSearch;
use super::watched::{
    CpuShare, DroppedPackets, HostSides, LogLine, TrackedConnections, Watched, WatchingCost,
};
use crate::factors::is_default;
use crate::factors::{Cell, Effect, Seen};
use crate::store::id::TrialId;
use crate::store::role::{Role, Turn};
use crate::store::version::{Build, Version};

/// The schema this code writes, and the newest it reads. Records of schema 1 lack `phases` and `errors`.
pub const SCHEMA: u32 = 2;

/// One trial, as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Version of this layout.
    pub schema: u32,
    /// The trial's id, unique in the run: `bridge-ipv4-none-c128-r0`.
    pub trial: TrialId,
    /// Which repetition of the cell, from 0; also the number of its randomised block.
    pub repeat: u32,
    /// Whether there is anything to read below.
    pub status: Status,
    /// What the trial is for; absent for one of the sweep itself.
    #[serde(skip_serializing_if = "is_default", default)]
    pub role: Role,
    /// Whether it was run as others had disturbed the first trial of its cell in the block.
    #[serde(skip_serializing_if = "is_default", default)]
    pub again: bool,
    /// The machine and kernel it was run on, in words; absent in records of earlier versions.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub machine: Option<String>,
    /// The version of kilonet that ran it; absent in records of earlier versions.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version: Option<String>,
    /// What that was made of; absent likewise.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub build: Option<Build>,
    /// The factors.
    pub cell: Cell,
    /// The common window.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub window: Option<Window>,
    /// All flows together.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub aggregate: Option<Aggregate>,
    /// The distribution over the pairs that do the cell's workload.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub per_pair: Option<PerPair>,
    /// How long requests took; absent for workloads without.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub latency: Option<Latency>,
    /// Connections that were meant to be made before the window closed and had not ended by then; absent for workloads without one per
    /// request.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub under_way: Option<UnderWay>,
    /// How late requests were sent; absent where they have no times of their own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lateness: Option<Lateness>,
    /// Which pairs kept the rate in bits a second that they were offered; absent for other workloads, and without a rate.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pacing: Option<Pacing>,
    /// The pairs by what they do; only where they do not all do the same.
    #[serde(skip_serializing_if = "is_default", default)]
    pub classes: Vec<Class>,
    /// The machine's CPU over the window.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cpu: Option<Cpu>,
    /// What the processes of the containers used; absent where containers have none of their own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub per_container: Option<PerContainer>,
    /// What raising and removing the lab took.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lab: Option<LabCost>,
    /// The second witnesses.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub checks: Option<Checks>,
    /// Kernel counters over the window.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub counters: Option<Counters>,
    /// What the machine counted in each phase of the trial; absent before schema 2, and where there is no machine.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub phases: Option<TrialPhases>,
    /// How many of the lab's host sides are in that; absent where it has none, and in records of earlier versions.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub host_sides: Option<HostSides>,
    /// What the containers' own namespaces counted until the window was over; absent where nobody looked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub watched: Option<Watched>,
    /// What watching the trial took; absent where nothing was watched.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub watching: Option<WatchingCost>,
    /// The connection table, where rules track connections.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub connections: Option<TrackedConnections>,
    /// What each CPU did in the window; absent where nobody looked.
    #[serde(skip_serializing_if = "is_default", default)]
    pub cpus: Vec<CpuShare>,
    /// Why the kernel dropped packets, phase by phase, the most frequent reason of each first; empty where it dropped none, and
    /// absent where that may not be traced.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub drops: Option<Vec<DroppedPackets>>,
    /// What the kernel logged of the network meanwhile; absent where its log may not be read, and where there was nothing.
    #[serde(skip_serializing_if = "is_default", default)]
    pub kernel_log: Vec<LogLine>,
    /// What shows whether levels took hold, as it was read of the lab after the window; absent where nobody looked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seen: Option<Seen>,
    /// Whether each factor's level took hold; absent before that was looked at.
    #[serde(skip_serializing_if = "is_default", default)]
    pub effects: Vec<Effect>,
    /// What became of the flows.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub flows: Option<FlowCounts>,
    /// By which errors flows were lost, in which phase; absent before schema 2, and where none was.
    #[serde(skip_serializing_if = "is_default", default)]
    pub errors: Vec<FlowErrors>,
    /// Limits of the machine that left less than the trial needs, where flows or the trial were lost by an error; empty before that
    /// was looked at, and where none did.
    #[serde(skip_serializing_if = "is_default", default)]
    pub exceeded: Vec<Exceeded>,
    /// The aggregate over the window in equal intervals.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub samples: Option<Samples>,
    /// What took effect, where it may differ from what the cell asks for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub effective: Option<Effective>,
    /// What somebody else's generators say of themselves; absent where the flows were ours.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub generator: Option<Generator>,
    /// Who else was at work; absent where nothing is known of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub noise: Option<Noise>,
    /// How the rate was found; only where it was looked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub search: Option<RateSearch>,
    /// Why the trial failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<Failure>,
    /// Sentences a reader should see beside the figures.
    #[serde(default)]
    pub warnings: Vec<String>,
}

impl Record {
    /// Which trial of its plan it is of.
    #[must_use]
    pub fn turn(&self) -> Turn<'_> {
        Turn {
            cell: &self.cell,
            repeat: self.repeat,
            again: self.again,
        }
    }

    /// The kilonet that ran it; absent where it does not say.
    #[must_use]
    pub fn made_by(&self) -> Option<Version> {
        Some(Version {
            number: self.version.clone()?,
            build: self.build.clone(),
        })
    }

    /// A trial of the sweep with its name and factors, and nothing measured yet.
    #[must_use]
    pub fn blank(trial: TrialId, repeat: u32, cell: Cell) -> Self {
        Self {
            schema: SCHEMA,
            trial,
            repeat,
            status: Status::Ok,
            role: Role::Cell,
            again: false,
            machine: None,
            version: None,
            build: None,
            cell,
            window: None,
            aggregate: None,
            per_pair: None,
            latency: None,
            under_way: None,
            lateness: None,
            pacing: None,
            classes: Vec::new(),
            cpu: None,
            per_container: None,
            lab: None,
            checks: None,
            counters: None,
            phases: None,
            host_sides: None,
            watched: None,
            watching: None,
            connections: None,
            cpus: Vec::new(),
            drops: None,
            kernel_log: Vec::new(),
            seen: None,
            effects: Vec::new(),
            flows: None,
            errors: Vec::new(),
            exceeded: Vec::new(),
            samples: None,
            effective: None,
            generator: None,
            noise: None,
            search: None,
            error: None,
            warnings: Vec::new(),
        }
    }
}
