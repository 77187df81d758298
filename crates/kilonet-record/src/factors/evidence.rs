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
    /// What flows came to in the window; absent where nothing was measured.
    pub came: Option<Came>,
    /// What was read of the lab when the window was over.
    pub seen: Option<&'a Seen>,
}

/// What the flows of a trial came to in its window, all together.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Came {
    /// Flows that were there from the beginning of the window to its end.
    pub flows: u32,
    /// Flows that never connected, or died.
    pub lost: u32,
    /// Flows that were there and moved nothing.
    pub idle: u32,
    /// Payload that receivers took, in bytes a second.
    pub bytes_per_s: f64,
    /// The same as interfaces counted it, over what sockets did; absent where they were not read.
    pub by_interfaces: Option<f64>,
    /// Requests a second that were answered.
    pub requests_per_s: Option<f64>,
    /// Datagrams of streams a second, as they were sent and as they were received.
    pub datagrams_per_s: Option<[f64; 2]>,
    /// Messages that were given up, or not sent as it was too late for them.
    pub given_up: u64,
    /// How long a request took, on average and at most, in nanoseconds.
    pub request_ns: Option<[f64; 2]>,
    /// How late the latest message was sent, in nanoseconds; absent where none has a time of its own.
    pub latest_ns: Option<u64>,
}

/// What was read of a lab when its window was over and its flows were closed: what it had counted since it was raised. Of many
/// namespaces an even sample is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Namespaces of the host side that were read in.
    pub host_sides: u32,
    /// Namespaces of containers that were read in.
    pub containers: u32,
    /// Time that it took to count sockets, when the window had just been closed, and to read all else, when flows were closed, in
    /// nanoseconds; absent in records of earlier versions.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub took_ns: Option<[u64; 2]>,
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
    /// Containers' namespaces that have addresses beside that of lo; absent where they have no links.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub addressed: Option<AddressedSeen>,
    /// Where containers' links end; absent where they end in no host side.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ports: Option<PortsSeen>,
    /// Sockets of containers, just after the window; absent where flows are others' programs'.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sockets: Option<SocketsSeen>,
    /// Veths that kernel threads are to poll; only where that is asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub polling: Option<PollingSeen>,
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
    /// Host sides whose rules were listed.
    #[serde(skip_serializing_if = "is_default", default)]
    pub sides: u32,
    /// Of so many that have rules.
    #[serde(skip_serializing_if = "is_default", default)]
    pub of: u32,
    /// Rules there that lead to a container (DNAT); absent where the profile's rules were not listed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub leading: Option<u64>,
    /// Services there, each with a way to its endpoints; absent likewise.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub services: Option<u64>,
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
    /// Entries that were set up for good and are not there any more.
    #[serde(skip_serializing_if = "is_default", default)]
    pub missing: u64,
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
    /// Those that coalesce what they receive, and are polled for it.
    #[serde(skip_serializing_if = "is_default", default)]
    pub polled: u32,
    /// Those whose MAC address begins as one does that is derived from an IPv4 address (`02:42:`).
    #[serde(skip_serializing_if = "is_default", default)]
    pub derived_macs: u32,
    /// Bytes that came to the one of each two that talk to which fewer came, and to the other one; of those two that are
    /// both among the sampled.
    #[serde(skip_serializing_if = "is_default", default)]
    pub less_and_more_bytes: [u64; 2],
}

/// Containers' namespaces that have addresses of a protocol beside that of lo.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressedSeen {
    /// Those that have a way by IPv4.
    pub ipv4: u32,
    /// Those that have an address of IPv6 which is valid beyond a link.
    pub ipv6: u32,
}

/// Where containers' links end: namespaces of the host side, and the links there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortsSeen {
    /// Namespaces that were read in.
    pub sides: u32,
    /// Of so many.
    pub of: u32,
    /// Bridges in them.
    #[serde(skip_serializing_if = "is_default", default)]
    pub bridges: u32,
    /// Containers' links that end there, at a bridge where there is one.
    pub ports: u32,
    /// The most in one of them.
    pub most: u32,
    /// Bytes that came from containers by these.
    pub came_bytes: u64,
    /// Bytes that left by other links, towards other namespaces of the host side.
    pub left_bytes: u64,
}

/// Sockets in the namespaces of containers, as the kernel counts them when the window has just been closed and flows are still
/// there, beside the ends of flows that are meant to be there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocketsSeen {
    /// Namespaces that were read in.
    pub namespaces: u32,
    /// Those of them that have sockets.
    pub talking: u32,
    /// An even sample of all containers' namespaces.
    pub sample: u32,
    /// Those of it that have sockets.
    pub sample_talking: u32,
    /// Ends of pairs in the namespaces that were read in.
    pub ends: u32,
    /// Those of them that are servers.
    pub servers: u32,
    /// Containers whose servers these are.
    pub server_containers: u32,
    /// Sockets of connections and of datagrams.
    pub connections: u64,
    /// Sockets that listen; absent where the kernel does not list them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub listeners: Option<u32>,
    /// Calls that may wait at one of them, at the least and at the most.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub backlogs: Option<[u32; 2]>,
    /// Pairs whose servers are in one container, at most, of a few containers that only serve; 0 where there is none.
    #[serde(skip_serializing_if = "is_default", default)]
    pub most_served: u32,
    /// Connections that have one port of such a container, at most; absent likewise.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub most_at_a_port: Option<u32>,
    /// Closed connections that namespaces keep (`TIME_WAIT`) which only call, and which only serve; absent where there is none.
    #[serde(skip_serializing_if = "is_default", default)]
    pub closed: [Option<u64>; 2],
}

/// Veths that kernel threads are to poll.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollingSeen {
    /// Veths that were looked at.
    pub links: u32,
    /// Those that report to be polled by a thread.
    pub threaded: u32,
    /// Threads of the kernel that poll links, on the whole machine; absent where they are not shown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub threads: Option<u32>,
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
        let rules = rules.flat_map(|it| [it.passed, it.counted, it.leading, it.services]);
        let rules = rules.flatten();
        let received = self.received.into_iter();
        let received = received.flat_map(|it| [it.ipv4_bytes, it.ipv6_bytes]);
        let neighbours = self.neighbours.into_iter();
        let neighbours = neighbours.flat_map(|it| [it.permanent, it.asked, it.missing]);
        let links = self.links.into_iter();
        let links = links.flat_map(|it| {
            let of_all = [it.received_bytes, it.received_packets, it.astray];
            of_all.into_iter().chain(it.less_and_more_bytes)
        });
        let ports = self.ports.into_iter();
        let ports = ports.flat_map(|it| [it.came_bytes, it.left_bytes]);
        let sockets = self.sockets.into_iter().flat_map(|it| {
            let closed = it.closed.into_iter().flatten();
            closed.chain([it.connections])
        });
        let bridges = self.bridges.into_iter().map(|it| it.ageing_s);
        let single = [self.tracked, self.routed, self.steered];
        let single = single.into_iter().flatten();
        let all = rules.chain(received).chain(neighbours).chain(links);
        let all = all.chain(bridges).chain(single);
        let took = self.took_ns.into_iter().flatten();
        all.chain(ports).chain(sockets).chain(took)
    }
}
