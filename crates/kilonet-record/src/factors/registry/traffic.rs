//! Keys of traffic: by which protocol, what a flow does, and in what.

use crate::factors::cell::Cell;
use crate::factors::choice::{Choice, Misfit};
use crate::factors::effect::Shown;
use crate::factors::evidence::Evidence;
use crate::factors::field::Place::{Front, Traffic};
use crate::factors::field::Varies::{Anywhere, OfOneWorkload};
use crate::factors::field::{Field, count, count_of, take, words};
use crate::factors::key::{Group, Key, Needs, NeedsWorkload, Part, Usual};
use crate::factors::rate::bytes_at_a_time;
use crate::factors::requirement::Requirement;
use crate::factors::takes::Takes;
use crate::factors::topology::Testbed;
use crate::factors::traffic::{Buffers, Congestion, Family};
use crate::factors::value::{BufferSize, Count};
use crate::factors::workload::Workload;
use crate::units::{Bytes, Unit, counted, counted_text};

use super::fitting::{carried, generators, lacks, strange};
use super::names::{self, MOST_BYTES, MessageSize};
use super::{done, sockets};

pub static FAMILY: Key<Family> =
    Key::axis_of(names::FAMILY, Group::Traffic, "Protocol of the traffic.")
        .also(&["ip", "ip-version"])
        .about(Part::Both)
        .usual(Usual::Text("ipv4"))
        .sets(|cell, family| cell.family = *family)
        .fits(&[is_of_the_generators])
        .told_to(|_| true)
        .requires(|cell| {
            let of_ours = cell.family == Family::Ipv6 && cell.testbed == Testbed::Kernel;
            Requirement::Ipv6.when(of_ours)
        })
        .shows(family_received)
        .fields(&[Field::text(
            "family",
            "Protocol of the traffic.",
            |cell| words(&cell.family),
            take!(family),
        )
        .labelled(Anywhere, str::to_owned)
        .told(|level| format!("by {}", level.replacen("ip", "IP", 1)))
        .in_id(Front, |cell| Some(cell.family.to_string()))
        .looked_past()]);

/// Below this, what containers announce to each other may be more than what flows move.
const MANY_BYTES: u64 = 64 << 20;

/// Nearly all that containers receive is of the protocol of the traffic, where that is much.
fn family_received(evidence: &Evidence<'_>) -> Option<Shown> {
    const MOST: f64 = 0.9;
    let received = evidence.seen?.received?;
    let own = match evidence.cell.family {
        Family::Ipv4 => received.ipv4_bytes,
        Family::Ipv6 => received.ipv6_bytes,
    };
    let all = received.ipv4_bytes + received.ipv6_bytes;
    let share = own as f64 / all.max(1) as f64;
    let shown = Shown::by("share of received bytes that are of the protocol", share).of(MOST);
    Some(if share < MOST && all < MANY_BYTES {
        shown.not_exercised("flows moved too little to tell their protocol from what containers announce to each other")
    } else {
        let percent = share * 100.0;
        let family = evidence.cell.family;
        shown.held_if(
            share >= MOST,
            format!("{percent:.0} % of the bytes that containers received were of {family}"),
        )
    })
}

fn is_of_the_generators(choice: &Choice) -> Vec<Misfit> {
    strange(choice, names::FAMILY, |(_, abilities)| {
        abilities.families.to_vec()
    })
}

pub static WORKLOAD: Key<Workload> =
    Key::axis_of(names::WORKLOAD, Group::Traffic, "What a flow does.")
        .also(&["test", "traffic", "protocol"])
        .about(Part::Traffic)
        .usual(Usual::Text("tcp-stream"))
        .sets(|cell, workload| cell.workload = *workload)
        .fits(&[generators_have_it])
        .told_to(|_| true)
        .read_back("What flows do is what is counted of them, and a trial without has no figures.")
        .fields(&[Field::text(
            "workload",
            "What a flow does.",
            |cell| words(&cell.workload),
            take!(workload),
        )
        .labelled(Anywhere, str::to_owned)
        .told(|level| {
            let told = level.parse().map(Workload::told);
            format!("with {}", told.as_deref().unwrap_or(level))
        })
        .in_id(Traffic, |cell| {
            (cell.workload != Workload::default()).then(|| cell.workload.to_string())
        })]);

fn generators_have_it(choice: &Choice) -> Vec<Misfit> {
    strange(choice, names::WORKLOAD, |(tool, _)| {
        tool.workloads().collect()
    })
}

