//! How a run goes, on standard error: a line that moves on a terminal, a line per trial in a log. The view over the whole
//! screen is in `live`.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::live::terminal;
use super::out;
use crate::host::signal::Interrupt;
use crate::plan::{Place, Trial};
use crate::printable::Printable;
use crate::runner::{Phase, Progress};
use crate::store::Record;
use crate::testbed::Watch;
use crate::units::{BitsPerSecond, show_duration};

/// Where progress goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Nowhere.
    Quiet,
    /// Over the whole screen.
    Live,
    /// A line that moves.
    Terminal,
    /// A line per trial.
    Log,
}

impl Form {
    /// The form that was asked for, as far as standard error supports it.
    pub(super) fn of(asked: Asked) -> Self {
        match asked {
            Asked::Nothing => Self::Quiet,
            Asked::View if terminal::is_fit() => Self::Live,
            Asked::View | Asked::Lines if out::says_on_terminal() => Self::Terminal,
            Asked::View | Asked::Lines => Self::Log,
        }
    }
}

/// What the user wants to see of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// No progress.
    Nothing,
    /// Progress, in the form that standard error takes.
    Lines,
    /// The live view.
    View,
}

/// What shows a run.
pub(super) trait Display: Progress {
    /// Removes the moving line or the view, once the run has ended.
    fn close(&self);
}

/// How far a run is, and how long it still takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Trials ended in this run.
    ended: usize,
    /// Trials this run has to do, at most.
    to_do: usize,
    /// What the plan expects of one of them.
    expected: Duration,
}

impl Pace {
    /// Of a run of at most `to_do` trials that should take `expected` together.
    pub(super) fn new(to_do: usize, expected: Duration) -> Self {
        Self {
            ended: 0,
            to_do,
            expected: expected / whole(to_do).max(1),
        }
    }

    /// A trial begins, which may tell that there will be fewer.
    pub(super) fn begin(&mut self, place: Place) {
        self.to_do = self.ended + place.most.saturating_sub(place.number - 1);
    }

    /// A trial ends.
    pub(super) fn end(&mut self) {
        self.ended += 1;
    }

    /// Trials ended in this run.
    pub(super) fn ended(self) -> usize {
        self.ended
    }

    /// Trials this run has to do, at most.
    pub(super) fn to_do(self) -> usize {
        self.to_do
    }

    /// Time left when it has gone on for `elapsed`: by the plan's estimate at first, then by what the trials so far really
    /// took.
    pub(super) fn left(self, elapsed: Duration) -> Duration {
        let each = match self.ended {
            0 => self.expected,
            ended => elapsed / whole(ended),
        };
        each * whole(self.to_do.saturating_sub(self.ended))
    }
}

fn whole(trials: usize) -> u32 {
    u32::try_from(trials).unwrap_or(u32::MAX)
}

/// Shows a run, and knows whether the user has asked for its end.
pub(super) struct Screen {
    form: Form,
    bar: ProgressBar,
    interrupt: Interrupt,
    current: Mutex<Current>,
    started: Instant,
}

/// The trial at hand.
#[derive(Debug, Clone)]
struct Current {
    /// How far the run is.
    place: Option<Place>,
    id: String,
    pace: Pace,
}

impl Screen {
    /// A screen for a run at this pace.
    pub(super) fn new(form: Form, interrupt: Interrupt, pace: Pace) -> Self {
        let bar = ProgressBar::new(pace.to_do() as u64);
        bar.set_draw_target(match form {
            Form::Terminal => ProgressDrawTarget::stderr(),
            Form::Quiet | Form::Live | Form::Log => ProgressDrawTarget::hidden(),
        });
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} {prefix}  {wide_msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self {
            form,
            bar,
            interrupt,
            current: Mutex::new(Current {
                place: None,
                id: String::new(),
                pace,
            }),
            started: Instant::now(),
        }
    }

    fn current(&self) -> Current {
        self.lock().clone()
    }

    /// A thread that panicked left nothing half done here.
    fn lock(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows this beside the bar.
    fn tell(&self, text: String) {
        self.bar.set_message(Printable::from(text).to_string());
    }

    fn left(&self, current: &Current) -> String {
        let seconds = current.pace.left(self.started.elapsed()).as_secs();
        format!("{}:{:02} left", seconds / 60, seconds % 60)
    }
}

impl Display for Screen {
    fn close(&self) {
        self.bar.finish_and_clear();
    }
}

impl Watch for Screen {
    fn phase(&self, phase: Phase) {
        let act = match phase {
            Phase::Setup => "setting up",
            Phase::Connect => "connecting",
            Phase::Teardown => "tearing down",
            // The samples say more.
            Phase::WarmUp | Phase::Measure | Phase::Drain => return,
        };
        self.tell(format!("{}  {act}", self.current().id));
    }

    fn sample(&self, goodput_bps: f64) {
        let id = self.current().id;
        self.tell(format!("{id}  {}", BitsPerSecond(goodput_bps)));
    }

    fn interrupted(&self) -> bool {
        self.interrupt.is_raised()
    }
}

impl Progress for Screen {
    fn begins(&self, place: Place, trial: &Trial) {
        let current = {
            let mut current = self.lock();
            current.pace.begin(place);
            current.place = Some(place);
            trial.id.as_str().clone_into(&mut current.id);
            current.clone()
        };
        self.bar.set_length(current.pace.to_do() as u64);
        self.bar.set_prefix(self.left(&current));
    }

    fn ends(&self, record: &Record) {
        self.lock().pace.end();
        self.bar.inc(1);
        if self.form == Form::Log {
            let current = self.current();
            let place = current.place.map(count).unwrap_or_default();
            let left = self.left(&current);
            out::say(format!(
                "{place} {}  {}  {left}",
                record.trial,
                outcome(record)
            ));
        }
    }
}

/// `4/21`; where it depends on what they show how many there will be, `4/12-21`.
fn count(place: Place) -> String {
    let Place {
        number,
        least,
        most,
    } = place;
    if least == most {
        format!("{number}/{most}")
    } else {
        format!("{number}/{least}-{most}")
    }
}

/// A trial's outcome in a few words.
fn outcome(record: &Record) -> String {
    if let Some(error) = &record.error {
        return format!("failed: {}", error.sentence());
    }
    let goodput = record
        .aggregate
        .map(|aggregate| BitsPerSecond(aggregate.goodput_bps).to_string());
    let setup = record.lab.as_ref().map(|lab| {
        format!(
            "set up in {}",
            show_duration(Duration::from_nanos(lab.setup_ns))
        )
    });
    let doubt = record
        .checks
        .is_some_and(|checks| !checks.valid)
        .then(|| "INVALID".to_owned());
    [goodput, setup, doubt]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("  ")
}
