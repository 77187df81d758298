//! The lines of the kernel's log that are of the network, or of what ends its programs: the one list of them.
//!
//! Must not know how the log is read. The invariant: a line that a lab cannot have caused is taken for none of it, as far as that can
//! be told.

use crate::store::record::Counter;

/// A kind of line.
#[derive(Debug)]
pub(super) struct Kind {
    /// What a line of it says, whatever the numbers in it.
    says: &'static str,
    /// The counter that moves whenever it is written, where there is one. Where that stood still in a trial, the line is somebody
    /// else's: before Linux 6.18 the connection table's names no namespace.
    pub(super) witness: Option<Counter>,
}

const fn kind(says: &'static str, witness: Option<Counter>) -> Kind {
    Kind { says, witness }
}

const KINDS: &[Kind] = &[
    // The neighbour table of either family, one for all namespaces.
    kind("neighbor table overflow", Some(Counter::NeighbourOverflows)),
    kind(
        "neighbour table overflow",
        Some(Counter::NeighbourOverflows),
    ),
    // The connection table of a namespace; and what it expects.
    kind("nf_conntrack: table full", Some(Counter::ConntrackDrops)),
    kind("nf_conntrack: expectation table full", None),
    // All of TCP's memory is in use, or all that connections without an owner may have.
    kind("TCP: out of memory", None),
    kind("TCP: too many orphaned sockets", None),
    // A listener's queue of connections that are not yet open is full.
    kind("Possible SYN flooding on port", None),
    kind("possible SYN flooding on port", None),
    // A driver puts segments together in a way that misleads TCP.
    kind("suspect GRO implementation", None),
    // The table of IPv6 routes.
    kind("Route cache is full", None),
    // A bridge has stopped to tell who wants which group.
    kind("multicast hash table maximum", None),
    // A packet met the same link too often.
    kind("Dead loop on virtual device", None),
    // A namespace does not go, as something of it is still in use.
    kind("unregister_netdevice: waiting for", None),
    // What was killed for lack of memory, of the machine or of a control group; and what was refused to begin with.
    kind("Killed process", None),
    kind("fork rejected by pids controller", None),
    kind("file-max limit", None),
    // Lines of these and others that were left out, as they came too often.
    kind("net_ratelimit:", None),
];

/// What kind of line it is; none where it is of something else.
pub(super) fn of(line: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| line.contains(kind.says))
}

/// The namespace that a line names, by its number.
pub(super) fn namespace(line: &str) -> Option<u64> {
    let (_, behind) = line.split_once(" in netns ")?;
    let digits = behind.split(|it: char| !it.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As they are written by Linux 6.1, 6.12 and 6.18.
    const LINES: [(&str, Option<Counter>); 8] = [
        (
            "neighbour: arp_cache: neighbor table overflow!",
            Some(Counter::NeighbourOverflows),
        ),
        (
            "neighbour: ndisc_cache: neighbor table overflow!",
            Some(Counter::NeighbourOverflows),
        ),
        (
            "nf_conntrack: nf_conntrack: table full, dropping packet",
            Some(Counter::ConntrackDrops),
        ),
        (
            "nf_conntrack: nf_conntrack: table full in netns 4026532841, dropping packet",
            Some(Counter::ConntrackDrops),
        ),
        ("TCP: out of memory -- consider tuning tcp_mem", None),
        (
            "TCP: request_sock_TCP: Possible SYN flooding on port 10.0.0.2:5201. Dropping request.",
            None,
        ),
        ("net_ratelimit: 128 callbacks suppressed", None),
        (
            "unregister_netdevice: waiting for lo to become free. Usage count = 2",
            None,
        ),
    ];

    #[test]
    fn lines_of_the_network_are_known_and_others_are_not() {
        for (line, witness) in LINES {
            assert_eq!(of(line).map(|kind| kind.witness), Some(witness), "{line}");
        }
        for line in [
            "br0: port 38(v00036) entered blocking state",
            "v00037: entered promiscuous mode",
            "systemd[1]: Started session.",
        ] {
            assert!(of(line).is_none(), "{line}");
        }
    }

    #[test]
    fn the_namespace_is_read_where_the_line_has_it() {
        assert_eq!(namespace(LINES[3].0), Some(4_026_532_841));
        assert_eq!(namespace(LINES[2].0), None);
    }
}
