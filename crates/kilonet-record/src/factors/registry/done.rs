//! What entries of load judge a trial by: what flows came to in the window, and how much of it there must be.
//!
//! Knows no entry. The invariant: only labs in which somebody looked are judged, and nothing is said where flows of several kinds are
//! mixed, or where what is seen has other causes than the level.

use crate::factors::cell::Cell;
use crate::factors::effect::Shown;
use crate::factors::evidence::{Came, Evidence};
use crate::factors::load::Search;

/// Requests of each place in flight that have to have ended: one that lies across an edge of the window is then a twentieth of them.
const ENOUGH: f64 = 20.0;

/// The share by which a rate may be off at the edges of a window, and by which interfaces may count more or less than sockets.
const SLACK: f64 = 0.1;

/// By which bytes of requests may be off: both of that, and a twentieth for requests at the edges.
const SLACK_OF_BYTES: f64 = 0.25;

/// What receivers are handed of datagrams has no edges.
const SLACK_OF_DATAGRAMS: f64 = 0.01;

/// What flows of one kind came to, in a lab in which somebody looked.
fn of_one_kind<'a>(evidence: &Evidence<'a>) -> Option<(&'a Cell, Came)> {
    evidence.seen?;
    let cell = evidence.cell;
    let ours_alone = cell.beside.is_none() && !cell.driver.is_generator();
    let came = evidence.came.filter(|came| came.flows > 0)?;
    ours_alone.then_some((cell, came))
}

/// Seconds of the window.
fn window_s(evidence: &Evidence<'_>) -> Option<f64> {
    Some(evidence.window_ns? as f64 / 1e9)
}

/// Requests that ended for each that may be in flight.
fn turns(evidence: &Evidence<'_>, (cell, came): (&Cell, Came)) -> Option<f64> {
    let places = f64::from(came.flows) * f64::from(cell.load.outstanding());
    Some(came.requests_per_s? * window_s(evidence)? / places)
}

/// Requests in flight in a closed loop: as many end a second as are in flight, divided by how long one takes (Little's law). A flow
/// sends the next as soon as a response has come, so the law has nearly as many as the level says: 0.98 to 1.00 times as many in the 49
/// committed trials of requests. The bounds still tell each level from half and from twice as many.
pub(super) fn in_flight(evidence: &Evidence<'_>) -> Option<Shown> {
    const LEAST: f64 = 0.6;
    /// A client with many in flight sends all it may before it reads, which leaves half of them in flight on average.
    const LEAST_OF_MANY: f64 = 0.4;
    const MANY: f64 = 8.0;
    const MOST: f64 = 1.3;
    /// Of requests that take longer many are in flight at an edge.
    const LONG: f64 = 0.25;
    let (cell, came) = of_one_kind(evidence)?;
    if !cell.workload.has_outstanding() || cell.load.rate.is_some() {
        return None;
    }
    let [mean_ns, most_ns] = came.request_ns?;
    let asked = f64::from(cell.load.outstanding());
    let seen = came.requests_per_s? * mean_ns / 1e9 / f64::from(came.flows);
    let shown = Shown::by(
        "requests of a flow in flight, by how many ended and how long they took",
        seen,
    )
    .of(asked);
    let long = most_ns > LONG * evidence.window_ns? as f64;
    let few = turns(evidence, (cell, came))? < ENOUGH;
    if few || long || came.given_up > 0 || came.idle + came.lost > 0 {
        let reason = "too few requests ended in the window, or some never did; a longer window shows how many are in flight";
        return cell.load.outstanding.map(|_| shown.not_exercised(reason));
    }
    let least = asked * if asked > MANY { LEAST_OF_MANY } else { LEAST };
    if seen < least && !has_room(evidence, asked) {
        let reason = "socket buffers hold fewer requests than that; smaller messages or larger buffers show how many are in flight";
        return cell.load.outstanding.map(|_| shown.not_exercised(reason));
    }
    let held = (least..=MOST * asked).contains(&seen);
    Some(shown.held_if(
        held,
        format!("{seen:.1} requests of a flow were in flight, and {asked} were to be; compare what clients of this version send"),
    ))
}

/// Whether socket buffers have ample room for so many requests and responses; where their sizes are not known they are taken to have.
fn has_room(evidence: &Evidence<'_>, requests: f64) -> bool {
    let cell = evidence.cell;
    let message = cell
        .message_bytes
        .max(cell.load.response_bytes.unwrap_or(0));
    buffered(evidence).is_none_or(|room| requests * f64::from(message) <= room / 4.0)
}

/// Bytes that the buffers of a flow's sockets hold.
fn buffered(evidence: &Evidence<'_>) -> Option<f64> {
    let [send, receive] = evidence.buffer_bytes;
    Some(send? as f64 + receive? as f64)
}

