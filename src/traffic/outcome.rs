//! What a trial's traffic hands back: every planned flow by name, with what became of it.
//!
//! Must not know drivers. The invariant: one [`FlowOutcome`] per plan, in the plans' order, whatever happened.

use std::time::Duration;

use super::account::Account;
use super::flow::{Cause, End, Role, place};
use super::ledger::Ledger;
use super::moment::Moment;
use super::moved::Moved;
use super::numbered::{Datagrams, Numbered};
use super::plan::Flow;
use super::window::{Measured, Sample, Window};
use crate::error::{Act, Error, Result};
use crate::scenario::{Orders, Workload};
use crate::stats::Latencies;
use crate::store::record::UnderWay;

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
    /// Connections that may wait to be accepted at the first port at which connections are taken all the time; absent where there
    /// is none, and where the kernel does not say.
    pub backlog: Option<u32>,
    /// What was handed over without a copy, of what was to be.
    pub uncopied: Uncopied,
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

/// What was handed over without a copy, of all flows together and over their whole life.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Uncopied {
    /// Sends that the kernel copied all the same, over those it has said something of; absent where none was to go without.
    pub copied_ratio: Option<f64>,
    /// Bytes mapped over bytes received; absent where none were to be.
    pub mapped_ratio: Option<f64>,
}

/// What became of one flow.
#[derive(Debug, Clone, PartialEq)]
pub struct FlowOutcome {
    /// The flow, as it was planned.
    pub plan: Flow,
    /// How it fared.
    pub status: FlowStatus,
    /// Payload the server received in the window.
    pub window_bytes: u64,
    /// Payload the client received in the window: responses.
    pub returned_bytes: u64,
    /// Responses the client received whole in the window.
    pub transactions: u64,
    /// Payload the server received over the flow's whole life.
    pub total_bytes: u64,
    /// Payload the client handed to its kernel over the flow's whole life.
    pub sent_bytes: u64,
    /// How long requests took that ended in the window; absent where there are none.
    pub latency: Option<Latencies>,
    /// Requests with a connection of their own that were meant to be sent before the window closed, and had not ended by then.
    pub under_way: UnderWay,
    /// How much later than they were meant to requests were sent in the window; absent where there is no schedule.
    pub lateness: Option<Latencies>,
    /// Requests given up in the window.
    pub lost: u64,
    /// Messages of a schedule that were not sent in the window, as it was too late for them.
    pub left_out: u64,
    /// Messages of a stream that were due in the window, be they sent or not; absent where they have no times, and where the
    /// client is gone.
    pub due: Option<u64>,
    /// What became of numbered datagrams in the window; absent where there are none.
    pub datagrams: Option<Datagrams>,
    /// What became of them over the flow's whole life, as far as the server has read.
    pub datagrams_in_life: Option<Datagrams>,
    /// Datagrams, or trains of them, that the kernel dropped at the server's socket over the flow's life, as it had no room
    /// for them; absent where there are none or the kernel does not say.
    pub socket_drops: Option<u64>,
    /// What the server's `TCP_INFO` says was delivered: bytes that came in less those left unread. Equal to
    /// `total_bytes` where both are right; absent where the flow ended early or the kernel does not say.
    pub info_bytes: Option<u64>,
    /// Payload that had come in when the flow was stopped, and that the receiver had not read; absent likewise.
    pub unread_bytes: Option<u64>,
    /// Segments the sender sent again over the flow's life; absent where the kernel does not say.
    pub retransmits: Option<u64>,
    /// Whether the server sees another port than its client's: what it talks to is not the client, or not by its own name.
    /// Absent where an end is gone.
    pub renamed: Option<bool>,
}

impl FlowOutcome {
    /// Payload that either end received in the window.
    #[must_use]
    pub fn payload(&self) -> u64 {
        self.window_bytes + self.returned_bytes
    }

    /// One that never connected, and moved nothing.
    pub(super) fn absent(plan: Flow, cause: Loss) -> Self {
        Self::blank(plan, FlowStatus::Unconnected(cause))
    }

    /// One of which nothing is known but how it fared.
    pub(super) fn blank(plan: Flow, status: FlowStatus) -> Self {
        Self {
            plan,
            status,
            window_bytes: 0,
            total_bytes: 0,
            sent_bytes: 0,
            returned_bytes: 0,
            transactions: 0,
            latency: None,
            under_way: UnderWay::default(),
            lateness: None,
            lost: 0,
            left_out: 0,
            due: None,
            datagrams: None,
            datagrams_in_life: None,
            socket_drops: None,
            info_bytes: None,
            unread_bytes: None,
            retransmits: None,
            renamed: None,
        }
    }
}

