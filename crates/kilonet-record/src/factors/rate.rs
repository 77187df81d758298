//! How much is offered to each flow: messages a second, or bits a second of a stream of bytes.
//!
//! Knows no key and no machine. The invariant: which of the two a workload has follows from its row of facts, and a rate in the
//! other unit is none of its.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::load::MOST_RATE;
use super::raw::Raw;
use super::value::{Count, Written, show};
use super::workload::Workload;
use crate::units::BitsPerSecond;

/// Bits a second of the slowest stream: a message of a byte every eight milliseconds.
const LEAST_BITS: f64 = 1e3;

/// Bits a second of the fastest: more than any machine moves.
const MOST_BITS: f64 = 1e12;

/// What one message of a stream is to last, unless its size was asked for: 2 ms. So the stream is as even as a sender can be whose
/// timer is late by 50 microseconds, and a window of a second has 500 of them.
const MESSAGES_A_SECOND: u64 = 500;

/// A rate of one flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// Messages a second: requests, or datagrams.
    Messages(u32),
    /// Bits a second of a stream of bytes.
    Bits(u64),
}

impl Rate {
    /// Whether a workload has a rate of this unit.
    #[must_use]
    pub fn is_of(self, workload: Workload) -> bool {
        match self {
            Self::Messages(_) => workload.has_rate(),
            Self::Bits(_) => workload.is_byte_stream(),
        }
    }

    /// Whether it is of messages, and not of bits.
    #[must_use]
    pub fn is_of_messages(&self) -> bool {
        match self {
            Self::Messages(_) => true,
            Self::Bits(_) => false,
        }
    }
}

/// A rate in messages a second.
type Messages = Count<1, MOST_RATE>;

impl Written for Rate {
    const RANGE: Option<&'static str> = Messages::RANGE;
    const SEVERAL: &'static str = "RANGE";
    const ONE: &'static str = "N";

    fn read(value: &Raw<'_>) -> Result<Self, String> {
        let Some(text) = value.as_str() else {
            return Messages::read(value).map(|rate| Self::Messages(rate.0));
        };
        let BitsPerSecond(bits) = text.parse()?;
        let fits = (LEAST_BITS..=MOST_BITS).contains(&bits) && bits.fract() == 0.0;
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number between the bounds"
        )]
        let rate = Self::Bits(bits as u64);
        fits.then_some(rate)
            .ok_or_else(|| format!("{} is out of bounds", show(value)))
    }

    fn allowed() -> String {
        format!(
            "{}; for a stream of bytes a rate such as \"100Mb/s\", from 1 kb/s to 1 Tb/s",
            Messages::allowed()
        )
    }

    fn read_range(text: &str) -> Option<Result<Vec<Self>, String>> {
        let rates = Messages::read_range(text)?;
        Some(rates.map(|rates| {
            let rates = rates.into_iter();
            rates.map(|rate| Self::Messages(rate.0)).collect()
        }))
    }
}

impl JsonSchema for Rate {
    fn schema_name() -> Cow<'static, str> {
        "Rate".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            Messages::json_schema(generator),
            { "type": "string", "pattern": "^\\d+(\\.\\d+)? *[kMGT]?b/s$" },
        ] })
    }
}

/// Bytes of a message of a stream at so many bits a second, unless its size was asked for: what it moves in 2 ms, and at most what
/// one has that is sent without pause.
#[must_use]
pub fn bytes_at_a_time(bits_per_second: u64, most: u32) -> u32 {
    let bytes = bits_per_second / 8 / MESSAGES_A_SECOND;
    u32::try_from(bytes).unwrap_or(most).clamp(1, most)
}

/// A rate in the letters of an id, to the bit.
#[must_use]
pub fn in_id(bits_per_second: u64) -> String {
    let units = [("G", 1_000_000_000), ("M", 1_000_000), ("k", 1_000)];
    let whole = units
        .iter()
        .find(|(_, unit)| bits_per_second.is_multiple_of(*unit));
    let (prefix, unit) = whole.unwrap_or(&("", 1));
    format!("{}{prefix}bps", bits_per_second / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_read_in_the_unit_that_it_is_written_in() {
        let read = |text| Rate::read(&Raw::of(text));
        assert_eq!(read("1000"), Ok(Rate::Messages(1000)));
        assert_eq!(read("100Mb/s"), Ok(Rate::Bits(100_000_000)));
        assert_eq!(read("1.5 Gb/s"), Ok(Rate::Bits(1_500_000_000)));
        assert_eq!(read("64kb/s"), Ok(Rate::Bits(64_000)));
        for (text, why) in [
            ("100Mbps", "needs a unit"),
            ("100MB/s", "needs a unit"),
            ("100M", "needs a unit"),
            ("Mb/s", "is not a rate"),
            ("1e3kb/s", "is not a rate"),
            ("10b/s", "out of bounds"),
            ("2Tb/s", "out of bounds"),
            ("1000.5b/s", "out of bounds"),
            ("0", "out of bounds"),
        ] {
            let said = read(text).unwrap_err();
            assert!(said.contains(why), "{text}: {said}");
        }
        let range = Rate::read_range("100..400").unwrap().unwrap();
        assert_eq!(range, [100, 200, 400].map(Rate::Messages));
        assert_eq!(Rate::read_range("100Mb/s"), None);
    }

    #[test]
    fn each_workload_has_its_unit() {
        let units = [Rate::Messages(1), Rate::Bits(1000)];
        let of = |workload| units.map(|rate| rate.is_of(workload));
        assert_eq!(of(Workload::TcpStream), [false, true]);
        assert_eq!(of(Workload::TcpCc), [true, false]);
        assert_eq!(of(Workload::UdpStream), [true, false]);
        assert_eq!(of(Workload::Idle), [false, false]);
    }

    #[test]
    fn a_message_lasts_two_milliseconds_and_is_no_larger_than_is_usual() {
        let bytes = |bits| bytes_at_a_time(bits, 128 << 10);
        assert_eq!(bytes(100_000_000), 25_000);
        assert_eq!(bytes(1_000), 1);
        assert_eq!(bytes(1_000_000_000_000), 128 << 10);
    }

    #[test]
    fn ids_tell_rates_apart_to_the_bit() {
        let ids = [100_000_000, 1_000_000_000, 1_500_000, 64_001].map(in_id);
        assert_eq!(ids, ["100Mbps", "1Gbps", "1500kbps", "64001bps"]);
    }
}
