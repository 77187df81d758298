//! Which of a flow's datagrams have come, told by their numbers.
//!
//! Must not know sockets. The invariant: a number is new once; one that has not come is missing from the moment that a
//! higher one has, until it comes.
//!
//! The window of bits over a ring is that of the check for replays of ESP (RFC 6479).

/// Numbers behind the highest that are told apart, in bits. With Linux's queues between two containers, a datagram is passed
/// by no more than others can wait in a queue (`netdev_max_backlog` is 1,000).
const WINDOW: u64 = 4096;

const WORD: u64 = u64::BITS as u64;

/// What a datagram turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// The highest number so far.
    New,
    /// Missing until now: a higher number has come before.
    Late,
    /// It has come before.
    Again,
    /// So far behind that it cannot be told whether it has come before. It remains missing, if it was (RFC 4737, 3.1: a
    /// packet that comes too late is a lost one).
    TooLate,
}

/// See the file's head.
#[derive(Debug)]
pub(super) struct Sequence {
    /// One bit for each number of the window, at its place modulo the window's length: whether it has come.
    come: Box<[u64]>,
    /// One more than the highest number that has come.
    next: u64,
    /// Numbers below `next` that have not come.
    missing: u64,
}

impl Sequence {
    pub(super) fn new() -> Self {
        let words = usize::try_from(WINDOW / WORD).unwrap_or(usize::MAX);
        Self {
            come: vec![0; words].into(),
            next: 0,
            missing: 0,
        }
    }

    /// Numbers that have been passed by higher ones and have not come.
    pub(super) fn missing(&self) -> u64 {
        self.missing
    }

    /// Takes the number of a datagram that has come.
    pub(super) fn take(&mut self, number: u64) -> Arrival {
        if number >= self.next {
            self.advance(number);
            return Arrival::New;
        }
        if self.next - number > WINDOW {
            return Arrival::TooLate;
        }
        if self.mark(number) {
            return Arrival::Again;
        }
        self.missing -= 1;
        Arrival::Late
    }

    /// Moves the window up to a number that has come, and leaves those between missing.
    fn advance(&mut self, number: u64) {
        let skipped = number - self.next;
        if skipped >= WINDOW {
            self.come.fill(0);
        } else {
            for passed in self.next..=number {
                let (word, bit) = place(passed);
                self.come[word] &= !bit;
            }
        }
        self.mark(number);
        self.missing += skipped;
        self.next = number.saturating_add(1);
    }

    /// Notes that a number of the window has come; whether it had before.
    fn mark(&mut self, number: u64) -> bool {
        let (word, bit) = place(number);
        let had = self.come[word] & bit != 0;
        self.come[word] |= bit;
        had
    }
}

/// The word and the bit of a number.
fn place(number: u64) -> (usize, u64) {
    let word = number % WINDOW / WORD;
    (usize::try_from(word).unwrap_or(0), 1 << (number % WORD))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Remembers every number for ever.
    #[derive(Default)]
    struct Naive(BTreeSet<u64>);

    impl Naive {
        fn take(&mut self, number: u64) -> Arrival {
            let highest = self.0.last().copied();
            let fresh = self.0.insert(number);
            match highest {
                Some(highest) if highest >= number + WINDOW => {
                    // It is told to be too late, so it must not be remembered as come.
                    if fresh {
                        self.0.remove(&number);
                    }
                    Arrival::TooLate
                }
                Some(highest) if highest >= number && fresh => Arrival::Late,
                Some(highest) if highest >= number => Arrival::Again,
                _ => Arrival::New,
            }
        }

        fn missing(&self) -> u64 {
            self.0.last().map_or(0, |last| last + 1) - self.0.len() as u64
        }
    }

    proptest! {
        #[test]
        fn the_window_tells_what_endless_memory_would(
            steps in prop::collection::vec((0_u64..3, 0_u64..20, 0_u64..10_000), 1..400),
        ) {
            let (mut window, mut naive) = (Sequence::new(), Naive::default());
            let mut front = 0_u64;
            for (kind, near, far) in steps {
                // On by a few, on by many, back by a few or by many.
                let number = match (kind, near) {
                    (0, _) => front + near,
                    (1, 0) => front + far,
                    (_, 0..10) => front.saturating_sub(near),
                    _ => front.saturating_sub(far),
                };
                front = front.max(number);
                prop_assert_eq!(window.take(number), naive.take(number), "{}", number);
                prop_assert_eq!(window.missing(), naive.missing());
            }
        }
    }

    #[test]
    fn the_edge_of_the_window_is_where_it_says() {
        let mut window = Sequence::new();
        assert_eq!(window.take(WINDOW), Arrival::New);
        assert_eq!(window.take(0), Arrival::TooLate);
        assert_eq!(window.take(1), Arrival::Late);
        assert_eq!(window.take(1), Arrival::Again);
        assert_eq!(window.missing(), WINDOW - 1);
        assert_eq!(window.take(u64::MAX), Arrival::New);
    }
}