/// How a flow fared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlowStatus {
    /// It did what it is there for in the window, and was alive at its end.
    Ok,
    /// It never connected.
    Unconnected(Loss),
    /// It ended before the window did.
    Died {
        /// Which end saw what.
        loss: Loss,
        /// How long before the window's end.
        before_end: Duration,
    },
    /// It was connected and alive, and did nothing in the window of what it is there for.
    Stalled,
}

/// Why a flow was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// What was being done.
    pub act: String,
    /// The kernel's error number, where the kernel is who refused.
    pub errno: Option<i32>,
    /// Both in words, with the object and the reason.
    pub sentence: String,
}

impl Loss {
    fn of(error: &Error) -> Self {
        let (act, ..) = error.parts();
        Self {
            act,
            errno: error.errno(),
            sentence: error.sentence(),
        }
    }
}

/// The planned flows and what connecting them came to.
#[derive(Debug)]
pub(super) struct Roll {
    plans: Vec<Flow>,
    /// For each flow why it has no connection, if it has none.
    lost: Vec<Option<Loss>>,
    warnings: Vec<String>,
}

/// What is known of a trial's flows when it is over.
#[derive(Debug)]
pub(super) struct Finished<'a> {
    pub(super) measured: Measured<Moved>,
    /// Of every endpoint whose process is still there to give one.
    pub(super) accounts: Vec<Account>,
    pub(super) ledger: &'a Ledger,
}

impl Roll {
    /// Tells the connected flows from the others.
    ///
    /// # Errors
    /// The first flow's cause when none connected.
    pub(super) fn call(
        plans: Vec<Flow>,
        connected: Vec<Result<()>>,
        warnings: Vec<String>,
    ) -> Result<Self> {
        let none = !connected.iter().any(Result::is_ok);
        let mut failed = connected.into_iter().map(Result::err).peekable();
        if none && let Some(cause) = failed.next_if(Option::is_some).flatten() {
            return Err(cause);
        }
        let lost = failed.map(|error| error.as_ref().map(Loss::of)).collect();
        Ok(Self {
            plans,
            lost,
            warnings,
        })
    }

    /// Puts together what the window saw and what the endpoints have to say.
    pub(super) fn outcome(self, finished: Finished<'_>) -> Outcome {
        let ends = Ends::sort(finished.accounts, self.plans.len());
        let whole = self.lost.iter().position(Option::is_none);
        let first = whole.map(|flow| &ends[flow]);
        let congestion = first.and_then(Ends::congestion);
        let buffers = first.map(Ends::buffers).unwrap_or_default();
        let backlog = ends.iter().find_map(|ends| ends.server.as_ref()?.backlog);
        let (measured, ledger) = (finished.measured, finished.ledger);
        let uncopied = uncopied(&ends, ledger);
        let planned = self.plans.into_iter().zip(self.lost);
        let flows = planned.zip(ends).enumerate();
        let flows = flows.map(|(flow, ((plan, lost), ends))| match lost {
            Some(cause) => FlowOutcome::absent(plan, cause),
            None => FlowOutcome {
                datagrams_in_life: Datagrams::of(numbered(ledger, flow), &plan.orders),
                total_bytes: total_bytes(ledger, flow, &plan.orders),
                sent_bytes: ledger.counter(place(flow, Role::Client)).sent.read(),
                ..connected_flow(plan, ends, measured.moved[flow], measured.closed)
            },
        });
        Outcome {
            flows: flows.collect(),
            congestion,
            buffers,
            backlog,
            uncopied,
            window: measured.window,
            samples: measured.samples,
            warnings: self.warnings,
        }
    }
}

/// Payload that the server of a flow received over its life.
fn total_bytes(ledger: &Ledger, flow: usize, orders: &Orders) -> u64 {
    Moved::read(ledger, flow).of_its_own(orders).to_server
}

fn numbered(ledger: &Ledger, flow: usize) -> Numbered {
    let counter = |role| ledger.counter(place(flow, role));
    Numbered::read(counter(Role::Client), counter(Role::Server))
}

/// The two accounts of a flow, as far as they were given.
#[derive(Debug, Default, Clone)]
struct Ends {
    client: Option<Account>,
    server: Option<Account>,
}

impl Ends {
    /// By flow.
    fn sort(accounts: Vec<Account>, flows: usize) -> Vec<Self> {
        let mut sorted = vec![Self::default(); flows];
        for account in accounts {
            if let Some(ends) = sorted.get_mut(account.flow) {
                match account.role {
                    Role::Client => ends.client = Some(account),
                    Role::Server => ends.server = Some(account),
                }
            }
        }
        sorted
    }

    fn congestion(&self) -> Option<String> {
        self.client.as_ref()?.congestion.clone()
    }

    fn renamed(&self) -> Option<bool> {
        let port = |end: &Option<Account>| end.as_ref()?.client_port;
        Some(port(&self.client)? != port(&self.server)?)
    }

