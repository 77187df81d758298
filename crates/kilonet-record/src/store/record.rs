//! The record of one trial: a line of `trials.jsonl`, the contract with every reader, ours and others'.
//!
//! Names carry their units. A field that does not apply is absent, never zero; a failed trial is a record with an error.

pub(super) mod bounds;
mod class;
mod containers;
mod counter;
mod datagrams;
mod effective;
mod effects;
mod exceeded;
mod failure;
mod gauge;
mod generator;
mod latency;
mod line;
mod noise;
mod pacing;
mod parts;
mod phases;
mod rows;
mod search;
mod slow;
mod standing;
mod watched;

pub use crate::factors::{
    AddressedSeen, BridgesSeen, ByProtocol, Effect, LinksSeen, NeighboursSeen, PollingSeen,
    PortsSeen, RulesSeen, Seen, SocketsSeen, ThreadsSeen, Verdict,
};
pub use class::Class;
pub use containers::{PerContainer, Spread};
pub use counter::{Counter, Counts};
pub use datagrams::{Batched, DatagramCounts, FlowCounts};
pub use effective::{Confinement, CountedBy, Effective, Forwarder, SysctlsRead};
pub use exceeded::{Exceeded, Resource};
pub use failure::Failure;
pub use generator::{GeneratedDatagrams, Generator, ProgramOutput};
pub use latency::{Latency, Lateness, UnderWay};
pub use line::{Record, SCHEMA};
pub use noise::Noise;
pub use pacing::{KEPT, Pacing};
pub use parts::{
    Aggregate, Checks, Counters, Cpu, LabCost, PerPair, Phases, Samples, Status, Window,
};
pub use phases::{FlowErrors, PhaseCounts, TrialPhase, TrialPhases};
pub use rows::{ContainerRow, FlowRow, Rows};
pub use search::{RateSearch, SearchStep};
pub use standing::standing;
pub use watched::{
    CpuShare, DroppedPackets, HostSides, LogLine, TrackedConnections, Watched, WatchingCost,
};
