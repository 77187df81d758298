//! Labs: what containers, links and addresses there are, and how they come into being and go.
//!
//! Must not know traffic. The invariant: everything a lab made is held by descriptors of this process and by nothing
//! else, so that it is gone when the process is.

pub mod address;
pub mod conntrack;
pub mod docker;
pub mod existing;
pub mod firewall;
pub mod look;
pub mod meters;
mod netlink;
pub mod netns;
pub mod programs;
pub(crate) mod protocols;
pub mod read_back;
pub mod roster;
pub(crate) mod sample;
mod setup;
mod sysctl;
pub mod sysfs;
pub mod topology;
pub mod tracking;
pub mod witness;

use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

pub use setup::{Phases, Stop};

use crate::error::Result;
use crate::scenario::Cell;
use crate::scenario::registry::namespaces::NAMESPACE_SYSCTLS;
use firewall::Plan;
use netlink::barrier;
use netns::Namespace;
use setup::Drawn;
use topology::{Host, Layout, Meter, Place};

/// A raised lab.
#[derive(Debug)]
pub struct Lab {
    layout: Layout,
    containers: Vec<Namespace>,
    hosts: Vec<Namespace>,
    rules: Plan,
    setup: Duration,
    phases: Phases,
}

impl Lab {
    /// Raises the lab of a cell. `stop` is asked before each container; once it says yes, set-up is given up.
    ///
    /// # Errors
    /// What the kernel refused, after everything that had been raised was torn down again; `Interrupted` when told to stop.
    pub fn setup(cell: &Cell, stop: Stop) -> Result<Self> {
        let layout = Layout::of(cell);
        let rules = Plan::of(cell, &layout)?;
        let start = Instant::now();
        let drawn = Drawn {
            layout: &layout,
            rules: &rules,
            wiring: &cell.wiring,
            sysctls: &NAMESPACE_SYSCTLS.of(cell),
        };
        let (raised, result) = setup::raise(drawn, stop);
        let setup = start.elapsed();
        let lab = Self {
            layout,
            containers: raised.containers,
            hosts: raised.hosts,
            rules,
            setup,
            phases: raised.phases,
        };
        match result {
            Ok(()) => Ok(lab),
            Err(error) => {
                // The refusal is what the user must see, also where the end of the torso cannot be waited for.
                let _ = lab.teardown();
                Err(error)
            }
        }
    }

    /// The namespace of a container and the address its traffic uses.
    #[must_use]
    pub fn seat(&self, container: u32) -> (BorrowedFd<'_>, IpAddr) {
        let seat = &self.layout.seats[container as usize];
        (self.namespace(seat.place).as_fd(), seat.address)
    }

    /// The namespaces of all containers, by their numbers.
    #[must_use]
    pub fn namespaces(&self) -> Vec<BorrowedFd<'_>> {
        let seats = self.layout.seats.iter();
        seats
            .map(|seat| self.namespace(seat.place).as_fd())
            .collect()
    }

    /// What was built.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The namespaces of the host side, each with its plan: bridges, a router, what is outside.
    pub fn hosts(&self) -> impl Iterator<Item = (&Host, BorrowedFd<'_>)> {
        let descriptors = self.hosts.iter().map(AsFd::as_fd);
        self.layout.hosts.iter().zip(descriptors)
    }

    fn namespace(&self, place: Place) -> &Namespace {
        match place {
            Place::Host(number) => &self.hosts[number as usize],
            Place::Container(number) => &self.containers[number as usize],
        }
    }

    /// Where what a container receives is counted a second time.
    fn meter(&self, container: u32) -> &Meter {
        &self.layout.seats[container as usize].meter
    }

    /// Where the client of a pair calls its server, when that is at a port that the host side publishes: the address.
    #[must_use]
    pub fn entrance(&self, pair: u32) -> Option<IpAddr> {
        self.layout.entrances.get(pair as usize).copied()
    }

    /// Takes the rules off every host side, to see what they were to blame for. False where there were none.
    ///
    /// # Errors
    /// When a tool complains.
    pub fn lift_rules(&self) -> Result<bool> {
        netns::visit(|visitor| {
            for (host, ruleset) in &self.rules.host_sides {
                setup::enter(visitor, &self.hosts[*host as usize])?;
                ruleset.lift()?;
            }
            Ok(!self.rules.host_sides.is_empty())
        })
    }

    /// Who talks to whom: client and server, by container.
    #[must_use]
    pub fn pairs(&self) -> &[(u32, u32)] {
        &self.layout.pairs
    }

    /// From the first act until the lab is ready.
    #[must_use]
    pub fn setup_time(&self) -> Duration {
        self.setup
    }

    /// Where set-up's time went.
    #[must_use]
    pub fn phases(&self) -> Phases {
        self.phases
    }

    /// Closes everything at once and waits until the kernel has destroyed it. Returns how long that took, `None` when the
    /// wait was given up after two minutes.
    ///
    /// # Errors
    /// When the means for waiting could not be had; everything has been closed all the same.
    pub fn teardown(self) -> Result<Option<Duration>> {
        // The host side goes first: its end takes the veths of all its ports in one sweep, and the containers' ends with them.
        // The other way round each container's end is taken off a bridge that is still there (10 % slower at 4,000).
        let Self {
            hosts: mut doomed,
            containers,
            ..
        } = self;
        doomed.extend(containers);
        barrier::destroy(doomed)
    }
}

#[cfg(test)]
pub(crate) mod tests;
