//! What a column of an export is: its name, its unit, what it means, and how it is read from a row.
//!
//! Knows no table and no file format. The invariant: what a row does not have is absent; no column puts a zero there.

use std::borrow::Cow;

use crate::scenario::{Cell, Field, Kind, Value};
pub(super) use crate::units::Unit;

/// How a column is read from a row, by the kind of its values; absent where the row has none.
pub enum Read<Row> {
    /// Words.
    Text(for<'a> fn(&'a Row) -> Option<Cow<'a, str>>),
    /// Whole numbers from 0.
    Integer(fn(&Row) -> Option<u64>),
    /// Other numbers, all finite.
    Number(fn(&Row) -> Option<f64>),
    /// Yes or no.
    Truth(fn(&Row) -> Option<bool>),
    /// What the cell has of a factor.
    Factor(&'static Field, for<'a> fn(&'a Row) -> &'a Cell),
}

impl<Row> Clone for Read<Row> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Row> Copy for Read<Row> {}

/// A column of a table whose rows are `Row`s.
pub struct Column<Row> {
    /// Its name, unique in the table; carries the unit where there is one.
    pub name: &'static str,
    /// What its figures are counted in.
    pub unit: Unit,
    /// What it means, and when it is absent.
    pub about: &'static str,
    /// Where its values come from.
    pub read: Read<Row>,
}

impl<Row> Clone for Column<Row> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Row> Copy for Column<Row> {}

impl<Row> Column<Row> {
    /// What its values are.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.read {
            Read::Text(_) => Kind::Text,
            Read::Integer(_) => Kind::Integer,
            Read::Number(_) => Kind::Number,
            Read::Truth(_) => Kind::Truth,
            Read::Factor(field, _) => field.kind,
        }
    }

    /// Whether its values are numbers.
    #[must_use]
    pub fn is_figure(&self) -> bool {
        match self.kind() {
            Kind::Integer | Kind::Number => true,
            Kind::Text | Kind::Truth => false,
        }
    }

    /// A row's value; absent where the row has none.
    #[must_use]
    pub fn value<'a>(&self, row: &'a Row) -> Option<Value<'a>> {
        match self.read {
            Read::Text(read) => read(row).map(Value::Text),
            Read::Integer(read) => read(row).map(Value::Integer),
            Read::Number(read) => read(row).map(Value::Number),
            Read::Truth(read) => read(row).map(Value::Truth),
            Read::Factor(field, cell) => field.value(cell(row)),
        }
    }

    /// A row's value as text; absent where the row has none. Numbers are in the shortest form that reads back the same.
    #[must_use]
    pub fn text<'a>(&self, row: &'a Row) -> Option<Cow<'a, str>> {
        self.value(row).map(|value| match value {
            Value::Text(text) => text,
            other => other.to_string().into(),
        })
    }
}

/// A column of what cells have of a factor.
pub(super) fn factor<Row>(
    field: &'static Field,
    about: &'static str,
    cell: for<'a> fn(&'a Row) -> &'a Cell,
) -> Column<Row> {
    Column {
        name: field.column,
        unit: field.unit,
        about,
        read: Read::Factor(field, cell),
    }
}

/// A column of words.
pub(super) const fn text<Row>(
    name: &'static str,
    about: &'static str,
    read: for<'a> fn(&'a Row) -> Option<Cow<'a, str>>,
) -> Column<Row> {
    let unit = Unit::Plain;
    let read = Read::Text(read);
    Column {
        name,
        unit,
        about,
        read,
    }
}

/// A column of whole numbers.
pub(super) const fn integer<Row>(
    name: &'static str,
    unit: Unit,
    about: &'static str,
    read: fn(&Row) -> Option<u64>,
) -> Column<Row> {
    let read = Read::Integer(read);
    Column {
        name,
        unit,
        about,
        read,
    }
}

/// A column of numbers.
pub(super) const fn number<Row>(
    name: &'static str,
    unit: Unit,
    about: &'static str,
    read: fn(&Row) -> Option<f64>,
) -> Column<Row> {
    let read = Read::Number(read);
    Column {
        name,
        unit,
        about,
        read,
    }
}

/// A column of yes or no.
pub(super) const fn truth<Row>(
    name: &'static str,
    about: &'static str,
    read: fn(&Row) -> Option<bool>,
) -> Column<Row> {
    let unit = Unit::Plain;
    let read = Read::Truth(read);
    Column {
        name,
        unit,
        about,
        read,
    }
}
