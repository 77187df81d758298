//! Where connection tracking is read: on the host sides that have rules, or in the containers that have; and on the host side that
//! was there before its containers, where there is one.
//!
//! Must not know what the counters mean. The invariant: what is opened is of namespaces that the lab's traffic passes, and of no
//! other.

use std::collections::BTreeSet;
use std::fs;
use std::os::fd::BorrowedFd;

use super::conntrack::{Conntrack, Table};
use super::sample::evenly;
use super::topology::Place;
use super::{Lab, netns, setup};
use crate::error::{Error, Result};

/// Pairs whose containers' own connection tracking is read. Containers with rules are all alike, so a few stand for them:
/// each costs a descriptor, and a read just outside either edge of the window. Two for each of these are within what is set
/// aside beside the descriptors of namespaces and flows.
const WATCHED_PAIRS: usize = 16;

/// The counts of connection tracking of some namespaces, opened inside. Each pins its namespace, so they must be gone before
/// teardown.
#[derive(Debug, Default)]
pub struct Tracking {
    /// One of each; none where there are no rules, or the kernel has no such thing.
    pub tables: Vec<Table>,
    /// Containers that are read in; 0 where it is host sides.
    pub containers: u32,
    /// What their tables are like.
    pub size: Size,
    /// Whether it is somebody else's rules that might track there, so that only entries say whether any do.
    pub is_found: bool,
}

/// What the connection table of a namespace is like; absent where the kernel does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// Connections that it holds at most.
    pub max: Option<u64>,
    /// Seconds for which a connection of TCP stays in it once it is closed.
    pub closed_stay_s: Option<u64>,
}

impl Size {
    /// That of the namespace in which the thread is.
    fn read() -> Self {
        let setting = |name: &str| {
            let text = fs::read_to_string(format!("/proc/sys/net/netfilter/{name}")).ok()?;
            text.trim().parse().ok()
        };
        Self {
            max: setting("nf_conntrack_max"),
            closed_stay_s: setting("nf_conntrack_tcp_timeout_time_wait"),
        }
    }
}

impl Tracking {
    /// Opens what connection tracking counts where there are rules: on each host side that has some; in containers, where
    /// these have, in an even sample of the pairs that talk.
    ///
    /// # Errors
    /// When descriptors have run out.
    pub fn of(lab: &Lab) -> Result<Self> {
        let places = tracked(lab);
        let inside = |place: &&Place| matches!(place, Place::Container(_));
        let containers = u32::try_from(places.iter().filter(inside).count()).unwrap_or(u32::MAX);
        netns::visit(|visitor| {
            let tables = places.iter().map(|place| {
                setup::enter(visitor, lab.namespace(*place))?;
                Table::open()
            });
            let tables = tables
                .filter_map(Result::transpose)
                .collect::<Result<_>>()?;
            // They are alike, and the thread is in the last of them: a look-up of a sysctl takes as long as there are namespaces.
            let size = places.last().map_or_else(Size::default, |_| Size::read());
            Ok(Self {
                tables,
                containers,
                size,
                is_found: false,
            })
        })
    }

    /// Opens what connection tracking counts on a host side that was there before its containers.
    ///
    /// # Errors
    /// When it may not be entered, or descriptors have run out.
    pub fn found(host: BorrowedFd<'_>) -> Result<Self> {
        netns::visit(|visitor| {
            visitor
                .enter(host)
                .map_err(|source| Error::kernel("enter", "a namespace of the host side", source))?;
            Ok(Self {
                tables: Table::open()?.into_iter().collect(),
                size: Size::read(),
                is_found: true,
                ..Self::default()
            })
        })
    }

    /// Reads each of the tables, in their order.
    ///
    /// # Errors
    /// When the kernel does not answer, or not in the columns that are known.
    pub fn read(&mut self) -> Result<Vec<Conntrack>> {
        self.tables.iter_mut().map(Table::read).collect()
    }
}

fn tracked(lab: &Lab) -> BTreeSet<Place> {
    let hosts = lab.rules.host_sides.iter();
    let hosts = hosts.map(|(host, _)| Place::Host(*host));
    let watched = evenly(&lab.layout.pairs, WATCHED_PAIRS);
    let inside = watched.filter(|_| lab.rules.inside.is_some());
    let seats = inside.flat_map(|(client, server)| [*client, *server]);
    hosts
        .chain(seats.map(|container| lab.layout.seats[container as usize].place))
        .collect()
}
