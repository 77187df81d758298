//! Keys of traffic: who talks to whom, by which way, and in what.

use crate::factors::cell::Cell;
use crate::factors::field::Place::{Front, Links, Traffic};
use crate::factors::field::Varies::{Anywhere, AtOneCount, OfOneWorkload};
use crate::factors::field::{Field, count, count_of, take, words};
use crate::factors::key::{Group, Key, Needs, NeedsWorkload, Part, Usual};
use crate::factors::pattern::{Direction, Pattern};
use crate::factors::traffic::{Buffers, Congestion, Family, Path};
use crate::factors::value::{BufferSize, Count, Size};
use crate::factors::workload::Workload;
use crate::units::{Bytes, Unit, counted_text};

/// Bytes of a message.
pub type MessageSize = Size<1, { 16 << 20 }>;

/// Others that a container sends to: more would be more connections than one address has ports.
pub type PeerCount = Count<1, 10_000>;

pub static FAMILY: Key<Family> = Key::axis("family", Group::Traffic, "Protocol of the traffic.")
    .also(&["ip", "ip-version"])
    .about(Part::Both)
    .usual(Usual::Text("ipv4"))
    .sets(|cell, family| cell.family = *family)
    .fields(&[Field::text(
        "family",
        "Protocol of the traffic.",
        |cell| words(&cell.family),
        take!(family),
    )
    .labelled(Anywhere, str::to_owned)
    .in_id(Front, |cell| Some(cell.family.to_string()))
    .looked_past()]);

pub static PATH: Key<Path> = Key::axis("path", Group::Traffic, "The way from client to server.")
    .about(Part::Lab)
    .usual(Usual::Text("direct"))
    .sets(|cell, path| cell.path = *path)
    .fields(&[Field::text(
        "path",
        "The way from client to server.",
        |cell| words(&cell.path),
        take!(path),
    )
    .labelled(Anywhere, |level| match level {
        "direct" => "container to container".to_owned(),
        "published" => "by a published port".to_owned(),
        "outside" => "to the outside".to_owned(),
        other => format!("by a {other}"),
    })
    .in_id(Links, |cell| {
        (cell.path != Path::Direct).then(|| cell.path.to_string())
    })
    .looked_past()]);

pub static WORKLOAD: Key<Workload> = Key::axis("workload", Group::Traffic, "What a flow does.")
    .also(&["test", "traffic", "protocol"])
    .about(Part::Traffic)
    .usual(Usual::Text("tcp-stream"))
    .sets(|cell, workload| cell.workload = *workload)
    .fields(&[Field::text(
        "workload",
        "What a flow does.",
        |cell| words(&cell.workload),
        take!(workload),
    )
    .labelled(Anywhere, str::to_owned)
    .in_id(Traffic, |cell| {
        (cell.workload != Workload::default()).then(|| cell.workload.to_string())
    })]);

pub static PATTERN: Key<Pattern> = Key::axis("pattern", Group::Traffic, "Who talks to whom.")
    .about(Part::Lab)
    .usual(Usual::Text("pairs"))
    .sets(|cell, pattern| cell.pattern = *pattern)
    .fields(&[
        Field::text(
            "pattern",
            "Who talks to whom.",
            |cell| words(&cell.pattern),
            take!(pattern),
        )
        .labelled(Anywhere, str::to_owned)
        .in_id(Traffic, |cell| {
            (cell.pattern != Pattern::Pairs).then(|| cell.pattern.to_string())
        }),
        Field::integer(
            "pattern_seed",
            Unit::Plain,
            "What lots are drawn from; absent where none are.",
            |cell| count_of(cell.talk.pattern_seed),
            take!(talk.pattern_seed),
        ),
    ]);

pub static PEERS: Key<PeerCount> = Key::<PeerCount>::axis(
    "peers",
    Group::Traffic,
    "How many others each container sends to in `all-to-all`, by lot; all of them if absent.",
)
.about(Part::Lab)
.examples("`1..8`")
.sets(|cell, peers| cell.talk.peers = Some(peers.0))
.or_else(|_| ())
.needs(Needs {
    applies: |cell| cell.pattern == Pattern::AllToAll,
    lacking: "a pattern that draws peers",
    allowed: "pattern = \"all-to-all\"",
})
.fields(&[Field::integer(
    "peers",
    Unit::Plain,
    "Others that each container sends to in `all-to-all`; absent where that is all of them.",
    |cell| count_of(cell.talk.peers),
    take!(talk.peers),
)
.labelled(AtOneCount, |level| counted_text(level, "peer"))
.in_id(Traffic, |cell| {
    cell.talk.peers.map(|peers| format!("of{peers}"))
})]);

