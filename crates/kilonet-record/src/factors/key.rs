//! What a key of a scenario is: its one entry, from which follow how it is read, its default, its schema, its flag, how cells
//! are made of it, and its line of the reference; and by its [`Field`]s its place in ids, labels, columns and comparisons.
//!
//! Knows no key, no form of file and no command line. The invariant: a level is of the key that read it.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::cell::Cell;
use super::field::Field;
use super::raw::{Digits, Raw};
use super::value::Written;
use super::workload::Workload;

/// The table of a scenario's file that a key is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// `[axes]`: what is varied.
    Axes,
    /// `[lab]`: how a lab is built.
    Lab,
    /// `[trial]`: how a trial is timed, and how often it is made.
    Trial,
}

impl Table {
    /// All of them, in the order of a file.
    pub const ALL: [Self; 3] = [Self::Axes, Self::Lab, Self::Trial];

    /// As it stands in a file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Axes => "axes",
            Self::Lab => "lab",
            Self::Trial => "trial",
        }
    }
}

/// What keys stand under together in a help text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// The lab: its shape, and who is in it.
    Lab,
    /// Links and bridges.
    Links,
    /// Rules.
    Rules,
    /// Traffic: who talks to whom, and how.
    Traffic,
    /// What is asked of flows.
    Load,
    /// What runs the flows.
    Driver,
    /// Trials.
    Trials,
}

impl Group {
    /// What its keys are about, unless an entry says otherwise.
    const fn usual_part(self) -> Part {
        match self {
            Self::Lab | Self::Links | Self::Rules => Part::Lab,
            Self::Traffic | Self::Load | Self::Driver => Part::Traffic,
            Self::Trials => Part::Trial,
        }
    }

    /// The heading.
    #[must_use]
    pub fn heading(self) -> &'static str {
        match self {
            Self::Lab => "Scenario keys for the lab",
            Self::Links => "Scenario keys for links and bridges",
            Self::Rules => "Scenario keys for rules",
            Self::Traffic => "Scenario keys for traffic",
            Self::Load => "Scenario keys for load",
            Self::Driver => "Scenario keys for the driver",
            Self::Trials => "Scenario keys for trials",
        }
    }
}

/// What a key is about, by which a verb knows whether it has any use for its flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The lab: its shape, who is in it, and who of them are to talk.
    Lab,
    /// What flows do in it.
    Traffic,
    /// What each container may use, where it is a process of kilonet's own.
    Limits,
    /// Both: the lab is made for what flows do.
    Both,
    /// How often trials are made, in which order, and how long they are.
    Trial,
}

/// What a key says where nobody writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usual {
    /// Nothing: then nothing can run.
    Required,
    /// Nothing; cells have what follows from other keys.
    Absent,
    /// This text.
    Text(&'static str),
    /// This number.
    Number(&'static str),
    /// Yes or no.
    Truth(bool),
}

impl Usual {
    /// It in a text.
    #[must_use]
    pub fn text(self) -> Option<&'static str> {
        match self {
            Self::Required | Self::Absent => None,
            Self::Text(text) | Self::Number(text) => Some(text),
            Self::Truth(true) => Some("true"),
            Self::Truth(false) => Some("false"),
        }
    }

    /// It as it stands in a file.
    #[must_use]
    pub fn toml(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(format!("\"{text}\"")),
            other => other.text().map(str::to_owned),
        }
    }

    /// As somebody would write it.
    #[must_use]
    pub fn raw(self) -> Option<Raw<'static>> {
        match self {
            Self::Required | Self::Absent => None,
            Self::Text(text) => Some(Raw::Text(text)),
            Self::Number(text) => Some(Raw::Integer(Digits { text, radix: 10 })),
            Self::Truth(flag) => Some(Raw::Boolean(flag)),
        }
    }
}

/// What it takes for a key to mean anything: it is refused where no cell has that.
#[derive(Clone, Copy)]
pub struct Needs {
    /// Whether a cell has a place for it.
    pub applies: fn(&Cell) -> bool,
    /// What the cells lack, after "no cell has ".
    pub lacking: &'static str,
    /// What it is allowed with.
    pub allowed: &'static str,
}

/// The same of a key that means something with some workloads only.
#[derive(Clone, Copy)]
pub struct NeedsWorkload {
    /// Whether a workload has a place for it.
    pub has: fn(Workload) -> bool,
    /// What the others lack, after "no cell has ".
    pub lacking: &'static str,
}

/// What a key needs.
#[derive(Clone, Copy)]
pub enum Need {
    /// A cell that has a place for it.
    Cell(Needs),
    /// A cell whose workload has.
    Workload(NeedsWorkload),
}

