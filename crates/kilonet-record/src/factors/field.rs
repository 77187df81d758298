//! What a record's cell says of a factor: its name there, how it is read, and what it is called in ids, labels and columns.
//!
//! Knows no key of a scenario and no table of an export. The invariant: what a cell does not have is absent, never 0.

use std::fmt;

use super::cell::Cell;
use super::likeness::Excepted;
use super::scalar::{Kind, Value};
use crate::units::Unit;

/// When a factor counts as varied among the cells of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Varies {
    /// When it has two levels anywhere in the run.
    Anywhere,
    /// When it has two levels on one testbed: an engine brings rules of its own.
    OnOneTestbed,
    /// When it has two levels of one workload: each has a usual one of its own.
    OfOneWorkload,
    /// When it has two levels at one topology and count: elsewhere it follows from these (bridges grow with the
    /// containers; only some topologies have an MTU).
    AtOneCount,
    /// When two cells differ in it and in nothing else: elsewhere it follows from others (ports are published for flows; only some
    /// firewalls have services).
    ByItself,
}

/// What tells curves apart in words.
#[derive(Clone, Copy)]
pub struct Label {
    /// When there is anything to tell apart.
    pub varies: Varies,
    /// A level as a part of a label.
    pub phrase: fn(&str) -> String,
    /// A level as sentences have it, where that is not its label after "with": `over a bridge`.
    pub told: Option<fn(&str) -> String>,
}

impl Label {
    /// A level as sentences have it.
    #[must_use]
    pub fn tell(&self, level: &str) -> String {
        match self.told {
            Some(told) => told(level),
            None => format!("with {}", (self.phrase)(level)),
        }
    }
}

/// Where in a cell a value is.
#[derive(Clone, Copy)]
pub(super) enum Source {
    /// In a place of its own: how it is read, and what gives one cell another's.
    Own(for<'a> fn(&'a Cell) -> Option<Value<'a>>, Excepted),
    /// Among those that are kept by their names.
    Kept,
}

/// Where in an id a part stands: parts of one place in the order of their entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In front: the shape, and how many.
    Front,
    /// What flows do.
    Traffic,
    /// How links and bridges are set.
    Links,
    /// Who made the lab, and of what.
    Lab,
    /// What rules there are.
    Rules,
}

/// A part of an id.
#[derive(Clone, Copy)]
pub struct Part {
    /// Where it stands.
    pub place: Place,
    /// Its text, in letters that are safe in a file's name; absent where the factor is as usual.
    pub text: fn(&Cell) -> Option<String>,
}

/// What a record's cell says of a factor.
pub struct Field {
    /// The key of the record's cell.
    pub name: &'static str,
    /// The column of exports, where that is another.
    pub column: &'static str,
    /// What the column means, and when it is absent; nothing where its key's help says that.
    pub about: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// What numbers are counted in.
    pub unit: Unit,
    /// What numbers lie between, ends included, in every record that anybody measured; absent where any number may be.
    pub within: Option<(f64, f64)>,
    /// Where its value is.
    pub(super) source: Source,
    /// How its level is shown to people, where that is not as its value is written.
    pub(super) level: Option<fn(&Cell) -> Option<String>>,
    /// Its words in labels; absent where no label names it.
    pub label: Option<Label>,
    /// Its part of ids; absent where it follows from others.
    pub id: Option<Part>,
    /// Whether a comparison may be about it: what carries the flows, and what runs them. All else is the load and its size:
    /// figures of two loads are of two things, so that a factor is held to be of the load until its entry says otherwise.
    pub is_looked_past: bool,
}

impl Field {
    const fn new(
        (name, kind, unit): (&'static str, Kind, Unit),
        about: &'static str,
        source: Source,
    ) -> Self {
        Self {
            name,
            column: name,
            about,
            kind,
            unit,
            within: None,
            source,
            level: None,
            label: None,
            id: None,
            is_looked_past: false,
        }
    }

    /// A field of words.
    #[must_use]
    pub const fn text(
        name: &'static str,
        about: &'static str,
        value: for<'a> fn(&'a Cell) -> Option<Value<'a>>,
        take: Excepted,
    ) -> Self {
        Self::new(
            (name, Kind::Text, Unit::Plain),
            about,
            Source::Own(value, take),
        )
    }

