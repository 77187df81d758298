//! Settles a cell whose factors are all given: fills in what follows from others, and takes out what it has no place for.
//!
//! Knows no text and no machine. Invariant: what a cell does not have is absent or at its default, so that cells that are built
//! and loaded alike are equal.

use super::cell::Cell;
use super::copying::{Receiving, Sending};
use super::limits::Limits;
use super::load::{Batch, Search};
use super::pairs::pairs_of;
use super::pattern::{Direction, Pattern};
use super::receive::{Napi, Rps};
use super::registry;
use super::topology::{Joined, Testbed};
use super::traffic::{Driver, Path};
use super::wiring::{Entries, Join, USUAL_AGEING_S, USUAL_GSO_BYTES, Wiring};

/// Fills in what follows from a pattern, its pairs among it, and takes out what it does not have.
pub fn pattern(cell: &mut Cell) {
    let talk = &mut cell.talk;
    talk.peers = talk.peers.filter(|_| cell.pattern == Pattern::AllToAll);
    let drawn = cell.pattern == Pattern::Permutation || talk.peers.is_some();
    talk.pattern_seed = talk.pattern_seed.filter(|_| drawn);
    if cell.pattern == Pattern::AllToAll && talk.peers.is_none() {
        // It goes both ways as it is.
        talk.direction = Direction::OneWay;
    }
    cell.pairs = u32::try_from(pairs_of(cell)).unwrap_or(u32::MAX);
}

/// Takes out of a cell what its workload does not have.
pub fn load(cell: &mut Cell) {
    let answered = cell.workload.has_responses();
    if !cell.workload.has_messages() {
        cell.message_bytes = cell.workload.usual_message_bytes();
    }
    let load = &mut cell.load;
    load.response_bytes = load.response_bytes.filter(|_| answered);
    load.rate = load.rate.filter(|_| cell.workload.has_rate());
    if !cell.workload.is_datagram_stream() {
        load.batch = Batch::None;
        load.search = Search::None;
    }
    let closed = cell.workload.has_outstanding() && load.rate.is_none();
    load.outstanding = load.outstanding.filter(|count| closed && *count != 1);
    let timed = load.rate.is_some() || load.search != Search::None;
    load.arrivals = load.arrivals.filter(|_| timed);
    if !cell.workload.is_byte_stream() {
        load.send = Sending::Copy;
        load.receive = Receiving::Copy;
    }
}

/// Takes the limits out of a cell whose containers have no groups.
pub fn limits(cell: &mut Cell) {
    if cell.driver != Driver::Processes {
        cell.limits = Limits::default();
    }
}

/// Takes out of a cell what its shape does not have, and what is the kernel's own way.
pub fn wiring(cell: &mut Cell) {
    let (topology, path) = (cell.topology, cell.path);
    let wiring = &mut cell.wiring;
    wiring.ageing_s = wiring.ageing_s.filter(|age| *age != USUAL_AGEING_S);
    wiring.gso_max_bytes = wiring
        .gso_max_bytes
        .filter(|bytes| *bytes != USUAL_GSO_BYTES);
    let [of_all, of_ipv4] = wiring.gso_bytes();
    wiring.gso_ipv4_max_bytes = Some(of_ipv4).filter(|bytes| *bytes != of_all);
    if topology.joined() != Joined::Bridges || path != Path::Direct {
        wiring.join = Join::None;
    }
    wiring.crossing &= wiring.join != Join::None;
    if !topology.has_bridges_of_ours() {
        *wiring = Wiring {
            entries: wiring.entries,
            offload_off: wiring.offload_off,
            gso_max_bytes: wiring.gso_max_bytes,
            gso_ipv4_max_bytes: wiring.gso_ipv4_max_bytes,
            napi: wiring.napi,
            rps: wiring.rps.clone(),
            ..Wiring::default()
        };
    }
    if !topology.has_veths() {
        *wiring = Wiring {
            offload_off: false,
            gso_max_bytes: None,
            gso_ipv4_max_bytes: None,
            napi: Napi::None,
            rps: Rps::Off,
            ..wiring.clone()
        };
    }
    if !topology.has_links() {
        wiring.entries = Entries::Static;
    }
    if cell.testbed != Testbed::Kernel {
        *wiring = Wiring::default();
    }
}

/// Takes out what a cell keeps by its key's name and has no place for.
pub fn kept(cell: &mut Cell) {
    let mut kept = std::mem::take(&mut cell.kept);
    kept.retain(|name| {
        let needs = registry::key(name).and_then(|key| key.facts().needs);
        needs.is_none_or(|needs| needs.applies(cell))
    });
    cell.kept = kept;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factors::Topology;
    use crate::factors::registry::links::SNOOPING;
    use crate::store::sample;

    #[test]
    fn a_cell_without_a_place_for_it_has_the_usual_level() {
        let mut cell = sample::cell(Topology::Veth, 2);
        SNOOPING.give(&mut cell, &true);
        kept(&mut cell);
        assert!(!SNOOPING.of(&cell));
    }
}
