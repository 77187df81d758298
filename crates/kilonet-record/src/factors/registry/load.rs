//! Keys of what is asked of flows beside the size of their messages.

use crate::factors::beside::Beside;
use crate::factors::cell::Cell;
use crate::factors::copying::{Receiving, Sending};
use crate::factors::field::Place::Traffic;
use crate::factors::field::Varies::{Anywhere, AtOneCount, OfOneWorkload};
use crate::factors::field::{Field, count_of, take, words, words_of};
use crate::factors::key::{Group, Key, NeedsWorkload, Part, Usual};
use crate::factors::load::{Arrivals, Batch, MOST_RATE, Search};
use crate::factors::value::Count;
use crate::factors::workload::Workload;
use crate::units::{Bytes, Unit};

use super::traffic::MessageSize;

/// Where each request has a connection of its own, the next follows it.
const SEVERAL_REQUESTS: NeedsWorkload = NeedsWorkload {
    has: Workload::has_outstanding,
    lacking: "several requests over one connection",
};

const RESPONSES: NeedsWorkload = NeedsWorkload {
    has: Workload::has_responses,
    lacking: "responses",
};

/// A stream of bytes has no messages that could have times.
const MESSAGES: NeedsWorkload = NeedsWorkload {
    has: Workload::has_rate,
    lacking: "requests or datagrams",
};

const STREAMS: NeedsWorkload = NeedsWorkload {
    has: Workload::is_byte_stream,
    lacking: "a stream of bytes",
};

const DATAGRAMS: NeedsWorkload = NeedsWorkload {
    has: Workload::is_datagram_stream,
    lacking: "a stream of datagrams",
};

pub static RESPONSE: Key<MessageSize> = Key::<MessageSize>::axis(
    "response",
    Group::Load,
    "Bytes of a response; as many as the request has if absent.",
)
.also(&["reply"])
.about(Part::Traffic)
.examples("`1`, `1KiB`")
.sets(|cell, response| cell.load.response_bytes = Some(response.0))
.or_else(|cell| cell.load.response_bytes = Some(cell.message_bytes))
.needs_workload(RESPONSES)
.fields(&[Field::integer(
    "response_bytes",
    Unit::Bytes,
    "A response; absent for workloads without.",
    |cell| count_of(cell.load.response_bytes),
    take!(load.response_bytes),
)
.labelled(OfOneWorkload, |level| format!("{level} responses"))
.level(|cell| Some(Bytes(u64::from(cell.load.response_bytes?)).to_string()))]);

pub static OUTSTANDING: Key<Count<1, 1024>> = Key::<Count<1, 1024>>::axis(
    "outstanding",
    Group::Load,
    "Requests that a flow may have under way at once, where no rate is given.",
)
.about(Part::Traffic)
.usual(Usual::Number("1"))
.sets(|cell, outstanding| cell.load.outstanding = Some(outstanding.0))
.needs_workload(SEVERAL_REQUESTS)
.fields(&[Field::integer(
    "outstanding",
    Unit::Plain,
    "Requests that a flow may have under way at once; absent where that is 1.",
    |cell| count_of(cell.load.outstanding),
    take!(load.outstanding),
)
.labelled(AtOneCount, |level| format!("{level} under way"))
.level(|cell| Some(cell.load.outstanding().to_string()))
.in_id(Traffic, |cell| {
    cell.load.outstanding.map(|count| format!("o{count}"))
})]);

pub static RATE: Key<Count<1, { MOST_RATE }>> = Key::<Count<1, { MOST_RATE }>>::axis(
    "rate",
    Group::Load,
    "Messages a second offered to each flow, whether or not earlier ones are answered; if absent, as fast as responses \
     come, or as datagrams can be sent.",
)
.also(&["bandwidth", "bitrate"])
.about(Part::Traffic)
.examples("`1000`")
.sets(|cell, rate| cell.load.rate = Some(rate.0))
.or_else(|_| ())
.needs_workload(MESSAGES)
.fields(&[Field::integer(
    "rate",
    Unit::PerSecond,
    "Messages offered to each flow, answered or not; absent for a closed loop.",
    |cell| count_of(cell.load.rate),
    take!(load.rate),
)
.labelled(OfOneWorkload, str::to_owned)
    .level(|cell| Some(rate(cell)))
.in_id(Traffic, |cell| cell.load.rate.map(|rate| format!("{rate}ps")))]);

