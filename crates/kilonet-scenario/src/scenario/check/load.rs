//! How what is asked of flows must fit what they do.

use crate::scenario::cell::{Family, Workload};
use crate::scenario::copying::{Receiving, Sending};
use crate::scenario::load::{Arrivals, Batch, LARGEST_DATAGRAM, SMALLEST_DATAGRAM, Search};
use crate::scenario::problem::{Problem, Problems};
use crate::scenario::table::Axis;
use crate::scenario::wire::{Axes, MessageSize};
use crate::units::counted;

pub(super) fn check(axes: &Axes, problems: &mut Problems) {
    check_datagrams(axes, "message", axes.message.as_ref(), problems);
    check_datagrams(axes, "response", axes.response.as_ref(), problems);
    check_answered(axes, problems);
    check_rate(axes, problems);
    check_loop(axes, problems);
    check_batch(axes, problems);
    check_published(axes, problems);
    check_copying(axes, problems);
}

fn check_datagrams(
    axes: &Axes,
    key: &str,
    sizes: Option<&Axis<MessageSize>>,
    problems: &mut Problems,
) {
    let mut workloads = axes.workload.0.iter().map(|at| at.value);
    let Some(workload) = workloads.find(|it| it.is_datagrams()) else {
        return;
    };
    let carried = SMALLEST_DATAGRAM..=LARGEST_DATAGRAM;
    let sizes = sizes.iter().flat_map(|axis| &axis.0);
    for at in sizes.filter(|at| !carried.contains(&at.value.0)) {
        let message = format!(
            "{workload} has no datagram of {}",
            counted(at.value.0, "byte")
        );
        let remedy = format!("allowed with it: {SMALLEST_DATAGRAM} to {LARGEST_DATAGRAM}");
        let problem = Problem::of(axes.key(key), message).at(at.span.clone());
        problems.push(problem.remedy(remedy));
    }
}

/// A key that only requests have, where no workload of the table has any.
fn check_answered(axes: &Axes, problems: &mut Problems) {
    let mut workloads = axes.workload.0.iter();
    if workloads.any(|at| at.value.has_responses()) {
        check_outstanding(axes, problems);
        return;
    }
    let response = axes.response.iter().flat_map(|axis| &axis.0);
    let more = axes.outstanding.0.iter().filter(|at| at.value.0 != 1);
    let given = [
        ("response", response.map(|at| &at.span).next()),
        ("outstanding", more.map(|at| &at.span).next()),
    ];
    for (key, span) in given {
        if let Some(span) = span {
            let problem = Problem::of(axes.key(key), "no workload of this table has requests");
            let remedy = "allowed with workload = \"tcp-rr\", \"tcp-crr\" or \"udp-rr\"";
            problems.push(problem.at(span.clone()).remedy(remedy));
        }
    }
}

/// A connection for each request has one of them.
fn check_outstanding(axes: &Axes, problems: &mut Problems) {
    let mut workloads = axes.workload.0.iter();
    let more = axes.outstanding.0.iter().find(|at| at.value.0 != 1);
    if let (Some(at), false) = (more, workloads.any(|at| at.value.has_outstanding())) {
        let message = "with tcp-crr, a connection has one request, and the next follows it";
        let problem = Problem::of(axes.key("outstanding"), message).at(at.span.clone());
        problems.push(problem.remedy("leave it out; `streams` has more of them at once"));
    }
}

/// A stream of bytes has no messages that could have times.
fn check_rate(axes: &Axes, problems: &mut Problems) {
    let mut workloads = axes.workload.0.iter();
    let mut rates = axes.rate.iter().flat_map(|axis| &axis.0);
    if let Some(at) = rates.next()
        && !workloads.any(|at| at.value.has_rate())
    {
        let message = "no workload of this table has requests or datagrams";
        let remedy =
            "allowed with workload = \"tcp-rr\", \"tcp-crr\", \"udp-rr\" or \"udp-stream\"";
        let problem = Problem::of(axes.key("rate"), message).at(at.span.clone());
        problems.push(problem.remedy(remedy));
    }
}

