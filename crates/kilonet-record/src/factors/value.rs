//! The values of a scenario's keys: how each is written, what it may be, and how a schema says so.
//!
//! One type for each kind of value, its bounds in its type, so that reading and the schema cannot disagree. Knows no key.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::beside::Beside;
use super::factor::Factor;
use super::range;
use super::raw::Raw;
use super::receive::Rps;
use super::traffic::{Buffers, Congestion};
use crate::units::{Bytes, fitting_unit, parse_duration};

/// A value as it is written in a scenario.
pub trait Written: Sized + Clone + 'static {
    /// The pattern of a text that stands for many values, where there is such a thing.
    const RANGE: Option<&'static str> = None;
    /// What several of them are called in a help text.
    const SEVERAL: &'static str = "LIST";
    /// What one of them is called there.
    const ONE: &'static str = "VALUE";

    /// Reads a single value.
    ///
    /// # Errors
    /// A sentence on what is wrong with it; [`Written::allowed`] says what would be right.
    fn read(value: &Raw<'_>) -> Result<Self, String>;

    /// What is allowed, to follow the word "allowed: ".
    fn allowed() -> String;

    /// Each word that it takes and what that means, where these are few.
    #[must_use]
    fn words() -> Vec<(&'static str, &'static str)> {
        Vec::new()
    }

    /// Reads a text that stands for many values; none when it is not of that kind.
    #[must_use]
    fn read_range(_text: &str) -> Option<Result<Vec<Self>, String>> {
        None
    }
}

/// A value in words that fit an error message.
#[must_use]
pub fn show(value: &Raw<'_>) -> String {
    match value {
        Raw::Text(text) if text.chars().count() > 40 => {
            format!("\"{}...\"", text.chars().take(37).collect::<String>())
        }
        Raw::Text(text) => format!("\"{text}\""),
        Raw::Integer(number) => number.to_string(),
        Raw::Float(number) => number.to_string(),
        Raw::Boolean(flag) => flag.to_string(),
        Raw::Date(date) => date.clone(),
        Raw::List => "a list".to_owned(),
        Raw::Table => "a table".to_owned(),
    }
}

pub(super) fn wrong_kind(value: &Raw<'_>) -> String {
    format!("{} is not a value for this key", show(value))
}

/// The text that a value is.
///
/// # Errors
/// A sentence, where it is none.
pub fn text_of<'a>(value: &Raw<'a>) -> Result<&'a str, String> {
    value.as_str().ok_or_else(|| wrong_kind(value))
}

impl<F: Factor> Written for F {
    fn read(value: &Raw<'_>) -> Result<Self, String> {
        let text = text_of(value)?;
        F::ALL
            .iter()
            .copied()
            .find(|level| level.word() == text)
            .ok_or_else(|| {
                let near = nearest(text, F::ALL.iter().map(|level| level.word()));
                let hint =
                    near.map_or_else(String::new, |word| format!("; did you mean \"{word}\"?"));
                format!("unknown {} {}{hint}", F::KEY, show(value))
            })
    }

    fn allowed() -> String {
        F::ALL
            .iter()
            .map(|level| format!("\"{}\"", level.word()))
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn words() -> Vec<(&'static str, &'static str)> {
        let levels = F::ALL.iter();
        levels.map(|level| (level.word(), level.about())).collect()
    }
}

/// The word that was probably meant.
pub fn nearest<'a>(text: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    words
        .map(|word| (strsim::damerau_levenshtein(text, word), word))
        .filter(|(distance, word)| *distance <= 1 + word.len() / 4)
        .min()
        .map(|(_, word)| word)
}

/// A whole number from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count<const MIN: u32, const MAX: u32>(pub u32);

impl<const MIN: u32, const MAX: u32> fmt::Display for Count<MIN, MAX> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl<const MIN: u32, const MAX: u32> Written for Count<MIN, MAX> {
    const RANGE: Option<&'static str> = Some(range::PATTERN);
    const SEVERAL: &'static str = "RANGE";
    const ONE: &'static str = "N";

    fn read(value: &Raw<'_>) -> Result<Self, String> {
        let number = value.as_integer().ok_or_else(|| wrong_kind(value))?;
        u32::from_str_radix(number.text, number.radix)
            .ok()
            .filter(|number| (MIN..=MAX).contains(number))
            .map(Self)
            .ok_or_else(|| format!("{number} is out of bounds"))
    }

