//! Sysctls of which each network namespace has its own: those that a scenario may ask for in its containers, by name.
//!
//! Knows no machine. The list is short on purpose: what is not on it is not touched. Invariant: equal settings are written in one way
//! only, so that equal cells are equal.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::raw::Raw;
use super::value::{Written, nearest, show, text_of};

/// A sysctl that each namespace has for itself.
#[derive(Debug, Clone, Copy)]
pub struct Namespaced {
    /// Its name, with dots.
    pub name: &'static str,
    /// Of how many numbers its value is.
    pub numbers: usize,
    /// What it means, in a sentence.
    pub about: &'static str,
}

const fn of(name: &'static str, numbers: usize, about: &'static str) -> Namespaced {
    Namespaced {
        name,
        numbers,
        about,
    }
}

/// The range of ports that the kernel chooses from.
pub const PORT_RANGE: &str = "net.ipv4.ip_local_port_range";

/// Ports that the kernel chooses from in a new namespace: 32768 to 60999, whatever the machine's own range is.
pub const FRESH_LOCAL_PORTS: u64 = 60_999 - 32_768 + 1;
/// The same as the kernel has it.
pub const FRESH_PORT_RANGE: &str = "32768 60999";

/// All that a scenario may set.
pub const NAMESPACED: &[Namespaced] = &[
    of(
        "net.core.somaxconn",
        1,
        "Longest queue of connections that wait to be accepted, whatever `listen` asks for.",
    ),
    of(
        PORT_RANGE,
        2,
        "First and last port that the kernel chooses for sockets that ask for none.",
    ),
    of(
        "net.ipv4.tcp_tw_reuse",
        1,
        "Whether new connections may reuse ports in TIME_WAIT: 0 no, 1 yes, 2 over loopback only.",
    ),
    of(
        "net.ipv4.tcp_fin_timeout",
        1,
        "Seconds that half-closed connections are kept.",
    ),
    of(
        "net.ipv4.tcp_max_tw_buckets",
        1,
        "Most connections in TIME_WAIT.",
    ),
    of(
        "net.ipv4.tcp_max_syn_backlog",
        1,
        "Most connections in the SYN queue of one listening socket.",
    ),
    of(
        "net.ipv4.tcp_syncookies",
        1,
        "Whether a listener answers by SYN cookies: 0 never, 1 when its SYN queue is full, 2 always.",
    ),
    of(
        "net.ipv4.tcp_abort_on_overflow",
        1,
        "Whether a full accept queue resets connections instead of leaving them to try again.",
    ),
    of(
        "net.ipv4.tcp_syn_retries",
        1,
        "How often a client asks for a connection again.",
    ),
    of(
        "net.ipv4.tcp_synack_retries",
        1,
        "How often a server sends an unanswered SYN-ACK again.",
    ),
    of(
        "net.ipv4.tcp_rmem",
        3,
        "Bytes of a receive buffer: least, at first, most.",
    ),
    of(
        "net.ipv4.tcp_wmem",
        3,
        "Bytes of a send buffer: least, at first, most.",
    ),
    of(
        "net.ipv4.tcp_moderate_rcvbuf",
        1,
        "Whether receive buffers grow by themselves.",
    ),
    of(
        "net.ipv4.tcp_notsent_lowat",
        1,
        "Bytes not sent yet up to which a socket takes more.",
    ),
    of(
        "net.ipv4.tcp_limit_output_bytes",
        1,
        "Bytes of one socket that wait in queues below TCP.",
    ),
    of(
        "net.ipv4.tcp_autocorking",
        1,
        "Whether small writes wait for others while packets are under way.",
    ),
    of(
        "net.ipv4.tcp_slow_start_after_idle",
        1,
        "Whether the window shrinks while nothing is sent.",
    ),
    of(
        "net.ipv4.tcp_no_metrics_save",
        1,
        "Whether what was learned of a path is forgotten with the connection.",
    ),
    of(
        "net.ipv4.tcp_sack",
        1,
        "Whether selective acknowledgements (SACK) are used: 0 no, 1 yes.",
    ),
    of(
        "net.ipv4.tcp_timestamps",
        1,
        "Whether segments bear timestamps.",
    ),
    of(
        "net.ipv4.tcp_window_scaling",
        1,
        "Whether windows may be larger than 64 KiB.",
    ),
    of(
        "net.ipv4.tcp_ecn",
        1,
        "Whether congestion is marked: 0 no, 1 asked for, 2 if asked.",
    ),
    of(
        "net.ipv4.tcp_mtu_probing",
        1,
        "Whether larger segments are tried: 0 no, 1 after losses, 2 always.",
    ),
    of(
        "net.ipv4.udp_rmem_min",
        1,
        "Least bytes of a receive buffer under UDP's memory pressure.",
    ),
    of(
        "net.ipv4.udp_wmem_min",
        1,
        "Least bytes of a UDP send buffer; the kernel accepts it and does not use it.",
    ),
];