pub static DIRECTION: Key<Direction> = Key::axis(
    "direction",
    Group::Traffic,
    "Which ways of a pair have flows.",
)
.about(Part::Lab)
.also(&["bidir"])
.usual(Usual::Text("one-way"))
.sets(|cell, direction| cell.talk.direction = *direction)
.fields(&[Field::text(
    "direction",
    "Which ways of a pair have flows.",
    |cell| words(&cell.talk.direction),
    take!(talk.direction),
)
.labelled(Anywhere, |level| {
    if level == "both" { "both ways" } else { level }.to_owned()
})
.in_id(Traffic, |cell| {
    let direction = cell.talk.direction;
    (direction != Direction::OneWay).then(|| direction.to_string())
})]);

pub static STREAMS: Key<Count<1, 1024>> =
    Key::<Count<1, 1024>>::axis("streams", Group::Traffic, "Flows of each pair.")
        // Each stream that goes by a published port has one of its own.
        .also(&["parallel", "flows", "connections"])
        .about(Part::Both)
        .usual(Usual::Number("1"))
        .sets(|cell, streams| cell.streams = streams.0)
        .fields(&[Field::integer(
            "streams",
            Unit::Plain,
            "Flows of each pair.",
            |cell| count(cell.streams),
            take!(streams),
        )
        .labelled(Anywhere, |level| counted_text(level, "stream"))
        .in_id(Traffic, |cell| {
            (cell.streams != 1).then(|| format!("s{}", cell.streams))
        })]);

pub static MESSAGE: Key<MessageSize> = Key::<MessageSize>::axis(
    "message",
    Group::Traffic,
    "Bytes of a message from client to server: what one send call is handed, a request, or a datagram. If absent, 128 KiB \
     for streams, 1 for a request over TCP, 16 for one over UDP, 1400 for a datagram of a stream.",
)
.also(&["length", "size", "bytes"])
.about(Part::Traffic)
.examples("`4096`, `128KiB`")
.sets(|cell, message| cell.message_bytes = message.0)
.or_else(|cell| cell.message_bytes = cell.workload.usual_message_bytes())
.needs_workload(NeedsWorkload {
    has: Workload::has_messages,
    lacking: "messages",
})
.fields(&[Field::integer(
    "message_bytes",
    Unit::Bytes,
    "A message from client to server.",
    |cell| count(cell.message_bytes),
    take!(message_bytes),
)
.labelled(OfOneWorkload, |level| format!("{level} messages"))
    .level(|cell| Some(Bytes(u64::from(cell.message_bytes)).to_string()))
.in_id(Traffic, unusual_sizes)]);

/// The sizes of messages, where they are not the workload's usual ones.
fn unusual_sizes(cell: &Cell) -> Option<String> {
    let bytes = cell.message_bytes;
    match cell.load.response_bytes {
        Some(response) if response != bytes => Some(format!("m{bytes}-{response}")),
        _ => (bytes != cell.workload.usual_message_bytes()).then(|| format!("m{bytes}")),
    }
}

pub static CONGESTION: Key<Congestion> = Key::<Congestion>::axis(
    "congestion",
    Group::Traffic,
    "TCP congestion control, by the kernel's name.",
)
.also(&["cc"])
.about(Part::Traffic)
.examples("`cubic`, `bbr`, `reno`")
.usual(Usual::Text("cubic"))
.sets(|cell, congestion| cell.congestion.clone_from(congestion))
.needs(Needs {
    applies: |cell| cell.workloads().any(|it| !it.is_datagrams()),
    lacking: "connections of TCP",
    allowed: "workloads of TCP",
})
.fields(&[Field::text(
    "congestion",
    "Congestion control asked for.",
    |cell| words(&cell.congestion),
    take!(congestion),
)
.labelled(Anywhere, str::to_owned)
// An algorithm may have any name, `s4` or `single` among them: its own part goes before it.
.in_id(Traffic, |cell| {
    (cell.congestion.0 != "cubic").then(|| format!("cc-{}", cell.congestion))
})
.looked_past()]);

pub static BUFFERS: Key<BufferSize> = Key::<BufferSize>::axis(
    "buffers",
    Group::Traffic,
    "Socket buffers: \"auto\" leaves them to the kernel.",
)
.about(Part::Traffic)
.examples("`auto`, `256KiB`")
.usual(Usual::Text("auto"))
.sets(|cell, buffers| cell.buffers = buffers.0)
.fields(&[Field::integer(
    "buffers",
    Unit::Bytes,
    "Socket buffers asked for; absent where they are left to the kernel.",
    |cell| count_of(bytes(cell.buffers)),
    take!(buffers),
)
.in_column("buffers_bytes")
.labelled(Anywhere, |level| format!("{level} buffers"))
.level(|cell| Some(cell.buffers.to_string()))
.in_id(Traffic, |cell| {
    bytes(cell.buffers).map(|bytes| format!("b{bytes}"))
})
.looked_past()]);

fn bytes(buffers: Buffers) -> Option<u32> {
    match buffers {
        Buffers::Auto => None,
        Buffers::Bytes(bytes) => Some(bytes),
    }
}
