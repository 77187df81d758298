//! A tool that generates traffic: what is typed to run it, and what is read of what it prints.
//!
//! Must not know any one tool. The invariant: what a tool says is kept apart from what crossed.

use std::net::SocketAddr;

use nix::sys::signal::Signal;

use crate::traffic::{Flow, Settings};

/// What a tool says of one pair, over whatever interval it has chosen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Said {
    /// Its version.
    pub version: Option<String>,
    /// Payload its server received, in bits a second.
    pub goodput_bps: Option<f64>,
    /// Requests a second that were answered.
    pub transactions_per_s: Option<f64>,
    /// Segments its client sent again.
    pub retransmits: Option<u64>,
    /// Congestion control of its client.
    pub congestion: Option<String>,
    /// What became of its datagrams.
    pub datagrams: Option<SaidDatagrams>,
}

/// What a tool says of the datagrams of one pair.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SaidDatagrams {
    /// What its client sent.
    pub sent: u64,
    /// What its server received.
    pub received: u64,
    /// What its server found missing.
    pub lost: u64,
    /// Those that came to the server after one that was sent later.
    pub reordered: u64,
    /// How unevenly they came, in milliseconds (RFC 3550, 6.4.1).
    pub jitter_ms: f64,
}

/// What a client's output comes to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    /// It says what it moved.
    Figures(Said),
    /// It says why it moved nothing.
    Failure(String),
    /// It cannot be parsed; why not.
    Gibberish(String),
}

/// What one pair's two processes are told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Errand<'a> {
    /// The first of the pair's flows.
    pub(super) flow: Flow,
    pub(super) settings: &'a Settings,
    /// Flows of the pair.
    pub(super) streams: u32,
    /// Where the server listens, on its own address.
    pub(super) listen: u16,
    /// Where the client calls.
    pub(super) call: SocketAddr,
    /// How long the client sends.
    pub(super) seconds: u64,
}

/// A tool: what is typed to run it, and how what it prints is read.
pub(super) trait Tool: Sync {
    /// The program.
    fn program(&self) -> &'static str;
    /// That of its servers, where it has one of its own.
    fn server_program(&self) -> &'static str {
        self.program()
    }
    /// The arguments of a server.
    fn server(&self, errand: &Errand<'_>) -> Vec<String>;
    /// The arguments of a client.
    fn client(&self, errand: &Errand<'_>) -> Vec<String>;
    /// Whether a server that has printed this can be called.
    fn is_listening(&self, printed: &str) -> bool;
    /// What tells its servers to end behind their clients; none where they do so by themselves.
    fn farewell(&self) -> Option<Signal> {
        None
    }
    /// What a client that has printed this says.
    fn answer(&self, printed: &str) -> Answer;
}
