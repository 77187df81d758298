//! A value as somebody wrote it, before it is known what it should be: what a file of any form comes to.
//!
//! Knows no form of file and no key. The invariant: digits are kept as they were written, so that nothing is lost before it is
//! known how large a number may be.

use std::fmt;

/// A value as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Raw<'a> {
    /// A text.
    Text(&'a str),
    /// A whole number.
    Integer(Digits<'a>),
    /// Any other number, in decimal digits.
    Float(&'a str),
    /// True or false.
    Boolean(bool),
    /// A date or a time, which no key takes.
    Date(String),
    /// Several values, where one belongs.
    List,
    /// Keys and values, where a value belongs.
    Table,
}

/// A whole number in its digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digits<'a> {
    /// The digits, with a sign where one was written.
    pub text: &'a str,
    /// What they count in: 2, 8, 10 or 16.
    pub radix: u32,
}

impl fmt::Display for Digits<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = match self.radix {
            2 => "0b",
            8 => "0o",
            16 => "0x",
            _ => "",
        };
        write!(out, "{prefix}{}", self.text)
    }
}

impl<'a> Raw<'a> {
    /// The value that a bare text stands for: a number where it is one, a truth value, or else the text.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        match text {
            "true" => Self::Boolean(true),
            "false" => Self::Boolean(false),
            _ if text.parse::<u64>().is_ok() => Self::Integer(Digits { text, radix: 10 }),
            _ => Self::Text(text),
        }
    }

    /// The text, where it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number, where it is one.
    #[must_use]
    pub fn as_integer(&self) -> Option<Digits<'a>> {
        match self {
            Self::Integer(digits) => Some(*digits),
            _ => None,
        }
    }

    /// The truth value, where it is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Boolean(flag) => Some(*flag),
            _ => None,
        }
    }
}
