//! What the view knows: what it was told of the run, and what it read of the counters since.
//!
//! Must not know the terminal, nor a clock: every reading says when it was. The invariant: the picture follows from what was
//! told and read, and from nothing else.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::analysis::Growing;
use crate::cli::progress::Pace;
use crate::host::counters::{CpuTimes, Delta, TcpMemory};
use crate::plan::Place;
use crate::report::live::{Drops, Focus, Note, Picture, Progress, Severity, Shares, Trial};
use crate::runner::Phase;
use crate::store::Record;
use crate::traffic::Dials;

/// Rates are over so long: a pair among hundreds has its turn on a CPU only now and then.
const MOMENTS: Duration = Duration::from_secs(2);
/// Ticks of CPU time that are kept, for the widest screen.
const HISTORY: usize = 300;
/// Notes that are kept, for the highest screen.
const NOTES: usize = 12;

/// What a run tells of itself.
#[derive(Debug)]
pub(super) enum Event {
    /// A trial begins.
    Begins { place: Place, id: String },
    /// It goes on to its next phase.
    Phase(Phase),
    /// Its flows are up.
    Flowing(Dials),
    /// It says by itself what its flows move together, in bits a second.
    Sample(f64),
    /// It is recorded.
    Ends(Box<Record>),
}

/// What is read between two frames.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) at: Instant,
    /// What each pair has moved so far, where that can be read.
    pub(super) bytes: Option<Vec<u64>>,
    /// What the machine did since the reading before.
    pub(super) machine: Option<Delta>,
}

/// What each pair had moved at a time.
#[derive(Debug)]
struct Mark {
    at: Instant,
    bytes: Vec<u64>,
}

/// See the file's head.
#[derive(Debug)]
pub(super) struct Story {
    picture: Picture,
    pace: Pace,
    tcp_memory: Option<TcpMemory>,
    dials: Option<Dials>,
    /// Oldest first.
    marks: VecDeque<Mark>,
}

impl Story {
    /// Of a run that has not begun a trial.
    pub(super) fn new(
        name: &str,
        curves: Growing,
        pace: Pace,
        tcp_memory: Option<TcpMemory>,
    ) -> Self {
        let picture = Picture {
            name: name.to_owned(),
            progress: Progress::default(),
            trial: None,
            curves,
            focus: Focus::All,
            pairs_bps: None,
            cpu: Vec::new(),
            drops: Drops::default(),
            notes: Vec::new(),
            interrupted: false,
        };
        Self {
            picture,
            pace,
            tcp_memory,
            dials: None,
            marks: VecDeque::new(),
        }
    }

    /// What is shown now.
    pub(super) fn picture(&self) -> &Picture {
        &self.picture
    }

    /// The counters of the trial at hand, once it has any.
    pub(super) fn dials(&self) -> Option<&Dials> {
        self.dials.as_ref()
    }

    /// Shows the other figure.
    pub(super) fn turn(&mut self) {
        self.picture.focus = match self.picture.focus {
            Focus::All => Focus::Each,
            Focus::Each => Focus::All,
        };
    }

    /// Takes in what the run tells.
    pub(super) fn heed(&mut self, event: Event) {
        match event {
            Event::Begins { place, id } => self.begin(place, id),
            Event::Phase(phase) => self.go_on(phase),
            Event::Flowing(dials) => self.dials = Some(dials),
            Event::Sample(goodput_bps) => self.say(Some(goodput_bps)),
            Event::Ends(record) => self.end(&record),
        }
    }

    /// Takes in what was read.
    pub(super) fn take(&mut self, reading: Reading) {
        if let Some(bytes) = reading.bytes {
            self.mark(Mark {
                at: reading.at,
                bytes,
            });
        }
        if let Some(machine) = reading.machine {
            self.watch(&machine);
        }
    }

