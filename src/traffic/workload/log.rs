//! What a client writes down beside its counters: how long requests took, how late they were sent, how many were given up.
//!
//! Must not know what a request is. The invariant: only what ended within the window is written down.

use serde::{Deserialize, Serialize};

use super::Completions;
use crate::stats::{Latencies, Recorder};
use crate::traffic::flow::Endpoint;
use crate::traffic::moment::Moment;

/// What an endpoint has written down; nothing where its workload has nothing of the kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::traffic) struct Log {
    /// From the moment a request was meant to be sent to its whole response, of those that ended within the window.
    pub(in crate::traffic) latency: Option<Latencies>,
    /// From the moment a request was meant to be sent to when it was, where there is a schedule.
    pub(in crate::traffic) lateness: Option<Latencies>,
    /// Requests given up within the window.
    pub(in crate::traffic) lost: u64,
    /// What became of sends without a copy, over the flow's life; of clients that send so.
    pub(in crate::traffic) completions: Option<Completions>,
    /// Bytes received by having them mapped, likewise; of servers that receive so.
    pub(in crate::traffic) mapped_bytes: Option<u64>,
    /// Messages of a schedule that were not sent within the window, as it was too late for them.
    pub(in crate::traffic) left_out: u64,
}

/// The pen.
#[derive(Debug)]
pub(super) struct Diary<'a> {
    endpoint: &'a Endpoint,
    latency: Option<Recorder>,
    lateness: Option<Recorder>,
    lost: u64,
    left_out: u64,
}

impl<'a> Diary<'a> {
    /// An empty one; of lateness too where requests have a schedule.
    pub(super) fn new(endpoint: &'a Endpoint, scheduled: bool) -> Self {
        Self {
            endpoint,
            latency: Recorder::new(),
            lateness: if scheduled { Recorder::new() } else { None },
            lost: 0,
            left_out: 0,
        }
    }

    /// An empty one of messages that nobody answers.
    pub(super) fn of_sending(endpoint: &'a Endpoint, scheduled: bool) -> Self {
        Self {
            latency: None,
            ..Self::new(endpoint, scheduled)
        }
    }

    /// A request that was meant to be sent then is sent, now.
    pub(super) fn sent(&mut self, intended: Moment, now: Moment) {
        if let Some(lateness) = &mut self.lateness
            && self.endpoint.moved.edges().hold(now)
        {
            lateness.record(now.nanos_since(intended));
        }
    }

    /// The responses to requests that were meant to be sent then are there, now. As many are timed as the window counts.
    pub(super) fn answered(&mut self, intended: impl ExactSizeIterator<Item = Moment>) {
        let within = self.endpoint.moved.messages.add(intended.len() as u64);
        if let Some(latency) = &mut self.latency
            && within
        {
            let now = Moment::now();
            intended.for_each(|intended| latency.record(now.nanos_since(intended)));
        }
    }

    /// A request is given up, now.
    pub(super) fn lost(&mut self, now: Moment) {
        self.lost += u64::from(self.endpoint.moved.edges().hold(now));
    }

    /// So many messages that were due are not sent any more, now.
    pub(super) fn left_out(&mut self, messages: u64, now: Moment) {
        if messages > 0 && self.endpoint.moved.edges().hold(now) {
            self.left_out += messages;
        }
    }

    pub(super) fn into_log(self) -> Log {
        Log {
            latency: self.latency.map(|recorder| recorder.latencies()),
            lateness: self.lateness.map(|recorder| recorder.latencies()),
            lost: self.lost,
            left_out: self.left_out,
            ..Log::default()
        }
    }
}
