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
use super::moved::Moved;
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

/// What counts in a window: a figure for each flow, read as close together as can be.
pub(super) trait Counts {
    /// What is counted of a flow.
    type Count: Count;

    /// How many times as long as a reading the time between two samples is at least, so that reading is no load of its own.
    const REST: u32;

    /// A figure for each flow, which later readings take the place of.
    ///
    /// # Errors
    /// When what counts cannot be read.
    fn first(&mut self) -> Result<Vec<Self::Count>>;

    /// Lets an edge of the window pass for each flow, and reads what had been counted of it then.
    ///
    /// # Errors
    /// When what counts cannot be read.
    fn pass(&mut self, edge: Edge, into: &mut [Self::Count]) -> Result<()>;

    /// The payload of all flows so far, in bytes.
    ///
    /// # Errors
    /// When what counts cannot be read.
    fn bytes(&mut self) -> Result<u64>;
}

/// What is counted of a flow.
pub(super) trait Count: Copy {
    /// Its payload, in bytes.
    fn bytes(self) -> u64;

    /// What was counted from an earlier figure to this one.
    fn since(self, earlier: Self) -> Self;
}

/// The counters of a ledger that count in a window: those of its first so many flows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counters<'a> {
    pub(super) ledger: &'a Ledger,
    pub(super) flows: usize,
}

impl Counters<'_> {
    fn read(&self) -> impl Iterator<Item = Moved> {
        (0..self.flows).map(|flow| Moved::read(self.ledger, flow))
    }

    fn pass_one(&self, edge: Edge, flow: usize) -> Moved {
        let messages = &self.ledger.counter(place(flow, Role::Client)).messages;
        loop {
            let moved = Moved::read(self.ledger, flow);
            // A response that has come meanwhile is within one count and without the others: all are read again.
            if messages.pass(edge, moved.transactions) {
                return moved;
            }
        }
    }
}

impl Counts for Counters<'_> {
    type Count = Moved;

    /// Reading takes microseconds, and no system call.
    const REST: u32 = 0;

    fn first(&mut self) -> Result<Vec<Moved>> {
        Ok(self.read().collect())
    }

    fn pass(&mut self, edge: Edge, into: &mut [Moved]) -> Result<()> {
        match edge {
            Edge::Opens => self.ledger.edges().open(),
            Edge::Closes => self.ledger.edges().close(),
        }
        for (flow, slot) in into.iter_mut().enumerate() {
            *slot = self.pass_one(edge, flow);
        }
        Ok(())
    }

    fn bytes(&mut self) -> Result<u64> {
        Ok(self.read().map(Count::bytes).sum())
    }
}

impl Count for Moved {
    fn bytes(self) -> u64 {
        self.payload()
    }

    fn since(self, earlier: Self) -> Self {
        self.after(earlier)
    }
}

/// What a window saw.
#[derive(Debug)]
pub(super) struct Measured<C> {
    pub(super) window: Window,
    /// What was counted of each flow in the window.
    pub(super) moved: Vec<C>,
    pub(super) samples: Vec<Sample>,
    /// When the last snapshot was done.
    pub(super) closed: Moment,
}

/// Lets the flows, which have been started, warm up, and measures.
///
/// # Errors
/// [`Error::Interrupted`] when the observer says so, and when what counts cannot be read.
pub(super) fn measure<C: Counts>(
    counts: &mut C,
    settings: &Settings,
    observer: &mut dyn Observer,
) -> Result<Measured<C::Count>> {
    let mut first = Snapshot::room_for(counts)?;
    let mut last = first.clone();
    wait_until(Instant::now() + settings.warmup, observer)?;
    observer.before_window();
    let unix = SystemTime::now();
    first.take(counts, Edge::Opens)?;
    let inner = watch(counts, settings, &first, observer)?;
    last.take(counts, Edge::Closes)?;
    let closed = Moment::now();
    observer.after_window();
    let samples = between(first.mark(), &inner, last.mark());
    if let Some(sample) = samples.last() {
        observer.sample(sample.goodput_bps(), last.middle() - first.middle());
    }
    let both = first.counted.iter().zip(&last.counted);
    Ok(Measured {
        window: Window {
            start_unix_ns: nanos(unix.duration_since(UNIX_EPOCH).unwrap_or_default()),
            duration_ns: nanos(last.middle() - first.middle()),
            skew_ns: nanos(first.length().max(last.length())),
        },
        moved: both.map(|(from, to)| to.since(*from)).collect(),
        samples,
        closed,
    })
}

/// Every flow's figure, read as close together as can be.
#[derive(Debug, Clone)]
struct Snapshot<C> {
    counted: Vec<C>,
    before: Instant,
    after: Instant,
}

impl<C: Count> Snapshot<C> {
    /// Made beforehand and written through once (zeroes would not be), so that taking it neither allocates nor faults.
    fn room_for(counts: &mut impl Counts<Count = C>) -> Result<Self> {
        let now = Instant::now();
        Ok(Self {
            counted: counts.first()?,
            before: now,
            after: now,
        })
    }