    /// Takes in how long the run has gone on, and whether it is to end.
    pub(super) fn pass(&mut self, elapsed: Duration, interrupted: bool) {
        let progress = &mut self.picture.progress;
        progress.elapsed = elapsed;
        progress.left = self.pace.left(elapsed);
        (progress.ended, progress.to_do) = (self.pace.ended(), self.pace.to_do());
        self.picture.interrupted = interrupted;
    }

    fn begin(&mut self, place: Place, id: String) {
        self.pace.begin(place);
        self.picture.progress.place = Some(place);
        self.picture.pairs_bps = None;
        self.picture.trial = Some(Trial {
            id,
            phase: "",
            goodput_bps: None,
        });
        self.dials = None;
        self.marks.clear();
    }

    fn go_on(&mut self, phase: Phase) {
        if let Some(trial) = &mut self.picture.trial {
            trial.phase = name(phase);
        }
        // What moves while flows are ended is no figure of theirs.
        if matches!(phase, Phase::Drain | Phase::Teardown) {
            self.dials = None;
        }
    }

    fn say(&mut self, goodput_bps: Option<f64>) {
        if let Some(trial) = &mut self.picture.trial {
            trial.goodput_bps = goodput_bps;
        }
    }

    fn end(&mut self, record: &Record) {
        self.pace.end();
        self.picture.curves.add(record);
        let counters = record.counters.as_ref();
        self.picture.drops.retransmits = counters.and_then(|it| it.retransmits);
        if let Some(failure) = &record.error {
            let text = format!("{}: {}", record.trial, failure.sentence());
            self.note(Severity::Failure, text);
        }
        for warning in &record.warnings {
            self.note(Severity::Warning, warning.clone());
        }
    }

    /// Puts a sentence before the others; one that was there already moves.
    fn note(&mut self, severity: Severity, text: String) {
        let note = Note { severity, text };
        let notes = &mut self.picture.notes;
        notes.retain(|known| *known != note);
        notes.insert(0, note);
        notes.truncate(NOTES);
    }

    fn mark(&mut self, mark: Mark) {
        while let Some(second) = self.marks.get(1)
            && mark.at - second.at >= MOMENTS
        {
            self.marks.pop_front();
        }
        self.marks.push_back(mark);
        let rates = self.rates();
        if let Some(rates) = rates {
            self.say(Some(rates.iter().sum()));
            self.picture.pairs_bps = Some(rates);
        }
    }

    /// What each pair moves, in bits a second, over the time there are marks of.
    fn rates(&self) -> Option<Vec<f64>> {
        let (first, last) = self.marks.front().zip(self.marks.back())?;
        let seconds = (last.at - first.at).as_secs_f64();
        let moved = first.bytes.iter().zip(&last.bytes);
        let rates = moved.map(|(then, now)| now.saturating_sub(*then) as f64 * 8.0 / seconds);
        (seconds > 0.0).then(|| rates.collect())
    }

    fn watch(&mut self, machine: &Delta) {
        let history = &mut self.picture.cpu;
        history.extend(shares(&machine.cpu));
        history.drain(..history.len().saturating_sub(HISTORY));
        let seconds = machine.counted.elapsed.as_secs_f64().max(f64::MIN_POSITIVE);
        let rate = |events: u64| events as f64 / seconds;
        let marks = machine.tcp_memory_pages.zip(self.tcp_memory);
        let drops = &mut self.picture.drops;
        drops.backlog = machine.counted.softnet.map(|it| rate(it.dropped));
        drops.squeezed = machine.counted.softnet.map(|it| rate(it.squeezed));
        drops.neighbours = machine.counted.neighbour_overflows.map(rate);
        drops.tcp_memory =
            marks.map(|(pages, marks)| pages as f64 / marks.pressure_pages.max(1) as f64);
    }
}

/// Kinds of CPU time over all there was; absent where the kernel's clock has not ticked.
fn shares(cpu: &CpuTimes) -> Option<Shares> {
    let all = cpu.total_ns();
    let share = |time: u64| time as f64 / all as f64;
    (all > 0).then(|| Shares {
        user: share(cpu.user_ns),
        system: share(cpu.system_ns),
        softirq: share(cpu.softirq_ns),
        steal: share(cpu.steal_ns),
        idle: share(cpu.idle_ns),
    })
}

