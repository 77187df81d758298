//! The common window over what interfaces count, while programs that know nothing of it move bytes.
//!
//! Must not know the programs. The invariant: an edge is a reading of every pair's interface, with the time before and after
//! it; a sample is never taken so often that reading is a load of its own.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::error::Result;
use crate::traffic::window::wait_until;
use crate::traffic::{Observer, Sample, Settings, Window};
use crate::units::nanos;

/// What had crossed for a pair at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crossed {
    /// Payload that its interface has counted since it was made, and its client's where responses come back.
    pub payload: u64,
}

/// What reads the interfaces: one figure for each pair, in their order.
pub type Meter<'a> = &'a mut dyn FnMut() -> Result<Vec<Crossed>>;

/// How many times as long as a reading the time between two of them is at least.
const REST: u32 = 50;

/// What a window saw.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) window: Window,
    /// Payload that crossed for each pair.
    pub(super) crossed: Vec<u64>,
    pub(super) samples: Vec<Sample>,
}

/// All pairs, read as close together as can be.
struct Edge {
    crossed: Vec<Crossed>,
    before: Instant,
    after: Instant,
}

impl Edge {
    fn take(meter: Meter<'_>) -> Result<Self> {
        let before = Instant::now();
        Ok(Self {
            crossed: meter()?,
            before,
            after: Instant::now(),
        })
    }

    fn length(&self) -> Duration {
        self.after - self.before
    }

    fn middle(&self) -> Instant {
        self.before + self.length() / 2
    }

    fn since<'a>(&'a self, earlier: &'a Self) -> impl Iterator<Item = u64> + 'a {
        let both = self.crossed.iter().zip(&earlier.crossed);
        both.map(|(now, then)| now.payload.saturating_sub(then.payload))
    }

    fn sample(&self, earlier: &Self) -> Sample {
        Sample {
            bytes: self.since(earlier).sum(),
            duration: self.middle() - earlier.middle(),
        }
    }
}

/// Lets what has begun warm up, and measures.
///
/// # Errors
/// [`Error::Interrupted`](crate::Error::Interrupted) when the observer says so, and when interfaces cannot be read.
pub(super) fn measure(
    meter: Meter<'_>,
    settings: &Settings,
    observer: &mut dyn Observer,
) -> Result<Measured> {
    wait_until(Instant::now() + settings.warmup, observer)?;
    observer.before_window();
    let unix = SystemTime::now();
    let first = Edge::take(meter)?;
    let end = first.middle() + settings.measure;
    let mut step = settings.sample.max(first.length() * REST);
    if step.is_zero() {
        step = settings.measure;
    }
    let mut edges = vec![first];
    // What is left over after the last whole sample belongs to it: a short one would be a noisy one.
    while edges[edges.len() - 1].middle() + step * 2 <= end {
        wait_until(edges[edges.len() - 1].middle() + step, observer)?;
        take_edge(&mut edges, meter, observer)?;
    }
    wait_until(end, observer)?;
    take_edge(&mut edges, meter, observer)?;
    observer.after_window();
    Ok(Measured {
        window: window(unix, &edges),
        crossed: edges[edges.len() - 1].since(&edges[0]).collect(),
        samples: samples(&edges).collect(),
    })
}

fn take_edge(edges: &mut Vec<Edge>, meter: Meter<'_>, observer: &mut dyn Observer) -> Result<()> {
    let edge = Edge::take(meter)?;
    let sample = edge.sample(&edges[edges.len() - 1]);
    observer.sample(sample.goodput_bps(), edge.middle() - edges[0].middle());
    edges.push(edge);
    Ok(())
}

fn samples(edges: &[Edge]) -> impl Iterator<Item = Sample> + '_ {
    edges.windows(2).map(|edge| edge[1].sample(&edge[0]))
}

fn window(unix: SystemTime, edges: &[Edge]) -> Window {
    let (first, last) = (&edges[0], &edges[edges.len() - 1]);
    Window {
        start_unix_ns: nanos(unix.duration_since(UNIX_EPOCH).unwrap_or_default()),
        duration_ns: nanos(last.middle() - first.middle()),
        skew_ns: nanos(first.length().max(last.length())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(start: Instant, millis: u64, payloads: [u64; 2]) -> Edge {
        let at = start + Duration::from_millis(millis);
        let crossed = payloads.map(|payload| Crossed { payload });
        Edge {
            crossed: crossed.to_vec(),
            before: at,
            after: at + Duration::from_millis(2),
        }
    }

    #[test]
    fn samples_share_out_what_crossed_in_the_window() {
        let start = Instant::now();
        let edges = [
            edge(start, 0, [100, 7]),
            edge(start, 100, [300, 7]),
            edge(start, 250, [300, 1_007]),
        ];
        let all: Vec<_> = samples(&edges).collect();
        assert_eq!(
            all.iter().map(|it| it.bytes).collect::<Vec<_>>(),
            [200, 1_000]
        );
        assert_eq!(all[1].duration, Duration::from_millis(150));
        let window = window(SystemTime::now(), &edges);
        assert_eq!(
            (window.duration_ns, window.skew_ns),
            (250_000_000, 2_000_000)
        );
        let each: Vec<_> = edges[2].since(&edges[0]).collect();
        assert_eq!(each, [200, 1_000]);
    }
}