    fn buffers(&self) -> Buffered {
        let bytes = |end: &Option<Account>| end.as_ref().and_then(|end| end.buffer_bytes);
        Buffered {
            send_bytes: bytes(&self.client),
            receive_bytes: bytes(&self.server),
        }
    }
}

/// What the ends say of it: clients of their sends, servers of what they received.
fn uncopied(ends: &[Ends], ledger: &Ledger) -> Uncopied {
    let (mut known, mut copied) = (0, 0);
    let clients = ends.iter().filter_map(|ends| ends.client.as_ref());
    for sends in clients.filter_map(|client| client.log.completions) {
        known += sends.known;
        copied += sends.copied;
    }
    let (mut mapped, mut received) = (0, 0);
    let servers = ends.iter().filter_map(|ends| ends.server.as_ref());
    for (bytes, server) in servers.filter_map(|server| Some((server.log.mapped_bytes?, server))) {
        mapped += bytes;
        received += ledger
            .counter(place(server.flow, Role::Server))
            .received
            .read();
    }
    let ratio = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
    Uncopied {
        copied_ratio: ratio(copied, known),
        mapped_ratio: ratio(mapped, received),
    }
}

fn connected_flow(plan: Flow, ends: Ends, moved: Moved, closed: Moment) -> FlowOutcome {
    let moved = moved.of_its_own(&plan.orders);
    let status = status(&ends, did_nothing(plan.orders.workload, moved), closed);
    // A reset connection has dropped what was unread, and its figures with it.
    let whole = !matches!(status, FlowStatus::Died { .. });
    let renamed = ends.renamed();
    let retransmits = ends.client.as_ref().and_then(|account| account.retransmits);
    let log = ends.client.map(|account| account.log).unwrap_or_default();
    let receiver = ends.server.as_ref().filter(|_| whole);
    let arrived = receiver.and_then(|account| account.arrived);
    let queue = receiver.and_then(|account| account.queue);
    FlowOutcome {
        window_bytes: moved.to_server,
        returned_bytes: moved.to_client,
        transactions: moved.transactions,
        latency: log.latency,
        under_way: log.under_way,
        lateness: log.lateness,
        lost: log.lost,
        left_out: log.left_out,
        due: log.due,
        datagrams: Datagrams::of(moved.numbered, &plan.orders),
        socket_drops: queue.and_then(|queue| queue.dropped),
        info_bytes: arrived.map(|arrived| arrived.read),
        unread_bytes: arrived
            .map(|arrived| arrived.unread)
            .or(queue.map(|queue| queue.unread)),
        retransmits,
        renamed,
        ..FlowOutcome::blank(plan, status)
    }
}

/// Whether a flow did nothing in the window of what it is there for.
fn did_nothing(workload: Workload, moved: Moved) -> bool {
    if workload.has_messages() {
        moved.payload() == 0
    } else {
        workload.has_requests() && moved.transactions == 0
    }
}

/// What ended after the window's end ended because the driver was halted.
fn status(ends: &Ends, did_nothing: bool, closed: Moment) -> FlowStatus {
    let accounts = [(&ends.client, "send"), (&ends.server, "receive")];
    let ended = accounts
        .iter()
        .filter_map(|(account, act)| Some((account.as_ref()?.end?, *act)))
        .filter(|(end, _)| end.at <= closed)
        .min_by_key(|(end, _)| end.at);
    let gone = accounts.iter().find(|(account, _)| account.is_none());
    match (ended, gone) {
        (Some((end, act)), _) => FlowStatus::Died {
            loss: last_words(end, act),
            before_end: closed.since(end.at),
        },
        (None, Some((_, act))) => FlowStatus::Died {
            loss: saw(act, None, "its process is gone"),
            before_end: Duration::ZERO,
        },
        (None, None) if did_nothing => FlowStatus::Stalled,
        (None, None) => FlowStatus::Ok,
    }
}

fn last_words(end: End, act: &str) -> Loss {
    let refused = std::io::Error::from_raw_os_error;
    match end.cause {
        Cause::Closed => saw(act, None, "the other end closed the connection"),
        Cause::Refused(errno) => saw(act, Some(errno), &refused(errno).to_string()),
        Cause::Unconnected(errno) => {
            let error = Error::kernel(Act::ConnectAgain, "another connection", refused(errno));
            let mut loss = Loss::of(&error);
            let hint = error.hint().map(|hint| format!("; {hint}"));
            loss.sentence += &hint.unwrap_or_default();
            loss
        }
    }
}

fn saw(act: &str, errno: Option<i32>, what: &str) -> Loss {
    Loss {
        act: act.to_owned(),
        errno,
        sentence: format!("{act}: {what}"),
    }
}