impl Namespaced {
    /// The one of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        NAMESPACED.iter().find(|one| one.name == name)
    }

    /// Reads a value: whole numbers parted by blanks or colons.
    ///
    /// # Errors
    /// A sentence on what is wrong with it; [`allowed`](Self::allowed) says what would be right.
    pub fn read(&self, value: &Raw<'_>) -> Result<String, String> {
        let wrong = || format!("{} is not a value of {}", show(value), self.name);
        let text = match value {
            Raw::Integer(number) => number.to_string(),
            other => text_of(other).map_err(|_| wrong())?.to_owned(),
        };
        let numbers = text.split([' ', '\t', ':']).filter(|part| !part.is_empty());
        let numbers: Option<Vec<u64>> = numbers.map(|number| number.parse().ok()).collect();
        let numbers = numbers.filter(|numbers| numbers.len() == self.numbers && self.fits(numbers));
        let words: Vec<_> = numbers
            .ok_or_else(wrong)?
            .iter()
            .map(u64::to_string)
            .collect();
        Ok(words.join(" "))
    }

    /// Whether the kernel could take them, where other limits follow from them.
    fn fits(&self, numbers: &[u64]) -> bool {
        match (self.name == PORT_RANGE, numbers) {
            (true, [first, last]) => 1 <= *first && first <= last && *last <= 65_535,
            _ => true,
        }
    }

    /// What its value may be, to follow the word "allowed: ".
    #[must_use]
    pub fn allowed(&self) -> String {
        match self.numbers {
            _ if self.name == PORT_RANGE => {
                "a text of two ports, such as \"1024 65000\"".to_owned()
            }
            1 => "a whole number".to_owned(),
            many => format!("a text of {many} whole numbers"),
        }
    }
}

/// What is set in each container's namespace: name to value as the kernel takes it; in a scenario and a record
/// `net.core.somaxconn=128 net.ipv4.tcp_rmem=4096:131072:6291456`, or `none`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamespaceSysctls(BTreeMap<&'static str, String>);

impl NamespaceSysctls {
    /// Adds one.
    pub fn set(&mut self, sysctl: &'static Namespaced, value: String) {
        self.0.insert(sysctl.name, value);
    }

    /// Name and value of each, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// What is set of one.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// How many ports there are in a range as the kernel has it: `32768 60999`.
#[must_use]
pub fn ports_of(range: &str) -> Option<u64> {
    let mut ends = range.split(' ').map(str::parse::<u64>);
    let (first, last) = (ends.next()?.ok()?, ends.next()?.ok()?);
    last.checked_sub(first).map(|between| between + 1)
}

impl fmt::Display for NamespaceSysctls {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return out.pad("none");
        }
        let each = self.iter();
        let each = each.map(|(name, value)| format!("{name}={}", value.replace(' ', ":")));
        out.pad(&each.collect::<Vec<_>>().join(" "))
    }
}

