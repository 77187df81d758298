//! What there is to a mechanism, and what a trial says of it.
//!
//! Must not know which there are.

use super::consequence::Consequence;
use super::model::{Certainty, Filling, Setting, Unit};
use super::seen::{Seen, last_phase};
use crate::analysis::signs::Symptom;
use crate::store::folder::Manifest;
use crate::store::record::{Exceeded, LogLine, Record, Resource, TrialPhase};

/// A row of the table.
pub(super) struct Row {
    /// What programs know it by.
    pub(super) id: &'static str,
    /// What happened, in words.
    pub(super) title: &'static str,
    /// Its counter or figure, as records have it, and what it is counted in.
    pub(super) witness: (&'static str, Unit),
    /// From how much on it is told, in words.
    pub(super) threshold: &'static str,
    /// Reads the witness.
    pub(super) read: fn(&Record) -> Reading,
    /// Errors that it makes: by these it is probable where nobody could read its witness.
    pub(super) by_error: &'static [Refusal],
    /// What a line of the kernel's log about it contains, all of it, in lower case; nothing where the kernel logs none.
    pub(super) logs: &'static [&'static str],
    /// The kernel's names of the reasons for which it drops packets as this binds, where a kernel has them.
    pub(super) drops: &'static [&'static str],
    /// What it is a limit of, and to what that was set in a trial; absent where that is not recorded.
    pub(super) limit: fn(&Record, &Manifest) -> Option<Setting>,
    /// What helps.
    pub(super) remedy: &'static str,
    /// What can follow from it.
    pub(super) explains: &'static [Consequence],
    /// The sign of a milder form of it.
    pub(super) instead_of: Option<Symptom>,
    /// Whether next to nothing is moved any more from when it binds.
    pub(super) ends_all: bool,
    /// Whether traffic with it is of another kind than was asked for, so that it compares with none that is not.
    pub(super) is_other_traffic: bool,
    /// Says how a table was filled, of the trial that shows most of it.
    pub(super) filling: Option<fn(&Bound<'_>, &Manifest) -> Filling>,
}

/// What a row is in all that it does not say.
pub(super) const BLANK: Row = Row {
    id: "",
    title: "",
    witness: ("", Unit::Things("")),
    threshold: "",
    read: |_| Reading::Unseen,
    by_error: &[],
    logs: &[],
    drops: &[],
    limit: |_, _| None,
    remedy: "",
    explains: &[],
    instead_of: None,
    ends_all: false,
    is_other_traffic: false,
    filling: None,
};

/// What a trial's witness says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Reading {
    /// Nobody could read it.
    Unseen,
    /// It did not move, or not enough.
    Still,
    /// It moved.
    Moved(Moved),
}

/// How far a witness moved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moved {
    /// How far.
    pub(super) amount: f64,
    /// The phase in which it first did; absent where that is not known.
    pub(super) phase: Option<TrialPhase>,
    /// What tells.
    pub(super) source: Source,
}

/// What tells of a mechanism, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// Its own witness.
    Witness,
    /// The kernel's log, where nobody could read the witness; lines.
    Log,
    /// An error that it makes, where there was no line either; flows.
    Error,
}

impl Moved {
    /// So far, by the mechanism's own witness.
    pub(super) fn by(amount: f64, phase: Option<TrialPhase>) -> Self {
        Self {
            amount,
            phase,
            source: Source::Witness,
        }
    }

    /// How sure that is.
    pub(super) fn certain(&self) -> Certainty {
        match self.source {
            Source::Witness | Source::Log => Certainty::Witnessed,
            Source::Error => Certainty::ByError,
        }
    }
}

/// A trial in which a mechanism bound.
#[derive(Clone, Copy)]
pub(super) struct Bound<'a> {
    /// The trial.
    pub(super) record: &'a Record,
    /// How far its witness moved.
    pub(super) moved: Moved,
    /// When it began, in seconds from the opening of the window.
    pub(super) second: Option<f64>,
}

/// An error of the kernel's: an act, by how it begins, and its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal {
    /// How the act begins.
    pub(super) act: &'static str,
    /// The error.
    pub(super) errno: &'static str,
}

