//! How a run goes, on standard error: a line that moves on a terminal, a line per trial in a log.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::host::signal::Interrupt;
use crate::plan::{Place, Trial};
use crate::runner::{Phase, Progress};
use crate::store::Record;
use crate::testbed::Watch;
use crate::units::{BitsPerSecond, show_duration};

/// Where progress goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Nowhere.
    Quiet,
    /// A line that moves.
    Terminal,
    /// A line per trial.
    Log,
}

impl Form {
    /// What suits standard error.
    pub(super) fn of(quiet: bool) -> Self {
        match (quiet, std::io::stderr().is_terminal()) {
            (true, _) => Self::Quiet,
            (false, true) => Self::Terminal,
            (false, false) => Self::Log,
        }
    }
}

/// Shows a run, and knows whether the user has asked for its end.
pub(super) struct Screen {
    form: Form,
    bar: ProgressBar,
    interrupt: Interrupt,
    current: Mutex<Current>,
    started: Instant,
    /// What the plan expects of the trials that are to be run.
    expected: Duration,
}

/// The trial at hand.
#[derive(Debug, Default, Clone)]
struct Current {
    /// How far the run is.
    place: Option<Place>,
    id: String,
    /// Trials ended in this run.
    ended: usize,
    /// Trials this run has to do, at most.
    to_do: usize,
}

impl Screen {
    /// A screen for a run of `to_do` trials that should take `expected`.
    pub(super) fn new(form: Form, interrupt: Interrupt, to_do: usize, expected: Duration) -> Self {
        let bar = ProgressBar::new(to_do as u64);
        bar.set_draw_target(match form {
            Form::Terminal => ProgressDrawTarget::stderr(),
            Form::Quiet | Form::Log => ProgressDrawTarget::hidden(),
        });
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} {prefix}  {wide_msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let current = Mutex::new(Current {
            to_do,
            ..Current::default()
        });
        Self {
            form,
            bar,
            interrupt,
            current,
            started: Instant::now(),
            expected,
        }
    }

    /// Takes the moving line away.
    pub(super) fn close(&self) {
        self.bar.finish_and_clear();
    }

    fn current(&self) -> Current {
        self.current
            .lock()
            .map(|current| current.clone())
            .unwrap_or_default()
    }

    fn change(&self, change: impl FnOnce(&mut Current)) {
        if let Ok(mut current) = self.current.lock() {
            change(&mut current);
        }
    }

    /// Time left: the plan's estimate at first, then what the trials so far really took.
    fn left(&self, current: &Current) -> String {
        let to_do = u32::try_from(current.to_do).unwrap_or(u32::MAX).max(1);
        let ended = u32::try_from(current.ended).unwrap_or(u32::MAX);
        let each = match ended {
            0 => self.expected / to_do,
            _ => self.started.elapsed() / ended,
        };
        let left = each * to_do.saturating_sub(ended);
        let seconds = left.as_secs();
        format!("{}:{:02} left", seconds / 60, seconds % 60)
    }
}

impl Watch for Screen {
    fn sample(&self, goodput_bps: f64) {
        let id = self.current().id;
        self.bar
            .set_message(format!("{id}  {}", BitsPerSecond(goodput_bps)));
    }

    fn interrupted(&self) -> bool {
        self.interrupt.is_raised()
    }
}

impl Progress for Screen {
    fn begins(&self, place: Place, trial: &Trial) {
        self.change(|current| {
            current.to_do = current.ended + place.most.saturating_sub(place.number - 1);
            current.place = Some(place);
            current.id.clone_from(&trial.id);
        });
        self.bar.set_length(self.current().to_do as u64);
        self.bar.set_prefix(self.left(&self.current()));
    }

    fn phase(&self, phase: Phase) {
        let act = match phase {
            Phase::Setup => "setting up",
            Phase::Measure => "connecting",
            Phase::Teardown => "tearing down",
        };
        self.bar
            .set_message(format!("{}  {act}", self.current().id));
    }

    fn ends(&self, record: &Record) {
        self.change(|current| current.ended += 1);
        self.bar.inc(1);
        if self.form == Form::Log {
            let current = self.current();
            let place = current.place.map(count).unwrap_or_default();
            let left = self.left(&current);
            anstream::eprintln!("{place} {}  {}  {left}", record.trial, outcome(record));
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
        let why = error
            .errno
            .as_ref()
            .or(error.reason.as_ref())
            .map(|why| format!(": {why}"))
            .unwrap_or_default();
        return format!("failed: {} {}{why}", error.act, error.object);
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