impl Written for NamespaceSysctls {
    const SEVERAL: &'static str = "SYSCTLS";

    fn read(value: &Raw<'_>) -> Result<Self, String> {
        let mut all = Self::default();
        let text = text_of(value)?;
        for setting in text.split_whitespace().filter(|_| text.trim() != "none") {
            let (name, value) = setting
                .split_once('=')
                .ok_or_else(|| format!("\"{setting}\" sets no sysctl"))?;
            let sysctl = Namespaced::named(name).ok_or_else(|| unknown(name))?;
            all.set(sysctl, sysctl.read(&Raw::Text(value))?);
        }
        if all.is_empty() && text.trim() != "none" {
            return Err(format!("{} sets no sysctl", show(value)));
        }
        Ok(all)
    }

    fn allowed() -> String {
        "\"none\", or sysctls of a namespace such as \"net.core.somaxconn=128 net.ipv4.tcp_rmem=4096:131072:6291456\""
            .to_owned()
    }
}

/// What is wrong with a name that is none of them.
#[must_use]
pub fn unknown(name: &str) -> String {
    let near = nearest(name, NAMESPACED.iter().map(|one| one.name));
    let hint = near.map_or_else(String::new, |near| format!("; did you mean \"{near}\"?"));
    format!("\"{name}\" is no sysctl that can be set for each namespace{hint}")
}

impl JsonSchema for NamespaceSysctls {
    fn schema_name() -> Cow<'static, str> {
        "NamespaceSysctls".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^ *(none|net[a-z0-9_.]+=\\d+(:\\d+)*( +net[a-z0-9_.]+=\\d+(:\\d+)*)*) *$" })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn settings_are_written_in_one_way() {
        let read = |text: &str| NamespaceSysctls::read(&Raw::Text(text));
        for (text, shown) in [
            ("none", "none"),
            (" net.core.somaxconn=0128 ", "net.core.somaxconn=128"),
            (
                "net.ipv4.tcp_rmem=4096:131072:6291456 net.core.somaxconn=1",
                "net.core.somaxconn=1 net.ipv4.tcp_rmem=4096:131072:6291456",
            ),
        ] {
            let settings = read(text).unwrap();
            assert_eq!(settings.to_string(), shown);
            assert_eq!(read(shown).unwrap(), settings);
        }
        for (text, said) in [
            ("", "sets no sysctl"),
            ("net.core.somaxconn", "sets no sysctl"),
            (
                "net.core.somaxcon=1",
                "did you mean \"net.core.somaxconn\"?",
            ),
            (
                "net.core.rmem_max=1",
                "no sysctl that can be set for each namespace",
            ),
            ("net.core.somaxconn=1:2", "is not a value"),
            ("net.core.somaxconn=-1", "is not a value"),
            ("net.ipv4.ip_local_port_range=2:1", "is not a value"),
            ("net.ipv4.ip_local_port_range=1:65536", "is not a value"),
            ("none net.core.somaxconn=1", "\"none\" sets no sysctl"),
        ] {
            let wrong = read(text).unwrap_err();
            assert!(wrong.contains(said), "{text}: {wrong}");
        }
    }

    #[test]
    fn a_range_of_ports_has_both_its_ends() {
        let set = NamespaceSysctls::read(&Raw::Text("net.ipv4.ip_local_port_range=1024:65000"));
        let set = set.unwrap();
        assert_eq!(set.value(PORT_RANGE).and_then(ports_of), Some(63_977));
        assert_eq!(ports_of(FRESH_PORT_RANGE), Some(FRESH_LOCAL_PORTS));
        assert_eq!(
            [ports_of("5 5"), ports_of("6 5"), ports_of("")],
            [Some(1), None, None]
        );
        let names: HashSet<_> = NAMESPACED.iter().map(|one| one.name).collect();
        assert_eq!(names.len(), NAMESPACED.len());
        assert!(NAMESPACED.iter().all(|one| one.about.ends_with('.')));
    }
}
