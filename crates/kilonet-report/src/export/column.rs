//! What a column of an export is: its name, its unit, what it means, and how it is read from a row.
//!
//! Knows no table and no file format. The invariant: what a row does not have is absent; no column puts a zero there.

use std::borrow::Cow;

/// What a column's figures are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Nothing: a word, a number of things, a yes or no.
    Plain,
    /// Nanoseconds.
    Nanoseconds,
    /// Nanoseconds of CPU time for each byte of payload.
    NanosecondsPerByte,
    /// Nanoseconds of CPU time for each response.
    NanosecondsPerTransaction,
    /// Seconds.
    Seconds,
    /// Bits a second.
    BitsPerSecond,
    /// Events a second.
    PerSecond,
    /// Bytes.
    Bytes,
    /// Pages of memory.
    Pages,
    /// A share, or one figure over another.
    Ratio,
}

impl Unit {
    /// As tables show it; empty where there is none.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Nanoseconds => "ns",
            Self::NanosecondsPerByte => "ns/B",
            Self::NanosecondsPerTransaction => "ns/transaction",
            Self::Seconds => "s",
            Self::BitsPerSecond => "bit/s",
            Self::PerSecond => "1/s",
            Self::Bytes => "B",
            Self::Pages => "pages",
            Self::Ratio => "ratio",
        }
    }
}

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
}

impl<Row> Read<Row> {
    /// What the kind is called.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer(_) => "integer",
            Self::Number(_) => "number",
            Self::Truth(_) => "truth",
        }
    }
}

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

impl<Row> Column<Row> {
    /// Whether its values are numbers.
    #[must_use]
    pub fn is_figure(&self) -> bool {
        matches!(self.read, Read::Integer(_) | Read::Number(_))
    }

    /// A row's value as text; absent where the row has none. Numbers are in the shortest form that reads back the same.
    #[must_use]
    pub fn text<'a>(&self, row: &'a Row) -> Option<Cow<'a, str>> {
        match self.read {
            Read::Text(read) => read(row),
            Read::Integer(read) => read(row).map(|value| value.to_string().into()),
            Read::Number(read) => read(row).map(|value| value.to_string().into()),
            Read::Truth(read) => read(row).map(|value| value.to_string().into()),
        }
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
