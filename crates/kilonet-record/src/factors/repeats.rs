//! How often each cell is measured: a number of times, or until its figures are known well enough.
//!
//! Must not know how a figure is measured, nor what it comes to. The invariant: what goes on until figures are known is
//! measured twice at least, since one trial has no interval.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How often each cell is measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Repeats {
    /// So many times, 1 to 1000.
    Fixed(u32),
    /// Until it is known well enough.
    Until(Goal),
}

impl Repeats {
    /// Trials that each cell has whatever they show.
    #[must_use]
    pub fn least(&self) -> u32 {
        match self {
            Self::Fixed(times) => *times,
            Self::Until(goal) => goal.min,
        }
    }

    /// Trials of each cell at most; those that take the place of disturbed ones apart.
    #[must_use]
    pub fn most(&self) -> u32 {
        match self {
            Self::Fixed(times) => *times,
            Self::Until(goal) => goal.max,
        }
    }

    /// What trials go on until; none where there is a number of them.
    #[must_use]
    pub fn goal(&self) -> Option<&Goal> {
        match self {
            Self::Fixed(_) => None,
            Self::Until(goal) => Some(goal),
        }
    }
}

/// When a cell has been measured often enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goal {
    /// Trials of each cell at least, from 2.
    pub min: u32,
    /// And at most, up to 1000.
    pub max: u32,
    /// What half the interval of each gauge may come to.
    pub within: Width,
    /// What is to be known; nothing for what each cell's workload is judged by.
    pub metrics: Vec<Gauge>,
}

super::factor::factor! {
    /// A figure by which it is judged whether a cell has been measured often enough.
    Gauge, "metric" {
        /// Goodput of all flows together.
        Goodput = "goodput",
        /// Goodput of the median pair.
        PairP50 = "pair-p50",
        /// Requests answered, all flows together.
        Transactions = "transactions",
        /// Datagrams received, all flows together.
        Datagrams = "datagrams",
        /// Median latency of requests.
        LatencyP50 = "latency-p50",
        /// 99th percentile of latency.
        LatencyP99 = "latency-p99",
        /// CPU time of the machine for each byte of payload.
        CpuPerByte = "cpu-per-byte",
    }
}

/// What half the 95 % interval of a mean may come to, as a share of the figure that stands for it: `5%` is 5 % to either
/// side.
pub type Width = Percent<1>;

impl Width {
    /// Where nothing is asked for.
    pub const USUAL: Self = Self(500);
}

/// How many trials may be run again as others disturbed them, as a share of all.
pub type Allowance = Percent<0>;

impl Allowance {
    /// Where nothing is asked for, and cells are measured more than once.
    pub const USUAL: Self = Self(2_000);
    /// None are run again.
    pub const NONE: Self = Self(0);
}

/// A share from `LEAST` hundredths of a percent to all: `5%`, `0.25%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Percent<const LEAST: u32>(u32);

impl<const LEAST: u32> Percent<LEAST> {
    /// It as a share.
    #[must_use]
    pub fn share(self) -> f64 {
        f64::from(self.0) / 10_000.0
    }

    /// So much of a number, rounded down.
    #[must_use]
    pub fn of(self, number: usize) -> usize {
        let number = number as u128 * u128::from(self.0) / 10_000;
        usize::try_from(number).unwrap_or(usize::MAX)
    }
}

impl<const LEAST: u32> fmt::Display for Percent<LEAST> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&format!("{}%", f64::from(self.0) / 100.0))
    }
}

impl<const LEAST: u32> From<Percent<LEAST>> for String {
    fn from(percent: Percent<LEAST>) -> Self {
        percent.to_string()
    }
}

impl<const LEAST: u32> TryFrom<String> for Percent<LEAST> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl<const LEAST: u32> FromStr for Percent<LEAST> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.trim().strip_suffix('%').map(str::trim_end);
        let number = number.ok_or_else(|| format!("\"{text}\" is not a percentage"))?;
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        if !plain(whole) || !plain(part) || part.len() > 2 {
            return Err(format!("\"{text}\" is not a percentage"));
        }
        let hundredths = format!("{whole}{part:0<2}").parse().unwrap_or(u32::MAX);
        if (LEAST..=10_000).contains(&hundredths) {
            Ok(Self(hundredths))
        } else {
            Err(format!("\"{text}\" is out of bounds"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_width_reads_as_it_is_written() {
        for (text, share) in [
            ("5%", 0.05),
            ("0.5 %", 0.005),
            ("0.01%", 1e-4),
            ("100%", 1.0),
            ("2.25%", 0.0225),
        ] {
            let width: Width = text.parse().unwrap();
            assert!((width.share() - share).abs() < 1e-12, "{text}");
            assert_eq!(width.to_string().parse(), Ok(width), "{text}");
        }
        for text in [
            "5",
            "%",
            "0%",
            "-1%",
            "101%",
            "1.234%",
            "1e1%",
            ".5%",
            "5.%",
            "99999999999%",
        ] {
            assert!(text.parse::<Width>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_allowance_is_a_whole_number_of_trials_and_may_be_none() {
        assert_eq!("20%".parse::<Allowance>().unwrap().of(24), 4);
        assert_eq!("0%".parse::<Allowance>(), Ok(Allowance::NONE));
        assert_eq!(Allowance::NONE.of(1_000), 0);
    }

    #[test]
    fn settings_of_every_kind_come_back() {
        let goal = Goal {
            min: 3,
            max: 10,
            within: "2.5%".parse().unwrap(),
            metrics: vec![Gauge::LatencyP99],
        };
        for (repeats, text) in [
            (Repeats::Fixed(3), "3"),
            (
                Repeats::Until(goal),
                r#"{"min":3,"max":10,"within":"2.5%","metrics":["latency-p99"]}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&repeats).unwrap(), text);
            assert_eq!(serde_json::from_str::<Repeats>(text).unwrap(), repeats);
        }
    }
}
