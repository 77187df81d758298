//! What each container may use, where it is a process in control groups of its own.
//!
//! Knows no machine. Invariant: equal limits are written in one way only, so that equal cells are equal.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::factor::is_default;
use super::raw::Raw;
use super::value::{Written, show, text_of};
use crate::units::Bytes;

/// What each container may use; in a record only what is limited.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// CPU time.
    #[serde(skip_serializing_if = "is_default")]
    pub cpu_max: CpuMax,
    /// Memory, in bytes.
    #[serde(skip_serializing_if = "is_default", rename = "memory_max_bytes")]
    pub memory_max: MemoryMax,
    /// The CPUs it may run on.
    #[serde(skip_serializing_if = "is_default")]
    pub cpuset: CpuList,
}

impl Limits {
    /// Whether it is chosen on which CPUs a container may run.
    #[must_use]
    pub fn choose_cpus(&self) -> bool {
        self.cpuset != CpuList::default()
    }
}

/// CPU time, in thousandths of a CPU; absent is as much as there is. Written as a number of CPUs.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(into = "Option<f64>", try_from = "Option<f64>")]
pub struct CpuMax(pub Option<u32>);

/// The least quota that Linux takes is 1 ms of each 100 ms.
const LEAST_THOUSANDTHS: u32 = 10;

/// As many CPUs as Linux is built for.
const MOST_THOUSANDTHS: u32 = 8_192_000;

impl CpuMax {
    fn of(cpus: f64) -> Option<Self> {
        let thousandths = (cpus * 1000.0).round();
        let allowed = f64::from(LEAST_THOUSANDTHS)..=f64::from(MOST_THOUSANDTHS);
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number within bounds that u32 holds"
        )]
        allowed
            .contains(&thousandths)
            .then_some(Self(Some(thousandths as u32)))
    }
}

impl From<CpuMax> for Option<f64> {
    fn from(limit: CpuMax) -> Self {
        limit.0.map(|thousandths| f64::from(thousandths) / 1000.0)
    }
}

impl TryFrom<Option<f64>> for CpuMax {
    type Error = String;
    fn try_from(cpus: Option<f64>) -> Result<Self, String> {
        let wrong = |cpus| format!("{cpus} is not a number of CPUs");
        cpus.map_or(Ok(Self(None)), |cpus| {
            Self::of(cpus).ok_or_else(|| wrong(cpus))
        })
    }
}

impl fmt::Display for CpuMax {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Option::<f64>::from(*self) {
            None => out.pad("none"),
            Some(cpus) => out.pad(&cpus.to_string()),
        }
    }
}

impl Written for CpuMax {
    fn read(value: &Raw<'_>) -> Result<Self, String> {
        let number = match value {
            Raw::Text(text) if *text == "none" => return Ok(Self(None)),
            Raw::Text(text) => text.parse().ok(),
            Raw::Integer(number) => number.text.parse().ok(),
            Raw::Float(number) => number.parse().ok(),
            _ => None,
        };
        let limit = number.and_then(Self::of);
        limit.ok_or_else(|| format!("{} is not a number of CPUs", show(value)))
    }

    fn allowed() -> String {
        "\"none\" or a number of CPUs such as 0.5, from 0.01 to 8192".to_owned()
    }
}

impl JsonSchema for CpuMax {
    fn schema_name() -> Cow<'static, str> {
        "CpuMax".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "const": "none" },
            { "type": "number", "minimum": 0.01, "maximum": 8192 },
        ] })
    }
}

/// Memory, in bytes; absent is as much as there is.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct MemoryMax(pub Option<u64>);

/// Below this, a process with one flow of small messages does not fit.
const LEAST_MEMORY: u64 = 1 << 20;

/// More than any machine has.
const MOST_MEMORY: u64 = 1 << 40;

impl fmt::Display for MemoryMax {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => out.pad("none"),
            Some(bytes) => out.pad(&Bytes(bytes).to_string()),
        }
    }
}

impl Written for MemoryMax {
    const SEVERAL: &'static str = "SIZES";

    fn read(value: &Raw<'_>) -> Result<Self, String> {
        let bytes = match value {
            Raw::Text(text) if *text == "none" => return Ok(Self(None)),
            Raw::Integer(number) => number.text.parse().ok(),
            _ => Some(text_of(value)?.parse::<Bytes>()?.0),
        };
        let bytes = bytes.filter(|bytes| (LEAST_MEMORY..=MOST_MEMORY).contains(bytes));
        bytes
            .map(|bytes| Self(Some(bytes)))
            .ok_or_else(|| format!("{} is out of bounds", show(value)))
    }

