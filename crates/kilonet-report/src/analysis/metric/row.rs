//! What a row of the table of metrics is made of.
//!
//! Must not know which metrics there are.

use super::variants::Metric;
use crate::analysis::quantity::Quantity;
use crate::scenario::measure::Direction;
use crate::store::record::Record;

/// A row of the table: all that there is to a metric.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Which.
    pub metric: Metric,
    /// What it is asked for by.
    pub word: &'static str,
    /// What it is called, in sentences as in headings. Here and in the texts below, words for requests are to be filled in.
    pub name: &'static str,
    /// Which way it gets better.
    pub better: Direction,
    /// What its values are of, and so how they are written.
    pub(crate) quantity: Quantity,
    /// Where a trial's figure comes from.
    pub(in crate::analysis) read: Reader,
    /// What stands above its figure.
    pub(crate) title: &'static str,
    /// What its values are, in a sentence.
    pub(crate) caption: &'static str,
    /// What stands above it in the table of cells; absent for what is drawn as a part of others only.
    pub(crate) heading: Option<&'static str>,
    /// What tells it from most others.
    pub(crate) traits: Traits,
}

/// Where a trial's figure of a metric comes from.
#[derive(Debug, Clone, Copy)]
pub(in crate::analysis) enum Reader {
    /// From its record; absent where the record lacks it.
    Record(fn(&Record) -> Option<f64>),
    /// From its goodput and that of its block's loopback baseline.
    Baseline,
}

/// What tells a metric from most others, which are as [`PLAIN`] says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Traits {
    /// Whether it says little where all that moves is requests.
    pub(crate) of_bytes: bool,
    /// Whether it says nothing where a cell has one pair.
    pub(crate) of_many_pairs: bool,
    /// What a difference of it is of, where its unit says the rest of its name.
    pub(crate) difference: Option<&'static str>,
    /// How far its axis reaches.
    pub(crate) extent: Extent,
    /// Whether its curves are asked where they bend, and how.
    pub(in crate::analysis) bends: Option<Bends>,
    /// Whether its curves are asked what they lose from their best count to the largest, and of what.
    pub(in crate::analysis) falls: Option<Falls>,
    /// Whether lines are laid through its trials over numbers, and what it is of.
    pub(in crate::analysis) slopes: Option<Slopes>,
    /// What it is made of, each part with its name; absent for what is whole.
    pub(in crate::analysis) parts: Option<Parts>,
    /// What is asked along a curve in place of a trial's figure.
    pub(crate) along: Along,
    /// Which runs it stands for where there is room for two metrics.
    pub(crate) glance: Option<Glance>,
    /// How a report may begin with it; absent for what is a part of others, or follows from them.
    pub(crate) told: Option<Told>,
}

/// How sentences compare two values of a metric: words for requests are to be filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    /// What it is to people.
    pub(crate) role: Role,
    /// Who does it: `pairs move`, `a connection costs`.
    pub(crate) who: &'static str,
    /// What follows a number of times: `as much CPU time`.
    pub(crate) times: &'static str,
    /// What follows a share that is more: `more CPU time`.
    pub(crate) more: &'static str,
    /// What follows a share that is less.
    pub(crate) less: &'static str,
    /// What follows the value itself, where its unit does not say it: ` of CPU time`.
    pub(crate) of: &'static str,
}

/// What a metric is to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// What all pairs get through.
    Through,
    /// What a unit of that costs.
    Cost,
    /// How long one waits for it.
    Wait,
    /// What having the lab takes, whatever crosses it.
    Lab,
}

/// A run at a glance is two metrics: one of all pairs together, one of each for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Glance {
    /// Of runs in which every cell is of requests, or else of all others.
    pub(crate) of_requests: bool,
    /// Which of the two.
    pub(crate) focus: Focus,
}

/// What is looked at of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// All pairs together: their goodput, or the requests answered.
    All,
    /// Each for itself: the median pair, or how long requests took.
    Each,
}

/// A metric of which nothing is to be said beside its row.
pub(super) const PLAIN: Traits = Traits {
    of_bytes: false,
    of_many_pairs: false,
    difference: None,
    extent: Extent::Values,
    bends: None,
    falls: None,
    slopes: Some(Slopes::Pairs),
    parts: None,
    along: Along::Itself,
    glance: None,
    told: None,
};

/// How far the axis of a metric reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// As far as the values do: from zero where they are near one another, logarithmic where they are far apart.
    Values,
    /// From zero, whatever the values are: zero is a value like others.
    Zero,
    /// As [`Extent::Values`], and to 1, which is marked with this word.
    One(&'static str),
    /// From 0 to 1.
    Share,
}

/// How curves of a metric are asked for a bend.
#[derive(Debug, Clone, Copy)]
pub(in crate::analysis) struct Bends {
    /// How its figures compare.
    pub(in crate::analysis) scale: Scale,
    /// Whether they are where all that moves is requests.
    pub(in crate::analysis) of_requests: bool,
}

/// What is taken of a trial where a curve is asked what it loses.
#[derive(Debug, Clone, Copy)]
pub(in crate::analysis) enum Falls {
    /// What is asked along its curves.
    Itself,
    /// The figure times the pairs, against the best of this metric, which is of all pairs together: an equal part of that is no loss.
    EqualShares(Metric),
    /// The figure over the pairs, where these send as soon as they are answered: each waits for the others' turns.
    Turns,
}

/// The parts of a trial's figure, in the metric's unit; none where the record lacks them.
pub(in crate::analysis) type Parts = fn(&Record) -> Vec<(&'static str, f64)>;

/// What a metric is of, by which it is known over which numbers a line of it means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analysis) enum Slopes {
    /// The lab: over whatever makes it larger.
    Lab,
    /// One byte or request, which adds up cause by cause, so that what a cause adds is a difference and not a ratio: over whatever makes it
    /// dearer.
    Unit,
    /// What pairs share out among them: only where the same pairs are offered the same, as it is arithmetic elsewhere.
    Pairs,
}

/// How figures of a metric compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analysis) enum Scale {
    /// By their difference: shares.
    Linear,
    /// By their ratio: rates, times and sizes, of which what grows as a power of the count is a straight line.
    Log,
}

/// What is asked along a curve in place of a trial's figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Along {
    /// The figure.
    Itself,
    /// The figure by the container, since there it is to stay the same; so it is called then.
    PerContainer(&'static str),
    /// The figure of two pairs or more: of one pair it is always the same.
    ManyPairs,
}

impl Along {
    /// What that is called where it is not the figure itself.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::PerContainer(name) => Some(name),
            Self::Itself | Self::ManyPairs => None,
        }
    }
}
