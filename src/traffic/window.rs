//! The one interval, the same for every flow, in which bytes count.
//!
//! Must not know who moves the bytes. The invariant: an edge is a snapshot of every flow's counters, with the time
//! measured before and after it, and what an endpoint takes to be the window's is what lies between its two snapshots; nothing
//! is derived from when the controlling thread meant to wake.

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::flow::{Role, place};
use super::ledger::Ledger;
use super::messages::Edge;
use super::moment::Moment;
use super::numbered::Numbered;
use super::observer::Observer;
use super::plan::{PATIENCE, Settings};
use crate::error::{Error, Result};
use crate::units::nanos;

/// When the window was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Start, in nanoseconds since 1970 UTC by the system's clock.
    pub start_unix_ns: u64,
    /// Length from the middle of the first snapshot to the middle of the last, by the monotonic clock, in nanoseconds.
    pub duration_ns: u64,
    /// The longer of the times the two snapshots took, in nanoseconds: by how much two flows' windows can differ.
    pub skew_ns: u64,
}

/// The bytes of all flows during one interval of the window. The first starts and the last ends with the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Payload delivered.
    pub bytes: u64,
    /// Its measured length.
    pub duration: Duration,
}

impl Sample {
    /// Payload delivered, in bits a second.
    #[must_use]
    pub fn goodput_bps(self) -> f64 {
        self.bytes as f64 * 8.0 / self.duration.as_secs_f64()
    }
}

/// The counters that count in a window: those of the first so many flows of a ledger.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counters<'a> {
    pub(super) ledger: &'a Ledger,
    pub(super) flows: usize,
}

impl Counters<'_> {
    fn read(&self) -> impl Iterator<Item = Moved> {
        (0..self.flows).map(|flow| self.read_one(flow))
    }

    fn read_one(&self, flow: usize) -> Moved {
        let client = self.ledger.counter(place(flow, Role::Client));
        let server = self.ledger.counter(place(flow, Role::Server));
        Moved {
            // First: the bytes of those are then counted too.
            transactions: client.messages.read(),
            to_server: server.received.read(),
            to_client: client.received.read(),
            numbered: Numbered::read(client, server),
        }
    }

    /// Lets an edge of the window pass for each flow, and reads what it had moved then.
    fn pass(&self, edge: Edge) -> impl Iterator<Item = Moved> {
        (0..self.flows).map(move |flow| {
            let messages = &self.ledger.counter(place(flow, Role::Client)).messages;
            loop {
                let moved = self.read_one(flow);
                // A response that has come meanwhile is within one count and without the others: all are read again.
                if messages.pass(edge, moved.transactions) {
                    return moved;
                }
            }
        })
    }
}

/// What a flow has moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Moved {
    /// Payload the server received.
    pub(super) to_server: u64,
    /// Payload the client received.
    pub(super) to_client: u64,
    /// Responses the client received whole.
    pub(super) transactions: u64,
    /// Numbered datagrams.
    pub(super) numbered: Numbered,
}

impl Moved {
    /// Payload received by either end.
    pub(super) fn bytes(self) -> u64 {
        self.to_server + self.to_client
    }

    fn since(self, earlier: Self) -> Self {
        Self {
            to_server: self.to_server - earlier.to_server,
            to_client: self.to_client - earlier.to_client,
            transactions: self.transactions - earlier.transactions,
            numbered: self.numbered.since(earlier.numbered),
        }
    }
}

/// What a window saw.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) window: Window,
    /// What each flow moved in the window.
    pub(super) moved: Vec<Moved>,
    pub(super) samples: Vec<Sample>,
    /// When the last snapshot was done.
    pub(super) closed: Moment,
}

/// Lets the flows, which have been started, warm up, and measures.
///
/// # Errors
/// [`Error::Interrupted`] when the observer says so.
pub(super) fn measure(
    counters: Counters<'_>,
    settings: &Settings,
    observer: &mut dyn Observer,
) -> Result<Measured> {
    let mut first = Snapshot::room_for(counters);
    let mut last = Snapshot::room_for(counters);
    wait_until(Instant::now() + settings.warmup, observer)?;
    observer.before_window();
    let unix = SystemTime::now();
    counters.ledger.edges().open();
    first.take(counters, Edge::Opens);
    let inner = watch(counters, settings, first.mark(), observer)?;
    counters.ledger.edges().close();
    last.take(counters, Edge::Closes);
    let closed = Moment::now();
    observer.after_window();
    let samples = between(first.mark(), &inner, last.mark());
    if let Some(sample) = samples.last() {
        observer.sample(sample.goodput_bps(), last.middle() - first.middle());
    }
    Ok(Measured {
        window: Window {
            start_unix_ns: nanos(unix.duration_since(UNIX_EPOCH).unwrap_or_default()),
            duration_ns: nanos(last.middle() - first.middle()),
            skew_ns: nanos(first.length().max(last.length())),
        },
        moved: first
            .moved
            .iter()
            .zip(&last.moved)
            .map(|(from, to)| to.since(*from))
            .collect(),
        samples,
        closed,
    })
}

