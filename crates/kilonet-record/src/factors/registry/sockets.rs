//! What entries judge a trial by that say how many flows there are, and by which ports they go: the sockets that the kernel counted in
//! containers' namespaces when the window had just been closed.
//!
//! Knows no entry. The invariant: a flow that was lost is no level that was.

use crate::factors::cell::Cell;
use crate::factors::effect::Shown;
use crate::factors::evidence::{Evidence, LinksSeen, SocketsSeen};
use crate::factors::load::{Closing, Listening};
use crate::factors::pattern::{Direction, Pattern};
use crate::factors::traffic::Path;
use crate::factors::workload::Workload;

use super::shown::links;
use super::spread::floods;

/// Where there were sockets to count.
fn sockets(evidence: &Evidence<'_>) -> Option<SocketsSeen> {
    let seen = evidence.seen?.sockets?;
    (seen.namespaces > 0).then_some(seen)
}

/// Flows that were lost, whose sockets may be gone.
fn lost(evidence: &Evidence<'_>) -> u32 {
    evidence.came.map_or(0, |came| came.lost)
}

/// Whether some flows have a connection for each request, beside the one that each came up with.
fn renews(cell: &Cell) -> bool {
    cell.workloads().any(Workload::renews_connections)
}

/// Flows of each pair: each has a socket at both of its ends. Where connections are made all the time there are more of them, and a
/// flow has a port of its own unless it shares that.
pub(super) fn streams(evidence: &Evidence<'_>) -> Option<Shown> {
    let (cell, seen) = (evidence.cell, sockets(evidence)?);
    if seen.ends == 0 {
        return None;
    }
    let streams = f64::from(cell.streams);
    let wanted = f64::from(seen.ends) * streams;
    let gone = 2.0 * f64::from(lost(evidence));
    let found = seen.connections as f64;
    let reason = format!(
        "containers had {found} sockets, and {wanted} were to be theirs; leave the lab's sockets to its flows"
    );
    let shown = Shown::by("sockets of containers that flows were to be of", found).of(wanted);
    if !renews(cell) {
        return Some(shown.held_if((wanted - gone..=wanted).contains(&found), reason));
    }
    let own = cell.load.listen == Listening::Own && cell.beside.is_none();
    let Some(listeners) = seen.listeners.filter(|_| own && seen.servers > 0) else {
        return Some(shown.held_if(found >= wanted - gone, reason));
    };
    let (listeners, ports) = (f64::from(listeners), f64::from(seen.servers) * streams);
    let reason = format!(
        "containers listened at {listeners} ports, and {ports} were to be theirs; leave the lab's sockets to its flows"
    );
    let shown = Shown::by("ports at which containers listened", listeners).of(ports);
    Some(shown.held_if((ports - gone..=ports).contains(&listeners), reason))
}

/// Which port clients call. While connections last nobody listens any more, but those to one port are all at it.
pub(super) fn ports_called(evidence: &Evidence<'_>) -> Option<Shown> {
    let (cell, seen) = (evidence.cell, sockets(evidence)?);
    let reason = "clients called other ports than they were to; compare what servers of this version listen at";
    let several = "each server has one flow, which calls one port either way; use a pattern such as \"incast\", or streams";
    let idle = |shown: Shown| match cell.load.listen {
        Listening::Own => None,
        Listening::Shared => Some(shown.not_exercised(several)),
    };
    if renews(cell) {
        if !cell.beside.is_none() || seen.servers == 0 {
            return None;
        }
        let listeners = f64::from(seen.listeners?);
        let shown = Shown::by("ports at which containers listened", listeners);
        let (own, shared) = (seen.servers * cell.streams, seen.server_containers);
        if own == shared {
            return idle(shown);
        }
        let wanted = f64::from(match cell.load.listen {
            Listening::Own => own,
            Listening::Shared => shared,
        });
        let least = wanted - f64::from(lost(evidence));
        return Some(
            shown
                .of(wanted)
                .held_if((least..=wanted).contains(&listeners), reason),
        );
    }
    let most = f64::from(seen.most_at_a_port?);
    let shown = Shown::by(
        "most connections that had one port of a server container",
        most,
    );
    let flows = seen.most_served * cell.streams;
    if flows < 2 {
        return idle(shown);
    }
    let wanted = match cell.load.listen {
        Listening::Own => 1.0,
        Listening::Shared => f64::from(flows),
    };
    let least = (wanted - f64::from(lost(evidence))).max(1.0);
    Some(
        shown
            .of(wanted)
            .held_if((least..=wanted).contains(&most), reason),
    )
}

/// The cell, where all its pairs have the same load: sockets do not say whose they are.
fn of_one_load<'a>(evidence: &Evidence<'a>) -> Option<&'a Cell> {
    Some(evidence.cell).filter(|cell| cell.beside.is_none())
}

/// Connections that may wait, as the kernel has it of each socket that listens. What nobody asked for may be less where the sysctl of
/// the containers is.
pub(super) fn waiting_room(evidence: &Evidence<'_>) -> Option<Shown> {
    let (cell, seen) = (of_one_load(evidence)?, sockets(evidence)?);
    let [least, most] = seen.backlogs?;
    let asked = cell.load.backlog();
    let shown = Shown::by(
        "connections that may wait at a listening port, at the least",
        f64::from(least),
    );
    let held = match cell.load.backlog {
        Some(_) => [least, most] == [asked; 2],
        None => most <= asked,
    };
    let reason = format!(
        "{least} to {most} may wait at ports that were to have room for {asked}; set net.core.somaxconn in [namespace.sysctls] to as many"
    );
    Some(shown.of(asked).held_if(held, reason))
}

