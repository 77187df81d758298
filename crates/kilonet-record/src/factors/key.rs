//! What a key of a scenario is: its one entry, from which follow how it is read, its default, its schema, its flag, how cells
//! are made of it, and its line of the reference; and by its [`Field`]s its place in ids, labels, columns and comparisons.
//!
//! Knows no key, no form of file and no command line. The invariant: a level is of the key that read it.

use std::fmt;
use std::rc::Rc;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::cell::Cell;
pub use super::choice::Level;
use super::choice::{CellFit, Fit, Name};
use super::effect::{Shown, Witnessing};
use super::evidence::Evidence;
pub use super::facts::{Facts, Group, Need, Needs, NeedsWorkload, Part, Table, Unplaced, Usual};
use super::field::Field;
use super::generator::Abilities;
use super::raw::Raw;
use super::requirement::Requirement;
use super::takes::Takes;
use super::value::Written;

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
            before: None,
            is_axis: true,
            group,
            part: group.usual_part(),
            help,
            examples: "",
            also: &[],
            usual: Usual::Required,
            needs: None,
            fits: &[],
            fits_cells: None,
            told: None,
            requires: None,
            takes: None,
            place: None,
            unplaced: Unplaced::Blank,
            settles: None,
            witnessing: Witnessing::Unsaid,
            keeps_away: &[],
            fields: &[],
        };
        Self {
            facts,
            set: |_, _| (),
            unset: |_| (),
            kept: None,
        }
    }

    /// The same of a key that the entries of others ask for by its name.
    pub(crate) const fn axis_of(name: Name<T>, group: Group, help: &'static str) -> Self {
        Self::axis(name.word(), group, help)
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

    /// The same of a key that the entries of others ask for by its name.
    pub(crate) const fn single_of(
        table: Table,
        name: Name<T>,
        group: Group,
        help: &'static str,
    ) -> Self {
        Self::single(table, name.word(), group, help)
    }

    /// The same of an axis that was written in another table before, and is read there too.
    pub(crate) const fn once_in(mut self, table: Table) -> Self {
        self.facts.before = Some(table);
        self
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

    /// How its levels must fit those of other keys: what is said of those that do not.
    pub(crate) const fn fits(mut self, fits: &'static [Fit]) -> Self {
        self.facts.fits = fits;
        self
    }

    /// How they must fit the cells that are made of them.
    pub(crate) const fn fits_cells(mut self, fits: CellFit) -> Self {
        self.facts.fits_cells = Some(fits);
        self
    }

    /// Which generators can be told a level of it, or have it said of them elsewhere.
    pub(crate) const fn told_to(mut self, told: fn(&Abilities) -> bool) -> Self {
        self.facts.told = Some(told);
        self
    }

    /// What a cell requires of the machine for its level.
    pub(crate) const fn requires(mut self, requires: fn(&Cell) -> Vec<Requirement>) -> Self {
        self.facts.requires = Some(requires);
        self
    }

    /// What a cell's level takes of a machine beside the usual.
    pub(crate) const fn takes(mut self, takes: fn(&Cell) -> Takes) -> Self {
        self.facts.takes = Some(takes);
        self
    }

    /// Only some of the cells that have what it needs have a place for it; it is not refused where none does.
    pub(crate) const fn only_where(mut self, place: fn(&Cell) -> bool) -> Self {
        self.facts.place = Some(place);
        self
    }

    /// A cell that has no place for it has it all the same.
    pub(crate) const fn stays(mut self) -> Self {
        self.facts.unplaced = Unplaced::Stays;
        self
    }

    /// What follows from it and others in a cell, of which all are given by then, and those are out that have no place.
    pub(crate) const fn settles(mut self, settles: fn(&mut Cell)) -> Self {
        self.facts.settles = Some(settles);
        self
    }

    /// What shows that its levels took hold.
    pub(crate) const fn shows(mut self, shows: fn(&Evidence<'_>) -> Option<Shown>) -> Self {
        self.facts.witnessing = Witnessing::Shows(shows);
        self
    }

    /// Why nothing that is counted shows it, and what is read back instead, in a sentence.
    pub(crate) const fn read_back(mut self, why: &'static str) -> Self {
        self.facts.witnessing = Witnessing::ReadBack(why);
        self
    }

    /// The mechanisms that one of its levels can keep from binding, by their ids.
    pub(crate) const fn keeps_away(mut self, mechanisms: &'static [&'static str]) -> Self {
        self.facts.keeps_away = mechanisms;
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

    /// What its own checks ask for it by.
    pub(crate) const fn named(&self) -> Name<T> {
        Name::new(self.facts.name)
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
