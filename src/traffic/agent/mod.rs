//! Agents: a process in each container makes and drives its ends of the flows, while one window is measured from outside.
//!
//! ```text
//! [`Muster`] waits in a directory that the containers see -> each agent reports -> [`Crew`]
//!   Outfit: what sockets are like, the counters' memory, where to listen   -> Listening: the addresses
//!   Calls:  whom to call                                                   -> Called
//!   Accepts: whose call is to be taken; the driver's threads go to the gate -> Accepted
//!   Start -> bytes move, counted on shared memory -> the window's edges are snapshots by the crew's owner -> Stop -> Stopped
//!   Report                                                                 -> accounts of the endpoints
//! ```
//!
//! An agent of a container that has no processes of its own yet is forked in a [`Nursery`] instead, and its link is handed
//! to it at birth.
//!
//! Must not know what a container is made by: an agent is whoever connects and says its number. The invariant: an agent
//! lives as long as its connection to the crew's owner does, so that none outlives the process that wanted it.

mod bench;
mod births;
mod crew;
mod inside;
mod link;
mod nursery;
mod run;
mod tentative;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use nix::errno::Errno;
use serde::{Deserialize, Serialize};

use super::account::Account;
use crate::error::Act;
use crate::host::confinement::Confinement;
use crate::scenario::{Buffers, Congestion, Driver, Orders};

pub use births::nurse;
pub use crew::{Crew, Muster};
pub use inside::serve;
pub use nursery::{Cradle, Nursery};
pub use run::{Route, run};

/// An agent reports. Beside it go the descriptors of its `/proc/net/dev` and of its network namespace.
#[derive(Debug, Serialize, Deserialize)]
struct Hello {
    container: u32,
    confinement: Option<Confinement>,
}

/// What a nursery is asked for.
#[derive(Debug, Serialize, Deserialize)]
enum Request {
    /// An agent. Beside it go the descriptors of its namespace and of its end of a link.
    Birth(Birth),
    /// Who has died; answered by [`Deaths`].
    Roll,
}

#[derive(Debug, Serialize, Deserialize)]
struct Birth {
    container: u32,
    /// Files to write to in order to join control groups.
    doors: Vec<PathBuf>,
}

/// An agent says, on its own link, that it is where it should be.
#[derive(Debug, Serialize, Deserialize)]
struct Born(Result<Newborn, Refusal>);

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Newborn {
    /// Its number, as its nursery and its owner see it.
    process: i32,
    confinement: Option<Confinement>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Deaths(Vec<Death>);

/// An agent that ended before it was told to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Death {
    /// Whose process it was.
    pub container: u32,
    /// The signal that ended it; absent where it ended by itself.
    pub signal: Option<i32>,
}

/// What its flows are like. Beside it goes the descriptor of the ledger.
#[derive(Debug, Serialize, Deserialize)]
struct Outfit {
    /// Planned flows of the trial, for the size of the ledger.
    flows: usize,
    driver: Driver,
    congestion: Congestion,
    buffers: Buffers,
    /// How long calls may take.
    patience: Duration,
    listen: Vec<Ear>,
}

/// A flow that the agent receives, and where it is to listen; port 0 is one that the kernel chooses.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Ear {
    flow: usize,
    orders: Orders,
    address: SocketAddr,
}

/// Where the agent listens now, in the order of [`Outfit::listen`].
#[derive(Debug, Serialize, Deserialize)]
struct Listening(Vec<Result<SocketAddr, Refusal>>);

/// The flows that the agent sends.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Calls(Vec<Call>);

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Call {
    flow: usize,
    orders: Orders,
    from: IpAddr,
    to: SocketAddr,
}

/// What came of the calls, in their order.
#[derive(Debug, Serialize, Deserialize)]
struct Called(Vec<Result<(), Refusal>>);

/// The flows whose caller has connected.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Accepts(Vec<usize>);

/// What came of taking their calls, in their order, and what the kernel did not grant. The driver stands at the gate.
#[derive(Debug, Serialize, Deserialize)]
struct Accepted {
    flows: Vec<Result<(), Refusal>>,
    warnings: Vec<String>,
}

/// Bytes may move.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Start;

/// They may no longer; answered by [`Stopped`] when nothing is driven any more.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Stop;

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Stopped;

/// The accounts are wanted; answered by [`Accounts`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Report;

#[derive(Debug, Serialize, Deserialize)]
struct Accounts(Vec<Account>);

/// The kernel's refusal of something that was done for a flow.
#[derive(Debug, Serialize, Deserialize)]
struct Refusal {
    act: Step,
    errno: i32,
}

/// What an agent, or its nursery, was doing.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Step {
    Listen,
    Connect,
    Accept,
    Start,
    JoinGroups,
    EnterNamespace,
}

impl From<Step> for Act {
    fn from(step: Step) -> Self {
        match step {
            Step::Listen => Self::ListenForFlow,
            Step::Connect => Self::ConnectFlow,
            Step::Accept => Self::AcceptFlow,
            Step::Start => Self::Start,
            Step::JoinGroups => "join the groups of".into(),
            Step::EnterNamespace => "enter the namespace of".into(),
        }
    }
}

impl Refusal {
    fn of(act: Step, source: &io::Error) -> Self {
        Self {
            act,
            errno: source.raw_os_error().unwrap_or(Errno::EIO as i32),
        }
    }
}
