//! How the values of each metric read to people, how people write them, and what they are called in tables for programs.
//!
//! The invariant: a value, the interval beside it and the axis it lies on are in the same words, wherever they stand; and what is
//! shown of a value can be written.

use std::time::Duration;

use crate::units::{
    BitsPerSecond, Bytes, decimal, is_plain, show_duration, split_number, three_digits,
};

/// What values are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// Bits a second.
    Rate,
    /// One figure over another.
    Share,
    /// A share, shown in hundredths.
    Percent,
    /// Things.
    Number,
    /// Nanoseconds a byte.
    CpuPerByte,
    /// Events a second.
    Count,
    /// Nanoseconds.
    Time,
    /// Bytes.
    Memory,
}

impl Quantity {
    /// The units that values of it are written with, the smallest first, each with how much it is of a plain value.
    fn units(self) -> &'static [(&'static str, f64)] {
        match self {
            Self::Rate => &[
                ("b/s", 1.0),
                ("kb/s", 1e3),
                ("Mb/s", 1e6),
                ("Gb/s", 1e9),
                ("Tb/s", 1e12),
            ],
            Self::Share => &[("", 1.0), ("%", 0.01)],
            Self::Percent => &[("%", 0.01)],
            Self::Number => &[("", 1.0)],
            Self::CpuPerByte => &[("ns/B", 1.0)],
            Self::Count => &[("/s", 1.0), ("k/s", 1e3), ("M/s", 1e6), ("G/s", 1e9)],
            Self::Time => &[("ns", 1.0), ("us", 1e3), ("ms", 1e6), ("s", 1e9)],
            Self::Memory => &[
                ("B", 1.0),
                ("KiB", 1024.0),
                ("MiB", 1_048_576.0),
                ("GiB", 1_073_741_824.0),
            ],
        }
    }

    /// A value that somebody wrote, with its unit: `5Gb/s`, `0.1 %`, `300us`.
    ///
    /// # Errors
    /// A sentence, where it is no number, or has a unit that values of this are not written with; what
    /// [`written`](Self::written) says would be right.
    pub fn read(self, text: &str) -> Result<f64, String> {
        let (number, unit) = split_number(text);
        let plain: Option<f64> = number.parse().ok().filter(|_| is_plain(number));
        let plain = plain.ok_or_else(|| format!("\"{text}\" is not a number with its unit"))?;
        let known = self.units().iter().find(|(name, _)| *name == unit);
        match known {
            Some((_, each)) => Ok(plain * each),
            None if unit.is_empty() => Err(format!("{number} needs a unit")),
            None => Err(format!("unknown unit \"{unit}\"")),
        }
    }

    /// A value as somebody would write it.
    #[must_use]
    pub fn example(self) -> &'static str {
        match self {
            Self::Rate => "5Gb/s",
            Self::Share => "0.5",
            Self::Percent => "0.1%",
            Self::Number => "0",
            Self::CpuPerByte => "0.5ns/B",
            Self::Count => "10k/s",
            Self::Time => "5ms",
            Self::Memory => "512KiB",
        }
    }

    /// How a value is written, to follow the word "allowed".
    #[must_use]
    pub fn written(self) -> String {
        let units = self.units().iter();
        let named: Vec<_> = units
            .map(|(name, _)| *name)
            .filter(|name| !name.is_empty())
            .collect();
        let bare = self.units().iter().any(|(name, _)| name.is_empty());
        match (bare, named.join(", ")) {
            (true, units) if units.is_empty() => "a number".to_owned(),
            (true, units) => format!("a number, bare or with {units}"),
            (false, units) => format!("a number with {units}"),
        }
    }

    /// A value with three significant digits and its unit; things are whole where they are.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, and times and sizes are non-negative"
    )]
    #[must_use]
    pub fn show(self, value: f64) -> String {
        match self {
            Self::Rate => BitsPerSecond(value).to_string(),
            Self::Number if value.fract() == 0.0 => format!("{value}"),
            Self::Number | Self::Share => three_digits(value),
            Self::Percent => format!("{} %", three_digits(value * 100.0)),
            Self::CpuPerByte => format!("{} ns/B", three_digits(value)),
            Self::Count => {
                let (scaled, prefix) = decimal(value);
                format!("{} {prefix}/s", three_digits(scaled))
            }
            Self::Time => show_duration(Duration::from_nanos(value as u64)),
            Self::Memory => Bytes(value as u64).to_string(),
        }
    }

    /// A round value, without the digits that say nothing: `10 Gb/s`, `0.5`.
    #[must_use]
    pub fn tick(self, value: f64) -> String {
        if value == 0.0 {
            return "0".to_owned();
        }
        let shown = self.show(value);
        let (number, unit) = shown.split_at(shown.find(' ').unwrap_or(shown.len()));
        let number = if number.contains('.') {
            number.trim_end_matches('0').trim_end_matches('.')
        } else {
            number
        };
        format!("{number}{unit}")
    }

    /// Both ends of an interval, their unit once where it is the same: `45.6 to 48.4 Gb/s`.
    #[must_use]
    pub fn span(self, (low, high): (f64, f64)) -> String {
        let (low, high) = (self.show(low), self.show(high));
        match (low.split_once(' '), high.split_once(' ')) {
            (Some((number, unit)), Some((_, same))) if unit == same => {
                format!("{number} to {high}")
            }
            _ => format!("{low} to {high}"),
        }
    }

    /// Whether people count it in powers of two.
    #[must_use]
    pub fn is_of_bytes(self) -> bool {
        self == Self::Memory
    }

    /// The unit of plain values, as the names of fields end in it: `bps`, `ns`.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Rate => "bps",
            Self::Share | Self::Percent => "ratio",
            Self::Number => "count",
            Self::CpuPerByte => "ns_per_byte",
            Self::Count => "per_s",
            Self::Time => "ns",
            Self::Memory => "bytes",
        }
    }
}