/// Only streams of datagrams are batched, and only what fits whole into a packet is cut from a train.
fn check_batch(axes: &Axes, problems: &mut Problems) {
    let mut workloads = axes.workload.0.iter();
    let mut batches = axes.batch.0.iter();
    if let Some(at) = batches.clone().find(|at| at.value != Batch::None)
        && !workloads.any(|at| at.value == Workload::UdpStream)
    {
        let message = "no workload of this table is a stream of datagrams";
        let problem = Problem::of(axes.key("batch"), message).at(at.span.clone());
        problems.push(problem.remedy("allowed with workload = \"udp-stream\""));
    }
    let room = room_in_packet(axes);
    let sizes = axes.message.iter().flat_map(|axis| &axis.0);
    let longest = sizes.map(|at| at.value.0).max();
    let longest = longest.unwrap_or(Workload::UdpStream.usual_message_bytes());
    if let Some(at) = batches.find(|at| at.value == Batch::Gso)
        && longest > room
    {
        let message = format!("a datagram of {longest} bytes is not cut into packets of its own");
        let remedy = format!(
            "allowed with it: message up to {room}, what the MTU leaves; larger ones with \"none\" or \"mmsg\""
        );
        let problem = Problem::of(axes.key("batch"), message).at(at.span.clone());
        problems.push(problem.remedy(remedy));
    }
}

/// Bytes of the largest datagram that fits into one packet, headers of UDP and IP beside it, on every link of the table.
fn room_in_packet(axes: &Axes) -> u32 {
    let headers = if axes.family.has(Family::Ipv6) {
        48
    } else {
        28
    };
    if axes.topology.0.iter().any(|at| at.value.has_links()) {
        let mtus = axes.mtu.0.iter().map(|at| at.value.0);
        mtus.min().unwrap_or(0).saturating_sub(headers)
    } else {
        LARGEST_DATAGRAM
    }
}

/// A rate is kept whatever is under way, and times that nobody keeps cannot lie in any way.
fn check_loop(axes: &Axes, problems: &mut Problems) {
    let outstanding = axes.outstanding.0.iter().find(|at| at.value.0 != 1);
    if let (Some(at), Some(_)) = (outstanding, &axes.rate) {
        let message = "with a rate, requests are sent whatever is under way";
        let problem = Problem::of(axes.key("outstanding"), message).at(at.span.clone());
        problems.push(problem.remedy("leave out one of `outstanding` and `rate`"));
    }
    let poisson = axes.arrivals.0.iter();
    let mut poisson = poisson.filter(|at| at.value == Arrivals::Poisson);
    let searched = !axes.search.has(Search::None);
    if let (Some(at), None, false) = (poisson.next(), &axes.rate, searched) {
        let message = "without a rate, a request follows its response";
        let problem = Problem::of(axes.key("arrivals"), message).at(at.span.clone());
        problems.push(problem.remedy("allowed with it: a rate, or a search for one"));
    }
}

/// The rules that publish ports do so for TCP.
fn check_published(axes: &Axes, problems: &mut Problems) {
    let own = axes.workload.0.iter().map(|at| at.value);
    let beside = axes.beside.0.iter().flat_map(|at| at.value.workloads());
    let Some(workload) = own.chain(beside).find(|it| it.is_datagrams()) else {
        return;
    };
    let by_port = axes.path.0.iter().filter(|at| at.value.is_by_port());
    for at in by_port {
        let message = format!("ports are published for TCP, which {workload} is not");
        let problem = Problem::of(axes.key("path"), message).at(at.span.clone());
        problems.push(problem.remedy("allowed with it: \"direct\", \"outside\""));
    }
}

/// A choice that only streams have, where no workload of the table is one.
fn check_copying(axes: &Axes, problems: &mut Problems) {
    if axes.workload.has(Workload::TcpStream) {
        return;
    }
    let send = axes.send.0.iter().find(|at| at.value != Sending::Copy);
    let receive = axes.receive.0.iter().find(|at| at.value != Receiving::Copy);
    let given = [
        ("send", send.map(|at| &at.span)),
        ("receive", receive.map(|at| &at.span)),
    ];
    for (key, span) in given {
        if let Some(span) = span {
            let problem = Problem::of(axes.key(key), "no workload of this table is a stream");
            let remedy = "allowed: \"copy\"; others with workload = \"tcp-stream\"";
            problems.push(problem.at(span.clone()).remedy(remedy));
        }
    }
}
