//! Keys of how streams hand their bytes to the kernel, and datagrams themselves.

use crate::factors::choice::{Choice, Misfit};
use crate::factors::copying::{Receiving, Sending};
use crate::factors::effect::Shown;
use crate::factors::evidence::Evidence;
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
.shows(was_not_copied)
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
.shows(was_mapped)
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

/// What senders hand over without a copy is copied all the same where a packet stays on its node.
fn was_not_copied(evidence: &Evidence<'_>) -> Option<Shown> {
    let copied = match evidence.cell.load.send {
        Sending::Copy | Sending::Sendfile => return None,
        Sending::Zerocopy => evidence.zerocopy_copied?,
    };
    let shown = Shown::by("share of sends that the kernel copied, at most", copied).of(0.5);
    Some(if copied > 0.5 {
        shown.not_exercised("the kernel copies zerocopy sends whose packets stay on this machine")
    } else {
        shown
    })
}

/// Receivers have to have pages mapped.
fn was_mapped(evidence: &Evidence<'_>) -> Option<Shown> {
    let mapped = match evidence.cell.load.receive {
        Receiving::Copy | Receiving::Discard => return None,
        Receiving::Zerocopy => evidence.mapped?,
    };
    let shown = Shown::by("share of bytes that receivers had mapped", mapped);
    Some(if mapped > 0.0 {
        shown
    } else {
        shown.not_exercised("the kernel maps whole pages alone, and none came; send = \"zerocopy\" fills whole pages")
    })
}

/// A call has to have moved several; or one, where it is to.
fn moved_several(evidence: &Evidence<'_>) -> Option<Shown> {
    let per_send = evidence.batched[0]?;
    let shown = Shown::by("datagrams that a call sent, on average", per_send);
    Some(match evidence.cell.load.batch {
        // What a call began on one side of an edge may be counted on the other.
        Batch::None => shown.of(1.0).held_if(per_send <= 1.1, "calls sent several, and were to send one"),
        Batch::Mmsg | Batch::Gso if per_send > 1.0 => shown,
        Batch::Mmsg | Batch::Gso => {
            shown.not_exercised("senders never had two datagrams to send at once; a higher `rate`, or none, gives them more")
        }
    })
}

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
.shows(moved_several)
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