/// A whole number with its thousands set apart: `4,096`.
#[must_use]
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_plain_and_values_have_three_digits() {
        assert_eq!(Quantity::Rate.tick(10e9), "10 Gb/s");
        assert_eq!(Quantity::Rate.show(10e9), "10.0 Gb/s");
        assert_eq!(Quantity::Rate.tick(200e6), "200 Mb/s");
        assert_eq!(Quantity::Share.tick(0.1 + 0.2), "0.3");
        assert_eq!(Quantity::Count.show(41_234.0), "41.2 k/s");
        assert_eq!(Quantity::Count.tick(500.0), "500 /s");
        assert_eq!(Quantity::Percent.show(0.0051), "0.510 %");
        assert_eq!(Quantity::CpuPerByte.tick(2.0), "2 ns/B");
        assert_eq!(Quantity::Time.tick(5e8), "500 ms");
        assert_eq!(Quantity::Time.tick(0.0), "0");
        assert_eq!(Quantity::Memory.show(1536.0), "1.50 KiB");
        assert_eq!(
            [3.0, 2.5].map(|it| Quantity::Number.show(it)),
            ["3", "2.50"]
        );
    }

    #[test]
    fn a_unit_that_both_ends_have_is_written_once() {
        for (quantity, ends, shown) in [
            (Quantity::Rate, (45.6e9, 48.4e9), "45.6 to 48.4 Gb/s"),
            (Quantity::Rate, (980e6, 1.2e9), "980 Mb/s to 1.20 Gb/s"),
            (Quantity::Share, (0.9, 0.95), "0.900 to 0.950"),
            (Quantity::Percent, (0.0, 0.01), "0 to 1.00 %"),
        ] {
            assert_eq!(quantity.span(ends), shown);
        }
    }

    #[test]
    fn a_value_is_read_with_its_unit_and_what_is_shown_is_read() {
        for (quantity, text, value) in [
            (Quantity::Rate, "1Gb/s", 1e9),
            (Quantity::Rate, "2.5 Mb/s", 2.5e6),
            (Quantity::Percent, "0.1%", 0.001),
            (Quantity::Share, "0.9", 0.9),
            (Quantity::Share, "50 %", 0.5),
            (Quantity::Number, "3", 3.0),
            (Quantity::CpuPerByte, "0.4ns/B", 0.4),
            (Quantity::Count, "10k/s", 1e4),
            (Quantity::Time, "5ms", 5e6),
            (Quantity::Memory, "64KiB", 65_536.0),
        ] {
            let read = quantity.read(text).unwrap();
            assert!((read / value - 1.0).abs() < 1e-12, "{text}: {read}");
            assert_eq!(quantity.read(&quantity.tick(value)), Ok(read), "{text}");
        }
        for (quantity, text, said) in [
            (Quantity::Rate, "1", "1 needs a unit"),
            (Quantity::Rate, "1Gbps", "unknown unit \"Gbps\""),
            (
                Quantity::Rate,
                "fast",
                "\"fast\" is not a number with its unit",
            ),
            (
                Quantity::Number,
                "-1",
                "\"-1\" is not a number with its unit",
            ),
            (
                Quantity::Time,
                "1e3ms",
                "\"1e3ms\" is not a number with its unit",
            ),
            (Quantity::Percent, "0.1", "0.1 needs a unit"),
        ] {
            assert_eq!(quantity.read(text).unwrap_err(), said);
        }
        assert_eq!(Quantity::Time.written(), "a number with ns, us, ms, s");
        assert_eq!(Quantity::Share.written(), "a number, bare or with %");
        assert_eq!(Quantity::Number.written(), "a number");
    }

    #[test]
    fn thousands_are_set_apart() {
        for (number, shown) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (4096, "4,096"),
            (1_048_576, "1,048,576"),
        ] {
            assert_eq!(grouped(number), shown);
        }
    }
}
