//! What some pairs of a trial do beside the others: mixed workloads.
//!
//! Knows no cell and no machine. Invariant: what is the same is written in one way only, so that equal cells are equal.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::factor::Factor;
use super::load::{Load, MOST_RATE};
use super::workload::Workload;

/// What a flow does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orders {
    /// Its kind.
    pub workload: Workload,
    /// Bytes of a message from client to server, at least 1.
    pub message_bytes: u32,
    /// What is asked of it beside that.
    pub load: Load,
}

impl Orders {
    /// Bytes of a response: as many as the request has, unless a scenario says otherwise.
    #[must_use]
    pub fn response_bytes(&self) -> u32 {
        self.load.response_bytes.unwrap_or(self.message_bytes)
    }

    /// Bytes of a request or of a message; none where none is ever sent.
    #[must_use]
    pub fn sent_bytes(&self) -> u32 {
        self.workload
            .facts()
            .message_bytes
            .map_or(0, |_| self.message_bytes)
    }

    /// Whether one end of a server container serves the connections of all its flows, which it cannot tell apart.
    #[must_use]
    pub fn is_served_together(&self) -> bool {
        self.workload.renews_connections() && self.load.shares_port()
    }

    /// Messages a second that are offered; absent where none has a time of its own.
    #[must_use]
    pub fn messages_per_s(&self) -> Option<f64> {
        let message_bits = 8.0 * f64::from(self.message_bytes);
        let of_a_stream = self.load.rate_bps.map(|bits| bits as f64 / message_bits);
        self.load.rate.map(f64::from).or(of_a_stream)
    }
}

/// Pairs of a trial that do the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Class {
    /// What their flows do.
    pub orders: Orders,
    /// How many pairs.
    pub pairs: u32,
}

/// What some pairs do instead of the cell's workload; nothing where all do that. Written `idle:90% tcp-rr:2@1000`: so many
/// of a hundred pairs, or so many pairs, and for requests at how many a second each.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Beside(Vec<Guests>);

/// Pairs that do the same, and not what the cell's workload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Guests {
    workload: Workload,
    part: Part,
    /// Messages a second of each flow; absent for a closed loop, and for what has no messages.
    rate: Option<u32>,
}

/// How many pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Part {
    Percent(u32),
    Pairs(u32),
}

impl Part {
    /// Of so many pairs: one at least, and what is left of a pair is the cell's own workload's.
    fn of(self, pairs: u32) -> u32 {
        match self {
            Self::Pairs(count) => count,
            Self::Percent(percent) => {
                let whole = u64::from(pairs) * u64::from(percent) / 100;
                u32::try_from(whole).unwrap_or(u32::MAX).max(1)
            }
        }
    }
}

impl Beside {
    /// Whether all pairs do what the cell's workload is.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// What is done beside it.
    pub fn workloads(&self) -> impl Iterator<Item = Workload> {
        self.0.iter().map(|guests| guests.workload)
    }

    /// The classes of the pairs that do not do what a cell's own are to do, of so many pairs.
    pub(super) fn classes(&self, own: &Load, pairs: u32) -> Vec<Class> {
        let classes = self.0.iter().map(|guests| Class {
            orders: guests.orders(own),
            pairs: guests.part.of(pairs),
        });
        classes.collect()
    }

    /// Whether so many pairs are enough: each of its workloads gets its own, and the cell's one at least.
    #[must_use]
    pub fn fits(&self, pairs: u32) -> bool {
        let parts = self.0.iter();
        let taken: u64 = parts.map(|guests| u64::from(guests.part.of(pairs))).sum();
        taken < u64::from(pairs)
    }
}

impl Guests {
    /// What they do in a cell whose own pairs are to do this.
    fn orders(self, own: &Load) -> Orders {
        let message_bytes = self.workload.usual_message_bytes();
        Orders {
            workload: self.workload,
            message_bytes,
            load: Load {
                response_bytes: self.workload.has_responses().then_some(message_bytes),
                rate: self.rate,
                ..own.of_all_pairs()
            },
        }
    }
}

