//! What the kernel logged of the network in a trial, lines that are alike together.
//!
//! Must not know how the log is read. The invariant: a line that is somebody else's is not told, as far as that can be seen.

use crate::host::watching::{KernelLog, Logged, Mark};
use crate::store::record::{LogLine, TrialPhase, TrialPhases, Watched};

/// In the order in which the first of each came.
#[derive(Debug, Default)]
pub(super) struct Lines(Vec<Alike>);

#[derive(Debug)]
struct Alike {
    /// The line without its numbers.
    words: String,
    phase: TrialPhase,
    first: Logged,
    lines: u32,
}

impl Lines {
    pub(super) fn add(&mut self, phase: TrialPhase, line: Logged) {
        let words: String = line
            .line
            .chars()
            .filter(|it| !it.is_ascii_digit())
            .collect();
        match self.0.iter_mut().find(|known| known.words == words) {
            Some(known) => known.lines += 1,
            None => self.0.push(Alike {
                words,
                phase,
                first: line,
                lines: 1,
            }),
        }
    }

    /// As a record has them. `counted` is what was counted meanwhile.
    pub(super) fn told(
        self,
        log: &KernelLog,
        opened: Option<Mark>,
        counted: (&TrialPhases, Option<&Watched>),
    ) -> Vec<LogLine> {
        let ours = self
            .0
            .into_iter()
            .filter(|line| line.first.namespace.is_some() || !stood_still(&line.first, counted));
        let told = ours.map(|line| LogLine {
            phase: line.phase,
            window_s: opened.map(|opened| millis(log.seconds(opened, &line.first))),
            line: line.first.line,
            lines: line.lines,
        });
        told.collect()
    }
}

/// Whether the counter that goes with a line is known, and never moved.
fn stood_still(line: &Logged, (phases, watched): (&TrialPhases, Option<&Watched>)) -> bool {
    let Some(counter) = line.witness else {
        return false;
    };
    let of_phases = phases.entered().map(|(_, of)| of.counts.of(counter));
    let of_containers = watched.map(|watched| watched.counts.of(counter));
    known(of_phases.chain(of_containers)) == Some(0)
}

/// The sum of those that are known; absent where none is.
fn known(counts: impl Iterator<Item = Option<u64>>) -> Option<u64> {
    counts.flatten().reduce(|sum, one| sum + one)
}

/// To the millisecond: when the window opened is known no better.
fn millis(seconds: f64) -> f64 {
    // What is rounded to 0 from below is 0 too.
    (seconds * 1e3).round() / 1e3 + 0.0
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::record::{Counter, Counts, PhaseCounts};

    fn logged(line: &str, witness: Option<Counter>) -> Logged {
        Logged {
            line: line.to_owned(),
            stamp: Duration::from_secs(1),
            namespace: None,
            witness,
        }
    }

    fn phases(overflows: u64) -> TrialPhases {
        let mut phases = TrialPhases::default();
        for (phase, number) in [(TrialPhase::Setup, 0), (TrialPhase::Connect, overflows)] {
            let counts = PhaseCounts {
                duration_ns: 1,
                counts: Counts::from_iter([(Counter::NeighbourOverflows, number)]),
            };
            phases.add(phase, counts);
        }
        phases
    }

    #[test]
    fn lines_that_differ_by_numbers_are_one_with_the_first_of_them() {
        let mut lines = Lines::default();
        lines.add(TrialPhase::Connect, logged("port 80 is full", None));
        lines.add(TrialPhase::Window, logged("port 8080 is full", None));
        lines.add(TrialPhase::Window, logged("port 1 is open", None));
        let first = &lines.0[0];
        assert_eq!(
            (first.first.line.as_str(), first.lines),
            ("port 80 is full", 2)
        );
        assert_eq!((first.phase, lines.0.len()), (TrialPhase::Connect, 2));
    }

    #[test]
    fn a_line_is_somebody_elses_where_its_counter_is_known_and_stood_still() {
        let line = logged(
            "arp_cache: neighbor table overflow!",
            Some(Counter::NeighbourOverflows),
        );
        assert!(stood_still(&line, (&phases(0), None)));
        assert!(!stood_still(&line, (&phases(3), None)));
        assert!(!stood_still(&line, (&TrialPhases::default(), None)));
        let full = logged("nf_conntrack: table full", Some(Counter::ConntrackDrops));
        assert!(!stood_still(&full, (&phases(0), None)), "nobody counted it");
        let watched = |number| Watched {
            counts: Counts::from_iter([(Counter::ConntrackDrops, number)]),
            ..Watched::default()
        };
        assert!(stood_still(&full, (&phases(0), Some(&watched(0)))));
        assert!(!stood_still(&full, (&phases(0), Some(&watched(2)))));
        assert!(!stood_still(
            &logged("TCP: out of memory", None),
            (&phases(0), None)
        ));
    }

    #[test]
    fn times_are_to_the_millisecond() {
        assert!((millis(0.123_456) - 0.123).abs() < 1e-12);
        assert!(millis(-0.000_1).is_sign_positive());
    }
}
