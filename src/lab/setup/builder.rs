//! One of the threads that raise containers.
//!
//! Must not know topologies. The invariant: every namespace that was made is in the list, also when a later step failed.

use std::sync::atomic::{AtomicU32, Ordering};

use super::raised::{Drawn, Made};
use super::steps::{Phases, create_namespace, enter, fill_in, raise_link, timed};
use crate::error::{Error, Result};
use crate::lab::netlink::{Conversation, message};
use crate::lab::netns::{Namespace, Visitor};
use crate::lab::sysctl;
use crate::lab::topology::{End, Part, Port, Stacked};

/// Takes parts one after another, and makes each from its namespace to its neighbours.
pub(super) struct Builder<'a> {
    visitor: Visitor,
    drawn: Drawn<'a>,
    hosts: &'a [Namespace],
    /// The conversation with the namespace of the host side in which ports are being made.
    host: Option<(u32, Conversation)>,
    made: Vec<(u32, Namespace)>,
    phases: Phases,
}

impl<'a> Builder<'a> {
    pub(super) fn new(drawn: Drawn<'a>, hosts: &'a [Namespace]) -> Result<Self> {
        Ok(Self {
            visitor: Visitor::new()?,
            drawn,
            hosts,
            host: None,
            made: Vec::new(),
            phases: Phases::default(),
        })
    }

    /// What there is to show when it came to an end.
    pub(super) fn into_made(self, result: Result<()>) -> Made {
        (self.made, self.phases, result)
    }

    /// Takes parts until there are none left.
    pub(super) fn build_all(&mut self, next: &AtomicU32, stop: &dyn Fn() -> bool) -> Result<()> {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(part) = self.drawn.layout.parts.get(number as usize) else {
                return Ok(());
            };
            if stop() {
                return Err(Error::Interrupted);
            }
            self.build(part)?;
        }
    }

    fn build(&mut self, part: &Part) -> Result<()> {
        match part {
            Part::Bare(namespace) => self.create(*namespace).map(drop),
            Part::Cable(ends) => self.build_cable(ends),
            Part::Port(joined) => self.build_port(joined),
            Part::Stacked(stacked) => self.build_stacked(stacked),
        }
    }

    fn build_cable(&mut self, [even, odd]: &[End; 2]) -> Result<()> {
        let name = format!(
            "between containers {} and {}",
            even.container, odd.container
        );
        let mut there = self.create(odd.container)?;
        let mut here = self.create(even.container)?;
        let far = &self.made[self.made.len() - 2].1;
        let create = message::create_cable(&even.link, (&odd.link, far), &name);
        timed(&mut self.phases.links, || here.ask(vec![create]))?;
        raise_link(&mut here, &even.link, &name, &mut self.phases)?;
        raise_link(&mut there, &odd.link, &name, &mut self.phases)
    }

    fn build_port(&mut self, port: &Port) -> Result<()> {
        let Port {
            host, near, far, ..
        } = port;
        let name = format!("container {}", far.container);
        let mut inside = self.create(far.container)?;
        let mut outside = self.host_side(*host)?;
        let namespace = &self.made[self.made.len() - 1].1;
        let node = &self.drawn.layout.hosts[*host as usize].name;
        let create = message::create_port(port, namespace, node);
        let requests = [Some(create), message::set_port(port)];
        timed(&mut self.phases.links, || {
            outside.ask(requests.into_iter().flatten().collect())
        })?;
        raise_link(&mut inside, &far.link, &name, &mut self.phases)?;
        fill_in(&mut outside, near, node, &mut self.phases)?;
        self.host = Some((*host, outside));
        Ok(())
    }

    fn build_stacked(&mut self, stacked: &Stacked) -> Result<()> {
        let Stacked { host, far, .. } = stacked;
        let name = format!("container {}", far.container);
        let mut inside = self.create(far.container)?;
        let mut outside = self.host_side(*host)?;
        let namespace = &self.made[self.made.len() - 1].1;
        let create = message::create_stacked(stacked, namespace, &name);
        timed(&mut self.phases.links, || outside.ask(vec![create]))?;
        self.host = Some((*host, outside));
        raise_link(&mut inside, &far.link, &name, &mut self.phases)
    }

    /// A namespace for the container with this number, with lo up, and a conversation with it.
    fn create(&mut self, number: u32) -> Result<Conversation> {
        let (namespace, mut inside) =
            timed(&mut self.phases.netns, || create_namespace(&self.visitor))?;
        self.made.push((number, namespace));
        timed(&mut self.phases.links, || {
            inside.ask(vec![message::raise_lo()])
        })?;
        for (name, value) in self.drawn.sysctls.iter() {
            timed(&mut self.phases.netns, || {
                sysctl::require(name, value, number)
            })?;
        }
        if let Some(batch) = &self.drawn.rules.inside {
            timed(&mut self.phases.firewall, || {
                batch.load(&format!("the rule of container {number}"))
            })?;
        }
        Ok(inside)
    }

    /// The conversation with a namespace of the host side: the one at hand, or a new one.
    fn host_side(&mut self, number: u32) -> Result<Conversation> {
        match self.host.take() {
            Some((current, conversation)) if current == number => Ok(conversation),
            _ => {
                enter(&self.visitor, &self.hosts[number as usize])?;
                Conversation::open()
            }
        }
    }
}
