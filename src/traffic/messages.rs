//! Messages that an endpoint has received whole, and whether the window is open for them: one number.
//!
//! Must not know what a message is. The invariant: whoever counts one learns by the same act on which side of the window's edges
//! it is. So what is done for the messages of the window is done as often as the window has messages, wherever the thread
//! that opens and closes it loses its CPU.

use std::sync::atomic::{AtomicU64, Ordering};

/// An edge of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    Opens,
    Closes,
}

/// How many there were, with [`OPEN`] between the edges.
#[derive(Debug, Default)]
pub(super) struct Messages(AtomicU64);

/// More messages than anybody receives: a thousand million a second would take 292 years.
const OPEN: u64 = 1 << 63;

impl Messages {
    /// Counts so many more; whether they are in the window. Who reads them counted sees the bytes that they came in.
    pub(super) fn add(&self, more: u64) -> bool {
        self.0.fetch_add(more, Ordering::Release) & OPEN != 0
    }

    /// How many there were so far.
    pub(super) fn read(&self) -> u64 {
        self.0.load(Ordering::Acquire) & !OPEN
    }

    /// Lets an edge of the window pass behind the first `seen`; not where there are more by now.
    pub(super) fn pass(&self, edge: Edge, seen: u64) -> bool {
        let (from, to) = match edge {
            Edge::Opens => (seen, seen | OPEN),
            Edge::Closes => (seen | OPEN, seen),
        };
        let passed = self
            .0
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed);
        passed.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;
    use std::thread;

    #[test]
    fn an_edge_passes_only_behind_what_was_seen() {
        let messages = Messages::default();
        assert!(!messages.add(3));
        assert!(!messages.pass(Edge::Opens, 2));
        assert!(messages.pass(Edge::Opens, 3));
        assert!(messages.add(2) && messages.add(1));
        assert_eq!(messages.read(), 6);
        assert!(!messages.pass(Edge::Closes, 5));
        assert!(messages.pass(Edge::Closes, 6));
        assert!(!messages.add(1));
        assert_eq!(messages.read(), 7);
    }

    /// Edges pass while another thread counts; it does not matter where either is held up.
    #[test]
    fn what_one_side_counts_between_the_edges_the_other_was_told_of() {
        fn seen(messages: &Messages, edge: Edge) -> u64 {
            let tries = std::iter::repeat_with(|| messages.read());
            let mut passed = tries.filter(|seen| messages.pass(edge, *seen));
            passed.next().unwrap()
        }
        let (messages, done) = (Messages::default(), AtomicBool::new(false));
        thread::scope(|scope| {
            let counts = || {
                let mut told = 0;
                while !done.load(Ordering::Relaxed) {
                    told += u64::from(messages.add(1));
                    thread::yield_now();
                }
                told
            };
            let counts = scope.spawn(counts);
            let windows = (0..1_000).map(|_| {
                let first = seen(&messages, Edge::Opens);
                seen(&messages, Edge::Closes) - first
            });
            let counted: u64 = windows.sum();
            done.store(true, Ordering::Relaxed);
            assert_eq!(counts.join().unwrap(), counted);
        });
    }
}