/// A refusal of whatever was being done.
pub(super) const fn any(errno: &'static str) -> Refusal {
    Refusal { act: "", errno }
}

/// A refusal of an act.
pub(super) const fn of(act: &'static str, errno: &'static str) -> Refusal {
    Refusal { act, errno }
}

impl Refusal {
    /// Whether one error can be both.
    pub(super) fn overlaps(self, other: Self) -> bool {
        let begins = self.act.starts_with(other.act) || other.act.starts_with(self.act);
        self.errno == other.errno && begins
    }
}

impl Reading {
    /// What a counter says, where it counted enough.
    pub(super) fn of(seen: Option<Seen>, is_enough: impl FnOnce(&Seen) -> bool) -> Self {
        match seen {
            None => Self::Unseen,
            Some(seen) if seen.amount > 0 && is_enough(&seen) => {
                Self::Moved(Moved::by(seen.amount as f64, seen.phase))
            }
            Some(_) => Self::Still,
        }
    }

    /// The kernel's own refusals as a witness, which everybody can see.
    pub(super) fn of_refusals(record: &Record, refusals: &[Refusal]) -> Self {
        refused(record, refusals).map_or(Self::Still, Self::Moved)
    }

    /// A limit that left less than the trial needed, where the kernel refused something in one of these ways; a refusal for which
    /// there is no such limit leaves open what bound.
    pub(super) fn of_limits(record: &Record, refusals: &[Refusal], scarce: &[Resource]) -> Self {
        match (refused(record, refusals), exceeded(record, scarce)) {
            (None, _) => Self::Still,
            (Some(_), None) => Self::Unseen,
            (Some(refused), Some(limit)) => Self::Moved(Moved {
                amount: limit.ratio(),
                ..refused
            }),
        }
    }
}

/// How many flows, or the trial itself, were lost by one of these errors, and in which phase first; absent where none was.
pub(super) fn refused(record: &Record, refusals: &[Refusal]) -> Option<Moved> {
    let fits = |act: &str, errno: Option<&str>| {
        let mut refusals = refusals.iter();
        refusals.any(|one| act.starts_with(one.act) && errno == Some(one.errno))
    };
    let errors = record.errors.iter();
    let lost: Vec<_> = errors
        .filter(|of| fits(&of.act, of.errno.as_deref()))
        .collect();
    if let Some(phase) = lost.iter().map(|of| of.phase).min() {
        let flows = lost.iter().map(|of| f64::from(of.flows)).sum();
        return Some(Moved::by(flows, Some(phase)));
    }
    let failure = record.error.as_ref()?;
    fits(&failure.act, failure.errno.as_deref()).then(|| Moved::by(1.0, last_phase(record)))
}

/// The limit of some resources that left the least of what a trial needed; absent where none left less.
pub(super) fn exceeded<'a>(record: &'a Record, of: &[Resource]) -> Option<&'a Exceeded> {
    let mut worst_first = record.exceeded.iter();
    worst_first.find(|it| of.contains(&it.resource))
}

impl Row {
    /// What a trial says of it. The kernel's own line is a witness where no counter could be read.
    pub(super) fn reading(&self, record: &Record) -> Reading {
        let reading = (self.read)(record);
        match (reading, self.logged(record)) {
            (Reading::Unseen, Some(line)) => Reading::Moved(Moved {
                amount: f64::from(line.lines),
                phase: Some(line.phase),
                source: Source::Log,
            }),
            (reading, _) => reading,
        }
    }

    /// The first line that the kernel logged of it while a trial went on; what came as its lab was removed changed nothing.
    pub(super) fn logged<'a>(&self, record: &'a Record) -> Option<&'a LogLine> {
        logged(record, self.logs)
    }
}

/// The first line with all of these words that the kernel logged before a trial's lab was removed; none where there are no words.
pub(super) fn logged<'a>(record: &'a Record, words: &[&str]) -> Option<&'a LogLine> {
    let is_about = |of: &&LogLine| {
        let line = of.line.to_lowercase();
        !words.is_empty() && words.iter().all(|word| line.contains(word))
    };
    let lines = record.kernel_log.iter();
    let mut before = lines.filter(|of| of.phase != TrialPhase::Teardown);
    before.find(is_about)
}