pub static STREAMS: Key<Count<1, 1024>> =
    Key::axis_of(names::STREAMS, Group::Traffic, "Flows of each pair.")
        // Each stream that goes by a published port has one of its own.
        .also(&["parallel", "flows", "connections"])
        .about(Part::Both)
        .usual(Usual::Number("1"))
        .sets(|cell, streams| cell.streams = streams.0)
        .fits(&[generators_have_them])
        .told_to(|_| true)
        .shows(sockets::streams)
        .fields(&[Field::integer(
            "streams",
            Unit::Plain,
            "Flows of each pair.",
            |cell| count(cell.streams),
            take!(streams),
        )
        .within(1.0, 1e6)
        .labelled(Anywhere, |level| counted_text(level, "stream"))
        .in_id(Traffic, |cell| {
            (cell.streams != 1).then(|| format!("s{}", cell.streams))
        })]);

fn generators_have_them(choice: &Choice) -> Vec<Misfit> {
    let misfits = generators(choice).filter_map(|(tool, abilities)| {
        let most = abilities.most_streams;
        let at = choice.find(names::STREAMS, |streams| streams.0 > most)?;
        let what = format!("{} streams", at.value.0);
        Some(lacks(
            tool,
            &at,
            &what,
            &format!("allowed with it: up to {most}"),
        ))
    });
    misfits.collect()
}

pub static MESSAGE: Key<MessageSize> = Key::axis_of(names::MESSAGE,
    Group::Traffic,
    "Bytes of a message from client to server: what one send call is given, a request, or a datagram. If absent, 128 KiB \
     for streams, or at a rate what that is in 2 ms; 1 for a request over TCP, 16 for one over UDP, 1400 for a datagram of a \
     stream.",
)
.also(&["length", "size", "bytes"])
.about(Part::Traffic)
.examples("`4096`, `128KiB`")
.sets(|cell, message| cell.message_bytes = message.0)
.or_else(|cell| {
    // That of a stream follows from its rate, which is not known yet.
    if !cell.workload.is_byte_stream() {
        cell.message_bytes = cell.workload.usual_message_bytes();
    }
})
.needs_workload(NeedsWorkload {
    has: Workload::has_messages,
    lacking: "messages",
})
// A record has bytes of a message, whether or not any is sent.
.stays()
.settles(|cell| {
    let usual = cell.workload.usual_message_bytes();
    if !cell.workload.has_messages() {
        cell.message_bytes = usual;
    } else if cell.message_bytes == 0 {
        let paced = |bits| bytes_at_a_time(bits, usual);
        cell.message_bytes = cell.load.rate_bps.map_or(usual, paced);
    }
})
    .fits(&[|choice| carried(choice, names::MESSAGE), generators_send_it])
    .told_to(|_| true)
