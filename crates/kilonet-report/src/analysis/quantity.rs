//! How the values of each metric read to people, and what they are called in tables for programs.
//!
//! The invariant: a value, the interval beside it and the axis it lies on are in the same words, wherever they stand.

use std::time::Duration;

use crate::units::{BitsPerSecond, Bytes, decimal, show_duration, three_digits};

/// What values are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantity {
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
    /// A value with three significant digits and its unit; things are whole where they are.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, and times and sizes are non-negative"
    )]
    pub(crate) fn show(self, value: f64) -> String {
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
    pub(crate) fn tick(self, value: f64) -> String {
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
    pub(crate) fn span(self, (low, high): (f64, f64)) -> String {
        let (low, high) = (self.show(low), self.show(high));
        match (low.split_once(' '), high.split_once(' ')) {
            (Some((number, unit)), Some((_, same))) if unit == same => {
                format!("{number} to {high}")
            }
            _ => format!("{low} to {high}"),
        }
    }

    /// Whether people count it in powers of two.
    pub(crate) fn is_of_bytes(self) -> bool {
        self == Self::Memory
    }

    /// The unit of plain values, as the names of fields end in it: `bps`, `ns`.
    pub(crate) fn suffix(self) -> &'static str {
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
pub(crate) fn grouped(number: usize) -> String {
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
