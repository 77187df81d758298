//! How often a cell is measured, as it is written: a number or a range of them, and how well its figures are to be known.
//!
//! Knows no key. Invariant: a range that was read has two trials or more at its lower end, and runs forwards.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::raw::Raw;
use super::repeats::Percent;
use super::value::{Count, Written, show, text_of, wrong_kind};

/// How often a cell is measured: so many times, or from so many to so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// A number of times.
    Of(u32),
    /// Between two numbers.
    Between(u32, u32),
}

/// The number of [`Times`].
type TimesCount = Count<1, 1000>;

/// What a range of times looks like, for the schema.
const TIMES_PATTERN: &str = "^ *\\d+ *\\.\\. *\\d+ *$";

impl Times {
    /// The most it comes to.
    #[must_use]
    pub fn most(self) -> u32 {
        match self {
            Self::Of(most) | Self::Between(_, most) => most,
        }
    }
}

impl Written for Times {
    const ONE: &'static str = "N|RANGE";

    fn read(value: &Raw<'_>) -> Result<Self, String> {
        let Some((min, max)) = value.as_str().and_then(|text| text.split_once("..")) else {
            return TimesCount::read(value).map(|times| Self::Of(times.0));
        };
        let number = |text: &str| text.trim().parse::<u32>();
        match (number(min), number(max)) {
            (Ok(min @ 2..=1000), Ok(max @ ..=1000)) if min <= max => Ok(Self::Between(min, max)),
            (Ok(min), Ok(max)) if min > max => Err(format!("{} runs backwards", show(value))),
            (Ok(_), Ok(_)) => Err(format!("{} is out of bounds", show(value))),
            _ => Err(wrong_kind(value)),
        }
    }

    fn allowed() -> String {
        format!(
            "{}, or a range such as \"3..10\", from 2 on: one trial has no interval",
            TimesCount::allowed()
        )
    }
}

impl JsonSchema for Times {
    fn schema_name() -> Cow<'static, str> {
        "Times".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let number = TimesCount::json_schema(generator);
        json_schema!({ "anyOf": [number, { "type": "string", "pattern": TIMES_PATTERN }] })
    }
}

impl<const LEAST: u32> Written for Percent<LEAST> {
    const ONE: &'static str = "PERCENT";

    fn read(value: &Raw<'_>) -> Result<Self, String> {
        text_of(value)?.parse()
    }

    fn allowed() -> String {
        let least = f64::from(LEAST) / 100.0;
        format!("a percentage such as \"5%\" or \"0.5%\", from {least}% to 100%")
    }
}

impl<const LEAST: u32> JsonSchema for Percent<LEAST> {
    fn schema_name() -> Cow<'static, str> {
        "Percent".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^ *\\d+(\\.\\d{1,2})? *%$" })
    }
}