    /// A field of whole numbers.
    #[must_use]
    pub const fn integer(
        name: &'static str,
        unit: Unit,
        about: &'static str,
        value: for<'a> fn(&'a Cell) -> Option<Value<'a>>,
        take: Excepted,
    ) -> Self {
        Self::new((name, Kind::Integer, unit), about, Source::Own(value, take))
    }

    /// A field of other numbers.
    #[must_use]
    pub const fn number(
        name: &'static str,
        about: &'static str,
        value: for<'a> fn(&'a Cell) -> Option<Value<'a>>,
        take: Excepted,
    ) -> Self {
        Self::new(
            (name, Kind::Number, Unit::Plain),
            about,
            Source::Own(value, take),
        )
    }

    /// A field of yes or no.
    #[must_use]
    pub const fn truth(
        name: &'static str,
        about: &'static str,
        value: for<'a> fn(&'a Cell) -> Option<Value<'a>>,
        take: Excepted,
    ) -> Self {
        Self::new(
            (name, Kind::Truth, Unit::Plain),
            about,
            Source::Own(value, take),
        )
    }

    /// A field of a key that is kept by its name, and means what the key's help says.
    #[must_use]
    pub const fn kept(name: &'static str, kind: Kind) -> Self {
        Self::new((name, kind, Unit::Plain), "", Source::Kept)
    }

    /// The same, whose numbers lie between these, ends included: far beyond what a scenario may ask for, or as far.
    #[must_use]
    pub const fn within(mut self, least: f64, most: f64) -> Self {
        self.within = Some((least, most));
        self
    }

    /// The same, whose column has another name.
    #[must_use]
    pub const fn in_column(mut self, name: &'static str) -> Self {
        self.column = name;
        self
    }

    /// The same, named in labels when it varies so, by what its level is called.
    #[must_use]
    pub const fn labelled(mut self, varies: Varies, phrase: fn(&str) -> String) -> Self {
        self.label = Some(Label {
            varies,
            phrase,
            told: None,
        });
        self
    }

    /// The same, whose levels sentences have in other words than its label's after "with".
    #[must_use]
    pub const fn told(mut self, told: fn(&str) -> String) -> Self {
        if let Some(label) = self.label {
            self.label = Some(Label {
                told: Some(told),
                ..label
            });
        }
        self
    }

    /// The same, whose level is shown to people in another way than its value is written.
    #[must_use]
    pub const fn level(mut self, level: fn(&Cell) -> Option<String>) -> Self {
        self.level = Some(level);
        self
    }

    /// The same, with a part of ids.
    #[must_use]
    pub const fn in_id(mut self, place: Place, text: fn(&Cell) -> Option<String>) -> Self {
        self.id = Some(Part { place, text });
        self
    }

    /// The same, where a comparison may be about it.
    #[must_use]
    pub const fn looked_past(mut self) -> Self {
        self.is_looked_past = true;
        self
    }

    /// Gives a cell another's value.
    pub fn take(&self, cell: &mut Cell, other: &Cell) {
        match self.source {
            Source::Own(_, take) => take(cell, other),
            Source::Kept => cell.kept.take(self.name, &other.kept),
        }
    }
}

/// What is written of a level that has a text.
#[must_use]
pub fn words(level: &impl fmt::Display) -> Option<Value<'static>> {
    Some(Value::Text(level.to_string().into()))
}

/// The same of a level that may be absent.
#[must_use]
pub fn words_of<T: fmt::Display>(level: Option<&T>) -> Option<Value<'static>> {
    level.and_then(words)
}

/// A whole number.
#[must_use]
pub fn count(number: impl Into<u64>) -> Option<Value<'static>> {
    Some(Value::Integer(number.into()))
}

/// The same of one that may be absent.
#[must_use]
pub fn count_of(number: Option<impl Into<u64>>) -> Option<Value<'static>> {
    number.and_then(count)
}

/// What gives one cell what another has in this place.
macro_rules! take {
    ($($field:ident).+) => {
        |cell, other| cell.$($field).+.clone_from(&other.$($field).+)
    };
}
pub(crate) use take;
