//! What was counted of a trial that can show its factors' levels: what entries of the registry judge by.
//!
//! Knows neither key nor record, whose parts it is made of. The invariant: what nobody counted is absent, which is not 0.

use serde::{Deserialize, Serialize};

use super::cell::Cell;
use super::factor::is_default;

/// All that there is of a trial to judge by.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// What was asked for.
    pub cell: &'a Cell,
    /// How long the window was, in nanoseconds.
    pub window_ns: Option<u64>,
    /// Congestion control read back from the sockets.
    pub congestion: Option<&'a str>,
    /// Send and receive buffer of a flow, in bytes, as the kernel reports them at its end.
    pub buffer_bytes: [Option<u64>; 2],
    /// Sends without a copy that the kernel copied all the same, over those it has said something of.
    pub zerocopy_copied: Option<f64>,
    /// Bytes that receivers had mapped over all they received.
    pub mapped: Option<f64>,
    /// Datagrams that a call moved, on average, at senders and at receivers.
    pub batched: [Option<f64>; 2],
    /// The most CPU time that any container used in the window, in nanoseconds.
    pub most_cpu_ns: Option<u64>,
    /// Periods in which containers were held back by their quota.
    pub throttled: Option<u64>,
    /// The most memory that any container was charged with, in bytes.
    pub most_memory_bytes: Option<u64>,
    /// What was read of the lab when the window was over.
    pub seen: Option<&'a Seen>,
}

/// What was read of a lab when its window was over and its flows were closed: what it had counted since it was raised. Of many
/// namespaces an even sample is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Namespaces of the host side that were read in.
    pub host_sides: u32,
    /// Namespaces of containers that were read in.
    pub containers: u32,
    /// What rules of host sides counted; absent where they were given none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rules: Option<RulesSeen>,
    /// Connections in the tables of the namespaces that were read in; absent where the kernel has no such thing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tracked: Option<u64>,
    /// Packets that host sides routed; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub routed: Option<u64>,
    /// Bytes that containers received, by protocol.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub received: Option<ByProtocol>,
    /// Who containers know by protocol address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub neighbours: Option<NeighboursSeen>,
    /// The containers' own veths; absent where they have none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub links: Option<LinksSeen>,
    /// The bridges, as they report themselves; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bridges: Option<BridgesSeen>,
    /// Packets that CPUs were handed by others to receive (`softnet_stat`, tenth column), on the whole machine.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub steered: Option<u64>,
    /// The threads that drove flows; only where their CPUs are a factor's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub threads: Option<ThreadsSeen>,
}

/// What rules counted, a few host sides together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulesSeen {
    /// Packets that came past the last of the rules that match nothing; absent where that one is not there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub passed: Option<u64>,
    /// Packets that rules counted which iptables loaded, each rule for itself; absent where none of them was there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub counted: Option<u64>,
}

/// Bytes by protocol, headers of IP included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByProtocol {
    /// `InOctets` of IP.
    pub ipv4_bytes: u64,
    /// `Ip6InOctets`.
    pub ipv6_bytes: u64,
}

/// Neighbours of the traffic's protocol that containers know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeighboursSeen {
    /// Entries that are permanent.
    pub permanent: u64,
    /// Entries that were asked for, answered or not.
    pub asked: u64,
}

/// The containers' own veths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinksSeen {
    /// How many.
    pub links: u32,
    /// Those of another MTU than they were made with.
    #[serde(skip_serializing_if = "is_default", default)]
    pub other_mtu: u32,
    /// Those that take units of another size.
    #[serde(skip_serializing_if = "is_default", default)]
    pub other_units: u32,
    /// Those that segment although they are not to, or the other way round.
    #[serde(skip_serializing_if = "is_default", default)]
    pub other_offload: u32,
    /// Bytes that servers' veths received, headers included.
    pub received_bytes: u64,
    /// Packets these came in; a unit of many segments counts once.
    pub received_packets: u64,
    /// Packets that came to a veth whose address they were not for (`rx_otherhost_dropped`).
    pub astray: u64,
}

/// Bridges, and the ports of containers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BridgesSeen {
    /// How many.
    pub bridges: u32,
    /// Those that snoop memberships.
    pub snooping: u32,
    /// Those that filter by VLAN.
    pub vlan_filtering: u32,
    /// The longest time after which one forgets, in seconds.
    pub ageing_s: u64,
    /// Containers' ports.
    pub ports: u32,
    /// Ports that send back what came by them.
    pub hairpin: u32,
    /// Ports that are isolated.
    pub isolated: u32,
}

/// Threads that drove flows, as the kernel says of them when the window closes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadsSeen {
    /// How many were looked at.
    pub threads: u32,
    /// Those that may run on one CPU alone.
    pub held: u32,
    /// The CPUs that those were last on which are held, or all of them where none is; each once, smallest first.
    pub cpus: Vec<u32>,
}

impl LinksSeen {
    /// Bytes of a packet, on average, as it came; absent where none did.
    #[must_use]
    pub fn unit_bytes(&self) -> Option<f64> {
        let packets = self.received_packets;
        (packets > 0).then(|| self.received_bytes as f64 / packets as f64)
    }
}

impl Seen {
    /// Every number of it, for who holds records to their bounds.
    pub fn numbers(&self) -> impl Iterator<Item = u64> + '_ {
        let rules = self.rules.into_iter();
        let rules = rules.flat_map(|it| [it.passed, it.counted]).flatten();
        let received = self.received.into_iter();
        let received = received.flat_map(|it| [it.ipv4_bytes, it.ipv6_bytes]);
        let neighbours = self.neighbours.into_iter();
        let neighbours = neighbours.flat_map(|it| [it.permanent, it.asked]);
        let links = self.links.into_iter();
        let links = links.flat_map(|it| [it.received_bytes, it.received_packets, it.astray]);
        let bridges = self.bridges.into_iter().map(|it| it.ageing_s);
        let single = [self.tracked, self.routed, self.steered];
        let single = single.into_iter().flatten();
        let all = rules.chain(received).chain(neighbours).chain(links);
        all.chain(bridges).chain(single)
    }
}