/// Who closed: that end keeps the connection for a minute.
pub(super) fn closed_by(evidence: &Evidence<'_>) -> Option<Shown> {
    let (cell, seen) = (of_one_load(evidence)?, sockets(evidence)?);
    let [at_clients, at_servers] = seen.closed;
    let (own, other) = match cell.load.closes {
        Closing::Server => (at_servers, at_clients),
        Closing::Client => (at_clients, at_servers),
    };
    let shown = Shown::by(
        "closed connections that the end keeps which is to close first (TIME_WAIT)",
        own.map(|count| count as f64),
    );
    let kept = own.unwrap_or(0) + other.unwrap_or(0);
    if own.is_none() || kept == 0 {
        let asked = cell.load.closes == Closing::Client;
        let reason = "no container only calls or only serves, or none keeps closed connections, so nothing shows who closed";
        return asked.then(|| shown.not_exercised(reason));
    }
    let other = other.unwrap_or(0);
    let reason = format!(
        "the {} was to close first, and the other end keeps {other} closed connections; compare what both ends of this version do",
        cell.load.closes
    );
    // Some are closed by both at once, and are kept by both.
    Some(shown.held_if(own.unwrap_or(0) > other, reason))
}

/// Whether each container has a namespace and a link, so that namespaces stand for containers.
fn one_each(cell: &Cell) -> bool {
    let inside = match cell.path {
        Path::Direct | Path::Hairpin => true,
        // One end of each pair is elsewhere.
        Path::Published | Path::Outside => false,
    };
    cell.topology.has_links() && inside
}

/// Containers that talk, of an even sample: those that have sockets.
pub(super) fn talkers(evidence: &Evidence<'_>) -> Option<Shown> {
    let (cell, seen) = (evidence.cell, sockets(evidence)?);
    if !one_each(cell) || seen.sample == 0 {
        return None;
    }
    let share = f64::from(cell.active) / f64::from(cell.containers);
    let wanted = share * f64::from(seen.sample);
    let found = f64::from(seen.sample_talking);
    // Those who talk are the first ones: of a part of all, one at their border may fall on either side.
    let border = if seen.sample < cell.containers {
        1.0
    } else {
        0.0
    };
    let gone = if lost(evidence) > 0 { wanted } else { border };
    let held = (wanted - gone..=wanted + border).contains(&found);
    let reason = format!(
        "{found} of {} containers had sockets, and {wanted:.0} were to talk; leave the lab's containers to its flows",
        seen.sample
    );
    let shown = Shown::by("containers with sockets, of an even sample", found);
    Some(shown.of(wanted).held_if(held, reason))
}

/// Which ways the flows of two containers go: of streams by what came to either, of requests by how many sockets each has. Only where
/// containers talk in twos, as others both send and receive either way.
pub(super) fn ways(evidence: &Evidence<'_>) -> Option<Shown> {
    let cell = evidence.cell;
    if cell.pattern != Pattern::Pairs || !one_each(cell) {
        return None;
    }
    let one_kind = cell.beside.is_none();
    if one_kind && (cell.workload.is_byte_stream() || cell.workload.is_datagram_stream()) {
        return bytes_of_ways(cell, links(evidence)?, lost(evidence));
    }
    let seen = sockets(evidence)?;
    if renews(cell) || seen.talking == 0 || lost(evidence) > 0 {
        return None;
    }
    let ways = match cell.talk.direction {
        Direction::OneWay => 1.0,
        Direction::Both => 2.0,
    };
    let wanted = f64::from(seen.talking) * f64::from(cell.streams) * ways;
    let found = seen.connections as f64;
    let reason = format!(
        "containers had {found} sockets, and flows that go {} have {wanted}; leave the lab's sockets to its flows",
        cell.talk.direction
    );
    let shown = Shown::by("sockets of containers that talk", found).of(wanted);
    Some(shown.held_if(found.to_bits() == wanted.to_bits(), reason))
}

/// What acknowledges a stream is a fortieth of it at most, where each packet of 1,500 bytes is acknowledged alone; with smaller ones
/// that is a greater part. Where both ends send, one may have more of the CPU, and not nearly all.
fn bytes_of_ways(cell: &Cell, seen: LinksSeen, lost: u32) -> Option<Shown> {
    const LEAST_OF_BOTH: f64 = 0.05;
    const MOST_OF_ONE: f64 = 0.5;
    const LEAST_MTU: u32 = 1280;
    /// Below so much, what containers announce to each other has a part in it.
    const ENOUGH_BYTES: u64 = 16 << 20;
    /// What acknowledges a smaller message is a great part of it, where each is a packet of its own.
    const LEAST_MESSAGE: u32 = 512;
    let [less, more] = seen.less_and_more_bytes;
    let small = cell.mtu < Some(LEAST_MTU) || cell.message_bytes < LEAST_MESSAGE;
    if more < ENOUGH_BYTES || small || lost > 0 || floods(cell) {
        return None;
    }
    let share = less as f64 / more as f64;
    let shown = Shown::by(
        "bytes that came to one of two containers, over those that came to the other",
        share,
    );
    let (wanted, held) = match cell.talk.direction {
        Direction::OneWay => (MOST_OF_ONE, share <= MOST_OF_ONE),
        Direction::Both => (LEAST_OF_BOTH, share >= LEAST_OF_BOTH),
    };
    let reason = format!(
        "one of two containers received {:.0} % of what the other did, which is not what flows do that go {}; compare what this version sends",
        share * 100.0,
        cell.talk.direction
    );
    Some(shown.of(wanted).held_if(held, reason))
}
