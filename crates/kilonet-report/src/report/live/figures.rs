//! What a picture shows, as plain values.

use std::time::Duration;

use crate::analysis::Growing;
use crate::analysis::metric::Focus;
use crate::plan::Place;

/// Everything that one frame shows.
#[derive(Debug, Clone)]
pub struct Picture {
    /// The scenario.
    pub name: String,
    /// How far the run is.
    pub progress: Progress,
    /// The trial at hand; absent before the first.
    pub trial: Option<Trial>,
    /// The curves so far.
    pub curves: Growing,
    /// Which figure of them is shown.
    pub focus: Focus,
    /// What each pair of the trial at hand moves, in bits a second over the last moments; absent while nothing moves, or where
    /// only others' generators know.
    pub pairs_bps: Option<Vec<f64>>,
    /// The machine's CPU time by kind, one tick each, oldest first.
    pub cpu: Vec<Shares>,
    /// What is lost.
    pub drops: Drops,
    /// What went wrong, newest first.
    pub notes: Vec<Note>,
    /// Whether the user has asked for the end.
    pub interrupted: bool,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Progress {
    /// The trial at hand among those of the plan; absent before the first.
    pub place: Option<Place>,
    /// Trials that have ended in this run.
    pub ended: usize,
    /// Trials that this run has to do, at most.
    pub to_do: usize,
    /// Since the run began.
    pub elapsed: Duration,
    /// What is left of it, as far as can be told.
    pub left: Duration,
}

/// The trial at hand.
#[derive(Debug, Clone)]
pub struct Trial {
    /// Its id.
    pub id: String,
    /// What it does.
    pub phase: &'static str,
    /// What all flows move together, in bits a second over the last moments.
    pub goodput_bps: Option<f64>,
}

/// Kinds of CPU time as shares of all there was, from 0 to 1.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shares {
    /// User mode.
    pub user: f64,
    /// Kernel mode, interrupts excluded.
    pub system: f64,
    /// Hard and soft interrupts.
    pub softirq: f64,
    /// Taken by the hypervisor for others.
    pub steal: f64,
    /// Nothing to do.
    pub idle: f64,
}

/// Packets and requests for memory that come to nothing. Rates are the machine's over the last tick, in events a second.
#[derive(Debug, Clone, Copy, Default)]
pub struct Drops {
    /// Packets dropped because a CPU's backlog was full; absent where the kernel does not say.
    pub backlog: Option<f64>,
    /// Times a softirq gave up with work left; absent likewise.
    pub squeezed: Option<f64>,
    /// Times the neighbour table was full; absent likewise.
    pub neighbours: Option<f64>,
    /// TCP's memory over the mark of pressure; absent where the mark is not known.
    pub tcp_memory: Option<f64>,
    /// Segments retransmitted in the trial that ended last: sockets are asked at the end of a window only.
    pub retransmits: Option<u64>,
}

/// A sentence of a trial's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// How bad it is.
    pub severity: Severity,
    /// The trial and the sentence.
    pub text: String,
}

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The trial has figures, and something is to be known of them.
    Warning,
    /// It has none.
    Failure,
}