    fn allowed() -> String {
        format!("a whole number from {MIN} to {MAX}")
    }

    fn read_range(text: &str) -> Option<Result<Vec<Self>, String>> {
        let numbers = range::expand(text, MIN..=MAX)?;
        Some(numbers.map(|numbers| numbers.into_iter().map(Self).collect()))
    }
}

impl<const MIN: u32, const MAX: u32> JsonSchema for Count<MIN, MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("Count{MIN}To{MAX}").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }
}

/// A number, or all there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// Every container.
    All,
    /// This many.
    Of(u32),
}

/// The number inside a [`Share`].
type ShareCount = Count<2, 1_000_000>;

impl Share {
    /// The number it is when there are `all`.
    #[must_use]
    pub fn of(self, all: u32) -> u32 {
        match self {
            Self::All => all,
            Self::Of(count) => count,
        }
    }

    /// The number that was written, if one was.
    #[must_use]
    pub fn count(self) -> Option<u32> {
        match self {
            Self::All => None,
            Self::Of(count) => Some(count),
        }
    }
}

impl Written for Share {
    const RANGE: Option<&'static str> = ShareCount::RANGE;
    const SEVERAL: &'static str = "RANGE";
    const ONE: &'static str = "N";

    fn read(value: &Raw<'_>) -> Result<Self, String> {
        match value.as_str() {
            Some("all") => Ok(Self::All),
            _ => ShareCount::read(value).map(|count| Self::Of(count.0)),
        }
    }

    fn allowed() -> String {
        format!("\"all\" or {}", ShareCount::allowed())
    }

    fn read_range(text: &str) -> Option<Result<Vec<Self>, String>> {
        let counts = ShareCount::read_range(text)?;
        Some(counts.map(|counts| counts.into_iter().map(|count| Self::Of(count.0)).collect()))
    }
}

impl JsonSchema for Share {
    fn schema_name() -> Cow<'static, str> {
        "Share".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "const": "all" }, ShareCount::json_schema(generator)] })
    }
}

/// A size from `MIN` to `MAX` bytes, with or without a binary suffix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size<const MIN: u32, const MAX: u32>(pub u32);

impl<const MIN: u32, const MAX: u32> Written for Size<MIN, MAX> {
    const SEVERAL: &'static str = "SIZES";

    fn read(value: &Raw<'_>) -> Result<Self, String> {
        let bytes = match value.as_integer() {
            Some(number) => u64::from_str_radix(number.text, number.radix).ok(),
            None => Some(text_of(value)?.parse::<Bytes>()?.0),
        };
        bytes
            .and_then(|bytes| u32::try_from(bytes).ok())
            .filter(|bytes| (MIN..=MAX).contains(bytes))
            .map(Self)
            .ok_or_else(|| format!("{} is out of bounds", show(value)))
    }

    fn allowed() -> String {
        let [min, max] = [MIN, MAX].map(exactly);
        format!("a size such as 4096 or \"64KiB\", from {min} to {max}")
    }
}

/// A size in words that say it to the byte: a bound that is rounded is one that is refused.
fn exactly(bytes: u32) -> String {
    let size = Bytes(u64::from(bytes));
    match size.to_string().replace(' ', "").parse::<Bytes>() {
        Ok(read) if read == size => size.to_string(),
        Ok(_) | Err(_) => format!("{bytes} B"),
    }
}

impl<const MIN: u32, const MAX: u32> JsonSchema for Size<MIN, MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("Size{MIN}To{MAX}").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": "integer", "minimum": MIN, "maximum": MAX },
            { "type": "string", "pattern": "^\\d+ *(B|KiB|MiB|GiB)?$" },
        ] })
    }
}

/// Socket buffers: `"auto"`, or a size within what a socket option can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BufferSize(pub Buffers);

/// A size that `SO_SNDBUF` takes as it is: below 4 KiB the kernel rounds up, beyond 1 GiB doubling overflows.
type FixedBuffer = Size<4096, { 1 << 30 }>;

impl Written for BufferSize {
    const SEVERAL: &'static str = "SIZES";

    fn read(value: &Raw<'_>) -> Result<Self, String> {
        match value.as_str() {
            Some("auto") => Ok(Self(Buffers::Auto)),
            _ => FixedBuffer::read(value).map(|size| Self(Buffers::Bytes(size.0))),
        }
    }

    fn allowed() -> String {
        format!("\"auto\" or {}", FixedBuffer::allowed())
    }
}