impl fmt::Display for Guests {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:", self.workload)?;
        match self.part {
            Part::Percent(percent) => write!(out, "{percent}%")?,
            Part::Pairs(count) => write!(out, "{count}")?,
        }
        self.rate.map_or(Ok(()), |rate| write!(out, "@{rate}"))
    }
}

impl fmt::Display for Beside {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let guests: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        out.pad(&if guests.is_empty() {
            "none".to_owned()
        } else {
            guests.join(" ")
        })
    }
}

impl From<Beside> for String {
    fn from(beside: Beside) -> Self {
        beside.to_string()
    }
}

impl TryFrom<String> for Beside {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for Guests {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (workload, part) = text
            .split_once(':')
            .ok_or_else(|| format!("`{text}` does not say how many pairs, as in `{text}:2`"))?;
        let workload: Workload = workload.parse()?;
        let (part, rate) = match part.split_once('@') {
            Some((part, rate)) => (part, Some(rate)),
            None => (part, None),
        };
        let wrong = || format!("`{part}` is not a number of pairs or a percentage of them");
        let (digits, percent) = match part.strip_suffix('%') {
            Some(digits) => (digits, true),
            None => (part, false),
        };
        let number: u32 = digits.parse().map_err(|_| wrong())?;
        let part = match (percent, number) {
            (true, 1..=99) => Part::Percent(number),
            (false, 1..=500_000) => Part::Pairs(number),
            _ => return Err(wrong()),
        };
        let rate = rate.map(|rate| {
            let number = rate.parse().ok();
            let fits = number.filter(|number| (1..=MOST_RATE).contains(number));
            let fits = fits.filter(|_| workload.has_rate());
            fits.ok_or_else(|| format!("`{rate}` is not a rate of {workload}"))
        });
        Ok(Self {
            workload,
            part,
            rate: rate.transpose()?,
        })
    }
}

impl FromStr for Beside {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self::default());
        }
        let guests = text.split_whitespace().map(str::parse);
        let mut guests = guests.collect::<Result<Vec<Guests>, _>>()?;
        // One way of writing what is the same.
        guests.sort_by_key(|guests| guests.workload.word());
        if guests.is_empty() {
            return Err("nothing stands beside the workload; write \"none\" for that".to_owned());
        }
        if let Some(two) = guests
            .windows(2)
            .find(|two| two[0].workload == two[1].workload)
        {
            return Err(format!("{} is given twice", two[0].workload));
        }
        let percent = |guests: &Guests| match guests.part {
            Part::Percent(percent) => percent,
            Part::Pairs(_) => 0,
        };
        let percent: u32 = guests.iter().map(percent).sum();
        if percent > 99 {
            return Err(format!("{percent} % leaves no pair for the workload"));
        }
        Ok(Self(guests))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_is_written() {
        for text in ["none", "idle:90%", "tcp-rr:2@1000 idle:10%"] {
            let beside: Beside = text.parse().unwrap();
            assert_eq!(beside.to_string().parse(), Ok(beside.clone()), "{text}");
        }
        let one: Beside = "tcp-rr:2  idle:10%".parse().unwrap();
        assert_eq!(Ok(one), "idle:10% tcp-rr:2".parse());
    }

    #[test]
    fn what_cannot_be_shared_out_is_refused() {
        for (text, why) in [
            ("", "nothing stands beside"),
            ("idle", "does not say how many pairs"),
            ("idle:0", "not a number of pairs"),
            ("idle:100%", "not a number of pairs"),
            ("tcp-rr:50% idle:50%", "100 % leaves no pair"),
            ("idle:1 idle:2", "is given twice"),
            ("idle:1@5", "not a rate of idle"),
            ("tcp-rr:1@0", "not a rate of tcp-rr"),
            ("sleep:1", "unknown workload"),
        ] {
            let error = text.parse::<Beside>().unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn each_class_needs_a_pair() {
        let fits = |text: &str, pairs| text.parse::<Beside>().unwrap().fits(pairs);
        assert!(fits("none", 1));
        for (text, too_few) in [
            ("tcp-rr:1", 1),
            ("idle:90%", 1),
            ("idle:90% tcp-rr:9%", 10),
            ("idle:50% tcp-rr:10", 20),
        ] {
            assert!(!fits(text, too_few) && fits(text, too_few + 1), "{text}");
        }
    }
}