impl Need {
    /// Whether a cell has a place for the key.
    #[must_use]
    pub fn applies(&self, cell: &Cell) -> bool {
        match self {
            Self::Cell(needs) => (needs.applies)(cell),
            Self::Workload(needs) => (needs.has)(cell.workload),
        }
    }

    /// What cells lack that have none, after "no cell has ".
    #[must_use]
    pub fn lacking(&self) -> &'static str {
        match self {
            Self::Cell(needs) => needs.lacking,
            Self::Workload(needs) => needs.lacking,
        }
    }

    /// What the key is allowed with.
    #[must_use]
    pub fn allowed(&self) -> String {
        match self {
            Self::Cell(needs) => needs.allowed.to_owned(),
            Self::Workload(needs) => Workload::listed(needs.has),
        }
    }
}

/// What there is to say of a key whatever its values are.
#[derive(Clone, Copy)]
pub struct Facts {
    /// As it is written in a file; its flag has hyphens in the place of underscores.
    pub name: &'static str,
    /// Where it is written.
    pub table: Table,
    /// Whether it may have several levels, of which each is tried.
    pub is_axis: bool,
    /// What it stands under.
    pub group: Group,
    /// What it is about.
    pub part: Part,
    /// What it says, in a sentence.
    pub help: &'static str,
    /// Values to follow the sentence, where its levels do not speak for themselves.
    pub examples: &'static str,
    /// What people may call it who know it from elsewhere: words of iperf3, netperf, Docker and of plain English.
    pub also: &'static [&'static str],
    /// Where nobody writes it.
    pub usual: Usual,
    /// What it needs.
    pub needs: Option<Need>,
    /// What cells have of it.
    pub fields: &'static [Field],
}

impl Facts {
    /// Its flag on the command line, without dashes.
    #[must_use]
    pub fn flag(&self) -> String {
        self.name.replace('_', "-")
    }

    /// Has a cell keep a level by the key's name.
    fn keep(&self, cell: &mut Cell, text: String) {
        cell.kept.keep(self.name, text, self.usual.text());
    }
}

/// A key whose values are `T`.
pub struct Key<T: 'static> {
    facts: Facts,
    set: fn(&mut Cell, &T),
    unset: fn(&mut Cell),
    /// How a level is written, where cells keep it by the key's name.
    kept: Option<fn(&T) -> String>,
}

impl<T> Key<T> {
    /// A factor of `[axes]`, of which every level is tried. A required one, until it is said what is usual; and about what its
    /// group is about, until that is said.
    pub(crate) const fn axis(name: &'static str, group: Group, help: &'static str) -> Self {
        let facts = Facts {
            name,
            table: Table::Axes,
            is_axis: true,
            group,
            part: group.usual_part(),
            help,
            examples: "",
            also: &[],
            usual: Usual::Required,
            needs: None,
            fields: &[],
        };
        Self {
            facts,
            set: |_, _| (),
            unset: |_| (),
            kept: None,
        }
    }

    /// A key of another table, which has one value.
    pub(crate) const fn single(
        table: Table,
        name: &'static str,
        group: Group,
        help: &'static str,
    ) -> Self {
        let mut key = Self::axis(name, group, help);
        key.facts.table = table;
        key.facts.is_axis = false;
        key
    }

    /// The same with several values, of which all hold.
    pub(crate) const fn several(mut self) -> Self {
        self.facts.is_axis = true;
        self
    }

    pub(crate) const fn about(mut self, part: Part) -> Self {
        self.facts.part = part;
        self
    }

    pub(crate) const fn usual(mut self, usual: Usual) -> Self {
        self.facts.usual = usual;
        self
    }

    pub(crate) const fn examples(mut self, text: &'static str) -> Self {
        self.facts.examples = text;
        self
    }

    pub(crate) const fn also(mut self, words: &'static [&'static str]) -> Self {
        self.facts.also = words;
        self
    }

    /// What it does to a cell.
    pub(crate) const fn sets(mut self, set: fn(&mut Cell, &T)) -> Self {
        self.set = set;
        self
    }

    /// What a cell has where nobody writes it, which follows from what stands in front of it.
    pub(crate) const fn or_else(mut self, unset: fn(&mut Cell)) -> Self {
        self.facts.usual = Usual::Absent;
        self.unset = unset;
        self
    }

    pub(crate) const fn needs(mut self, needs: Needs) -> Self {
        self.facts.needs = Some(Need::Cell(needs));
        self
    }

    pub(crate) const fn needs_workload(mut self, needs: NeedsWorkload) -> Self {
        self.facts.needs = Some(Need::Workload(needs));
        self
    }

    pub(crate) const fn fields(mut self, fields: &'static [Field]) -> Self {
        self.facts.fields = fields;
        self
    }

    /// As it is written in a file.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.facts.name
    }

    /// A level that this key read.
    ///
    /// # Panics
    /// For a level of a key with other values.
    #[must_use]
    pub fn typed<'a>(&self, level: &'a Level) -> &'a T {
        let level = level.downcast_ref();
        level.expect("a level is of the key that read it")
    }
}

