//! What the builders of containers and of host sides do alike, each step with its time.
//!
//! Must not know topologies. The invariant: a step that fails is timed too.

use std::time::{Duration, Instant};

use crate::error::{Act, Error, Result};
use crate::lab::netlink::{Conversation, message};
use crate::lab::netns::{Namespace, Visitor};
use crate::lab::topology::Link;

/// Wall time of each phase: the busy time of all builders over their number.
#[derive(Debug, Clone, Copy, Default)]
pub struct Phases {
    /// Creating namespaces, setting what a scenario asks for in each, and opening a conversation there.
    pub netns: Duration,
    /// Creating and raising links and bridges.
    pub links: Duration,
    /// Addresses and routes.
    pub addresses: Duration,
    /// Permanent neighbour and forwarding entries.
    pub neighbours: Duration,
    /// Rules.
    pub firewall: Duration,
}

/// Enters a namespace of the host side.
pub(in crate::lab) fn enter(visitor: &Visitor, host: &Namespace) -> Result<()> {
    visitor
        .enter(host)
        .map_err(|source| Error::kernel("enter", "a namespace of the host side", source))
}

/// Raises a link, and enters on it what belongs there.
pub(super) fn raise_link(
    conversation: &mut Conversation,
    link: &Link,
    object: &str,
    phases: &mut Phases,
) -> Result<()> {
    timed(&mut phases.links, || {
        conversation.ask(message::raise(link, object))
    })?;
    fill_in(conversation, link, object, phases)
}

/// Switches a link's offloads off, where it is to have none, and enters its addresses, routes and neighbours on it.
pub(super) fn fill_in(
    conversation: &mut Conversation,
    link: &Link,
    object: &str,
    phases: &mut Phases,
) -> Result<()> {
    if !link.offload {
        timed(&mut phases.links, || {
            conversation.switch_offloads_off(&link.name, object)
        })?;
    }
    timed(&mut phases.addresses, || {
        conversation.ask(message::address(link, object))
    })?;
    timed(&mut phases.neighbours, || {
        conversation.ask(message::introduce(link, object))
    })
}

/// Creates a namespace and opens a conversation with it; the thread stays inside.
pub(super) fn create_namespace(visitor: &Visitor) -> Result<(Namespace, Conversation)> {
    let namespace = visitor
        .create()
        .map_err(|source| Error::kernel(Act::CreateNamespace, "of the lab", source))?;
    Ok((namespace, Conversation::open()?))
}

/// Runs a step and adds its time to a phase.
pub(super) fn timed<T>(phase: &mut Duration, step: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = step();
    *phase += start.elapsed();
    result
}
