//! What a trial's traffic hands back: every planned flow by name, with what became of it.
//!
//! Must not know drivers. The invariant: one [`FlowOutcome`] per plan, in the plans' order, whatever happened.

use std::time::{Duration, Instant};

use super::FlowPlan;
use super::connect::Connected;
use super::flow::{Cause, End, Field, Flow, Sockets};
use super::window::{Measured, Sample, Window};
use super::witness;
use crate::error::Result;

/// What a trial's traffic came to.
#[derive(Debug)]
pub struct Outcome {
    /// The common window.
    pub window: Window,
    /// Every planned flow, in the plans' order.
    pub flows: Vec<FlowOutcome>,
    /// All flows together over the intervals of the window, first to last.
    pub samples: Vec<Sample>,
    /// Congestion control read back from the first connected sender; absent where the kernel does not say.
    pub congestion: Option<String>,
    /// Socket buffers of the first connected flow as they were at its end.
    pub buffers: Buffered,
    /// How long bringing the flows up took.
    pub connect: Duration,
    /// Sentences about settings that did not take effect.
    pub warnings: Vec<String>,
}

/// Sizes of a flow's socket buffers in bytes, as the kernel reports them; absent where it does not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Buffered {
    /// The sender's send buffer.
    pub send_bytes: Option<u64>,
    /// The receiver's receive buffer.
    pub receive_bytes: Option<u64>,
}

/// What became of one flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowOutcome {
    /// Pair, from 0.
    pub pair: u32,
    /// Stream of the pair, from 0.
    pub stream: u32,
    /// Container that sends.
    pub client: u32,
    /// Container that receives.
    pub server: u32,
    /// How it fared.
    pub status: FlowStatus,
    /// Payload delivered in the window.
    pub window_bytes: u64,
    /// Payload delivered over the flow's whole life.
    pub total_bytes: u64,
    /// Payload the sender handed to its kernel over the flow's whole life.
    pub sent_bytes: u64,
    /// What the receiver's `TCP_INFO` says was delivered: bytes that came in less those left unread. Equal to
    /// `total_bytes` where both are right; absent where the flow ended early or the kernel does not say.
    pub info_bytes: Option<u64>,
    /// Payload that had come in when the flow was stopped, and that the receiver had not read; absent likewise.
    pub unread_bytes: Option<u64>,
    /// Segments the sender sent again over the flow's life; absent where the kernel does not say.
    pub retransmits: Option<u64>,
}

/// How a flow fared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlowStatus {
    /// It moved bytes in the window, and was alive at its end.
    Ok,
    /// It never connected: the act, the object and the kernel's reason.
    Unconnected(String),
    /// It ended before the window did.
    Died {
        /// Which end saw what.
        error: String,
        /// How long before the window's end.
        before_end: Duration,
    },
    /// It was connected and alive, and moved no byte in the window.
    Stalled,
}

/// The planned flows and what connecting them came to, while their sockets are with the field.
#[derive(Debug)]
pub(super) struct Roll<'a> {
    plans: &'a [FlowPlan<'a>],
    /// For each plan the place of its flow in the field, or why it has none.
    places: Vec<Result<usize, String>>,
    warnings: Vec<String>,
}

