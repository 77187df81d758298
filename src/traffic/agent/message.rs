//! What agents, their nursery and their owner say to one another.
//!
//! Must not know who says it when: the order is in the head of this folder.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::host::cgroup::Removal;
use crate::host::confinement::Confinement;
use crate::traffic::account::Account;
use crate::traffic::refusal::Refusal;

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

/// What an agent is asked for once it has its outfit, in lists of flows by their numbers. Each but the last is answered by what the
/// step has come to, in their order.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Order {
    /// To listen for these.
    Listen(Vec<usize>),
    /// To call for these, and whom; or to look what has become of that.
    Call(Vec<(usize, SocketAddr)>),
    /// To take the calls of these.
    Accept(Vec<usize>),
    /// To have these driven, and to give up all others; answered by [`Launched`].
    Launch(Vec<usize>),
}

/// The driver stands at the gate.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Launched {
    /// What the kernel did not grant.
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
