//! Sockets of containers, counted when the window has just been closed and flows are still there: how many a namespace has, at which
//! ports they listen or are connected, and which closed connections it keeps.
//!
//! Must not know what that shows. The invariant: what is dear, a list of sockets, which has the kernel go through those of all
//! namespaces, is asked for only where connections are made all the time, and else in a few namespaces.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;

use super::super::netlink::sockets::{Found, State, of_state};
use super::super::netns::Visitor;
use super::super::protocols::in_lines;
use super::super::topology::Place;
use super::super::{Lab, setup};
use super::{containers, is_inside, places, plus, sample, text};
use crate::error::{Error, Result};
use crate::scenario::{Cell, Workload};
use crate::store::record::SocketsSeen;

/// Namespaces that only serve in which connections are listed by their ports.
const LISTED: usize = 4;

/// Namespaces whose sockets are to be counted, each with what is to be there: known before flows come up, so that nothing of it is
/// worked out while they move.
#[derive(Debug)]
pub struct Drawn(Vec<Ends>);

/// What there is to be of flows in a namespace.
#[derive(Debug)]
struct Ends {
    place: Place,
    /// Whether it is of the even sample of all.
    is_sample: bool,
    calls: u32,
    serves: u32,
    /// Containers that serve.
    servers: BTreeSet<u32>,
}

impl Drawn {
    /// Those of a lab.
    #[must_use]
    pub fn of(lab: &Lab) -> Self {
        let sample: BTreeSet<_> = sample(lab).collect();
        let blank = |place| Ends {
            place,
            is_sample: sample.contains(&place),
            calls: 0,
            serves: 0,
            servers: BTreeSet::new(),
        };
        let sampled = containers(lab).into_keys();
        let mut ends: BTreeMap<_, _> = sampled.map(|place| (place, blank(place))).collect();
        for pair in &lab.layout.pairs {
            let [client, server] = places(lab, *pair);
            if let Some(ends) = ends.get_mut(&client).filter(|_| is_inside(client)) {
                ends.calls += 1;
            }
            if let Some(ends) = ends.get_mut(&server).filter(|_| is_inside(server)) {
                ends.serves += 1;
                ends.servers.insert(pair.1);
            }
        }
        Self(ends.into_values().collect())
    }
}

/// Counts them, on the calling thread: that one has the CPU when it wants it, where that is allowed, and a new one would wait for flows
/// that move.
///
/// # Errors
/// When a namespace of the lab cannot be entered.
pub fn count(lab: &Lab, cell: &Cell, drawn: &Drawn) -> Result<SocketsSeen> {
    let visitor = Visitor::new()?;
    let mut seen = SocketsSeen::default();
    let mut left = LISTED;
    let renews = cell.workloads().any(Workload::renews_connections);
    let is_tcp = cell.workloads().all(|it| !it.is_datagrams());
    for ends in &drawn.0 {
        setup::enter(&visitor, lab.namespace(ends.place))?;
        let listening = if renews { listening(cell)? } else { None };
        see(&mut seen, ends, listening.as_deref());
        let lists = is_tcp && !renews && ends.calls == 0 && ends.servers.len() == 1;
        if lists && left > 0 {
            left -= 1;
            let connected = of_state(cell.family, State::Established).unwrap_or_default();
            see_ports(&mut seen, ends, &connected);
        }
    }
    Ok(seen)
}

/// The sockets that listen in the namespace in which the thread is; absent where the kernel does not list sockets.
fn listening(cell: &Cell) -> Result<Option<Vec<Found>>> {
    match of_state(cell.family, State::Listen) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::kernel("list", "the sockets of a container", error)),
    }
}

/// What a namespace's files and those of its sockets that listen say.
fn see(seen: &mut SocketsSeen, ends: &Ends, listening: Option<&[Found]>) {
    let files = ["sockstat", "sockstat6"].map(|file| text(file).unwrap_or_default());
    let figures = || files.iter().flat_map(|text| in_lines(text));
    let of = |wanted: &[&str], figure| {
        let told = figures().filter(move |(of, name, _)| wanted.contains(of) && *name == figure);
        told.map(|(_, _, number)| number).sum::<u64>()
    };
    let listeners = listening.map_or(0, <[Found]>::len) as u64;
    let sockets = of(&["TCP:", "TCP6:", "UDP:", "UDP6:"], "inuse").saturating_sub(listeners);
    let has_some = u32::from(sockets + listeners > 0);
    seen.namespaces += 1;
    seen.talking += has_some;
    seen.sample += u32::from(ends.is_sample);
    seen.sample_talking += if ends.is_sample { has_some } else { 0 };
    seen.ends += ends.calls + ends.serves;
    seen.servers += ends.serves;
    seen.server_containers += u32::try_from(ends.servers.len()).unwrap_or(u32::MAX);
    seen.connections += sockets;
    let closed = Some(of(&["TCP:"], "tw"));
    match (ends.calls, ends.serves) {
        (1.., 0) => seen.closed[0] = plus(seen.closed[0], closed),
        (0, 1..) => seen.closed[1] = plus(seen.closed[1], closed),
        _ => {}
    }
    if let Some(listening) = listening {
        let count = u32::try_from(listening.len()).unwrap_or(u32::MAX);
        *seen.listeners.get_or_insert_default() += count;
        for socket in listening {
            let [least, most] = seen.backlogs.get_or_insert([socket.waiting; 2]);
            *least = socket.waiting.min(*least);
            *most = socket.waiting.max(*most);
        }
    }
}

/// How many connections have one port, where there are most.
fn see_ports(seen: &mut SocketsSeen, ends: &Ends, connected: &[Found]) {
    let mut at_ports = HashMap::<u16, u32>::new();
    for socket in connected {
        *at_ports.entry(socket.port).or_default() += 1;
    }
    let most = at_ports.into_values().max().filter(|_| ends.serves > 0);
    seen.most_served = seen.most_served.max(ends.serves);
    seen.most_at_a_port = seen.most_at_a_port.max(most);
}
