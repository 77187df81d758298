//! The pen that a client writes its log with.
//!
//! Must not know what a request is. The invariant: only what ended within the window is written down.

use super::log::Log;
use crate::stats::Recorder;
use crate::traffic::flow::Endpoint;
use crate::traffic::moment::Moment;

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
