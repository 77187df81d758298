//! How veths take in what they are sent, and on which CPUs.
//!
//! Knows no text of a scenario and no machine. Invariant: a mask of CPUs is written in one way only, so that equal masks
//! are equal cells.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

super::factor::factor! {
    /// Who takes in what a veth receives. A veth is only polled (NAPI) where it coalesces what it receives (GRO), which the
    /// kernel leaves off.
    #[derive(Default)]
    Napi, "napi" {
        /// Without polling: each unit is passed on at once, on the sender's CPU.
        #[default]
        None = "none",
        /// Softirqs poll the veth, and coalesce.
        Polled = "polled",
        /// A kernel thread for each veth polls and coalesces, on any CPU that the scheduler chooses.
        Threaded = "threaded",
    }
}

/// The CPUs that what veths receive is spread over, by flow: receive packet steering.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Rps {
    /// None: it stays on the CPU that it comes in on.
    #[default]
    Off,
    /// All that are online.
    All,
    /// Those whose bits are set; hexadecimal digits in lower case, without a zero in front.
    Cpus(String),
}

/// Digits of the longest mask: of 8,192 CPUs, the most that Linux is built for.
const MOST_DIGITS: usize = 8192 / 4;

impl fmt::Display for Rps {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => out.pad("off"),
            Self::All => out.pad("all"),
            Self::Cpus(digits) => out.pad(&format!("0x{digits}")),
        }
    }
}

impl From<Rps> for String {
    fn from(rps: Rps) -> Self {
        rps.to_string()
    }
}

impl TryFrom<String> for Rps {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for Rps {
    type Err = String;

    /// A mask of no CPU is what `off` says, and is taken for that.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("\"{text}\" is not a mask of CPUs");
        match text {
            "off" => return Ok(Self::Off),
            "all" => return Ok(Self::All),
            _ => {}
        }
        let digits = text.strip_prefix("0x").ok_or_else(wrong)?;
        let fits = (1..=MOST_DIGITS).contains(&digits.len());
        if !fits || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        match digits.trim_start_matches('0') {
            "" => Ok(Self::Off),
            digits => Ok(Self::Cpus(digits.to_ascii_lowercase())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_is_written_in_one_way() {
        for (text, is) in [
            ("off", Ok("off")),
            ("0x0", Ok("off")),
            ("all", Ok("all")),
            ("0x3", Ok("0x3")),
            ("0x00F0", Ok("0xf0")),
            ("0x1ffffffff", Ok("0x1ffffffff")),
            ("0x", Err(())),
            ("3", Err(())),
            ("0x3,4", Err(())),
            ("some", Err(())),
        ] {
            let read = text.parse::<Rps>().map(|rps| rps.to_string());
            assert_eq!(read.as_deref().map_err(|_| ()), is, "{text}");
        }
    }
}
