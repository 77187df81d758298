//! Quantities with their units: how they are written by people, and how they are shown to them.
//!
//! Bytes are written with binary suffixes (`128KiB`), durations with `ns us ms s m h`; rates are shown in decimal bits a
//! second, as the field does (`41.2 Gb/s`).

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

/// What figures are counted in.
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

/// A rate of payload, in bits a second.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct BitsPerSecond(pub f64);

impl fmt::Display for BitsPerSecond {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scaled, prefix) = decimal(self.0);
        out.pad(&format!("{} {prefix}b/s", three_digits(scaled)))
    }
}

/// Units of rates, and how many bits a second each is.
const BIT_RATES: [(&str, f64); 5] = [
    ("b/s", 1.0),
    ("kb/s", 1e3),
    ("Mb/s", 1e6),
    ("Gb/s", 1e9),
    ("Tb/s", 1e12),
];

impl FromStr for BitsPerSecond {
    type Err = String;

    /// Reads a rate such as `100Mb/s` or `1.5 Gb/s`: a bit is written `b`, since a byte is `B`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (number, suffix) = split_number(text);
        let unit = BIT_RATES.iter().find(|(name, _)| *name == suffix);
        let (_, unit) =
            unit.ok_or_else(|| format!("`{text}` needs a unit: b/s, kb/s, Mb/s, Gb/s or Tb/s"))?;
        let count: Option<f64> = number.parse().ok().filter(|_| is_plain(number));
        let count = count.ok_or_else(|| format!("`{text}` is not a rate such as 100Mb/s"))?;
        Ok(Self(count * unit))
    }
}

/// A size in bytes, written with or without a binary suffix (`4096`, `64KiB`, `1MiB`, `1GiB`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub u64);

/// Binary suffixes, largest first so that showing picks the largest that divides well.
const BINARY: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

impl fmt::Display for Bytes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match BINARY.iter().find(|(_, unit)| self.0 >= *unit) {
            Some((suffix, unit)) if self.0.is_multiple_of(*unit) => {
                format!("{} {suffix}", self.0 / unit)
            }
            Some((suffix, unit)) => {
                format!("{} {suffix}", three_digits(self.0 as f64 / *unit as f64))
            }
            None => format!("{} B", self.0),
        };
        out.pad(&text)
    }
}

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (number, suffix) = split_number(text);
        let factor = match suffix {
            "" | "B" => 1,
            _ => BINARY
                .iter()
                .find(|(name, _)| *name == suffix)
                .map(|(_, unit)| *unit)
                .ok_or_else(|| format!("unknown unit `{suffix}`; write a number of bytes, or one with KiB, MiB or GiB"))?,
        };
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(format!("`{text}` is not a whole number of bytes"));
        }
        let count: Option<u64> = number.parse().ok();
        count
            .and_then(|count| count.checked_mul(factor))
            .map(Self)
            .ok_or_else(|| format!("`{text}` is too large"))
    }
}

/// Suffixes of durations and their length in nanoseconds.
const TIMES: [(&str, u64); 6] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Reads a duration such as `300ms`, `2s` or `1.5s`.
///
/// # Errors
/// A sentence that says what is allowed, when the number or the unit cannot be read.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let (number, suffix) = split_number(text);
    let (_, unit) = TIMES
        .iter()
        .find(|(name, _)| *name == suffix)
        .ok_or_else(|| format!("`{text}` needs a unit: ns, us, ms, s, m or h"))?;
    let unread = || format!("`{text}` is not a duration such as 300ms or 2s");
    let count: f64 = number.parse().map_err(|_| unread())?;
    let duration = Duration::try_from_secs_f64(count * *unit as f64 / 1e9)
        .map_err(|_| format!("`{text}` is out of range"))?;
    if is_plain(number) {
        Ok(duration)
    } else {
        Err(unread())
    }
}

/// The first unit from milliseconds on with which a bare number is within the bounds; milliseconds where it is with none.
#[must_use]
pub fn fitting_unit(number: u64, bounds: RangeInclusive<Duration>) -> &'static str {
    let fits = |(_, nanos): &&(&str, u64)| {
        bounds.contains(&Duration::from_nanos(number.saturating_mul(*nanos)))
    };
    let units = &TIMES[2..];
    units.iter().find(fits).unwrap_or(&units[0]).0
}

/// Shows a duration with three significant digits: `1.27 s`, `340 ms`, `12.0 us`.
#[must_use]
pub fn show_duration(duration: Duration) -> String {
    let nanos = duration.as_nanos() as f64;
    let (suffix, unit) = TIMES
        .iter()
        .take(4)
        .rev()
        .find(|(_, unit)| nanos >= *unit as f64)
        .unwrap_or(&TIMES[0]);
    format!("{} {suffix}", three_digits(nanos / *unit as f64))
}