impl<T: Written + fmt::Display> Key<T> {
    /// The same, whose levels cells keep by its name: it needs no place of its own in them. A cell in which it means nothing
    /// has the usual one.
    pub(crate) const fn kept(mut self) -> Self {
        self.kept = Some(T::to_string);
        self
    }

    /// Has a cell keep a level.
    pub fn give(&self, cell: &mut Cell, level: &T) {
        self.facts.keep(cell, level.to_string());
    }

    /// The level that a cell keeps.
    ///
    /// # Panics
    /// Where the usual level is none of its own, which a test of the registry sees.
    #[must_use]
    pub fn of(&self, cell: &Cell) -> T {
        let kept = cell.kept.text(self.facts.name);
        let level = match kept {
            Some(text) => T::read(&Raw::of(text)),
            None => T::read(&self.facts.usual.raw().unwrap_or(Raw::List)),
        };
        level.expect("what is kept was read before")
    }
}

/// What the values of a key are: written in a file, told apart, and described to editors.
pub trait KeyValue: Written + PartialEq + JsonSchema {}

impl<T: Written + PartialEq + JsonSchema> KeyValue for T {}

/// A level of some key.
pub type Level = Rc<dyn Any>;

/// A key whatever its values are.
pub trait AnyKey: Sync {
    /// What there is to say of it.
    fn facts(&self) -> &Facts;

    /// Whether cells keep it by its name, and have no place of their own for it.
    fn is_kept(&self) -> bool;

    /// Reads what was written: a single value, or where it is an axis a text that stands for many.
    ///
    /// # Errors
    /// A sentence on what is wrong with it.
    fn read(&self, value: &Raw<'_>) -> Result<Vec<Level>, String>;

    /// Whether two levels of it are one.
    fn same(&self, left: &Level, right: &Level) -> bool;

    /// What is allowed, to follow the word "allowed: ".
    fn allowed(&self) -> String;

    /// The pattern of a text that stands for many levels, where there is such a thing.
    fn range(&self) -> Option<&'static str>;

    /// What a value is called in a help text.
    fn value_name(&self) -> &'static str;

    /// Each word that it takes and what that means, where these are few.
    fn words(&self) -> Vec<(&'static str, &'static str)>;

    /// The schema of a level.
    fn schema(&self, generator: &mut SchemaGenerator) -> Schema;

    /// Gives a cell a level of it; none where nobody wrote it and nothing is usual.
    fn put(&self, cell: &mut Cell, level: Option<&Level>);

    /// What it says where nobody writes it.
    fn usual(&self) -> Option<Level> {
        let levels = self.read(&self.facts().usual.raw()?);
        levels.ok().and_then(|levels| levels.into_iter().next())
    }
}

impl<T: KeyValue> AnyKey for Key<T> {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn is_kept(&self) -> bool {
        self.kept.is_some()
    }

    fn read(&self, value: &Raw<'_>) -> Result<Vec<Level>, String> {
        let range = value.as_str().filter(|_| self.facts.is_axis);
        let levels = match range.and_then(T::read_range) {
            Some(range) => range?,
            None => vec![T::read(value)?],
        };
        Ok(levels
            .into_iter()
            .map(|level| Rc::new(level) as Level)
            .collect())
    }

    fn same(&self, left: &Level, right: &Level) -> bool {
        self.typed(left) == self.typed(right)
    }

    fn allowed(&self) -> String {
        T::allowed()
    }

    fn range(&self) -> Option<&'static str> {
        T::RANGE.filter(|_| self.facts.is_axis)
    }

    fn value_name(&self) -> &'static str {
        if self.facts.is_axis {
            T::SEVERAL
        } else {
            T::ONE
        }
    }

    fn words(&self) -> Vec<(&'static str, &'static str)> {
        T::words()
    }

    fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<T>()
    }

    fn put(&self, cell: &mut Cell, level: Option<&Level>) {
        match (level.map(|level| self.typed(level)), self.kept) {
            (Some(level), Some(text)) => self.facts.keep(cell, text(level)),
            (Some(level), None) => (self.set)(cell, level),
            (None, _) => (self.unset)(cell),
        }
    }
}