.shows(done::sizes)
.fields(&[Field::integer(
    "message_bytes",
    Unit::Bytes,
    "A message from client to server.",
    |cell| count(cell.message_bytes),
    take!(message_bytes),
)
.within(1.0, MOST_BYTES)
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

fn generators_send_it(choice: &Choice) -> Vec<Misfit> {
    let misfits = generators(choice).filter_map(|(tool, abilities)| {
        let (least, most) = abilities.message;
        let allowed = format!("allowed with it: {least} to {most} bytes");
        let fits = |bytes: u32| (least..=most).contains(&bytes);
        if choice.first(names::MESSAGE).is_some() {
            let at = choice.find(names::MESSAGE, |size| !fits(size.0))?;
            let what = format!("messages of {}", counted(at.value.0, "byte"));
            return Some(lacks(tool, &at, &what, &allowed));
        }
        let mut usual = choice
            .values(names::WORKLOAD)
            .map(Workload::usual_message_bytes);
        let bytes = usual.find(|bytes| !fits(*bytes))?;
        let message = format!("{tool} has no messages of {bytes} bytes, the default");
        Some(Misfit::of(names::MESSAGE, message, allowed))
    });
    misfits.collect()
}

/// The kernel's own default.
const USUAL_CONGESTION: &str = "cubic";

pub static CONGESTION: Key<Congestion> = Key::<Congestion>::axis(
    "congestion",
    Group::Traffic,
    "TCP congestion control, by the kernel's name.",
)
.also(&["cc"])
.about(Part::Traffic)
.examples("`cubic`, `bbr`, `reno`")
.usual(Usual::Text(USUAL_CONGESTION))
.sets(|cell, congestion| cell.congestion.clone_from(congestion))
.needs(Needs {
    applies: |cell| cell.workloads().any(|it| !it.is_datagrams()),
    lacking: "connections of TCP",
    allowed: "workloads of TCP",
})
.stays()
.fits(&[generators_are_told])
.told_to(|_| true)
.requires(|cell| {
    // Datagrams have none.
    let streams = cell.workloads().any(|it| !it.is_datagrams());
    let name = || Requirement::Congestion(cell.congestion.0.clone());
    let asked = streams && cell.driver.takes_congestion();
    asked.then(name).into_iter().collect()
})
.shows(took_effect)
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

fn generators_are_told(choice: &Choice) -> Vec<Misfit> {
    let mut written = choice.levels(CONGESTION.named());
    let Some(at) = written.find(|at| at.written.is_some()) else {
        return Vec::new();
    };
    let untold = generators(choice).filter(|(_, abilities)| !abilities.congestion);
    let what = "option for it; the machine's setting is used, and recorded";
    let misfits = untold.map(|(tool, _)| lacks(tool, &at, what, "leave it out"));
    misfits.collect()
}

/// What the kernel may refuse. Where it refuses the usual one, which nobody need have asked for, as it does in an engine's containers
/// and to ordinary users, the trial is kept, and no comparison over congestion controls has it.
fn took_effect(evidence: &Evidence<'_>) -> Option<Shown> {
    let (asked, got) = (&evidence.cell.congestion.0, evidence.congestion?);
    if !evidence.cell.driver.takes_congestion() {
        // It is not told, and has the machine's.
        return None;
    }
    let reason = format!(
        "sockets used {got} instead of {asked}; set net.ipv4.tcp_allowed_congestion_control, or run as root"
    );
    let shown = Shown::by("congestion control read back from the sockets", None::<f64>);
    let is_usual = asked == USUAL_CONGESTION;
    Some(if got != asked && is_usual {
        shown.not_exercised(reason)
    } else {
        shown.held_if(got == asked, reason)
    })
}

/// What a flow's two sockets hold when the kernel tunes their buffers: 1.78 GB were seen with 4,000 busy flows.
const TUNED_QUEUE_BYTES: u64 = 448 << 10;

pub static BUFFERS: Key<BufferSize> = Key::<BufferSize>::axis(
    "buffers",
    Group::Traffic,
    "Socket buffers: \"auto\" leaves them to the kernel.",
)
.about(Part::Traffic)
.examples("`auto`, `256KiB`")
.usual(Usual::Text("auto"))
.sets(|cell, buffers| cell.buffers = buffers.0)
.keeps_away(&["tcp_memory", "socket_buffers"])
.told_to(|_| true)
.takes(|cell| {
    let queued_bytes = match cell.buffers {
        _ if cell.workload.is_datagrams() || !cell.workload.has_messages() => 0,
        Buffers::Auto => TUNED_QUEUE_BYTES,
        // A send and a receive buffer, each of which the kernel doubles.
        Buffers::Bytes(bytes) => 4 * u64::from(bytes),
    };
    Takes {
        queued_bytes,
        ..Takes::default()
    }
})
.shows(are_as_large)
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

/// The least that the kernel gives a buffer, however little is asked for (`SOCK_MIN_SNDBUF`, `SOCK_MIN_RCVBUF`), is below this.
const SMALLEST_BUFFER_BYTES: u64 = 8192;

/// The kernel gives twice what it is asked for, and no more than its limits. What it tunes itself may be anything.
fn are_as_large(evidence: &Evidence<'_>) -> Option<Shown> {
    let asked = u64::from(bytes(evidence.cell.buffers)?);
    let got = evidence.buffer_bytes.into_iter().flatten();
    let (least, most) = (got.clone().min()?, got.max()?);
    let held = least >= 2 * asked && most <= (2 * asked).max(SMALLEST_BUFFER_BYTES);
    let reason = format!(
        "a socket's buffers hold {least} to {most} bytes; raise net.core.wmem_max and net.core.rmem_max, or ask for less"
    );
    let shown = Shown::by("bytes of a socket's smaller buffer", least as f64);
    Some(shown.of(2.0 * asked as f64).held_if(held, reason))
}

fn bytes(buffers: Buffers) -> Option<u32> {
    match buffers {
        Buffers::Auto => None,
        Buffers::Bytes(bytes) => Some(bytes),
    }
}