/// A duration as the nanoseconds of a record: 584 years at most.
#[must_use]
pub fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A number and what it is of: `1 trial`, `3 trials`, `2 bodies`, `2 processes`; for nouns that take `s`, `ies` or `es`.
#[must_use]
pub fn counted(count: impl TryInto<u64>, noun: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    match (count, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) if noun.ends_with('s') => format!("{count} {noun}es"),
        (_, None) => format!("{count} {noun}s"),
    }
}

/// The same of a number in a text; what is none stays as it is.
#[must_use]
pub fn counted_text(text: &str, noun: &str) -> String {
    text.parse::<u64>()
        .map_or_else(|_| text.to_owned(), |count| counted(count, noun))
}

/// What so many things were: `1 was`, `3 were`.
#[must_use]
pub fn were(count: impl TryInto<u64>) -> &'static str {
    match count.try_into() {
        Ok(1) => "was",
        _ => "were",
    }
}

/// A number with three significant digits and no exponent: `9.13`, `41.2`, `512`, `0.0312`.
#[must_use]
pub fn three_digits(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    // Rounded first: 9.996 reads 10.0, and not 10.00.
    let rounded: f64 = format!("{value:.2e}").parse().unwrap_or(value);
    let magnitude = rounded.abs().log10().floor();
    let decimals = (2.0 - magnitude).clamp(0.0, 9.0);
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to 0..=9 on the line above"
    )]
    let decimals = decimals as usize;
    format!("{value:.decimals$}")
}

/// A value scaled for its decimal prefix, and the prefix.
#[must_use]
pub fn decimal(value: f64) -> (f64, &'static str) {
    match value.abs() {
        v if v >= 1e12 => (value / 1e12, "T"),
        v if v >= 1e9 => (value / 1e9, "G"),
        v if v >= 1e6 => (value / 1e6, "M"),
        v if v >= 1e3 => (value / 1e3, "k"),
        _ => (value, ""),
    }
}

/// A number as it was written, and what stands behind its last digit.
pub(crate) fn split_number(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = text
        .rfind(|c: char| c.is_ascii_digit() || c == '.')
        .map_or(0, |last| last + 1);
    (&text[..end], text[end..].trim())
}

/// Whether a number has neither sign nor exponent.
pub(crate) fn is_plain(number: &str) -> bool {
    number
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_with_and_without_suffix() {
        for (text, expected) in [
            ("0", 0),
            ("4096", 4096),
            ("64KiB", 65536),
            ("1 MiB", 1 << 20),
            ("2GiB", 2 << 30),
        ] {
            assert_eq!(text.parse(), Ok(Bytes(expected)), "{text}");
        }
        for text in ["", "KiB", "64kb", "-1", "1.5KiB", "99999999999GiB"] {
            assert!(text.parse::<Bytes>().is_err(), "{text} was read");
        }
    }

    #[test]
    fn one_is_one_and_none_are_many() {
        let all = [0, 1, 2].map(|count| counted(count, "trial"));
        assert_eq!(all, ["0 trials", "1 trial", "2 trials"]);
        let all = ["body", "process", "CPU"].map(|noun| counted(2, noun));
        assert_eq!(all, ["2 bodies", "2 processes", "2 CPUs"]);
        assert_eq!([0, 1, 2].map(were), ["were", "was", "were"]);
    }

    #[test]
    fn durations_are_read_with_their_unit_only() {
        assert_eq!(parse_duration("300ms"), Ok(Duration::from_millis(300)));
        assert_eq!(parse_duration("1.5s"), Ok(Duration::from_millis(1500)));
        for text in ["", "3", "ms", "-1s", "1.2.3s", "3 parsecs", "1e2s", "+3s"] {
            assert!(parse_duration(text).is_err(), "{text} was read");
        }
    }

    #[test]
    fn what_is_too_large_is_not_said_to_lack_its_unit() {
        for text in ["1e300s", "1e300 h", "99999999999999999999999h"] {
            let said = parse_duration(text).unwrap_err();
            assert_eq!(said, format!("`{text}` is out of range"));
        }
        for text in ["99999999999999999999999", "99999999999GiB"] {
            let said = text.parse::<Bytes>().unwrap_err();
            assert_eq!(said, format!("`{text}` is too large"));
        }
        let said = "1e300KiB".parse::<Bytes>().unwrap_err();
        assert_eq!(said, "`1e300KiB` is not a whole number of bytes");
    }

    #[test]
    fn quantities_are_shown_with_three_digits() {
        assert_eq!(BitsPerSecond(41_234_000_000.0).to_string(), "41.2 Gb/s");
        assert_eq!(BitsPerSecond(0.0).to_string(), "0 b/s");
        assert_eq!(BitsPerSecond(9_996_000_000.0).to_string(), "10.0 Gb/s");
        assert_eq!(Bytes(131_072).to_string(), "128 KiB");
        assert_eq!(Bytes(1536).to_string(), "1.50 KiB");
        assert_eq!(show_duration(Duration::from_millis(1_270)), "1.27 s");
        assert_eq!(show_duration(Duration::from_micros(12)), "12.0 us");
    }
}