/// Every flow's counters, read as close together as can be.
#[derive(Debug)]
struct Snapshot {
    moved: Vec<Moved>,
    before: Instant,
    after: Instant,
}

impl Snapshot {
    /// Made beforehand and written through once (zeroes would not be), so that taking it neither allocates nor faults.
    fn room_for(counters: Counters<'_>) -> Self {
        let now = Instant::now();
        Self {
            moved: counters.read().collect(),
            before: now,
            after: now,
        }
    }

    fn take(&mut self, counters: Counters<'_>, edge: Edge) {
        self.before = Instant::now();
        for (slot, moved) in self.moved.iter_mut().zip(counters.pass(edge)) {
            *slot = moved;
        }
        self.after = Instant::now();
    }

    fn length(&self) -> Duration {
        self.after - self.before
    }

    fn middle(&self) -> Instant {
        self.before + self.length() / 2
    }

    fn mark(&self) -> Mark {
        Mark {
            at: self.middle(),
            bytes: self.moved.iter().map(|moved| moved.bytes()).sum(),
        }
    }
}

/// The bytes of all flows at one time.
#[derive(Debug, Clone, Copy)]
struct Mark {
    at: Instant,
    bytes: u64,
}

impl Mark {
    fn now(counters: Counters<'_>) -> Self {
        let before = Instant::now();
        let bytes = counters.read().map(Moved::bytes).sum();
        Self {
            at: before + before.elapsed() / 2,
            bytes,
        }
    }

    fn since(self, earlier: Self) -> Sample {
        Sample {
            bytes: self.bytes - earlier.bytes,
            duration: self.at - earlier.at,
        }
    }
}

/// Waits out the window, and marks the inner edges of its samples.
///
/// What is left over after the last whole sample belongs to it: a short one would be a noisy one.
fn watch(
    counters: Counters<'_>,
    settings: &Settings,
    start: Mark,
    observer: &mut dyn Observer,
) -> Result<Vec<Mark>> {
    let step = if settings.sample.is_zero() {
        settings.measure
    } else {
        settings.sample
    };
    let end = start.at + settings.measure;
    let mut marks: Vec<Mark> = Vec::new();
    let mut edge = start.at + step;
    while edge + step <= end {
        wait_until(edge, observer)?;
        let mark = Mark::now(counters);
        let sample = mark.since(*marks.last().unwrap_or(&start));
        observer.sample(sample.goodput_bps(), mark.at - start.at);
        marks.push(mark);
        edge += step;
    }
    wait_until(end, observer)?;
    Ok(marks)
}

fn between(first: Mark, inner: &[Mark], last: Mark) -> Vec<Sample> {
    let edges: Vec<Mark> = [&[first], inner, &[last]].concat();
    edges
        .windows(2)
        .map(|edge| edge[1].since(edge[0]))
        .collect()
}

pub(super) fn wait_until(deadline: Instant, observer: &dyn Observer) -> Result<()> {
    loop {
        if observer.interrupted() {
            return Err(Error::Interrupted);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        thread::sleep(left.min(PATIENCE));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(start: Instant, millis: u64, bytes: u64) -> Mark {
        Mark {
            at: start + Duration::from_millis(millis),
            bytes,
        }
    }

    #[test]
    fn samples_share_out_the_window_without_gap_or_overlap() {
        let start = Instant::now();
        let (first, last) = (mark(start, 0, 1_000), mark(start, 350, 8_000));
        let inner = [mark(start, 100, 3_000), mark(start, 210, 3_000)];

        let samples = between(first, &inner, last);

        let bytes: Vec<u64> = samples.iter().map(|sample| sample.bytes).collect();
        let millis: Vec<u128> = samples
            .iter()
            .map(|sample| sample.duration.as_millis())
            .collect();
        assert_eq!(bytes, [2_000, 0, 5_000]);
        assert_eq!(millis, [100, 110, 140]);
    }

    #[test]
    fn a_window_without_inner_edges_is_one_sample() {
        let start = Instant::now();
        let samples = between(mark(start, 0, 5), &[], mark(start, 1_000, 1_005));
        assert_eq!(
            samples,
            [Sample {
                bytes: 1_000,
                duration: Duration::from_secs(1)
            }]
        );
        assert!((samples[0].goodput_bps() - 8_000.0).abs() < f64::EPSILON);
    }
}