fn rate(cell: &Cell) -> String {
    match cell.load.rate {
        Some(rate) => format!("{rate}/s"),
        None if cell.workload.has_requests() => "closed loop".to_owned(),
        None => "no rate".to_owned(),
    }
}

pub static ARRIVALS: Key<Arrivals> = Key::axis(
    "arrivals",
    Group::Load,
    "How messages that have a rate lie in time.",
)
.about(Part::Traffic)
.usual(Usual::Text("constant"))
.sets(|cell, arrivals| cell.load.arrivals = Some(*arrivals))
.fields(&[Field::text(
    "arrivals",
    "How they lie in time; absent for a closed loop.",
    |cell| words_of(cell.load.arrivals.as_ref()),
    take!(load.arrivals),
)
.labelled(AtOneCount, |level| format!("{level} arrivals"))
.in_id(Traffic, |cell| {
    let unusual = cell.load.arrivals.filter(|it| *it != Arrivals::Constant);
    unusual.map(|arrivals| arrivals.to_string())
})]);

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

pub static BATCH: Key<Batch> = Key::axis(
    "batch",
    Group::Load,
    "How many datagrams of a stream one system call moves.",
)
.about(Part::Traffic)
.usual(Usual::Text("none"))
.sets(|cell, batch| cell.load.batch = *batch)
.needs_workload(DATAGRAMS)
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

pub static SEARCH: Key<Search> = Key::axis(
    "search",
    Group::Load,
    "Finds the highest rate of datagrams whose loss stays within this, by halving in up to 9 windows of a trial; `rate` is \
     where it begins, if that is given.",
)
.also(&["loss"])
.about(Part::Traffic)
.usual(Usual::Text("none"))
.sets(|cell, search| cell.load.search = *search)
.needs_workload(DATAGRAMS)
.fields(&[Field::text(
    "search",
    "Loss within which the highest rate is looked for; `none` where there is no search.",
    |cell| words(&cell.load.search),
    take!(load.search),
)
.labelled(AtOneCount, |level| match level {
        "none" => "no search".to_owned(),
        accepted => format!("highest rate at {accepted} loss"),
    })
// A per cent sign is not safe in a file's name.
.in_id(Traffic, |cell| {
    let search = cell.load.search;
    (search != Search::None).then(|| format!("search{search}").replace('%', "p"))
})]);

pub static BESIDE: Key<Beside> = Key::<Beside>::axis(
    "beside",
    Group::Load,
    "What some pairs do instead of the workload: each a workload, how many pairs or what share of all, and at how many \
     requests a second.",
)
.also(&["mix"])
.about(Part::Traffic)
.examples("`tcp-rr:2`, `idle:90% tcp-rr:9%@100`")
.usual(Usual::Text("none"))
.sets(|cell, beside| cell.beside.clone_from(beside))
.fields(&[Field::text(
    "beside",
    "What some pairs do instead.",
    |cell| words(&cell.beside),
    take!(beside),
)
.labelled(Anywhere, |level| match level {
        "none" => "alone".to_owned(),
        level => format!("beside {level}"),
    })
.in_id(Traffic, guests)]);

/// In letters that are safe in a file's name.
fn guests(cell: &Cell) -> Option<String> {
    let safe = |letter: char| match letter {
        '%' => 'p',
        ':' | ' ' | '@' => '-',
        other => other,
    };
    let words = cell.beside.to_string();
    let text = || format!("beside-{}", words.chars().map(safe).collect::<String>());
    (!cell.beside.is_none()).then(text)
}
