//! How what is asked of flows must fit what they do.

use crate::scenario::key::Key;
use crate::scenario::load::{Arrivals, Batch, LARGEST_DATAGRAM, SMALLEST_DATAGRAM, Search};
use crate::scenario::problem::{Problem, Problems};
use crate::scenario::registry::lab::TOPOLOGY;
use crate::scenario::registry::links::MTU;
use crate::scenario::registry::load::{
    ARRIVALS, BATCH, BESIDE, OUTSTANDING, RATE, RESPONSE, SEARCH,
};
use crate::scenario::registry::traffic::{FAMILY, MESSAGE, MessageSize, PATH, WORKLOAD};
use crate::scenario::values::Values;
use crate::scenario::{Factor, Family, Workload};
use crate::units::counted;

pub(super) fn check(axes: &Values, problems: &mut Problems) {
    check_datagrams(axes, &MESSAGE, problems);
    check_datagrams(axes, &RESPONSE, problems);
    check_loop(axes, problems);
    check_batch(axes, problems);
    check_published(axes, problems);
}

fn check_datagrams(axes: &Values, key: &Key<MessageSize>, problems: &mut Problems) {
    let mut workloads = axes.levels(&WORKLOAD).map(|at| at.value);
    let Some(workload) = workloads.find(|it| it.is_datagrams()) else {
        return;
    };
    let carried = SMALLEST_DATAGRAM..=LARGEST_DATAGRAM;
    let sizes = axes.levels(key);
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

/// Only what fits whole into a packet is cut from a train.
fn check_batch(axes: &Values, problems: &mut Problems) {
    let mut batches = axes.levels(&BATCH);
    let room = room_in_packet(axes);
    let sizes = axes.levels(&MESSAGE);
    let longest = sizes.map(|at| at.value.0).max();
    let streams = Workload::ALL.iter().filter(|it| it.is_datagram_stream());
    let usual = streams.map(|it| it.usual_message_bytes()).max();
    let longest = longest.or(usual).unwrap_or(0);
    if let Some(at) = batches.find(|at| at.value == Batch::Gso)
        && longest > room
    {
        let message = format!("a datagram of {longest} bytes is not cut into packets of its own");
        let remedy = format!(
            "allowed with it: message up to {room}, what the MTU leaves; larger ones with \"none\" or \"mmsg\""
        );
        let problem = Problem::of(axes.key(&BATCH), message).at(at.span.clone());
        problems.push(problem.remedy(remedy));
    }
}

/// Bytes of the largest datagram that fits into one packet, headers of UDP and IP beside it, on every link of the table.
fn room_in_packet(axes: &Values) -> u32 {
    let headers = if axes.has(&FAMILY, &Family::Ipv6) {
        48
    } else {
        28
    };
    if axes.levels(&TOPOLOGY).any(|at| at.value.has_links()) {
        let mtus = axes.levels(&MTU).map(|at| at.value.0);
        mtus.min().unwrap_or(0).saturating_sub(headers)
    } else {
        LARGEST_DATAGRAM
    }
}

/// A rate is kept whatever is under way, and times that nobody keeps cannot lie in any way.
fn check_loop(axes: &Values, problems: &mut Problems) {
    let outstanding = axes.levels(&OUTSTANDING).find(|at| at.value.0 != 1);
    if let (Some(at), Some(_)) = (outstanding, axes.given(&RATE)) {
        let message = "with a rate, requests are sent whatever is under way";
        let problem = Problem::of(axes.key(&OUTSTANDING), message).at(at.span.clone());
        problems.push(problem.remedy("leave out one of `outstanding` and `rate`"));
    }
    let poisson = axes.levels(&ARRIVALS);
    let mut poisson = poisson.filter(|at| at.value == Arrivals::Poisson);
    let searched = !axes.has(&SEARCH, &Search::None);
    if let (Some(at), None, false) = (poisson.next(), axes.given(&RATE), searched) {
        let message = "without a rate, a request follows its response";
        let problem = Problem::of(axes.key(&ARRIVALS), message).at(at.span.clone());
        problems.push(problem.remedy("allowed with it: a rate, or a search for one"));
    }
}

/// The rules that publish ports do so for TCP.
fn check_published(axes: &Values, problems: &mut Problems) {
    let own = axes.levels(&WORKLOAD).map(|at| at.value);
    let beside = axes
        .levels(&BESIDE)
        .flat_map(|at| at.value.workloads().collect::<Vec<_>>());
    let Some(workload) = own.chain(beside).find(|it| it.is_datagrams()) else {
        return;
    };
    let by_port = axes.levels(&PATH).filter(|at| at.value.is_by_port());
    for at in by_port {
        let message = format!("ports are published for TCP, which {workload} is not");
        let problem = Problem::of(axes.key(&PATH), message).at(at.span.clone());
        problems.push(problem.remedy("allowed with it: \"direct\", \"outside\""));
    }
}
