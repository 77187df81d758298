//! Keys of how streams hand their bytes to the kernel, and datagrams themselves.

use crate::factors::choice::{Choice, Misfit};
use crate::factors::copying::{Receiving, Sending};
use crate::factors::factor::Factor;
use crate::factors::field::Place::Traffic;
use crate::factors::field::Varies::AtOneCount;
use crate::factors::field::{Field, take, words};
use crate::factors::key::{Group, Key, NeedsWorkload, Part, Usual};
use crate::factors::load::{Batch, LARGEST_DATAGRAM};
use crate::factors::takes::Takes;
use crate::factors::traffic::Family;
use crate::factors::workload::Workload;

use super::load::DATAGRAMS;
use super::names::{FAMILY, MESSAGE, MTU, TOPOLOGY};

const STREAMS: NeedsWorkload = NeedsWorkload {
    has: Workload::is_byte_stream,
    lacking: "a stream of bytes",
};

pub static SEND: Key<Sending> = Key::axis(
    "send",
    Group::Load,
    "How senders of streams hand bytes to the kernel.",
)
.also(&["zerocopy"])
.about(Part::Traffic)
.usual(Usual::Text("copy"))
.sets(|cell, send| cell.load.send = *send)
.needs_workload(STREAMS)
.fields(&[Field::text(
    "send",
    "How senders hand bytes to the kernel.",
    |cell| words(&cell.load.send),
    take!(load.send),
)
.labelled(AtOneCount, |level| format!("{level} sends"))
.in_id(Traffic, |cell| {
    let send = cell.load.send;
    (send != Sending::Copy).then(|| format!("tx-{send}"))
})
.looked_past()]);

pub static RECEIVE: Key<Receiving> = Key::axis(
    "receive",
    Group::Load,
    "How receivers of streams take bytes from the kernel.",
)
.about(Part::Traffic)
.usual(Usual::Text("copy"))
.sets(|cell, receive| cell.load.receive = *receive)
.needs_workload(STREAMS)
.fields(&[Field::text(
    "receive",
    "How receivers take bytes from the kernel.",
    |cell| words(&cell.load.receive),
    take!(load.receive),
)
.labelled(AtOneCount, |level| format!("{level} receives"))
.in_id(Traffic, |cell| {
    let receive = cell.load.receive;
    (receive != Receiving::Copy).then(|| format!("rx-{receive}"))
})
.looked_past()]);

/// What the batches of a flow of datagrams may take, one at each end.
const BATCHES_BYTES: u64 = 128 << 10;

pub static BATCH: Key<Batch> = Key::axis(
    "batch",
    Group::Load,
    "How many datagrams of a stream one system call moves.",
)
.about(Part::Traffic)
.usual(Usual::Text("none"))
.sets(|cell, batch| cell.load.batch = *batch)
.needs_workload(DATAGRAMS)
.fits(&[is_cut_into_packets])
.takes(|cell| {
    let flow_bytes = match cell.load.batch {
        Batch::None => 0,
        Batch::Mmsg | Batch::Gso => BATCHES_BYTES,
    };
    Takes {
        flow_bytes,
        ..Takes::default()
    }
})
.fields(&[Field::text(
    "batch",
    "How many datagrams of a stream one system call moves.",
    |cell| words(&cell.load.batch),
    take!(load.batch),
)
.labelled(AtOneCount, |level| match level {
    "none" => "no batches".to_owned(),
    level => format!("{level} batches"),
})
.in_id(Traffic, |cell| {
    let batch = cell.load.batch;
    (batch != Batch::None).then(|| batch.to_string())
})
.looked_past()]);

/// Only what fits whole into a packet is cut from a train.
fn is_cut_into_packets(choice: &Choice) -> Vec<Misfit> {
    let room = room_in_packet(choice);
    let longest = choice.values(MESSAGE).map(|size| size.0).max();
    let streams = Workload::ALL.iter().filter(|it| it.is_datagram_stream());
    let usual = streams.map(|it| it.usual_message_bytes()).max();
    let longest = longest.or(usual).unwrap_or(0);
    let cut = choice.find(BATCH.named(), |batch| *batch == Batch::Gso);
    let misfit = cut.filter(|_| longest > room).map(|at| {
        let message = format!("a datagram of {longest} bytes is not cut into packets of its own");
        let remedy = format!(
            "allowed with it: message up to {room}, what the MTU leaves; larger ones with \"none\" or \"mmsg\""
        );
        at.misfit(message, remedy)
    });
    misfit.into_iter().collect()
}

/// Bytes of the largest datagram that fits into one packet, headers of UDP and IP beside it, on every link of the table.
fn room_in_packet(choice: &Choice) -> u32 {
    let ipv6 = choice.has(FAMILY, &Family::Ipv6);
    let headers = if ipv6 { 48 } else { 28 };
    if choice
        .find(TOPOLOGY, |topology| topology.has_links())
        .is_some()
    {
        let mtu = choice.values(MTU).map(|mtu| mtu.0).min();
        mtu.unwrap_or(0).saturating_sub(headers)
    } else {
        LARGEST_DATAGRAM
    }
}