    fn take(&mut self, counts: &mut impl Counts<Count = C>, edge: Edge) -> Result<()> {
        self.before = Instant::now();
        counts.pass(edge, &mut self.counted)?;
        self.after = Instant::now();
        Ok(())
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
            bytes: self.counted.iter().map(|counted| counted.bytes()).sum(),
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
    fn now(counts: &mut impl Counts) -> Result<Self> {
        let before = Instant::now();
        let bytes = counts.bytes()?;
        Ok(Self {
            at: before + before.elapsed() / 2,
            bytes,
        })
    }

    fn since(self, earlier: Self) -> Sample {
        Sample {
            bytes: self.bytes.saturating_sub(earlier.bytes),
            duration: self.at - earlier.at,
        }
    }
}

/// Waits out the window, and marks the inner edges of its samples.
///
/// What is left over after the last whole sample belongs to it: a short one would be a noisy one.
fn watch<C: Counts>(
    counts: &mut C,
    settings: &Settings,
    first: &Snapshot<C::Count>,
    observer: &mut dyn Observer,
) -> Result<Vec<Mark>> {
    let start = first.mark();
    let rest = first.length() * C::REST;
    let step = step(settings, rest);
    let end = start.at + settings.measure;
    let mut marks: Vec<Mark> = Vec::new();
    let mut edge = start.at + step;
    while edge + step <= end {
        wait_until(edge, observer)?;
        let mark = Mark::now(counts)?;
        let sample = mark.since(*marks.last().unwrap_or(&start));
        observer.sample(sample.goodput_bps(), mark.at - start.at);
        marks.push(mark);
        edge += step;
        // Where reading is a load, an edge that a late waking has come too close to is left out.
        while !rest.is_zero() && edge < mark.at + rest {
            edge += step;
        }
    }
    wait_until(end, observer)?;
    Ok(marks)
}

/// The length of a sample: as is asked for, or the whole window, and never so short that reading would be a load.
fn step(settings: &Settings, least: Duration) -> Duration {
    let asked = if settings.sample.is_zero() {
        settings.measure
    } else {
        settings.sample
    };
    asked.max(least)
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
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;
    use crate::scenario::{Buffers, Congestion, Driver};

    fn settings() -> Settings {
        Settings {
            driver: Driver::Threads,
            congestion: Congestion("reno".to_owned()),
            buffers: Buffers::default(),
            warmup: Duration::ZERO,
            measure: Duration::from_secs(1),
            sample: Duration::ZERO,
            connect: Duration::ZERO,
        }
    }

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

    /// Counts a hundred bytes more of its first flow at each reading, and writes down what it is asked.
    #[derive(Default)]
    struct Scripted {
        readings: u64,
        asked: Rc<RefCell<Vec<&'static str>>>,
    }

    impl Count for u64 {
        fn bytes(self) -> u64 {
            self
        }

        fn since(self, earlier: Self) -> Self {
            self - earlier
        }
    }

    impl Scripted {
        fn read(&mut self, what: &'static str) -> [u64; 2] {
            self.readings += 1;
            self.asked.borrow_mut().push(what);
            [100 * self.readings, 7]
        }
    }

    impl Counts for Scripted {
        type Count = u64;
        const REST: u32 = 0;

        fn first(&mut self) -> Result<Vec<u64>> {
            Ok(self.read("first").to_vec())
        }

        fn pass(&mut self, edge: Edge, into: &mut [u64]) -> Result<()> {
            let what = match edge {
                Edge::Opens => "opens",
                Edge::Closes => "closes",
            };
            into.copy_from_slice(&self.read(what));
            Ok(())
        }

        fn bytes(&mut self) -> Result<u64> {
            Ok(self.read("sample").iter().sum())
        }
    }

    struct Onlooker(Rc<RefCell<Vec<&'static str>>>);

    impl Observer for Onlooker {
        fn before_window(&mut self) {
            self.0.borrow_mut().push("before");
        }

        fn after_window(&mut self) {
            self.0.borrow_mut().push("after");
        }

        fn sample(&mut self, _: f64, _: Duration) {}

        fn interrupted(&self) -> bool {
            false
        }
    }

    #[test]
    fn whatever_counts_is_read_at_the_edges_within_what_the_observer_reads() {
        let mut counts = Scripted::default();
        let mut onlooker = Onlooker(Rc::clone(&counts.asked));
        let settings = Settings {
            measure: Duration::from_millis(30),
            sample: Duration::from_millis(10),
            ..settings()
        };

        let measured = measure(&mut counts, &settings, &mut onlooker).unwrap();

        let asked = counts.asked.borrow();
        let order = [
            "first", "before", "opens", "sample", "sample", "closes", "after",
        ];
        assert_eq!(*asked, order);
        assert_eq!(measured.moved, [300, 0]);
        let bytes: Vec<_> = measured.samples.iter().map(|sample| sample.bytes).collect();
        assert_eq!(bytes, [100, 100, 100]);
    }

    #[test]
    fn a_sample_is_as_long_as_is_asked_for_and_never_so_short_that_reading_is_a_load() {
        let ms = Duration::from_millis;
        let of = |sample| Settings {
            sample: ms(sample),
            ..settings()
        };
        assert_eq!(step(&of(100), ms(0)), ms(100));
        assert_eq!(step(&of(100), ms(250)), ms(250));
        assert_eq!(step(&of(0), ms(250)), ms(1_000));
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
