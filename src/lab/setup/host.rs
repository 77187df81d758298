//! Raising a namespace of the host side: a step after another, before and after the containers.
//!
//! Must not know topologies. The invariant: a step is made in the namespace it belongs to.

use super::steps::{Phases, create_namespace, raise_link, timed};
use crate::error::Result;
use crate::lab::netlink::{Conversation, message, redirect};
use crate::lab::netns::{Namespace, Visitor};
use crate::lab::sysctl;
use crate::lab::topology::{Host, Step};

/// A namespace of the host side being raised.
pub(super) struct HostSide<'a> {
    plan: &'a Host,
    conversation: Conversation,
}

impl<'a> HostSide<'a> {
    /// A namespace with nothing in it but lo, which is up; the thread stays inside.
    pub(super) fn create(
        plan: &'a Host,
        visitor: &Visitor,
        phases: &mut Phases,
    ) -> Result<(Namespace, Self)> {
        let (namespace, mut conversation) = timed(&mut phases.netns, || create_namespace(visitor))?;
        timed(&mut phases.links, || {
            conversation.ask(vec![message::raise_lo()])
        })?;
        Ok((namespace, Self { plan, conversation }))
    }

    /// Makes what comes before all containers. The thread must be inside.
    pub(super) fn found(&mut self, hosts: &[Namespace], phases: &mut Phases) -> Result<()> {
        let steps = &self.plan.foundation;
        steps
            .iter()
            .try_for_each(|step| self.take(step, hosts, phases))
    }

    /// Makes what comes after all containers. The thread must be inside.
    pub(super) fn finish(&mut self, hosts: &[Namespace], phases: &mut Phases) -> Result<()> {
        let steps = &self.plan.finish;
        steps
            .iter()
            .try_for_each(|step| self.take(step, hosts, phases))
    }

    fn take(&mut self, step: &Step, hosts: &[Namespace], phases: &mut Phases) -> Result<()> {
        let Self { plan, conversation } = self;
        let mut make = |request| timed(&mut phases.links, || conversation.ask(vec![request]));
        match step {
            Step::Set(file, value) => {
                timed(&mut phases.links, || sysctl::set(file, value, &plan.name))
            }
            Step::Bridge(link, options) => make(message::create_bridge(link, *options)),
            Step::Tunnel(link, tunnel) => make(message::create_tunnel(link, *tunnel)),
            Step::Sink(link) => make(message::create_sink(link)),
            Step::Cable { here, host, there } => {
                let place = &hosts[*host as usize];
                let name = format!("{} of {}", here.name, plan.name);
                make(message::create_cable(here, (there, place), &name))
            }
            Step::Raise(link) => raise_link(conversation, link, &plan.name, phases),
            Step::Pin(entries) => timed(&mut phases.neighbours, || {
                conversation.ask(entries.iter().map(message::pin).collect())
            }),
            Step::Redirect(redirects) => timed(&mut phases.links, || {
                conversation.ask(redirects.iter().flat_map(redirect::requests).collect())
            }),
        }
    }
}
