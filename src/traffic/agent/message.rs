//! What agents, their nursery and their owner say to one another.
//!
//! Must not know who says it when: the order is in the head of this folder.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use nix::errno::Errno;
use serde::{Deserialize, Serialize};

use crate::error::Act;
use crate::host::cgroup::Removal;
use crate::host::confinement::Confinement;
use crate::scenario::{Buffers, Congestion, Driver, Orders};
use crate::traffic::account::Account;

/// An agent reports. Beside it go the descriptors of its `/proc/net/dev` and of its network namespace.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Hello {
    pub(super) container: u32,
    pub(super) confinement: Option<Confinement>,
}

/// What a nursery is asked for.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Request {
    /// An agent. Beside it go the descriptors of its namespace and of its end of a link.
    Birth(Birth),
    /// Who has died; answered by [`Deaths`].
    Roll,
    /// To take these groups away once all agents have ended.
    Remove(Removal),
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Birth {
    pub(super) container: u32,
    /// Files to write to in order to join control groups.
    pub(super) doors: Vec<PathBuf>,
}

/// An agent says, on its own link, that it is where it should be.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Born(pub(super) Result<Newborn, Refusal>);

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Newborn {
    /// Its number, as its nursery and its owner see it.
    pub(super) process: i32,
    pub(super) confinement: Option<Confinement>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Deaths(pub(super) Vec<Death>);

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
pub(super) struct Outfit {
    /// Planned flows of the trial, for the size of the ledger.
    pub(super) flows: usize,
    pub(super) driver: Driver,
    pub(super) congestion: Congestion,
    pub(super) buffers: Buffers,
    /// How long calls may take.
    pub(super) patience: Duration,
    pub(super) listen: Vec<Ear>,
}

/// A flow that the agent receives, and where it is to listen; port 0 is one that the kernel chooses.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Ear {
    pub(super) flow: usize,
    pub(super) orders: Orders,
    pub(super) address: SocketAddr,
}

/// Where the agent listens now, in the order of [`Outfit::listen`].
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Listening(pub(super) Vec<Result<SocketAddr, Refusal>>);

/// The flows that the agent sends.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Calls(pub(super) Vec<Call>);

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Call {
    pub(super) flow: usize,
    pub(super) orders: Orders,
    pub(super) from: IpAddr,
    pub(super) to: SocketAddr,
}

/// What came of the calls, in their order.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Called(pub(super) Vec<Result<(), Refusal>>);

/// The flows whose caller has connected.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Accepts(pub(super) Vec<usize>);

/// What came of taking their calls, in their order, and what the kernel did not grant. The driver stands at the gate.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Accepted {
    pub(super) flows: Vec<Result<(), Refusal>>,
    pub(super) warnings: Vec<String>,
}

/// Bytes may move.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Start;

/// They may no longer; answered by [`Stopped`] when nothing is driven any more.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Stop;

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Stopped;

/// The accounts are wanted; answered by [`Accounts`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Report;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Accounts(pub(super) Vec<Account>);

/// The kernel's refusal of something that was done for a flow.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Refusal {
    pub(super) act: Step,
    pub(super) errno: i32,
}

/// What an agent, or its nursery, was doing.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) enum Step {
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
    pub(super) fn of(act: Step, source: &io::Error) -> Self {
        Self {
            act,
            errno: source.raw_os_error().unwrap_or(Errno::EIO as i32),
        }
    }
}
