//! What is to be raised, and what has been.
//!
//! Must not know how. The invariant: what was raised is held here, also when a later step failed.

use super::steps::Phases;
use crate::error::Result;
use crate::lab::firewall::Plan;
use crate::lab::netns::Namespace;
use crate::lab::topology::Layout;
use crate::scenario::{NamespaceSysctls, Wiring};

/// The namespaces of a lab being raised.
#[derive(Debug, Default)]
pub(in crate::lab) struct Raised {
    /// The containers', by number where set-up came to its end.
    pub(in crate::lab) containers: Vec<Namespace>,
    /// The host side's, by number.
    pub(in crate::lab) hosts: Vec<Namespace>,
    /// Where the time went.
    pub(in crate::lab) phases: Phases,
}

/// What is to be raised.
#[derive(Clone, Copy)]
pub(in crate::lab) struct Drawn<'a> {
    /// Namespaces and links.
    pub(in crate::lab) layout: &'a Layout,
    /// What is loaded into them.
    pub(in crate::lab) rules: &'a Plan,
    /// How links are set.
    pub(in crate::lab) wiring: &'a Wiring,
    /// What is set in each container's namespace.
    pub(in crate::lab) sysctls: &'a NamespaceSysctls,
}

/// What one builder has to show: numbered namespaces, its times, and how it ended.
pub(super) type Made = (Vec<(u32, Namespace)>, Phases, Result<()>);
