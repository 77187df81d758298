//! What the kernel refused while a flow was brought up, as one process tells another.
//!
//! Must not know whose flow it was. The invariant: a refusal is an act and an error number; the words are chosen by who reads it.

use std::io;

use nix::errno::Errno;
use serde::{Deserialize, Serialize};

use crate::error::{Act, Error};

/// The kernel's refusal of a step.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Refusal {
    act: Step,
    errno: i32,
}

/// What was being done: for a flow, or for the process that is to have its ends.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) enum Step {
    EnterForFlow,
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
            Step::EnterForFlow => "enter the namespace of flow".into(),
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

    /// The same as an error about an object.
    pub(super) fn error(self, object: impl Into<String>) -> Error {
        Error::kernel(self.act, object, io::Error::from_raw_os_error(self.errno))
    }
}