    fn allowed() -> String {
        let (least, most) = (Bytes(LEAST_MEMORY), Bytes(MOST_MEMORY));
        format!("\"none\" or a size such as \"64MiB\", from {least} to {most}")
    }
}

impl JsonSchema for MemoryMax {
    fn schema_name() -> Cow<'static, str> {
        "MemoryMax".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "const": "none" },
            { "type": "integer", "minimum": LEAST_MEMORY, "maximum": MOST_MEMORY },
            { "type": "string", "pattern": "^\\d+ *(B|KiB|MiB|GiB)?$" },
        ] })
    }
}

/// CPUs as the kernel lists them, in rising order and as few parts as possible (`0-1,4`); empty is all.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct CpuList(Vec<(u32, u32)>);

/// The highest number of a CPU that Linux is built for.
const LAST_CPU: u32 = 8191;

impl CpuList {
    /// As the kernel takes it; absent where nothing is chosen.
    #[must_use]
    pub fn list(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.to_string())
    }

    /// Its CPUs by number, the lowest first.
    pub fn cpus(&self) -> impl Iterator<Item = u32> {
        self.0.iter().flat_map(|(first, last)| *first..=*last)
    }
}

impl fmt::Display for CpuList {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |(first, last): &(u32, u32)| {
            if first == last {
                first.to_string()
            } else {
                format!("{first}-{last}")
            }
        };
        match self.0.as_slice() {
            [] => out.pad("none"),
            parts => out.pad(&parts.iter().map(part).collect::<Vec<_>>().join(",")),
        }
    }
}

impl FromStr for CpuList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self::default());
        }
        let wrong = || format!("\"{text}\" is not a list of CPUs");
        let parts = text.split(',').map(|part| part_of(part).ok_or_else(wrong));
        let mut parts = parts.collect::<Result<Vec<_>, String>>()?;
        parts.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::new();
        for (first, last) in parts {
            match merged.last_mut() {
                Some(before) if first <= before.1 + 1 => before.1 = before.1.max(last),
                _ => merged.push((first, last)),
            }
        }
        Ok(Self(merged))
    }
}

fn part_of(text: &str) -> Option<(u32, u32)> {
    let number = |text: &str| text.trim().parse().ok().filter(|cpu| *cpu <= LAST_CPU);
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (number(first)?, number(last)?);
    (first <= last).then_some((first, last))
}

impl From<CpuList> for String {
    fn from(list: CpuList) -> Self {
        list.to_string()
    }
}

impl TryFrom<String> for CpuList {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl Written for CpuList {
    fn read(value: &Raw<'_>) -> Result<Self, String> {
        match value {
            // A flag with one CPU looks like a number.
            Raw::Integer(number) => number.text.parse(),
            _ => text_of(value)?.parse(),
        }
    }

    fn allowed() -> String {
        "\"none\" or a list of CPUs such as \"0\", \"0-1\" or \"0-1,4\"".to_owned()
    }
}

impl JsonSchema for CpuList {
    fn schema_name() -> Cow<'static, str> {
        "CpuList".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": "integer", "minimum": 0, "maximum": LAST_CPU },
            { "type": "string", "pattern": "^(none|\\d+(-\\d+)?(,\\d+(-\\d+)?)*)$" },
        ] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_cpus_is_written_in_one_way() {
        for (text, is) in [
            ("none", Ok("none")),
            ("0", Ok("0")),
            ("1,0", Ok("0-1")),
            ("4, 0-2,1-3", Ok("0-4")),
            ("0,2-2,6-7", Ok("0,2,6-7")),
            ("1-0", Err(())),
            ("8192", Err(())),
            ("", Err(())),
            ("0,", Err(())),
            ("all", Err(())),
        ] {
            let read = text.parse::<CpuList>().map(|list| list.to_string());
            assert_eq!(read.as_deref().map_err(|_| ()), is, "{text}");
        }
    }

    #[test]
    fn only_what_is_limited_is_in_a_record() {
        let json = |limits: &Limits| serde_json::to_string(limits).unwrap();
        assert_eq!(json(&Limits::default()), "{}");
        let limits = Limits {
            cpu_max: CpuMax(Some(500)),
            memory_max: MemoryMax(Some(64 << 20)),
            cpuset: "0-1".parse().unwrap(),
        };
        let text = r#"{"cpu_max":0.5,"memory_max_bytes":67108864,"cpuset":"0-1"}"#;
        assert_eq!(json(&limits), text);
        assert_eq!(serde_json::from_str::<Limits>(text).unwrap(), limits);
        assert!(serde_json::from_str::<Limits>(r#"{"cpu_max":0.0}"#).is_err());
    }
}