/// Bytes of messages: of a request and its response as interfaces counted them, or of a datagram as receivers were handed it. Calls of
/// a stream of bytes leave no trace of their sizes.
pub(super) fn sizes(evidence: &Evidence<'_>) -> Option<Shown> {
    let (cell, came) = of_one_kind(evidence)?;
    let message = f64::from(cell.message_bytes);
    let (witness, [seen, wanted], slack) = if cell.workload.is_datagram_stream() {
        let [_, received] = came
            .datagrams_per_s
            .filter(|[_, received]| *received > 0.0)?;
        let witness = "bytes of a datagram, as receivers were handed it";
        let seen = came.bytes_per_s / received;
        (witness, [seen, message], SLACK_OF_DATAGRAMS)
    } else {
        let seen = of_requests(evidence, (cell, came))?;
        let witness = "bytes of a request and its response, as interfaces counted them";
        let wanted = message + f64::from(cell.load.response_bytes?);
        (witness, [seen, wanted], SLACK_OF_BYTES)
    };
    let held = (seen / wanted - 1.0).abs() <= slack;
    let reason = format!(
        "messages had {seen:.0} bytes instead of {wanted}; compare what clients and servers of this version send"
    );
    Some(Shown::by(witness, seen).of(wanted).held_if(held, reason))
}

/// By interfaces. Where each request has a connection of its own these count handshakes too, and beside little traffic what containers
/// announce to each other; and what was not answered has a request alone.
fn of_requests(evidence: &Evidence<'_>, (cell, came): (&Cell, Came)) -> Option<f64> {
    let lasting = cell.workload.has_responses() && !cell.workload.renews_connections();
    let by_interfaces = came.by_interfaces?;
    let agree = (by_interfaces - 1.0).abs() <= SLACK;
    let whole = came.given_up == 0 && came.idle + came.lost == 0 && is_kept_up(cell, came);
    let enough = turns(evidence, (cell, came))? >= ENOUGH;
    let seen = came.bytes_per_s * by_interfaces / came.requests_per_s?;
    (lasting && agree && whole && enough).then_some(seen)
}

/// Whether what was offered was also answered; of a closed loop it is.
fn is_kept_up(cell: &Cell, came: Came) -> bool {
    let offered = cell
        .load
        .rate
        .map(|rate| f64::from(rate) * f64::from(came.flows));
    offered
        .zip(came.requests_per_s)
        .is_none_or(|(offered, answered)| answered >= (1.0 - SLACK / 2.0) * offered)
}

/// Messages at given times. More of them than the rate do not come but for those that were overdue, or lay in a queue when the window
/// began, which are fewer than it would have sent before; where there are fewer, some of them are late, or the flow that was to send
/// them came to nothing.
pub(super) fn at_a_rate(evidence: &Evidence<'_>) -> Option<Shown> {
    let (cell, came) = of_one_kind(evidence)?;
    if cell.load.search != Search::None {
        return None;
    }
    let (witness, asked, seen, message) = offered(cell, came)?;
    let window_s = window_s(evidence)?;
    let late_s = came.latest_ns.unwrap_or(0) as f64 / 1e9;
    // Chance has a part in gaps that are drawn: four times its usual share is beyond what any trial sees. A message of each flow may
    // lie across either edge.
    let messages = asked * window_s / message * f64::from(came.flows);
    let by_chance = 4.0 / messages.max(1.0).sqrt();
    let at_edges = 2.0 * message / (asked * window_s);
    let slack = SLACK + by_chance + at_edges;
    let shown = Shown::by(witness, seen).of(asked);
    let most = asked * (2.0 + slack + late_s / window_s);
    if seen > most {
        return Some(shown.held_if(
            false,
            "more came than flows were to send; compare what clients of this version send",
        ));
    }
    let took_s = came.request_ns.map_or(0.0, |[_, most]| most / 1e9);
    let behind = late_s.max(took_s) > slack * window_s;
    let lost = came.given_up > 0 || came.idle + came.lost > 0;
    let missing = (asked - seen) / 8.0 * window_s;
    let is_few = seen < asked * (1.0 - slack) && !behind && !lost;
    if is_few && cell.load.rate_bps.is_some() && buffered(evidence) > Some(missing) {
        let reason = "what is missing may lie in socket buffers; a longer window shows whether the rate is kept";
        return Some(shown.not_exercised(reason));
    }
    let held = !is_few;
    Some(shown.held_if(
        held,
        "flows sent less than their rate, and nothing was late; compare what clients of this version send",
    ))
}

/// What a flow is offered a second, what came of it, and how much a message is of that.
fn offered(cell: &Cell, came: Came) -> Option<(&'static str, f64, f64, f64)> {
    let flows = f64::from(came.flows);
    if let Some(bits) = cell.load.rate_bps {
        let seen = came.bytes_per_s * 8.0 / flows;
        let message = 8.0 * f64::from(cell.message_bytes);
        return Some((
            "bits a second that came of a flow",
            bits as f64,
            seen,
            message,
        ));
    }
    let rate = f64::from(cell.load.rate?);
    let (witness, all) = match came.datagrams_per_s {
        Some([sent, _]) => ("datagrams a second that a flow sent", sent),
        None => (
            "requests a second of a flow that were answered",
            came.requests_per_s?,
        ),
    };
    Some((witness, rate, all / flows, 1.0))
}