impl<'a> Roll<'a> {
    /// Tells the connected flows from the others.
    ///
    /// # Errors
    /// The first flow's cause when none connected.
    pub(super) fn call(
        plans: &'a [FlowPlan<'a>],
        connected: Connected,
    ) -> Result<(Vec<Sockets>, Self)> {
        let mut present = Vec::with_capacity(plans.len());
        let mut places = Vec::with_capacity(plans.len());
        let mut first_cause = None;
        for flow in connected.flows {
            places.push(match flow {
                Ok(sockets) => Ok(present.len()).inspect(|_| present.push(sockets)),
                Err(error) => {
                    let cause = error.sentence();
                    first_cause.get_or_insert(error);
                    Err(cause)
                }
            });
        }
        match first_cause {
            Some(cause) if present.is_empty() => Err(cause),
            _ => Ok((
                present,
                Self {
                    plans,
                    places,
                    warnings: connected.warnings,
                },
            )),
        }
    }

    /// Puts together what the window saw and what the witnesses say.
    pub(super) fn outcome(self, field: &Field, measured: Measured, connect: Duration) -> Outcome {
        let flows = self
            .plans
            .iter()
            .zip(self.places)
            .map(|(plan, place)| match place {
                Ok(place) => connected_flow(
                    plan,
                    &field.flows[place],
                    measured.bytes[place],
                    measured.closed,
                ),
                Err(cause) => absent_flow(plan, cause),
            });
        let flows = flows.collect();
        let first = field.flows.first();
        Outcome {
            window: measured.window,
            flows,
            samples: measured.samples,
            congestion: first.and_then(congestion),
            buffers: first.map(buffers).unwrap_or_default(),
            connect,
            warnings: self.warnings,
        }
    }
}

fn absent_flow(plan: &FlowPlan<'_>, cause: String) -> FlowOutcome {
    FlowOutcome {
        pair: plan.pair,
        stream: plan.stream,
        client: plan.client.container,
        server: plan.server.container,
        status: FlowStatus::Unconnected(cause),
        window_bytes: 0,
        total_bytes: 0,
        sent_bytes: 0,
        info_bytes: None,
        unread_bytes: None,
        retransmits: None,
    }
}

fn connected_flow(
    plan: &FlowPlan<'_>,
    flow: &Flow,
    window_bytes: u64,
    closed: Instant,
) -> FlowOutcome {
    let status = status(flow, window_bytes, closed);
    // A reset connection has dropped what was unread, and its figures with it.
    let whole = !matches!(status, FlowStatus::Died { .. });
    let arrived = witness::arrived(&flow.receiver.socket).filter(|_| whole);
    FlowOutcome {
        pair: plan.pair,
        stream: plan.stream,
        client: plan.client.container,
        server: plan.server.container,
        window_bytes,
        total_bytes: flow.receiver.moved.bytes(),
        sent_bytes: flow.sender.moved.bytes(),
        info_bytes: arrived.map(|arrived| arrived.read),
        unread_bytes: arrived.map(|arrived| arrived.unread),
        retransmits: witness::retransmits(&flow.sender.socket),
        status,
    }
}

/// What ended after the window's end ended because the driver was halted.
fn status(flow: &Flow, window_bytes: u64, closed: Instant) -> FlowStatus {
    let ends = [(&flow.sender, "send"), (&flow.receiver, "receive")];
    let first = ends
        .iter()
        .filter_map(|(endpoint, act)| endpoint.end().map(|end| (end, *act)))
        .filter(|(end, _)| end.at <= closed)
        .min_by_key(|(end, _)| end.at);
    match first {
        Some((end, act)) => FlowStatus::Died {
            error: last_words(end, act),
            before_end: closed - end.at,
        },
        None if window_bytes == 0 => FlowStatus::Stalled,
        None => FlowStatus::Ok,
    }
}

fn last_words(end: End, act: &str) -> String {
    match end.cause {
        Cause::Closed => format!("{act}: the other end closed the connection"),
        Cause::Refused(errno) => format!("{act}: {}", std::io::Error::from(errno)),
    }
}

fn congestion(flow: &Flow) -> Option<String> {
    let name = flow.sender.socket.tcp_congestion().ok()?;
    let name = name.split(|byte| *byte == 0).next()?;
    String::from_utf8(name.to_vec()).ok()
}

fn buffers(flow: &Flow) -> Buffered {
    Buffered {
        send_bytes: flow
            .sender
            .socket
            .send_buffer_size()
            .ok()
            .map(|bytes| bytes as u64),
        receive_bytes: flow
            .receiver
            .socket
            .recv_buffer_size()
            .ok()
            .map(|bytes| bytes as u64),
    }
}