fn name(phase: Phase) -> &'static str {
    match phase {
        Phase::Setup => "setting up",
        Phase::Connect => "connecting",
        Phase::WarmUp => "warming up",
        Phase::Measure => "measuring",
        Phase::Drain => "draining",
        Phase::Teardown => "tearing down",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Topology;
    use crate::store::sample;

    /// The nth of six trials.
    fn place(number: usize) -> Place {
        Place {
            number,
            least: 6,
            most: 6,
        }
    }

    fn story() -> Story {
        let cells = [2, 4].map(|count| sample::cell(Topology::Veth, count));
        let curves = Growing::through(&[&cells[0], &cells[1]]);
        let pace = Pace::new(4, Duration::from_secs(40));
        let mut story = Story::new("test", curves, pace, None);
        story.heed(Event::Begins {
            place: place(3),
            id: "veth-c4".to_owned(),
        });
        story
    }

    fn reading(at: Instant, bytes: &[u64]) -> Reading {
        Reading {
            at,
            bytes: Some(bytes.to_vec()),
            machine: None,
        }
    }

    #[test]
    fn rates_are_over_the_last_moments_alone() {
        let mut story = story();
        let start = Instant::now();
        // The first pair stops after a second, the other goes on.
        for tick in 0..=16u64 {
            let at = start + Duration::from_millis(250) * u32::try_from(tick).unwrap();
            story.take(reading(at, &[1_000 * tick.min(4), 1_000 * tick]));
        }
        assert_eq!(story.picture().pairs_bps, Some(vec![0.0, 32_000.0]));
        let trial = story.picture().trial.clone().unwrap();
        assert_eq!(trial.goodput_bps, Some(32_000.0));
    }

    #[test]
    fn one_reading_is_no_rate_and_a_new_trial_has_none_of_the_last() {
        let mut story = story();
        let start = Instant::now();
        story.take(reading(start, &[5]));
        assert_eq!(story.picture().pairs_bps, None);
        story.take(reading(start + Duration::from_secs(1), &[6]));
        assert_eq!(story.picture().pairs_bps, Some(vec![8.0]));
        story.heed(Event::Begins {
            place: place(4),
            id: "veth-c2".to_owned(),
        });
        assert_eq!(story.picture().pairs_bps, None);
        story.take(reading(start + Duration::from_secs(2), &[1]));
        assert_eq!(story.picture().pairs_bps, None);
    }

    #[test]
    fn trials_that_end_are_points_and_their_complaints_notes_newest_first() {
        let mut story = story();
        let cell = sample::cell(Topology::Veth, 4);
        story.heed(Event::Ends(Box::new(sample::starving(cell.clone(), 0, 1))));
        story.heed(Event::Ends(Box::new(sample::failed(cell.clone(), 1))));
        story.heed(Event::Ends(Box::new(sample::starving(cell, 2, 1))));
        let notes = &story.picture().notes;
        let severities: Vec<_> = notes.iter().map(|note| note.severity).collect();
        assert_eq!(severities, [Severity::Warning, Severity::Failure]);
        story.pass(Duration::from_secs(30), true);
        let progress = story.picture().progress;
        assert_eq!((progress.ended, progress.to_do), (3, 4));
        assert_eq!(progress.left, Duration::from_secs(10));
        assert!(story.picture().interrupted);
    }

    #[test]
    fn cpu_time_is_shown_by_its_share_of_all() {
        let cpu = CpuTimes {
            user_ns: 1,
            system_ns: 2,
            softirq_ns: 1,
            steal_ns: 0,
            idle_ns: 4,
        };
        let shares = shares(&cpu).unwrap();
        assert!((shares.system - 0.25).abs() < 1e-12 && (shares.idle - 0.5).abs() < 1e-12);
        assert!(super::shares(&CpuTimes::default()).is_none());
    }
}
