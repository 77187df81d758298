//! How the values of each metric read to people.
//!
//! The invariant: a value and the axis it lies on are in the same words.

use std::time::Duration;

use crate::analysis::Metric;
use crate::units::{BitsPerSecond, Bytes, decimal, show_duration, three_digits};

/// What a metric's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantity {
    Rate,
    Share,
    /// A share, shown in hundredths.
    Percent,
    Pairs,
    CpuPerByte,
    /// Of events a second.
    Count,
    Time,
    Memory,
}

impl Quantity {
    pub(super) fn of(metric: Metric) -> Self {
        match metric {
            Metric::Goodput
            | Metric::PairMin
            | Metric::PairP5
            | Metric::PairP50
            | Metric::PairP95
            | Metric::PairMax => Self::Rate,
            Metric::BaselineRatio | Metric::Jain => Self::Share,
            Metric::Loss => Self::Percent,
            Metric::Starved => Self::Pairs,
            Metric::CpuPerByte => Self::CpuPerByte,
            Metric::Transactions | Metric::Datagrams => Self::Count,
            Metric::Setup
            | Metric::Teardown
            | Metric::LatencyP50
            | Metric::LatencyP99
            | Metric::LatencyP999
            | Metric::CpuPerTransaction => Self::Time,
            Metric::KernelMemory => Self::Memory,
        }
    }

    /// A value with three significant digits and its unit.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, and times and sizes are non-negative"
    )]
    pub(super) fn show(self, value: f64) -> String {
        match self {
            Self::Rate => BitsPerSecond(value).to_string(),
            Self::Share | Self::Pairs => three_digits(value),
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
    pub(super) fn tick(self, value: f64) -> String {
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
}

/// A whole number with its thousands set apart: `4,096`.
pub(in crate::report) fn grouped(number: usize) -> String {
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
        assert_eq!(Quantity::of(Metric::Loss).show(0.0051), "0.510 %");
        assert_eq!(Quantity::CpuPerByte.tick(2.0), "2 ns/B");
        assert_eq!(Quantity::Time.tick(5e8), "500 ms");
        assert_eq!(Quantity::Time.tick(0.0), "0");
        assert_eq!(Quantity::of(Metric::KernelMemory).show(1536.0), "1.50 KiB");
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
