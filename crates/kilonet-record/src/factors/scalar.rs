//! A single value of a cell, as records and exports have it.
//!
//! Knows no factor. Invariant: a value is of the kind that its field says.

use std::borrow::Cow;
use std::fmt;

/// A value of a cell, by its kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// Words.
    Text(Cow<'a, str>),
    /// A whole number from 0.
    Integer(u64),
    /// Any other number, finite.
    Number(f64),
    /// Yes or no.
    Truth(bool),
}

impl<'a> Value<'a> {
    /// The value that a bare text stands for.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        match (text, text.parse()) {
            ("true", _) => Self::Truth(true),
            ("false", _) => Self::Truth(false),
            (_, Ok(number)) => Self::Integer(number),
            (text, Err(_)) => Self::Text(text.into()),
        }
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => out.pad(text),
            Self::Integer(number) => number.fmt(out),
            Self::Number(number) => number.fmt(out),
            Self::Truth(truth) => truth.fmt(out),
        }
    }
}

/// What all values of a field are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Words.
    Text,
    /// Whole numbers from 0.
    Integer,
    /// Other numbers, all finite.
    Number,
    /// Yes or no.
    Truth,
}

impl Kind {
    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Truth => "truth",
        }
    }
}
