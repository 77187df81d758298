//! Somebody else's generators: real tools run inside the containers, with our window on the interfaces around them.
//!
//! ```text
//! plans -> a server and a client for each pair -> [Crew], clients at a gate -> all begin -> window over the interfaces
//!       -> the tools end by themselves -> what they say of themselves, beside what crossed
//! ```
//!
//! | file | one thing |
//! |---|---|
//! | `crew` | the processes of a trial, from the first to the last |
//! | `process` | one of them |
//! | `verdict` | what their outputs come to |
//! | `window` | the common window, over what interfaces count |
//! | `iperf3`, `netperf`, `sockperf` | one tool: its command lines, when it listens, what it says |
//!
//! Must not know how labs are built: what crossed is asked of a [`Meter`]. The invariant: no figure of a tool is taken for what
//! crossed; both are handed back, side by side.

mod crew;
mod iperf3;
mod netperf;
mod process;
mod sockperf;
mod verdict;
mod window;

use std::net::SocketAddr;
use std::path::PathBuf;

pub use crew::{Crew, Output, Told};

use nix::sys::signal::Signal;

use super::{FlowPlan, Settings};
use crate::error::{Error, Remedy, Result};
use crate::lab::firewall;
use crate::scenario::Driver;

/// What had crossed for a pair at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crossed {
    /// Payload that its interface has counted since it was made, and its client's where responses come back.
    pub payload: u64,
}

/// What reads the interfaces: one figure for each pair, in their order.
pub type Meter<'a> = &'a mut dyn FnMut() -> Result<Vec<Crossed>>;

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
enum Answer {
    /// It says what it moved.
    Figures(Said),
    /// It says why it moved nothing.
    Failure(String),
    /// It cannot be parsed; why not.
    Gibberish(String),
}

/// What one pair's two processes are told.
#[derive(Debug, Clone, Copy)]
struct Errand<'a> {
    plan: FlowPlan<'a>,
    settings: &'a Settings,
    /// Flows of the pair.
    streams: u32,
    /// Where the server listens, on its own address.
    listen: u16,
    /// Where the client calls.
    call: SocketAddr,
    /// How long the client sends.
    seconds: u64,
}

/// A tool: what is typed to run it, and how what it prints is read.
trait Tool: Sync {
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

/// The tool that a driver is.
fn tool(driver: Driver) -> Option<&'static dyn Tool> {
    match driver {
        Driver::Iperf3 => Some(&iperf3::Iperf3),
        Driver::Netperf => Some(&netperf::Netperf),
        Driver::Sockperf => Some(&sockperf::Sockperf),
        Driver::Threads | Driver::Workers | Driver::Processes => None,
    }
}

/// Where the programs of a generator are; most have one for both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    /// That of servers.
    pub server: PathBuf,
    /// That of clients.
    pub client: PathBuf,
}

/// Finds the programs of a generator.
///
/// # Errors
/// When it is not installed.
pub fn find(driver: Driver) -> Result<Programs> {
    let tool =
        tool(driver).ok_or_else(|| Error::refused("run", "a generator", "the driver is none"))?;
    let package = tool.program();
    let file = |program: &str| {
        firewall::find(program).ok_or_else(|| {
            let error = Error::refused("find", program, "it is not installed");
            error.with_remedy(Remedy::InstallGenerator(package))
        })
    };
    Ok(Programs {
        server: file(tool.server_program())?,
        client: file(package)?,
    })
}