impl JsonSchema for BufferSize {
    fn schema_name() -> Cow<'static, str> {
        "BufferSize".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "const": "auto" }, FixedBuffer::json_schema(generator)] })
    }
}

/// A duration from `MIN` to `MAX` milliseconds, written with its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length<const MIN: u64, const MAX: u64>(pub Duration);

impl<const MIN: u64, const MAX: u64> Written for Length<MIN, MAX> {
    const ONE: &'static str = "TIME";

    fn read(value: &Raw<'_>) -> Result<Self, String> {
        let length = match value.as_integer() {
            Some(number) => {
                let bounds = Duration::from_millis(MIN)..=Duration::from_millis(MAX);
                let unit = fitting_unit(number.text.parse().unwrap_or(0), bounds);
                return Err(format!("{number} needs a unit, as in \"{number}{unit}\""));
            }
            None => parse_duration(text_of(value)?)?,
        };
        if (Duration::from_millis(MIN)..=Duration::from_millis(MAX)).contains(&length) {
            Ok(Self(length))
        } else {
            Err(format!("{} is out of bounds", show(value)))
        }
    }

    fn allowed() -> String {
        format!(
            "a duration such as \"300ms\" or \"2s\", from {MIN} ms to {} s",
            MAX / 1000
        )
    }
}

impl<const MIN: u64, const MAX: u64> JsonSchema for Length<MIN, MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("Length{MIN}To{MAX}").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^\\d+(\\.\\d+)? *(ns|us|ms|s|m|h)$" })
    }
}

/// A seed: what TOML holds of the whole numbers from 0 up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Written for Seed {
    const ONE: &'static str = "N";

    fn read(value: &Raw<'_>) -> Result<Self, String> {
        let number = value.as_integer().ok_or_else(|| wrong_kind(value))?;
        i64::from_str_radix(number.text, number.radix)
            .ok()
            .and_then(|number| u64::try_from(number).ok())
            .map(Self)
            .ok_or_else(|| format!("{number} is out of bounds"))
    }

    fn allowed() -> String {
        format!("a whole number from 0 to {}", i64::MAX)
    }
}

impl JsonSchema for Seed {
    fn schema_name() -> Cow<'static, str> {
        "Seed".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 0, "maximum": i64::MAX })
    }
}

impl Written for bool {
    const SEVERAL: &'static str = "BOOL";
    const ONE: &'static str = "BOOL";

    fn read(value: &Raw<'_>) -> Result<Self, String> {
        value.as_bool().ok_or_else(|| wrong_kind(value))
    }

    fn allowed() -> String {
        "true or false".to_owned()
    }
}

impl Written for Congestion {
    fn read(value: &Raw<'_>) -> Result<Self, String> {
        let text = text_of(value)?;
        let fits = (1..=15).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("{} is not the name of an algorithm", show(value)))
        }
    }

    fn allowed() -> String {
        "the kernel's name of it, such as \"cubic\" or \"bbr\": 1 to 15 of a-z, 0-9 and _"
            .to_owned()
    }
}

impl Written for Beside {
    fn read(value: &Raw<'_>) -> Result<Self, String> {
        text_of(value)?.parse()
    }

    fn allowed() -> String {
        "\"none\", or workloads with how many pairs each, such as \"tcp-rr:2\" or \"idle:90% tcp-rr:9%@100\"".to_owned()
    }
}

impl JsonSchema for Beside {
    fn schema_name() -> Cow<'static, str> {
        "Beside".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^(none|([a-z-]+:\\d+%?(@\\d+)?)( +[a-z-]+:\\d+%?(@\\d+)?)*)$" })
    }
}

impl Written for Rps {
    fn read(value: &Raw<'_>) -> Result<Self, String> {
        text_of(value)?.parse()
    }

    fn allowed() -> String {
        "\"off\", \"all\", or a mask of CPUs in hexadecimal, such as \"0x3\"".to_owned()
    }
}

impl JsonSchema for Rps {
    fn schema_name() -> Cow<'static, str> {
        "Rps".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^(off|all|0x[0-9a-fA-F]+)$" })
    }
}

impl Written for String {
    const ONE: &'static str = "TEXT";

    fn read(value: &Raw<'_>) -> Result<Self, String> {
        text_of(value).map(str::to_owned)
    }

    fn allowed() -> String {
        "a text in quotes".to_owned()
    }
}
